import Calls
import Configuration
import Routing
import SIP
import Testing
import Timing

/// What the simulator found, written out by hand; the seed that showed it first is named.
@Suite struct SimulatedFindingsTests {
  @Test("Another fork's repeated 2xx gets its ACK again, and no second BYE — RFC 3261 13.2.2.4, 12.2.1.1 (seed 6)")
  func oneByeForAFork() throws {
    var bench = try Bench()
    try bench.established()
    for _ in 0..<3 { try bench.reply(200, tag: "b2", body: Bench.sdp) }
    #expect(bench.toCallee == ["ACK", "BYE", "ACK", "ACK"])
    #expect(bench.sent.allSatisfy { $0.message.to.tag.map { String(decoding: $0, as: UTF8.self) } == "b2" })
    try bench.hangUp()
    // The call is gone: still the same fork.
    bench.forget()
    try bench.reply(200, tag: "b2", body: Bench.sdp)
    #expect(bench.toCallee == ["ACK"])
    bench.finish()
  }

  @Test("The answer of a call that has ended is acknowledged again when it is repeated, and no second BYE — RFC 3261 12.2.1.1 (seed 254)")
  func noByeBehindTheEnd() throws {
    var bench = try Bench()
    try bench.established()
    try bench.hangUp()
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["ACK"])
    bench.finish()
  }

  @Test("A far side that forgot the dialog (481) gets no second BYE for an answer it repeats — RFC 3261 12.2.1.2 (seed 907)")
  func noByeForTheForgotten() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    bench.callerAcknowledges(2)
    let first = try #require(bench.requests(to: Bench.provider).last { $0.method == .invite })
    bench.caller("INVITE", 3, body: Bench.moved)
    try bench.calleeReplies(481, to: .invite)
    try bench.calleeReplies(481, to: .bye)
    try bench.callerReplies(200, to: .bye)
    #expect(bench.exchange.liveCalls == 0)
    bench.forget()
    bench.receive(Bench.response(200, to: first, body: Bench.sdp), from: Bench.provider, listener: 1)
    #expect(!bench.toCallee.contains("BYE"))
    bench.finish()
  }

  @Test("Whoever says 100 and forgets the call holds it for 240 s at most, also with progress- and routing-timeout off (seed 149)")
  func hundredAndNothing() throws {
    var bench = try Bench { configuration in
      for trunk in ["hq", "acme-1"] {
        Bench.settings(&configuration, trunk) {
          $0.fastFailover = false
          $0.progressTimeout = 0
          $0.routingTimeout = 0
        }
      }
    }
    bench.dial()
    try bench.reply(100)
    bench.advance(by: .seconds(239))
    #expect(bench.toCaller == ["100 INVITE"])
    bench.advance(by: .seconds(2))
    #expect(bench.toCaller.contains("480 INVITE"))
    bench.caller("ACK", 1, branch: "1")
    #expect(bench.toCallee.last == "CANCEL")
    bench.finish()
  }

  @Test("Our 2xx is repeated at the transaction layer's T1, so that it is not repeated longer than its transaction lives — RFC 3261 13.3.1.4 (seed 102)")
  func repetitionKeepsTheLayersTime() throws {
    var bench = try Bench()
    var timers = TransactionLayer.Timers()
    timers.t1 = .milliseconds(200)
    bench.exchange = Exchange(
      shard: 0, setup: .init(configuration: bench.edited, routing: try RoutingTable(bench.edited)),
      plugins: ["plain": PlainPlugin.table], random: RandomSource(seed: 1), wallClock: 1_700_000_000, at: bench.now, timers: timers)
    try bench.answered()
    let start = bench.now
    bench.forget()
    bench.advance(by: .seconds(12))
    let repeated = bench.sent.filter { $0.to == Bench.pbx }.map { $0.at.since(start).milliseconds }
    #expect(repeated.prefix(3) == [200, 600, 1400])
    #expect(!bench.toCaller.contains("BYE"))
    bench.advance(by: .seconds(1))
    #expect(bench.toCaller.contains("BYE"))
    bench.finish()
  }
}
