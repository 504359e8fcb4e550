import SIP

/// The dialogs that ended last, by Call-ID and the far side's tag: a 2xx repeated behind a BYE is acknowledged again, but there is one BYE a dialog
/// (a second one would have to carry the first one's CSeq or a number out of nowhere: RFC 3261 12.2.1.1).
///
/// Bounded by `CallLimits.endedDialogs`; of one that gave way a late 2xx meets a second BYE, which the far side refuses with 481.
struct EndedDialogs: Sendable {
  private var names = RecentNames(capacity: CallLimits.endedDialogs)

  mutating func note(_ dialog: Dialog) { names.note(EndedDialogs.name(dialog)) }

  func contains(_ dialog: Dialog) -> Bool { names.contains(EndedDialogs.name(dialog)) }

  private static func name(_ dialog: Dialog) -> [UInt8] { dialog.callID + [0] + dialog.remoteTag }
}
