import Records
import SIP
import Timing

/// A transfer never loses both parties: whoever is told that his transfer failed has his call as before, so that news and a BYE do not come in one breath; and whoever is
/// told that it came about is let go.
struct TransferChecker: Checker {
  let name = "Transfers"
  private static let patience = Gap.seconds(60)
  /// Dialogs (our tag) that were told of a failure, and when.
  private var failed: [[UInt8]: Instant] = [:]
  /// Dialogs that were told of success and must end.
  private var done: [(dialog: [UInt8], at: Instant)] = []
  private var ended: Set<[UInt8]> = []

  mutating func observe(_ event: TraceEvent) -> String? {
    switch event.what {
    case .sent(let signal):
      guard let message = signal.message, message.isRequest, let tag = message.from.tag else { break }
      let dialog = Array(message.callID) + [0] + tag
      if message.method == .bye {
        ended.insert(dialog)
        done.removeAll { $0.dialog == dialog }
        if failed[dialog] == event.at { return "a transferor is told that his transfer failed and gets BYE: \(signal.summary)" }
      } else if message.method == .notify, message.value(.subscriptionState).map({ $0.starts(with: Array("terminated".utf8)) }) ?? false {
        let isDone = message.body.starts(with: Array("SIP/2.0 2".utf8))
        if !isDone {
          failed[dialog] = event.at
        } else if !ended.contains(dialog), !done.contains(where: { $0.dialog == dialog }) {
          done.append((dialog, event.at))
        }
      }
    case .delivered(let signal):
      guard let message = signal.message, message.isRequest, message.method == .bye, let tag = message.to.tag else { break }
      let dialog = Array(message.callID) + [0] + tag
      ended.insert(dialog)
      done.removeAll { $0.dialog == dialog }
    case .record(let record):
      for leg in record.legs { done.removeAll { $0.dialog.starts(with: Array(leg.callID.utf8) + [0]) } }
    default: break
    }
    if let late = done.first(where: { $0.at + Self.patience < event.at }) {
      done.removeAll { $0.dialog == late.dialog }
      return "a transferor was told that his transfer came about \(late.at) and is still held"
    }
    return nil
  }
}
