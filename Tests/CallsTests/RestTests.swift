import Addressing
import Configuration
import SIP
import Testing
import Timing

@testable import Calls

/// A call in which nothing happens is kept as bytes, and nobody can tell.
@Suite struct RestTests {
  private static func direct(_ configuration: inout Configuration) {
    configuration.mediaBypass.enabled = true
    configuration.mediaBypass.always = true
    for index in configuration.trunkConfigurations.indices { configuration.trunkConfigurations[index].settings.enableBypass = true }
  }
  /// A direct call that is up and rests.
  private func resting() throws -> Bench {
    var bench = try Bench(edit: Self.direct)
    try bench.established()
    #expect(bench.exchange.restingCalls == 0)
    bench.advance(by: .seconds(4))
    #expect(bench.exchange.restingCalls == 1)
    return bench
  }

  @Test("A call rests after three quiet seconds, and a BYE from either side ends it as ever", arguments: [false, true])
  func ends(byCallee: Bool) throws {
    var bench = try resting()
    bench.advance(by: .seconds(300))
    #expect(bench.exchange.restingCalls == 1)
    if byCallee {
      try bench.callee("BYE")
      #expect(bench.toCallee == ["200 BYE"] && bench.toCaller == ["BYE"])
      try bench.callerReplies(200, to: .bye)
    } else {
      try bench.hangUp()
      #expect(bench.toCaller == ["200 BYE"] && bench.toCallee == ["BYE"])
    }
    #expect(bench.exchange.restingCalls == 0)
    bench.finish()
    #expect(bench.records.first?.outcome == .answered)
    #expect(bench.ladders.first?.entries.count == 13)
  }

  @Test("A re-INVITE wakes it, and it rests again when that is over") func offer() throws {
    var bench = try resting()
    bench.caller("INVITE", 2, body: Bench.held)
    #expect(bench.exchange.restingCalls == 0)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.advance(by: .milliseconds(400))
    #expect(bench.exchange.restingCalls == 0)
    bench.callerAcknowledges(2)
    bench.advance(by: .seconds(4))
    #expect(bench.exchange.restingCalls == 1)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A repeated 2xx is acknowledged while the call rests") func repeatedAnswer() throws {
    var bench = try resting()
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["ACK"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("Its deadline finds it: max-call-duration") func duration() throws {
    var bench = try Bench {
      Self.direct(&$0)
      $0.trunkConfigurations[0].settings.maxCallDuration = 60
    }
    try bench.established()
    bench.advance(by: .seconds(59))
    #expect(bench.exchange.restingCalls == 1 && bench.sent.isEmpty)
    bench.advance(by: .seconds(2))
    #expect(bench.toCaller.first == "BYE" && bench.toCallee.first == "BYE")
    try bench.callerReplies(200, to: .bye)
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A commit that renames and turns the trunks around reaches a resting call; the operator clears it") func commit() throws {
    var bench = try resting()
    try bench.commit { configuration in
      configuration.trunks.swapAt(0, 1)
      for index in configuration.voiceRoutes.indices {
        configuration.voiceRoutes[index].trunks = configuration.voiceRoutes[index].trunks.map { [1, 0, 2][$0] }
      }
    }
    #expect(bench.exchange.calls.first?.legs.map(\.trunk) == ["hq", "acme-1"])
    bench.advance(by: .seconds(4))
    #expect(bench.exchange.restingCalls == 1)
    let text = try #require(bench.exchange.calls.first?.id)
    let isFound = bench.exchange.clear(call: text, at: bench.now)
    #expect(isFound)
    bench.drain()
    #expect(bench.toCaller == ["BYE"] && bench.toCallee == ["BYE"])
    try bench.callerReplies(200, to: .bye)
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A call whose media we relay stays awake: its streams are watched") func relayed() throws {
    var bench = try Bench()
    try bench.established()
    bench.advance(by: .seconds(10))
    #expect(bench.exchange.restingCalls == 0)
    try bench.hangUp()
    bench.finish()
  }
}
