import Addressing
import ServerLocation
import Testing
import Timing

@Suite("Locations are kept up to date") struct LocatorTests {
  private func simple(_ zone: inout Zone) {
    zone.srv("_sip._udp.example.com", (10, 1, 5060, "a.example.com"), seconds: 100)
    zone.a("a.example.com", "192.0.2.1", seconds: 40)
  }
  private let named = query(named: true)

  @Test("An answer is asked for again before its TTL is over, each by its own TTL")
  func refresh() {
    var bench = Bench.find(named, simple)
    #expect(bench.locations[named]?.expires == bench.now + .seconds(40))
    bench.zone.asked = []
    bench.advance(by: .milliseconds(35_900))
    #expect(bench.zone.asked == [])
    bench.advance(by: .milliseconds(200))
    #expect(bench.zone.asked == ["A a.example.com"])
    bench.advance(by: .milliseconds(53_800))
    #expect(bench.zone.asked.filter { $0.hasPrefix("SRV") } == [])
    bench.advance(by: .milliseconds(200))
    #expect(bench.zone.asked.filter { $0.hasPrefix("SRV") } == ["SRV _sip._udp.example.com"])
  }

  @Test("When DNS changes, the targets change with the next answer")
  func change() {
    var bench = Bench.find(named, simple)
    bench.zone.a("a.example.com", "192.0.2.7", seconds: 40)
    bench.advance(by: .seconds(37))
    #expect(bench.targets(named) == ["192.0.2.7:5060"])
    bench.zone.srv("_sip._udp.example.com", (10, 1, 5099, "b.example.com"))
    bench.zone.a("b.example.com", "192.0.2.8")
    bench.advance(by: .seconds(60))
    #expect(bench.targets(named) == ["192.0.2.8:5099"])
  }

  @Test("The same records in another order are nothing new")
  func rotation() {
    var bench = Bench.find(query(port: 5060)) { $0.a("example.com", "192.0.2.1", "192.0.2.2", seconds: 10) }
    bench.zone.a("example.com", "192.0.2.2", "192.0.2.1", seconds: 10)
    bench.advance(by: .seconds(10))
    #expect(bench.targets(query(port: 5060)) == ["192.0.2.1:5060", "192.0.2.2:5060"])
  }

  @Test("A TTL has a floor of 5 s and a ceiling of an hour")
  func limits() {
    var bench = Bench.find(query(port: 5060)) { $0.a("example.com", "192.0.2.1", seconds: 0) }
    #expect(bench.locations.values.first?.expires == bench.now + .seconds(5))
    bench.zone.asked = []
    bench.advance(by: .seconds(60))
    #expect(bench.zone.asked.count == 13)
    let long = Bench.find(query(port: 5060)) { $0.a("example.com", "192.0.2.1", seconds: 604_800) }
    #expect(long.locations.values.first?.expires == long.now + .seconds(3600))
  }

  @Test("That there is none holds as long as the SOA says, at most 5 minutes, and a minute when it does not say — RFC 2308 5")
  func negative() {
    for (told, holds) in [(UInt32(30), 30), (10_800, 300), (0, 5)] {
      let bench = Bench.find(query(port: 5060)) { $0.seconds[q(.a, "example.com")] = told }
      #expect(bench.locations.values.first?.expires == bench.now + .seconds(holds))
    }
    var bench = Bench.find(query(port: 5060)) { _ in }
    #expect(bench.locations.values.first?.expires == bench.now + .seconds(60))
    bench.zone.a("example.com", "192.0.2.1")
    bench.advance(by: .seconds(60))
    #expect(bench.targets(query(port: 5060)) == ["192.0.2.1:5060"])
  }

  @Test("While the resolver fails the old answer holds, with since when and one line in the log; it is asked again in 2, 4, 8 ... 60 s")
  func failing() {
    var bench = Bench.find(named, simple)
    let began = bench.now + .seconds(36)
    bench.zone.isDead = true
    bench.zone.asked = []
    bench.notes = []
    bench.advance(by: .seconds(1000))
    #expect(bench.targets(named) == ["192.0.2.1:5060"])
    #expect(bench.locations[named]?.failingSince == began)
    #expect(bench.locations[named]?.trouble == "A a.example.com: timeout")
    #expect(
      bench.notes == [
        "resolver: A a.example.com: timeout; what was answered before holds, asked again until there is an answer",
        "resolver: SRV _sip._udp.example.com: timeout; what was answered before holds, asked again until there is an answer",
      ])
    let asked = bench.zone.asked.filter { $0.hasPrefix("A ") }.count
    // 36, 38, 42, 50, 66, 98, 158, then each minute.
    #expect(asked == 7 + (1000 - 158) / 60)
    bench.zone.isDead = false
    bench.zone.a("a.example.com", "192.0.2.2")
    bench.advance(by: .seconds(60))
    #expect(bench.targets(named) == ["192.0.2.2:5060"])
    #expect(bench.locations[named]?.failingSince == nil && bench.locations[named]?.trouble == nil)
    #expect(bench.notes.contains { $0.hasPrefix("resolver: A a.example.com: answered again after ") })
  }

  @Test("A resolver that is dead at the start finds nothing, says so, and everything once it lives")
  func deadAtStart() {
    var bench = Bench.find(query()) {
      simple(&$0)
      $0.isDead = true
    }
    #expect(bench.targets(query()) == [])
    #expect(bench.locations[query()]?.trouble == "NAPTR example.com: timeout")
    bench.advance(by: .seconds(100))
    bench.zone.isDead = false
    bench.advance(by: .seconds(61))
    #expect(bench.targets(query()) == ["192.0.2.1:5060"])
    #expect(bench.locations[query()]?.trouble == nil)
  }

  @Test("A resolver that fails on NAPTR alone does not keep SRV from being used; one that fails on SRV does not lead to the domain's web server")
  func partial() {
    let bench = Bench.find(query()) {
      simple(&$0)
      $0.failing = [q(.naptr, "example.com")]
    }
    #expect(bench.targets(query()) == ["192.0.2.1:5060"])
    let other = Bench.find(named) {
      $0.a("example.com", "192.0.2.80")
      $0.failing = [q(.srv, "_sip._udp.example.com")]
    }
    #expect(other.targets(named) == [])
    #expect(other.zone.asked == ["SRV _sip._udp.example.com"])
  }

  @Test("A domain that is gone loses its targets: that is an answer")
  func gone() {
    var bench = Bench.find(query(port: 5060)) { $0.a("example.com", "192.0.2.1", seconds: 10) }
    bench.zone.records = [:]
    bench.advance(by: .seconds(10))
    #expect(bench.targets(query(port: 5060)) == [])
  }

  @Test("The first location is told as soon as one server is known; a later one when all is known")
  func early() {
    var bench = Bench()
    bench.holds = true
    bench.zone.srv("_sip._udp.example.com", (10, 1, 5060, "a.example.com"), (20, 1, 5060, "b.example.com"), seconds: 10)
    bench.zone.a("a.example.com", "192.0.2.1")
    bench.zone.a("b.example.com", "192.0.2.2")
    bench.follow(named)
    bench.release()
    #expect(bench.told == 0)
    #expect(bench.open.count == 2)
    let slow = bench.open.removeLast()
    bench.release()
    #expect(bench.targets(named) == ["192.0.2.1:5060"])
    bench.locator.answered(slow, bench.zone.answer(slow), at: bench.now)
    bench.settle()
    #expect(bench.targets(named) == ["192.0.2.1:5060", "192.0.2.2:5060"])
    // DNS changes: until the new host's address is known the old servers hold.
    bench.zone.srv("_sip._udp.example.com", (10, 1, 5060, "a.example.com"), (10, 1, 5060, "c.example.com"), seconds: 10)
    bench.zone.a("c.example.com", "192.0.2.3")
    bench.advance(by: .seconds(9))
    bench.release()
    #expect(bench.targets(named) == ["192.0.2.1:5060", "192.0.2.2:5060"])
    bench.release()
    #expect(bench.targets(named) == ["192.0.2.1:5060", "192.0.2.3:5060"])
  }

  @Test("A commit keeps what is known, forgets what nobody asks for, and asks for what is new")
  func commit() {
    var bench = Bench.find(named, simple)
    bench.zone.a("other.example", "192.0.2.5")
    bench.zone.asked = []
    bench.follow(named, query("other.example", port: 5070), named)
    #expect(bench.zone.asked == ["A other.example"])
    bench.follow(query("other.example", port: 5070))
    bench.zone.asked = []
    bench.advance(by: .seconds(200))
    #expect(bench.zone.asked == [])
    bench.follow()
    #expect(bench.locator.nextDeadline == nil)
  }

  @Test("An answer to a question that a commit made needless is dropped, and counts for no other")
  func lateAnswer() {
    var bench = Bench()
    bench.holds = true
    bench.zone.a("example.com", "192.0.2.1")
    bench.follow(query(port: 5060))
    bench.follow()
    bench.release()
    #expect(bench.told == 0)
    bench.follow(query(port: 5060))
    bench.release()
    #expect(bench.targets(query(port: 5060)) == ["192.0.2.1:5060"])
    bench.locator.answered(q(.a, "example.com"), .nothing(seconds: 1), at: bench.now)
    bench.settle()
    #expect(bench.targets(query(port: 5060)) == ["192.0.2.1:5060"])
  }

  @Test("At most 64 questions are open at one time, and all are asked in the end")
  func openQuestions() {
    var bench = Bench()
    bench.holds = true
    bench.locator.follow((0..<500).map { query("h\($0).example", port: 5060) }, at: bench.now)
    bench.settle()
    #expect(bench.open.count == 64)
    #expect(bench.locator.nextDeadline == nil)
    while !bench.open.isEmpty {
      #expect(bench.open.count <= 64)
      bench.release()
    }
    #expect(bench.zone.asked.count == 500)
    #expect(bench.locations.count == 500)
  }

  @Test("Other name servers are asked at once for what the old ones failed to answer")
  func retry() {
    var bench = Bench.find(query(port: 5060)) { $0.isDead = true }
    bench.advance(by: .seconds(300))
    bench.zone.isDead = false
    bench.zone.a("example.com", "192.0.2.1")
    bench.locator.retry(at: bench.now)
    bench.settle()
    #expect(bench.targets(query(port: 5060)) == ["192.0.2.1:5060"])
  }

  @Test("Random commits, changes and failures: never more than 64 open, and in the end everything is where the zone says")
  func random() {
    for seed in 0..<200 {
      var random = RandomSource(seed: UInt64(seed))
      var bench = Bench()
      let all = (0..<6).map { query("d\($0).example", named: $0 % 2 == 0, port: $0 == 3 ? 5070 : nil) }
      for _ in 0..<60 {
        let host = Int.random(in: 0..<6, using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bench.zone.a("d\(host).example", "192.0.2.\(Int.random(in: 1...9, using: &random))", seconds: UInt32.random(in: 0...50, using: &random))
        case 1:
          bench.zone.srv(
            "_sip._udp.d\(host).example", (1, 0, UInt16.random(in: 1...9, using: &random), "d\(Int.random(in: 0..<6, using: &random)).example"),
            seconds: UInt32.random(in: 0...50, using: &random))
        case 2: bench.zone.records[q(.srv, "_sip._udp.d\(host).example")] = nil
        case 3: bench.zone.isDead.toggle()
        case 4: bench.holds.toggle()
        case 5: bench.locator.follow(all.filter { _ in Bool.random(using: &random) }, at: bench.now)
        default: bench.release()
        }
        bench.settle()
        bench.advance(by: .milliseconds(Int.random(in: 0...20_000, using: &random)))
        #expect(bench.open.count <= 64)
      }
      bench.zone.isDead = false
      bench.holds = false
      bench.locator.follow(all, at: bench.now)
      bench.release()
      bench.settle()
      bench.advance(by: .seconds(400))
      for query in all {
        let fresh = Bench.find(query) { $0 = bench.zone }
        #expect(bench.targets(query) == fresh.targets(query), "seed \(seed), \(query)")
        #expect(bench.locations[query]?.failingSince == nil)
      }
    }
  }
}
