import Addressing
import SIP
import Timing

/// No half of a call is left hanging (RFC 3261 15): every dialog that a 2xx made is ended by a BYE of either side, or by the far side's word that it
/// no longer knows it. And the BYE of a dialog that stands is answered, also when its trunk was taken away meanwhile.
struct FarewellChecker: Checker {
  let name = "Farewells"
  /// In the order they were made.
  private var open: [(dialog: [UInt8], summary: String)] = []
  private var over: Set<[UInt8]> = []
  /// Their BYEs, by branch, that we have not answered.
  private var asked: [(branch: [UInt8], summary: String, until: Instant)] = []

  mutating func observe(_ event: TraceEvent) -> String? {
    if let late = asked.first(where: { $0.until < event.at }) { return "their BYE was not answered: \(late.summary)" }
    switch event.what {
    case .sent(let signal):
      guard let message = signal.message else { return nil }
      if !message.isRequest, message.method == .bye, message.status >= 200 { asked.removeAll { (message.topVia.branch ?? []).elementsEqual($0.branch) } }
      let dialog = AcknowledgementChecker.dialog(
        message, local: message.isRequest ? message.from.tag : message.to.tag, remote: message.isRequest ? message.to.tag : message.from.tag)
      if message.isRequest {
        // Our ACK to a 2xx has a branch of its own, and says that we took the answer.
        if message.method == .ack, isForSuccess(message) { begin(dialog, signal) }
        if message.method == .bye { end(dialog) }
      } else if message.method == .invite, (200...299).contains(message.status) {
        begin(dialog, signal)
      }
    case .delivered(let signal):
      guard let message = signal.message, signal.isOwed else { return nil }
      if message.isRequest, message.method == .bye {
        let dialog = AcknowledgementChecker.dialog(message, local: message.to.tag, remote: message.from.tag)
        if open.contains(where: { $0.dialog == dialog }) { asked.append((Array(message.topVia.branch ?? []), signal.summary, event.at + .seconds(1))) }
        end(dialog)
      }
      if !message.isRequest, message.status == 481 || message.status == 408 {
        end(AcknowledgementChecker.dialog(message, local: message.from.tag, remote: message.to.tag))
      }
    case .halted:
      if let first = open.first { return "5 s after stopping neither side had ended the dialog of \(first.summary)" }
    case .ended:
      if let first = open.first { return "neither side ended the dialog of \(first.summary)" }
    default: break
    }
    return nil
  }

  /// The branches of our ACKs to a 2xx name no transaction.
  private func isForSuccess(_ ack: SIPMessage) -> Bool {
    guard let branch = ack.topVia.branch, branch.count > 17 else { return false }
    return branch.dropFirst(9).prefix(8).allSatisfy { $0 == UInt8(ascii: "f") }
  }

  private mutating func begin(_ dialog: [UInt8], _ signal: TraceEvent.Signal) {
    guard !over.contains(dialog), !open.contains(where: { $0.dialog == dialog }) else { return }
    open.append((dialog, signal.summary))
  }

  private mutating func end(_ dialog: [UInt8]) {
    over.insert(dialog)
    open.removeAll { $0.dialog == dialog }
  }
}
