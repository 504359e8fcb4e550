import Calls
import SIP
import Testing
import Timing

/// The races of RFC 5407, section 3, by its numbers: those between the far side of one leg and us.
@Suite struct RaceTests {
  @Test("The INVITE again while our 2xx waits for its ACK: absorbed, one call — RFC 5407 3.1.1")
  func inviteAgain() throws {
    var bench = try Bench()
    try bench.answered()
    bench.dial()
    #expect(bench.attempts.count == 1)
    #expect(bench.toCaller.allSatisfy { $0.hasSuffix("INVITE") })
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }

  @Test("CANCEL crosses our 2xx: 200, and the call is up; who cancelled ends it with BYE — RFC 5407 3.1.2")
  func cancelCrossesAnswer() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    bench.cancel()
    #expect(bench.toCaller == ["200 CANCEL"])
    #expect(bench.toCallee == [])
    bench.callerAcknowledges()
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp(2)
    bench.finish()
  }

  @Test("BYE of an early dialog crosses our 2xx: 200, the other side gets BYE, the ACK that follows changes nothing — RFC 5407 3.1.3, 3.1.6")
  func byeCrossesAnswer() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    bench.caller("BYE", 2)
    #expect(bench.toCaller == ["200 BYE"])
    #expect(bench.toCallee == ["BYE"])
    bench.callerAcknowledges()
    bench.advance(by: .milliseconds(400))
    #expect(bench.toCaller == ["200 BYE"])
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A re-INVITE before the ACK of the first: taken, for it shows that our 2xx has come; the ACK that comes late is the first's — RFC 5407 3.1.4, 3.1.5")
  func offerBeforeAcknowledgement() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    bench.caller("INVITE", 2, body: Bench.held)
    #expect(bench.toCallee == ["INVITE"])
    bench.callerAcknowledges(1)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    bench.callerAcknowledges(2)
    bench.advance(by: .seconds(3))
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("BYEs cross: each is answered 200 — RFC 5407 3.2.1")
  func byesCross() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("BYE", 2)
    try bench.callee("BYE", 1)
    #expect(bench.toCallee == ["BYE", "200 BYE"])
    #expect(bench.toCaller == ["200 BYE"])
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A re-INVITE, a REFER and an INFO meet our BYE: 481 — RFC 5407 3.2.2, 3.3.3")
  func requestsMeetBye() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("BYE", 2)
    try bench.callee("INVITE", 1, body: Bench.held)
    try bench.callee("REFER", 2, extra: "Refer-To: <sip:+14155550199@x>\r\n")
    #expect(bench.toCallee.filter { !$0.hasPrefix("100") } == ["BYE", "481 INVITE", "481 REFER"])
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("The 2xx to a re-INVITE of ours comes behind our BYE: acknowledged — RFC 5407 3.2.3")
  func answerBehindBye() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    let offer = try #require(bench.requests(to: Bench.provider).last)
    bench.caller("BYE", 3)
    #expect(bench.toCallee.contains("BYE"))
    bench.forget()
    bench.receive(Bench.response(200, to: offer, body: Bench.heldAnswer), from: Bench.provider, listener: 1)
    #expect(bench.toCallee == ["ACK"])
    bench.finish()
  }

  @Test("An ACK behind our BYE is nobody's any more — RFC 5407 3.2.4")
  func acknowledgementBehindBye() throws {
    var bench = try Bench()
    try bench.established()
    try bench.callee("BYE", 1)
    bench.callerAcknowledges(1)
    #expect(bench.toCaller == ["BYE"])
    try bench.callerReplies(200, to: .bye)
    bench.finish()
  }

  @Test("re-INVITEs cross: each side's meets 491, and ours is sent again — RFC 5407 3.3.1")
  func offersCross() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.callee("INVITE", 1, body: Bench.held)
    #expect(bench.toCallee == ["INVITE", "100 INVITE", "491 INVITE"])
    try bench.calleeReplies(491, to: .invite)
    bench.advance(by: .seconds(5))
    #expect(bench.toCallee.count { $0 == "INVITE" } >= 2)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    #expect(bench.toCaller.contains("200 INVITE"))
    try bench.hangUp()
    bench.finish()
  }

  @Test("A 2xx behind our CANCEL is acknowledged and ended — RFC 3261 9.1")
  func answerBehindCancel() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.cancel()
    #expect(bench.toCallee.last == "CANCEL")
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee.suffix(2) == ["ACK", "BYE"])
    #expect(bench.toCaller.last == "487 INVITE")
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }
}
