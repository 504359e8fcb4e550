import Addressing
import Calls
import SIP
import Testing
import Timing

@Suite struct ByeTests {
  @Test("The caller may end an early dialog: 200 to its BYE, 487 to its INVITE, CANCEL to the far side — RFC 3261 15, 15.1.2")
  func early() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.forget()
    bench.caller("BYE")
    #expect(bench.toCaller.sorted() == ["200 BYE", "487 INVITE"])
    #expect(bench.toCallee == ["CANCEL"])
    try bench.reply(487)
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.cancelled])
  }

  @Test("A BYE from the called side before the caller's ACK: ours to the caller waits for the ACK — RFC 3261 15, RFC 5407 3.1.3")
  func beforeAcknowledgement() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    try bench.callee("BYE")
    #expect(bench.toCallee == ["200 BYE"])
    #expect(bench.toCaller == [])
    bench.callerAcknowledges()
    #expect(bench.toCaller == ["BYE"])
    try bench.callerReplies(200, to: .bye)
    #expect(bench.exchange.liveCalls == 0)
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.answered])
    #expect(bench.records.first?.reason.contains("acme-1") == true)
  }

  @Test("A caller that hangs up without ever acknowledging our 2xx: it is repeated no more — RFC 5407 3.1.3")
  func insteadOfAcknowledgement() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    bench.caller("BYE")
    #expect(bench.toCaller == ["200 BYE"] && bench.toCallee == ["BYE"])
    try bench.calleeReplies(200, to: .bye)
    #expect(bench.exchange.liveCalls == 0)
    bench.callerAcknowledges()
    bench.forget()
    bench.caller("INVITE", 3, body: Bench.held)
    #expect(bench.toCaller == ["100 INVITE", "481 INVITE"])
    bench.finish()
  }

  @Test("Without that ACK the BYE goes out when 64*T1 have passed — RFC 3261 13.3.1.4, 15")
  func neverAcknowledged() throws {
    var bench = try Bench()
    try bench.answered()
    try bench.callee("BYE")
    bench.forget()
    bench.advance(by: .milliseconds(31_900))
    #expect(Set(bench.toCaller) == ["200 INVITE"])
    bench.advance(by: .milliseconds(200))
    #expect(bench.toCaller.last == "BYE")
    try bench.callerReplies(481, to: .bye)
    bench.finish()
  }

  @Test("BYEs that cross are both answered and nobody gets a second one — RFC 5407 3.2.1")
  func crossing() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("BYE")
    #expect(bench.toCaller == ["200 BYE"])
    #expect(bench.toCallee == ["BYE"])
    try bench.callee("BYE")
    #expect(bench.toCallee == ["BYE", "200 BYE"])
    try bench.calleeReplies(481, to: .bye)
    #expect(bench.toCaller == ["200 BYE"])
    #expect(bench.exchange.liveCalls == 0)
    bench.finish()
  }

  @Test("Our BYEs to both sides meet both sides' BYEs: all are answered, the call is gone")
  func crossingOurs() throws {
    var bench = try Bench()
    try bench.established()
    let id = try #require(bench.exchange.calls.first?.id)
    let isFound = bench.exchange.clear(call: id, at: bench.now)
    #expect(isFound)
    bench.drain()
    #expect(bench.toCaller == ["BYE"] && bench.toCallee == ["BYE"])
    bench.caller("BYE")
    try bench.callee("BYE")
    #expect(bench.toCaller == ["BYE", "200 BYE"] && bench.toCallee == ["BYE", "200 BYE"])
    try bench.callerReplies(481, to: .bye)
    try bench.calleeReplies(481, to: .bye)
    #expect(bench.exchange.liveCalls == 0)
    bench.finish()
  }

  @Test("A repeated BYE gets the same answer again — RFC 3261 17.2.2")
  func repeated() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("BYE", branch: "bye")
    bench.caller("BYE", branch: "bye")
    #expect(bench.toCaller == ["200 BYE", "200 BYE"])
    #expect(Set(bench.sent.filter { $0.to == Bench.pbx }.map(\.bytes)).count == 1)
    #expect(bench.toCallee == ["BYE"])
    bench.finish()
  }

  @Test("A BYE in a dialog we no longer know is refused with 481 — RFC 3261 15.1.2")
  func unknown() throws {
    var bench = try Bench()
    try bench.established()
    try bench.hangUp()
    bench.finish()
    bench.forget()
    bench.caller("BYE", 91)
    #expect(bench.toCaller == ["481 BYE"])
    try bench.callee("BYE")
    #expect(bench.toCallee == ["481 BYE"])
  }

  @Test("A BYE that is not quite the dialog's does nothing to the call — RFC 3261 12.2.2")
  func notQuite() throws {
    var bench = try Bench()
    try bench.established()
    let tag = bench.callerTag
    bench.caller("BYE", fromTag: "a2")
    bench.caller("BYE", toTag: String(tag.dropLast()) + (tag.hasSuffix("0") ? "1" : "0"))
    bench.caller("BYE", toTag: "nonsense")
    bench.caller("BYE", toTag: String(repeating: "f", count: 30))
    bench.caller("BYE", callID: "call-2")
    #expect(bench.toCaller == Array(repeating: "481 BYE", count: 5))
    // The tags of one leg with the identifiers of the other.
    let invite = try bench.attempt()
    let ours = String(decoding: try #require(invite.from.tag), as: UTF8.self)
    bench.caller("BYE", toTag: ours)
    #expect(bench.toCaller.count == 6 && bench.toCaller.last == "481 BYE")
    // The right dialog, from another peer's address.
    bench.caller("BYE", from: Bench.provider, listener: 1)
    #expect(bench.toCallee == ["481 BYE"])
    // A stranger gets silence.
    let stranger = TransportAddress(IPAddress(10, 0, 0, 66), 5060)
    bench.caller("BYE", from: stranger)
    #expect(bench.heard(stranger) == [])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.forget()
    try bench.hangUp()
    bench.finish()
  }

  @Test("Whatever a BYE of ours is answered with, the leg is gone — RFC 3261 15.1.1", arguments: [200, 401, 404, 408, 481, 500, 603])
  func answers(status: Int) throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("BYE")
    try bench.calleeReplies(status, to: .bye)
    #expect(bench.exchange.liveCalls == 0)
    #expect(bench.toCallee == ["BYE"])
    bench.finish()
  }

  @Test("A BYE that nobody answers is repeated for 64*T1, then the leg is gone; the record does not wait — RFC 3261 17.1.2.2")
  func silence() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("BYE")
    bench.advance(by: .seconds(3))
    #expect(bench.records.count == 1)
    #expect(bench.exchange.liveCalls == 1)
    bench.advance(by: .seconds(30))
    #expect(bench.exchange.liveCalls == 0)
    #expect(Set(bench.sent.filter { $0.to == Bench.provider }.map(\.bytes)).count == 1)
    bench.finish()
  }

  @Test("A BYE to an address that can not be reached ends the leg at once")
  func unreachable() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("BYE")
    bench.exchange.unreachable(Flow(listener: 1, transport: .udp, remote: Bench.provider), at: bench.now)
    bench.drain()
    #expect(bench.exchange.liveCalls == 0)
    bench.finish()
  }

  @Test("A BYE of the called side on an early dialog, which RFC 3261 15 forbids, does not lose a 2xx that follows")
  func earlyFromTheCalled() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    try bench.callee("BYE")
    #expect(bench.toCaller.last == "480 INVITE")
    bench.advance(by: .seconds(3))
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["ACK", "BYE"])
    bench.finish()
  }

  @Test("The Q.850 cause of a BYE crosses, its text does not — RFC 6432, decided")
  func cause() throws {
    var bench = try Bench()
    try bench.established()
    try bench.callee("BYE", extra: "Reason: Q.850;cause=31;text=\"marker\"\r\n")
    let bye = try #require(bench.requests(to: Bench.pbx).last)
    #expect(bye.q850Cause == 31)
    #expect(!String(decoding: bye.encoded(), as: UTF8.self).contains("marker"))
    try bench.callerReplies(200, to: .bye)
    bench.finish()
    #expect(bench.records.first?.cause == 31)
  }
}
