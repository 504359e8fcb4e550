/// A call written out and read back writes the same bytes again. That nothing observable follows from it is seen by comparing the hash of the
/// run with that of a run of the same seed without swaps.
struct RestoreChecker: Checker {
  let name = "Restore"

  mutating func observe(_ event: TraceEvent) -> String? {
    guard case .rewritten(let call, let isSame) = event.what, !isSame else { return nil }
    return "call \(String(call, radix: 16)) is not the same after it was written out and read back"
  }
}
