import Addressing
import SIP

/// No datagram of signalling leaves but to an address of a trunk's peer; strangers hear nothing. And what leaves is SIP.
struct AddressChecker: Checker {
  let name = "Addresses"

  mutating func observe(_ event: TraceEvent) -> String? {
    guard case .sent(let signal) = event.what else { return nil }
    if Party.owning(signal.remote.ip) == nil { return "a datagram left to \(signal.remote), which is nobody's" }
    if signal.message == nil { return "a datagram left to \(signal.remote) that is no message" }
    return nil
  }
}
