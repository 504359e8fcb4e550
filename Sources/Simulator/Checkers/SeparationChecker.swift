import Addressing
import SIP

/// No byte of one leg on the other: every party's marks (headers, tags, Call-ID, reason phrases, lines of its descriptions) and the addresses of its
/// network may stand only in messages to itself. Numbers and display names are not marked: they are what crosses.
struct SeparationChecker: Checker {
  let name = "Separation"

  mutating func observe(_ event: TraceEvent) -> String? {
    guard case .sent(let signal) = event.what, let party = Party.owning(signal.remote.ip) else { return nil }
    let bytes = signal.bytes
    for i in bytes.indices.dropLast(4) {
      let isCandidate =
        bytes[i + 1] == UInt8(ascii: "7") && bytes[i] | 0x20 == UInt8(ascii: "q") || bytes[i] == UInt8(ascii: "1") && bytes[i + 1] == UInt8(ascii: "0")
      guard isCandidate, let shown = Party.shown(by: bytes[i...]), shown != party else { continue }
      let excerpt = String(decoding: bytes[max(0, i - 30)..<min(bytes.count, i + 30)], as: UTF8.self)
      return "a message to \(party.name) shows \(shown.name): \(excerpt.debugDescription)"
    }
    return nil
  }
}
