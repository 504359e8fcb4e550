import Calls
import SIP
import Testing
import Timing

@Suite struct CancelTests {
  @Test("A CANCEL before any provisional is held back until the first 1xx; the caller has its 487 at once — RFC 3261 9.1")
  func beforeProvisional() throws {
    var bench = try Bench()
    bench.dial()
    bench.cancel()
    #expect(bench.toCaller == ["100 INVITE", "200 CANCEL", "487 INVITE"])
    #expect(bench.toCallee == ["INVITE"])
    try bench.reply(100)
    #expect(bench.toCallee == ["INVITE", "CANCEL"])
    let invite = try bench.attempt()
    let cancel = try #require(bench.requests(to: Bench.provider).last)
    #expect(cancel.topVia.bytes == invite.topVia.bytes)
    #expect(cancel.cseqNumber == invite.cseqNumber && cancel.requestURI == invite.requestURI && cancel.callID == invite.callID)
    #expect(cancel.text(.from) == invite.text(.from) && cancel.text(.to) == invite.text(.to))
    try bench.reply(487)
    #expect(bench.toCallee == ["INVITE", "CANCEL", "ACK"])
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.cancelled])
    #expect(bench.records.map(\.status) == [487])
  }

  @Test("A CANCEL that was never allowed out: a late 2xx is acknowledged and ended — RFC 3261 9.1, 13.2.2.4")
  func heldBackThenAnswered() throws {
    var bench = try Bench()
    bench.dial()
    bench.cancel()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["INVITE", "ACK", "BYE"])
    #expect(bench.requests(to: Bench.provider).last?.cseqNumber == 2)
    #expect(bench.toCaller == ["100 INVITE", "200 CANCEL", "487 INVITE"])
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A CANCEL that crosses the far side's 2xx on its way: ACK and BYE there — RFC 3261 9.1")
  func crossingFarAnswer() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.cancel()
    #expect(bench.toCallee == ["INVITE", "CANCEL"])
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["INVITE", "CANCEL", "ACK", "BYE"])
    try bench.calleeReplies(200, to: .cancel)
    // The repeated 2xx is acknowledged once more, not ended twice.
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["INVITE", "CANCEL", "ACK", "BYE", "ACK"])
    try bench.calleeReplies(200, to: .bye)
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE", "200 CANCEL", "487 INVITE"])
    bench.finish()
  }

  @Test("After 180 the CANCEL goes to the far side at once — RFC 3261 9.1")
  func afterRinging() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.cancel()
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE", "200 CANCEL", "487 INVITE"])
    #expect(bench.toCallee == ["INVITE", "CANCEL"])
    // RFC 3261 9.2: the answer to the CANCEL and the 487 carry one tag.
    let tags = Set(bench.sent.filter { $0.to == Bench.pbx && $0.message.status >= 180 }.compactMap { $0.message.to.tag.map { Array($0) } })
    #expect(tags.count == 1)
    try bench.calleeReplies(200, to: .cancel)
    try bench.reply(487)
    #expect(bench.toCallee == ["INVITE", "CANCEL", "ACK"])
    bench.finish()
  }

  @Test("A CANCEL that meets our 200 gets 200 and the call stays up — RFC 3261 9.2, RFC 5407 3.1.2")
  func crossingOurAnswer() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    bench.cancel()
    #expect(bench.toCaller == ["200 CANCEL"])
    #expect(bench.toCallee == [])
    bench.callerAcknowledges()
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.answered])
  }

  @Test("A second CANCEL is answered as the first and changes nothing — RFC 3261 9.2")
  func twice() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.cancel()
    bench.cancel()
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE", "200 CANCEL", "487 INVITE", "200 CANCEL"])
    #expect(bench.toCallee == ["INVITE", "CANCEL"])
    let answers = bench.sent.filter { $0.to == Bench.pbx && $0.message.method == .cancel }.map(\.bytes)
    #expect(answers[0] == answers[1])
    try bench.reply(487)
    bench.finish()
  }

  @Test("A CANCEL after a refusal gets 200 and does nothing; with the transaction gone, 481 — RFC 3261 9.2")
  func afterFinal() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(486)
    bench.forget()
    bench.cancel()
    #expect(bench.toCaller == ["200 CANCEL"])
    #expect(bench.toCallee == [])
    bench.finish()
    bench.forget()
    bench.cancel()
    #expect(bench.toCaller == ["481 CANCEL"])
    #expect(bench.records.map(\.outcome) == [.busy])
  }

  @Test("A CANCEL stops the hunt: the attempt under way is cancelled and no other trunk is tried")
  func whileHunting() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.reply(100)
    try bench.reply(503)
    #expect(bench.toSpare == ["INVITE"])
    try bench.reply(100, attempt: 1, from: Bench.backup)
    bench.cancel()
    #expect(bench.toCaller == ["100 INVITE", "200 CANCEL", "487 INVITE"])
    #expect(bench.toSpare == ["INVITE", "CANCEL"])
    try bench.reply(503, attempt: 1, from: Bench.backup)
    #expect(bench.toSpare == ["INVITE", "CANCEL", "ACK"])
    #expect(bench.attempts.count == 2)
    bench.finish()
    #expect(bench.records.first?.legs.map(\.trunk) == ["hq", "acme-1", "spare-1"])
  }

  @Test("A refusal that comes after the CANCEL does not start the next attempt")
  func refusalAfterCancel() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    bench.cancel()
    try bench.reply(503)
    #expect(bench.toCallee == ["INVITE", "ACK"])
    #expect(bench.toSpare == [])
    bench.finish()
  }

  @Test("An attempt given up and the one under way are both cancelled, and both late answers are ended — RFC 3261 13.2.2.4")
  func bothAttempts() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.reply(100)
    bench.advance(by: .seconds(11))
    #expect(bench.toCallee.prefix(2) == ["INVITE", "CANCEL"])
    #expect(bench.toSpare.first == "INVITE")
    bench.cancel()
    try bench.reply(200, body: Bench.sdp)
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    #expect(bench.toCallee.suffix(2) == ["ACK", "BYE"])
    #expect(bench.toSpare.suffix(2) == ["ACK", "BYE"])
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.cancelled])
  }

  @Test("A CANCEL while ports are being bound: no INVITE goes out when they are")
  func whileOpening() throws {
    var bench = try Bench()
    bench.holdsMedia = true
    bench.dial()
    #expect(bench.toCallee == [])
    bench.cancel()
    #expect(bench.toCaller == ["100 INVITE", "200 CANCEL", "487 INVITE"])
    for command in bench.media {
      if case .open(let session, let side, _) = command { bench.exchange.media(.opened(session: session, side: side), at: bench.now) }
    }
    bench.drain()
    #expect(bench.toCallee == [])
    bench.finish()
  }

  @Test("A far side that agrees to the CANCEL and never answers the INVITE is given up after 64*T1 — RFC 3261 9.1")
  func cancelledForEver() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.cancel()
    try bench.calleeReplies(200, to: .cancel)
    bench.advance(by: .seconds(31))
    #expect(bench.exchange.liveCalls == 1)
    bench.advance(by: .seconds(2))
    #expect(bench.exchange.liveCalls == 0)
    bench.finish()
  }
}
