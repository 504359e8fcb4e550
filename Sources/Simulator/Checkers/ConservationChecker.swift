import Calls

/// What the exchange holds is what its live calls hold, at every look; and at the end it holds nothing.
struct ConservationChecker: Checker {
  let name = "Conservation"
  private var last: Exchange.Holdings?

  mutating func observe(_ event: TraceEvent) -> String? {
    switch event.what {
    case .holdings(let held, let broken):
      last = held
      if let first = broken.first { return first }
      if held.ports != held.portsOfCalls { return "ports in use \(held.ports), of live calls \(held.portsOfCalls)" }
      if held.places != held.placesOfCalls { return "places taken \(held.places), of live calls \(held.placesOfCalls)" }
      if held.owners + held.served > held.transactions { return "\(held.owners) + \(held.served) owners of \(held.transactions) transactions" }
      if held.mediaSessions > held.calls { return "\(held.mediaSessions) media sessions of \(held.calls) calls" }
    case .ended:
      guard let last else { return "nobody ever looked" }
      let left = [last.calls, last.transactions, last.owners, last.served, last.mediaSessions] + last.ports + last.places
      if left.contains(where: { $0 != 0 }) {
        return
          "left at the end: \(last.calls) calls, \(last.transactions) transactions, \(last.owners) + \(last.served) owners, ports \(last.ports), places \(last.places)"
      }
    default: break
    }
    return nil
  }
}
