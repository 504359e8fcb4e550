import Testing
import Timing

@testable import Trunks

/// One server, asked with OPTIONS on a virtual clock.
@Suite("Whether one server of a trunk is alive")
struct TargetHealthTests {
  private struct Run {
    var health = TargetHealth()
    var now = Instant(nanoseconds: 0)
    /// Seconds at which OPTIONS were sent, and what changed when.
    var asked: [Double] = []
    var answers: [Instant] = []
    var changes: [(at: Double, TargetHealth.Change)] = []
    var time: Double { Double(now.nanoseconds) / 1e9 }

    init(interval: Int = 30, delay: Int = 0) { health.begin(interval: .seconds(interval), delay: .seconds(delay), at: now) }

    mutating func note(_ change: TargetHealth.Change?) {
      if let change { changes.append((time, change)) }
    }
    /// Until `seconds`; whoever answers does so after `latency` ms.
    mutating func run(to seconds: Double, answering latency: Int? = nil) {
      let end = Instant(nanoseconds: Int64(seconds * 1e9))
      while let next = [health.due, answers.first].compactMap({ $0 }).min(), next <= end {
        now = max(now, next)
        if let at = answers.first, at <= now {
          answers.removeFirst()
          note(health.answered(at: now))
        }
        let turn = health.advance(to: now)
        note(turn.change)
        if turn.asks {
          asked.append(time)
          if let latency { answers.append(now + .milliseconds(latency)) }
        }
        if let due = health.due { #expect(due > now, "a deadline that is not kept") }
      }
      now = end
    }
  }

  @Test("A server that answers is asked every 30 s — decision 20")
  func alive() {
    var run = Run(delay: 3)
    run.run(to: 100, answering: 20)
    #expect(run.asked == [3, 33, 63, 93])
    #expect(run.changes.isEmpty && !run.health.isDown)
  }

  @Test("Silence: a miss after 2 s, then every 2 s, five misses are down after 10 s, then it is asked every 60 s — decision 20")
  func silent() {
    var run = Run()
    run.run(to: 140)
    #expect(run.asked == [0, 2, 4, 6, 8, 70, 130])
    #expect(run.changes.map(\.at) == [10])
    #expect(run.changes.first?.1 == .down)
  }

  @Test("One answer restores at once, however late it comes")
  func restored() {
    var run = Run()
    run.run(to: 75)
    run.note(run.health.answered(at: run.now))
    #expect(!run.health.isDown)
    #expect(run.changes.last?.1 == .alive(after: .seconds(65)))
    run.run(to: 101, answering: 1)
    #expect(run.asked == [0, 2, 4, 6, 8, 70, 100])
  }

  @Test("Answers after 2 s are answers: a slow server is not down")
  func slow() {
    var run = Run()
    run.run(to: 300, answering: 2_500)
    #expect(run.changes.isEmpty)
  }

  @Test("Failed calls are misses: it is asked at once, and is down the sooner")
  func failedCalls() {
    var run = Run()
    run.run(to: 15, answering: 1)
    for _ in 0..<3 { run.note(run.health.missed("no answer to INVITE", at: run.now)) }
    run.run(to: 30)
    #expect(run.asked == [0, 15, 17])
    #expect(run.changes.map(\.at) == [19])
    var storm = Run()
    storm.run(to: 15, answering: 1)
    for _ in 0..<5 { storm.note(storm.health.missed("no answer to INVITE", at: storm.now)) }
    #expect(storm.changes.map(\.at) == [15])
  }

  @Test("A peer that refuses at once, with 503 or by ICMP, is asked no more often than every 2 s")
  func refusedAtOnce() {
    var run = Run()
    for number in 0..<5 {
      #expect(!run.health.isDown && run.health.misses == number)
      run.run(to: run.time + (number == 0 ? 0 : 2))
      run.note(run.health.refused("503 to OPTIONS", at: run.now))
      // Of one before: no news.
      run.note(run.health.refused("503 to OPTIONS", at: run.now))
    }
    #expect(zip(run.asked, run.asked.dropFirst()).allSatisfy { $1 - $0 >= 2 })
    #expect(run.health.isDown)
  }

  @Test("Down: a request of the peer has it asked at once, no more often than every 2 s, and does not restore it — decision 20")
  func woken() {
    var run = Run()
    run.run(to: 20)
    for second in [20.0, 20.5, 21, 21.9, 22.1] {
      run.run(to: second)
      run.health.wake(at: run.now)
    }
    run.run(to: 30)
    #expect(run.asked.dropFirst(5) == [20, 22, 24])
    #expect(run.health.isDown)
    var alive = Run()
    alive.run(to: 5, answering: 1)
    alive.health.wake(at: alive.now)
    alive.run(to: 29, answering: 1)
    #expect(alive.asked == [0])
  }

  @Test("503 with Retry-After: nothing is sent until then, bounded; what was known holds — RFC 3261 21.5.4")
  func resting() {
    var run = Run()
    run.run(to: 10, answering: 1)
    run.note(run.health.rest(for: .seconds(40), at: run.now))
    #expect(run.health.isOut(at: run.now) && !run.health.isDown)
    // Said again it is no news.
    run.note(run.health.rest(for: .seconds(40), at: run.now))
    run.health.ask(at: run.now)
    run.run(to: 49.9)
    #expect(run.asked == [0])
    run.run(to: 50, answering: 1)
    #expect(!run.health.isOut(at: run.now))
    #expect(run.asked == [0, 50])
    #expect(run.changes.map(\.1) == [.resting(.seconds(40)), .rested])
    run.note(run.health.rest(for: .seconds(86_400), at: run.now))
    #expect(run.changes.last?.1 == .resting(TrunkLimits.restCeiling))
  }

  @Test("Off: nothing is asked and nothing is down, but Retry-After counts")
  func off() {
    var run = Run(interval: 0)
    for _ in 0..<9 { run.note(run.health.missed("no answer to INVITE", at: run.now)) }
    run.health.ask(at: run.now)
    run.run(to: 100)
    #expect(run.asked.isEmpty && run.changes.isEmpty)
    run.note(run.health.rest(for: .seconds(5), at: run.now))
    #expect(run.health.isOut(at: run.now))
    run.run(to: 106)
    #expect(!run.health.isOut(at: run.now) && run.health.due == nil)
  }

  @Test("500 servers: first OPTIONS within 5 s, no more than 12 in 100 ms")
  func spread() {
    var desk = HealthDesk()
    let delays = (0..<500).map { _ in desk.nextDelay(within: .seconds(30)).milliseconds }
    #expect(delays.allSatisfy { (0..<5_000).contains($0) })
    let counts = Dictionary(grouping: delays) { $0 / 100 }.values.map(\.count)
    #expect(counts.max() ?? 0 <= 12 && counts.count == 50)
    #expect((0..<9).allSatisfy { _ in desk.nextDelay(within: .seconds(1)) < .seconds(1) })
    #expect(desk.nextDelay(within: .seconds(0)) == .seconds(0))
  }
}
