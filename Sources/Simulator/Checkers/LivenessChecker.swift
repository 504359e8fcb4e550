/// Once faults have stopped, every call is up or over within 64*T1 (and the seconds in which the parties answer).
struct LivenessChecker: Checker {
  let name = "Liveness"

  mutating func observe(_ event: TraceEvent) -> String? {
    guard case .unsettled(let calls) = event.what, let first = calls.first else { return nil }
    return calls.count == 1 ? first : "\(first), and \(calls.count - 1) more"
  }
}
