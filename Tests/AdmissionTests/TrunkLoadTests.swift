import Admission
import Configuration
import Testing
import Timing

@Suite struct TrunkLoadTests {
  private func configuration(_ trunks: (name: String, calls: Int, rate: Int)...) -> Configuration {
    var configuration = Configuration()
    configuration.trunks = trunks.map { .init(name: $0.name, listener: 0, peer: 0, maxCalls: $0.calls, maxCallRate: $0.rate) }
    return configuration
  }
  private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 5_000_000_000) + .milliseconds(milliseconds) }

  @Test("max-calls admits that many, and one more for each that is released")
  func maxCalls() {
    var load = TrunkLoad(configuration(("a", 2, 0), ("b", 0, 0)))
    #expect(load.admit(trunk: 0, at: at(0)) == .admitted)
    #expect(!load.isFull(0))
    #expect(load.admit(trunk: 0, at: at(0)) == .admitted)
    #expect(load.isFull(0))
    #expect(load.admit(trunk: 0, at: at(0)) == .full)
    #expect(load.calls(on: 0) == 2)
    load.release(trunk: 0)
    #expect(!load.isFull(0))
    #expect(load.admit(trunk: 0, at: at(0)) == .admitted)
    #expect(load.calls(on: 1) == 0)
  }
  @Test("Without limits calls are counted and never refused")
  func unlimited() {
    var load = TrunkLoad(configuration(("a", 0, 0)))
    for _ in 0..<10_000 { #expect(load.admit(trunk: 0, at: at(0)) == .admitted) }
    #expect(load.calls(on: 0) == 10_000)
    #expect(!load.isFull(0))
  }
  @Test("max-call-rate lets a second's worth through at once, then one call each interval")
  func rate() {
    var load = TrunkLoad(configuration(("a", 0, 5)))
    #expect((0..<8).map { _ in load.admit(trunk: 0, at: at(0)) } == Array(repeating: .admitted, count: 5) + Array(repeating: .tooFast, count: 3))
    #expect(load.admit(trunk: 0, at: at(199)) == .tooFast)
    #expect(load.admit(trunk: 0, at: at(200)) == .admitted)
    #expect(load.admit(trunk: 0, at: at(200)) == .tooFast)
    // A call that was refused took no place.
    #expect(load.calls(on: 0) == 6)
    // After a quiet time the burst is a second's worth again, not more.
    #expect((0..<8).filter { _ in load.admit(trunk: 0, at: at(60_000)) == .admitted }.count == 5)
  }
  @Test("Over a long time no more calls pass than the rate allows, whatever the arrivals", arguments: 0..<20)
  func longRun(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let rate = Int.random(in: 1...50, using: &random)
    var load = TrunkLoad(configuration(("a", 0, rate)))
    var milliseconds = 0
    var admitted: [Int] = []
    while milliseconds < 20_000 {
      milliseconds += Int.random(in: 0...30, using: &random)
      if load.admit(trunk: 0, at: at(milliseconds)) == .admitted { admitted.append(milliseconds) }
    }
    // In any window of w seconds: the burst and w times the rate.
    for (first, start) in admitted.enumerated() {
      for window in [100, 1_000, 5_000] {
        let count = admitted[first...].prefix { $0 <= start + window }.count
        #expect(count <= rate + rate * window / 1_000 + 1)
      }
    }
  }
  @Test("A rate of one call a second has no burst")
  func slowest() {
    var load = TrunkLoad(configuration(("a", 0, 1)))
    #expect([0, 999, 1_000, 1_500, 2_000].map { load.admit(trunk: 0, at: at($0)) } == [.admitted, .tooFast, .admitted, .tooFast, .admitted])
  }
  @Test("Absurd rates and instants do no harm")
  func extremes() {
    var load = TrunkLoad(configuration(("a", 0, .max), ("b", 0, 1), ("c", -1, -1)))
    #expect(load.admit(trunk: 0, at: Instant(nanoseconds: .max)) == .admitted)
    #expect(load.admit(trunk: 1, at: Instant(nanoseconds: .max)) == .admitted)
    #expect(load.admit(trunk: 1, at: Instant(nanoseconds: 0)) == .tooFast)
    for _ in 0..<5 { #expect(load.admit(trunk: 2, at: at(0)) == .admitted) }
  }
  @Test("A full trunk is said to be full, not too fast, and uses up no tokens")
  func fullFirst() {
    var load = TrunkLoad(configuration(("a", 1, 2)))
    #expect(load.admit(trunk: 0, at: at(0)) == .admitted)
    for _ in 0..<5 { #expect(load.admit(trunk: 0, at: at(0)) == .full) }
    load.release(trunk: 0)
    #expect(load.admit(trunk: 0, at: at(0)) == .admitted)
    load.release(trunk: 0)
    #expect(load.admit(trunk: 0, at: at(0)) == .tooFast)
  }
  @Test("A new configuration keeps counts by name, whatever the order, and takes the new limits")
  func reconfigure() {
    let old = configuration(("a", 5, 0), ("b", 5, 0), ("gone", 5, 0))
    let new = configuration(("new", 1, 0), ("b", 2, 0), ("a", 9, 0))
    var load = TrunkLoad(old)
    for trunk in [0, 1, 1, 1, 2] { #expect(load.admit(trunk: trunk, at: at(0)) == .admitted) }
    #expect(load.reconfigure(from: old, to: new) == [2, 1, nil])
    #expect((0..<3).map { load.calls(on: $0) } == [0, 3, 1])
    // Three are up where two are allowed: none ends, none is added until there is room.
    #expect(load.isFull(1))
    load.release(trunk: 1)
    #expect(load.isFull(1))
    load.release(trunk: 1)
    #expect(load.admit(trunk: 1, at: at(0)) == .admitted)
  }
  @Test("A commit does not refill a bucket whose rate it leaves alone")
  func reconfigureKeepsBuckets() {
    let old = configuration(("a", 0, 1), ("b", 0, 1))
    var load = TrunkLoad(old)
    #expect(load.admit(trunk: 0, at: at(0)) == .admitted)
    #expect(load.admit(trunk: 1, at: at(0)) == .admitted)
    load.reconfigure(from: old, to: configuration(("a", 0, 1), ("b", 0, 2)))
    #expect(load.admit(trunk: 0, at: at(0)) == .tooFast)
    #expect(load.admit(trunk: 1, at: at(0)) == .admitted)
  }
}
