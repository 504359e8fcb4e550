import Addressing
import SIP

/// A dialog belongs to one leg: a tag of ours stands in one Call-ID, towards one party, for ever.
struct DialogChecker: Checker {
  let name = "Dialogs"
  private var homes: [[UInt8]: [UInt8]] = [:]

  mutating func observe(_ event: TraceEvent) -> String? {
    guard case .sent(let signal) = event.what, let message = signal.message, let party = Party.owning(signal.remote.ip) else { return nil }
    let tag: ArraySlice<UInt8>?
    if message.isRequest {
      tag = message.from.tag
    } else {
      // Refusals repeat whatever tag the request had.
      guard message.method == .invite, (101...299).contains(message.status) else { return nil }
      tag = message.to.tag
    }
    guard let tag else { return "a message that makes a dialog has no tag of ours: \(signal.summary)" }
    let home = Array(message.callID) + [0, UInt8(party.rawValue)]
    if let known = homes[Array(tag)], known != home { return "one tag in two dialogs: \(signal.summary)" }
    homes[Array(tag)] = home
    return nil
  }
}
