import Addressing
import Calls
import Media
import SIP
import Testing
import Timing

extension Bench {
  /// The caller's description, changed to hold, with the next version.
  static let held = sdp.replacing("77 77", with: "77 78").replacing("a=sendrecv", with: "a=sendonly")
  /// Its media are somewhere else from now on.
  static let moved = sdp.replacing("77 77", with: "77 78").replacing("audio 4000", with: "audio 4002")
  static let resumed = sdp.replacing("77 77", with: "77 79")
  static let heldAnswer = sdp.replacing("a=sendrecv", with: "a=recvonly")
  /// `<session id> <version>` of the o= line of the last description sent there.
  func origin(to address: TransportAddress) -> (session: String, version: Int)? {
    guard let line = lastBody(to: address).split(separator: "\r\n").first(where: { $0.hasPrefix("o=") }) else { return nil }
    let parts = line.split(separator: " ")
    return parts.count == 6 ? Int(parts[2]).map { (String(parts[1]), $0) } : nil
  }
  func mediaLine(to address: TransportAddress) -> String {
    lastBody(to: address).split(separator: "\r\n").first { $0.hasPrefix("m=") }.map { String($0) } ?? ""
  }
}

@Suite struct ReinviteTests {
  @Test("Hold and resume cross rebuilt: our own session, version one higher each time, the same ports — RFC 3264 8")
  func holdAndResume() throws {
    var bench = try Bench()
    try bench.answered()
    bench.callerAcknowledges()
    let toCallee = try #require(bench.origin(to: Bench.provider))
    let toCaller = try #require(bench.origin(to: Bench.pbx))
    let line = bench.mediaLine(to: Bench.provider)
    bench.forget()

    bench.caller("INVITE", 2, body: Bench.held)
    #expect(bench.toCaller == ["100 INVITE"])
    #expect(bench.toCallee == ["INVITE"])
    #expect(bench.origin(to: Bench.provider)! == (toCallee.session, toCallee.version + 1))
    #expect(bench.mediaLine(to: Bench.provider) == line)
    #expect(bench.lastBody(to: Bench.provider).contains("a=sendonly"))
    #expect(bench.requests(to: Bench.provider).last?.to.tag != nil)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCallee == ["INVITE", "ACK"])
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    #expect(bench.origin(to: Bench.pbx)! == (toCaller.session, toCaller.version + 1))
    #expect(bench.lastBody(to: Bench.pbx).contains("a=recvonly"))
    bench.callerAcknowledges(2)

    bench.caller("INVITE", 3, body: Bench.resumed)
    #expect(bench.origin(to: Bench.provider)! == (toCallee.session, toCallee.version + 2))
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    bench.callerAcknowledges(3)
    #expect(bench.lastBody(to: Bench.pbx).contains("a=sendrecv"))
    try bench.hangUp()
    bench.finish()
  }

  @Test("An offer of the called side waits for the caller's ACK of our 2xx, and then goes on — RFC 3261 14.1, 14.2")
  func offerBeforeAcknowledgement() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    try bench.callee("INVITE", 1, body: Bench.held)
    #expect(bench.toCallee == ["100 INVITE"])
    #expect(bench.toCaller.isEmpty)
    bench.callerAcknowledges()
    #expect(bench.toCaller == ["INVITE"])
    try bench.callerReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCallee == ["100 INVITE", "200 INVITE"])
    try bench.callee("ACK", 1)
    try bench.hangUp()
    bench.finish()
  }

  @Test("The offer that waits for an ACK can be cancelled, and is refused when the ACK never comes and the call ends")
  func offerWithoutAcknowledgement() throws {
    var bench = try Bench()
    try bench.answered()
    try bench.callee("INVITE", 1, branch: "hold", body: Bench.held)
    bench.forget()
    try bench.callee("CANCEL", 1, branch: "hold")
    #expect(bench.toCallee == ["200 CANCEL", "487 INVITE"])
    try bench.callee("ACK", 1, branch: "hold")
    bench.callerAcknowledges()
    #expect(bench.toCaller.isEmpty)
    try bench.callee("INVITE", 2, body: Bench.held)
    #expect(bench.toCaller == ["INVITE"])
    bench.cancel()
    try bench.callerReplies(200, to: .invite, body: Bench.heldAnswer)
    try bench.callee("ACK", 2)
    try bench.hangUp()
    bench.finish()

    bench = try Bench()
    try bench.answered()
    try bench.callee("INVITE", 1, body: Bench.held)
    bench.forget()
    bench.advance(by: .seconds(33))
    #expect(bench.toCallee.contains("487 INVITE") && bench.toCallee.contains("BYE"))
    #expect(bench.toCaller.contains("BYE"))
    bench.finish()
  }

  @Test("The called side may hold as well — RFC 3261 14")
  func holdByTheCalled() throws {
    var bench = try Bench()
    try bench.established()
    try bench.callee("INVITE", body: Bench.held)
    #expect(bench.toCaller == ["INVITE"])
    #expect(bench.lastBody(to: Bench.pbx).contains("a=sendonly"))
    try bench.callerReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCaller == ["INVITE", "ACK"])
    #expect(bench.toCallee == ["100 INVITE", "200 INVITE"])
    try bench.callee("ACK", 1)
    bench.forget()
    bench.advance(by: .seconds(40))
    #expect(bench.sent.isEmpty)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A re-INVITE that changes nothing keeps the version of o= — RFC 3264 8")
  func unchanged() throws {
    var bench = try Bench()
    try bench.answered()
    bench.callerAcknowledges()
    let before = try #require(bench.origin(to: Bench.provider))
    bench.forget()
    bench.caller("INVITE", 2, body: Bench.moved)
    #expect(bench.origin(to: Bench.provider)! == before)
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    bench.callerAcknowledges(2)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A refusal of the far side passes; the session is as before and the next re-INVITE works — RFC 3261 14.1")
  func refused() throws {
    var bench = try Bench()
    try bench.established()
    let program = bench.programs
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(488, to: .invite)
    #expect(bench.toCaller == ["100 INVITE", "488 INVITE"])
    #expect(bench.toCallee == ["INVITE", "ACK"])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    #expect(bench.programs.suffix(2).map { "\($0)" } == program.suffix(2).map { "\($0)" })
    bench.caller("INVITE", 3, body: Bench.held)
    #expect(bench.toCallee == ["INVITE", "ACK", "INVITE"])
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCaller.last == "200 INVITE")
    bench.callerAcknowledges(3)
    try bench.callee("INVITE", body: Bench.resumed)
    try bench.callerReplies(200, to: .invite, body: Bench.sdp)
    try bench.callee("ACK", 1)
    try bench.hangUp()
    bench.finish()
  }

  @Test("Glare: while one side's offer is under way the other side's gets 491 — RFC 3261 14.2", arguments: [true, false])
  func glare(callerFirst: Bool) throws {
    var bench = try Bench()
    try bench.established()
    if callerFirst {
      bench.caller("INVITE", 2, body: Bench.held)
      try bench.callee("INVITE", body: Bench.held)
      #expect(bench.toCallee == ["INVITE", "100 INVITE", "491 INVITE"])
      try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
      #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
      bench.callerAcknowledges(2)
    } else {
      try bench.callee("INVITE", body: Bench.held)
      bench.caller("INVITE", 2, body: Bench.held)
      #expect(bench.toCaller == ["INVITE", "100 INVITE", "491 INVITE"])
      try bench.callerReplies(200, to: .invite, body: Bench.heldAnswer)
      #expect(bench.toCallee == ["100 INVITE", "200 INVITE"])
      try bench.callee("ACK", 1)
    }
    // The refused side tries again and is heard.
    bench.forget()
    if callerFirst {
      try bench.callee("INVITE", 2, body: Bench.resumed)
      #expect(bench.toCaller == ["INVITE"])
      try bench.callerReplies(200, to: .invite, body: Bench.sdp)
      try bench.callee("ACK", 2)
    } else {
      bench.caller("INVITE", 3, body: Bench.resumed)
      #expect(bench.toCallee == ["INVITE"])
      try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
      bench.callerAcknowledges(3)
    }
    bench.forget()
    try bench.hangUp()
    bench.finish()
  }

  @Test("Our re-INVITE that meets 491 is tried again in 2.1-4 s where the Call-ID is ours, 0-2 s where it is theirs — RFC 3261 14.1", arguments: [true, false])
  func glareRetried(callerOffers: Bool) throws {
    var bench = try Bench()
    try bench.established()
    let far = callerOffers ? Bench.provider : Bench.pbx
    if callerOffers { bench.caller("INVITE", 2, body: Bench.held) } else { try bench.callee("INVITE", body: Bench.held) }
    for _ in 0..<2 {
      if callerOffers { try bench.calleeReplies(491, to: .invite) } else { try bench.callerReplies(491, to: .invite) }
      let refusedAt = bench.now
      bench.forget()
      bench.advance(by: .milliseconds(4001))
      let again = try #require(bench.sent.first { $0.to == far && $0.message.method == .invite })
      let waited = again.at.since(refusedAt).milliseconds
      #expect(callerOffers ? (2100...4000).contains(waited) : (0...2000).contains(waited), "\(waited) ms")
      #expect(waited % 10 == 0)
      #expect(again.message.topVia.branch != nil && again.message.to.tag != nil)
    }
    if callerOffers {
      try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    } else {
      try bench.callerReplies(200, to: .invite, body: Bench.heldAnswer)
    }
    #expect(bench.heard(callerOffers ? Bench.pbx : Bench.provider).last == "200 INVITE")
    if callerOffers { bench.callerAcknowledges(2) } else { try bench.callee("ACK", 1) }
    try bench.hangUp()
    bench.finish()
  }

  @Test("Waiting to try again after a 491 we take the far side's own offer: ours gives way, its offerer gets 491 — RFC 3261 14.1", arguments: [true, false])
  func glareYields(callerOffers: Bool) throws {
    var bench = try Bench()
    try bench.established()
    if callerOffers {
      bench.caller("INVITE", 2, body: Bench.held)
      try bench.calleeReplies(491, to: .invite)
    } else {
      try bench.callee("INVITE", body: Bench.held)
      try bench.callerReplies(491, to: .invite)
    }
    bench.forget()
    // What could not be served anyway does not make ours give way.
    if callerOffers { try bench.callee("INVITE", 1, body: "hello") } else { bench.caller("INVITE", 2, body: "hello") }
    #expect(bench.heard(callerOffers ? Bench.provider : Bench.pbx).last == "400 INVITE")
    #expect(bench.heard(callerOffers ? Bench.pbx : Bench.provider) == [])
    if callerOffers { try bench.callee("INVITE", 2, body: Bench.resumed) } else { bench.caller("INVITE", 3, body: Bench.resumed) }
    #expect(bench.heard(callerOffers ? Bench.pbx : Bench.provider) == ["491 INVITE", "INVITE"])
    if callerOffers {
      try bench.callerReplies(200, to: .invite, body: Bench.sdp)
      try bench.callee("ACK", 2)
    } else {
      try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
      bench.callerAcknowledges(3)
    }
    #expect(bench.heard(callerOffers ? Bench.provider : Bench.pbx).last == "200 INVITE")
    bench.forget()
    // Nothing is left of the offer that gave way; only its 491 is repeated for want of an ACK.
    bench.advance(by: .seconds(10))
    #expect(!bench.sent.contains { $0.message.isRequest })
    try bench.hangUp()
    bench.finish()
  }

  @Test("Glare without end is given up: the offerer is refused, never with 491, and the call goes on — RFC 3261 14.1")
  func glareGivenUp() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    var tries = 1
    while tries < 20, !bench.toCaller.contains(where: { !$0.hasPrefix("100") }) {
      try bench.calleeReplies(491, to: .invite)
      bench.advance(by: .seconds(5))
      tries += 1
    }
    #expect(tries < 20)
    #expect(Set(bench.toCaller) == ["100 INVITE", "500 INVITE"])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.forget()
    bench.caller("INVITE", 3, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    bench.callerAcknowledges(3)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A second re-INVITE of the same side before the first is answered: 500 with Retry-After of 0-10 s — RFC 3261 14.2")
  func whilePending() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    bench.caller("INVITE", 3, body: Bench.resumed)
    let refusal = try #require(bench.last(to: Bench.pbx))
    #expect(refusal.status == 500)
    #expect((0...10).contains(refusal.text(.retryAfter).flatMap { Int($0) } ?? -1))
    #expect(bench.toCallee == ["INVITE"])
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCaller.last == "200 INVITE")
    #expect(bench.last(to: Bench.pbx)?.cseqNumber == 2)
    bench.callerAcknowledges(2)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A re-INVITE without offer is refused with 488, another body with 415 — decided, RFC 3261 8.2.3")
  func withoutOffer() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2)
    #expect(bench.toCaller == ["100 INVITE", "488 INVITE"])
    bench.caller("INVITE", 3, body: "not a description")
    #expect(bench.toCaller.last == "400 INVITE")
    bench.caller("INVITE", 4, extra: "Content-Encoding: gzip\r\n", body: Bench.held)
    #expect(bench.toCaller.last == "415 INVITE")
    #expect(bench.last(to: Bench.pbx)?.text(.acceptEncoding) == "identity")
    bench.caller("INVITE", 5, extra: "Content-Encoding: Identity\r\n", body: Bench.held.replacing("v=0", with: "x"))
    #expect(bench.toCaller.last == "400 INVITE")
    bench.receive(
      Bench.request(
        "INVITE", uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "text", toTag: bench.callerTag, sequence: 6, body: "hello"
      ).replacing("application/sdp", with: "text/plain"), from: Bench.pbx)
    #expect(bench.toCaller.last == "415 INVITE")
    #expect(bench.last(to: Bench.pbx)?.text(.accept) == "application/sdp")
    #expect(bench.toCallee == [])
    try bench.hangUp()
    bench.finish()
  }

  @Test("CANCEL of a re-INVITE: 487, the other side's transaction is cancelled, the session is as before — RFC 3261 9, 14")
  func cancelled() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, branch: "re", body: Bench.held)
    try bench.calleeReplies(100, to: .invite)
    bench.cancel(branch: "re", sequence: 2)
    #expect(bench.toCaller == ["100 INVITE", "200 CANCEL", "487 INVITE"])
    #expect(bench.toCallee == ["INVITE", "CANCEL"])
    try bench.calleeReplies(200, to: .cancel)
    try bench.calleeReplies(487, to: .invite)
    #expect(bench.toCallee == ["INVITE", "CANCEL", "ACK"])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.forget()
    bench.caller("INVITE", 3, body: Bench.held)
    #expect(bench.toCallee == ["INVITE"])
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(3)
    try bench.hangUp()
    bench.finish()
  }

  @Test("CANCEL of a re-INVITE that crosses its 2xx: acknowledged, then the far side is put back to what holds — RFC 5407 3.1.2")
  func cancelCrossingAnswer() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, branch: "re", body: Bench.held)
    bench.cancel(branch: "re", sequence: 2)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCaller == ["100 INVITE", "200 CANCEL", "487 INVITE"])
    #expect(bench.toCallee == ["INVITE", "ACK", "INVITE"])
    #expect(bench.lastBody(to: Bench.provider).contains("a=sendrecv"))
    // The restoring offer meets glare: it is ours to try again.
    try bench.calleeReplies(491, to: .invite)
    bench.advance(by: .seconds(5))
    #expect(bench.toCallee.prefix(5) == ["INVITE", "ACK", "INVITE", "ACK", "INVITE"])
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    #expect(bench.toCallee.last == "ACK")
    bench.forget()
    // Both sides may offer again.
    try bench.callee("INVITE", body: Bench.held)
    #expect(bench.toCaller == ["INVITE"])
    try bench.callerReplies(200, to: .invite, body: Bench.heldAnswer)
    try bench.callee("ACK", 1)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A re-INVITE that is answered with 481 or 408 ends the call with BYE on both sides — RFC 3261 12.2.1.2, 14.1", arguments: [481, 408])
  func dialogGone(status: Int) throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(status, to: .invite)
    #expect(bench.toCaller.contains("BYE"))
    #expect(bench.toCaller.contains { $0.hasSuffix("INVITE") && !$0.hasPrefix("1") })
    #expect(bench.toCallee == ["INVITE", "ACK", "BYE"])
    try bench.callerReplies(200, to: .bye)
    try bench.calleeReplies(481, to: .bye)
    #expect(bench.exchange.liveCalls == 0)
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.answered])
    #expect(bench.records.first?.reason.contains("(\(status))") == true)
  }

  @Test("A re-INVITE that nobody answers ends the call with BYE to both — RFC 3261 12.2.1.2")
  func timeout() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    bench.advance(by: .seconds(33))
    #expect(bench.toCaller.contains("BYE"))
    #expect(bench.toCallee.contains("BYE"))
    bench.finish()
  }

  @Test("A far side that answers a re-INVITE with provisionals only does not hold the call for ever")
  func provisionalsOnly() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(100, to: .invite)
    bench.advance(by: .seconds(300))
    #expect(bench.toCallee.contains("CANCEL"))
    #expect(bench.toCaller.contains { $0.hasSuffix("INVITE") && !$0.hasPrefix("1") })
    try bench.hangUp()
    bench.finish()
  }

  @Test("A BYE during a re-INVITE ends the call; the INVITE gets 487, and a transaction left with a provisional ends too — RFC 3261 15.1.2")
  func byeDuring() throws {
    for byCaller in [true, false] {
      var bench = try Bench()
      try bench.established()
      bench.caller("INVITE", 2, body: Bench.held)
      try bench.calleeReplies(100, to: .invite)
      if byCaller { bench.caller("BYE", 3) } else { try bench.callee("BYE") }
      #expect(bench.toCaller.contains("487 INVITE"))
      #expect(bench.toCaller.contains(byCaller ? "200 BYE" : "BYE"))
      #expect(bench.toCallee.contains(byCaller ? "BYE" : "200 BYE"))
      bench.finish()
    }
  }

  @Test("A 2xx to a re-INVITE that crosses our BYE is acknowledged — RFC 3261 13.2.2.4")
  func answerAfterBye() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    bench.caller("BYE", 3)
    let reinvite = try #require(bench.requests(to: Bench.provider).first { $0.method == .invite })
    bench.forget()
    bench.receive(Bench.response(200, to: reinvite, body: Bench.heldAnswer), from: Bench.provider, listener: 1)
    #expect(bench.toCallee == ["ACK"])
    bench.finish()
  }

  @Test("A re-INVITE that overtakes the ACK of our first 2xx is taken, and the 2xx is repeated no more — RFC 5407 3.1.4")
  func beforeAcknowledgement() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    bench.caller("INVITE", 2, body: Bench.held)
    #expect(bench.toCallee == ["INVITE"])
    bench.callerAcknowledges(1)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    bench.callerAcknowledges(2)
    bench.forget()
    bench.advance(by: .seconds(40))
    #expect(bench.sent.isEmpty)
    try bench.hangUp()
    bench.finish()
  }

  @Test(
    "A 2xx to a re-INVITE without description, or with one that does not fit, ends the call — RFC 3261 13.2.1",
    arguments: ["", "v=0\r\n", Bench.sdp + "m=audio 4002 RTP/AVP 0\r\n"])
  func brokenAnswer(body: String) throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: body)
    #expect(bench.toCallee == ["INVITE", "ACK", "BYE"])
    #expect(bench.toCaller.contains("BYE"))
    bench.finish()
  }

  @Test("The 2xx of a re-INVITE that is never acknowledged ends the call — RFC 3261 14.2")
  func neverAcknowledged() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.advance(by: .milliseconds(32_001))
    #expect(bench.toCaller.last == "BYE")
    #expect(bench.toCallee.last == "BYE")
    bench.finish()
  }

  @Test("Many re-INVITEs leave no trace in the queue of deadlines")
  func manyOffers() throws {
    var bench = try Bench()
    try bench.established()
    for round in 0..<40 {
      bench.caller("INVITE", 2 + round, body: round % 2 == 0 ? Bench.held : Bench.resumed)
      try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
      bench.callerAcknowledges(2 + round)
      bench.advance(by: .seconds(1))
    }
    #expect(bench.pendingDeadlines < 20, "\(bench.pendingDeadlines) deadlines for one call")
    try bench.hangUp(900)
    bench.finish()
  }
}

extension Bench {
  var programs: [MediaCommand] { media.filter { if case .program = $0 { true } else { false } } }
}
