import Testing
import Timing

@testable import Simulator

@Suite struct NetworkTests {
  private func knobs(_ edit: (inout Knobs) -> Void) -> Knobs {
    var knobs = Knobs(seed: 1)
    knobs.outages = []
    knobs.towardsExchange = Array(repeating: Knobs.Line(), count: 3)
    knobs.fromExchange = knobs.towardsExchange
    edit(&knobs)
    return knobs
  }
  private func arrivals(_ knobs: Knobs, calm: Bool = false, at: Instant = Instant(nanoseconds: 0)) -> Int {
    var network = SimulatedNetwork(knobs: knobs, random: RandomSource(seed: 7))
    network.isCalm = calm
    return (0..<1000).map { _ in network.carry([1, 2, 3], .acme, towardsExchange: true, at: at).count }.reduce(0, +)
  }

  @Test("Loss and doubling are as frequent as the knobs say, and stop when faults stop")
  func rates() {
    #expect(arrivals(knobs { _ in }) == 1000)
    #expect((600...800).contains(arrivals(knobs { $0.towardsExchange[1].lossPercent = 30 })))
    #expect((1100...1300).contains(arrivals(knobs { $0.towardsExchange[1].duplicatePercent = 20 })))
    #expect(arrivals(knobs { $0.towardsExchange[1].lossPercent = 30 }, calm: true) == 1000)
    // The other parties' ways are their own.
    #expect(arrivals(knobs { $0.towardsExchange[0].lossPercent = 30 }) == 1000)
  }

  @Test("An outage cuts its party's direction for its time only")
  func outages() {
    let start = Instant(nanoseconds: 0)
    let cut = knobs {
      $0.outages = [Knobs.Outage(party: .acme, from: start, until: start + .seconds(10), towardsExchange: true, fromExchange: false)]
    }
    #expect(arrivals(cut) == 0)
    #expect(arrivals(cut, at: start + .seconds(10)) == 1000)
    var network = SimulatedNetwork(knobs: cut, random: RandomSource(seed: 7))
    #expect(network.carry([1], .acme, towardsExchange: false, at: start).count == 1)
    #expect(network.carry([1], .hq, towardsExchange: true, at: start).count == 1)
  }

  @Test("What is due at one instant happens in the order it was entered")
  func order() {
    var queue = EventQueue()
    let at = Instant(nanoseconds: 5)
    for number in 0..<100 { queue.enter(.crash(number), at: at) }
    queue.enter(.stop, at: Instant(nanoseconds: 4))
    guard case .stop = queue.popDue(at: at) else { return #expect(Bool(false), "the earlier one comes first") }
    for number in 0..<100 {
      guard case .crash(let found) = queue.popDue(at: at) else { return #expect(Bool(false)) }
      #expect(found == number)
    }
    #expect(queue.next == nil)
  }
}
