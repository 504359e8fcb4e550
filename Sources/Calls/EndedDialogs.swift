import SIP

/// The dialogs that ended last, by Call-ID and the far side's tag: a 2xx repeated behind a BYE is acknowledged again, but there is one BYE a dialog
/// (a second one would have to carry the first one's CSeq or a number out of nowhere: RFC 3261 12.2.1.1).
///
/// Bounded by `CallLimits.endedDialogs`, the oldest give way; then a late 2xx of such a dialog meets a second BYE, which the far side refuses with 481.
/// Looked up, never iterated; not kept over a restart.
struct EndedDialogs: Sendable {
  private var names: Set<[UInt8]> = []
  private var order: [[UInt8]] = []
  private var oldest = 0

  mutating func note(_ dialog: Dialog) {
    let name = EndedDialogs.name(dialog)
    guard names.insert(name).inserted else { return }
    if order.count < CallLimits.endedDialogs {
      order.append(name)
    } else {
      names.remove(order[oldest])
      order[oldest] = name
      oldest = (oldest + 1) % order.count
    }
  }

  func contains(_ dialog: Dialog) -> Bool { names.contains(EndedDialogs.name(dialog)) }

  private static func name(_ dialog: Dialog) -> [UInt8] { dialog.callID + [0] + dialog.remoteTag }
}
