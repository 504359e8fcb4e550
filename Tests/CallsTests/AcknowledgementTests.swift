import Addressing
import Calls
import SIP
import Testing
import Timing

@Suite struct AcknowledgementTests {
  @Test("Our 2xx is repeated byte for byte at T1, doubling to T2, for 64*T1; then both sides get BYE — RFC 3261 13.3.1.4")
  func lost() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(200, body: Bench.sdp)
    let start = bench.now
    bench.forget()
    bench.advance(by: .milliseconds(31_999))
    let answers = bench.sent.filter { $0.to == Bench.pbx }
    #expect(answers.map { $0.at.since(start).milliseconds } == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500])
    #expect(Set(answers.map(\.bytes)).count == 1)
    #expect(answers.first?.message.status == 200)
    #expect(bench.toCallee == [])
    bench.advance(by: .milliseconds(2))
    #expect(bench.toCaller.last == "BYE")
    #expect(bench.toCallee == ["BYE"])
    try bench.callerReplies(200, to: .bye)
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
    #expect(bench.records.first?.reason.contains("acknowledge") == true)
  }

  @Test("A late ACK stops the repetition; a second one, and one with another CSeq, do nothing — RFC 3261 13.3.1.4")
  func late() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    bench.callerAcknowledges(7)
    bench.advance(by: .seconds(2))
    #expect(bench.toCaller == ["200 INVITE", "200 INVITE"])
    bench.callerAcknowledges()
    bench.callerAcknowledges()
    bench.advance(by: .seconds(60))
    #expect(bench.toCaller == ["200 INVITE", "200 INVITE"])
    #expect(bench.toCallee == [])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("An ACK with wrong identifiers, or from another peer, acknowledges nothing — RFC 3261 12.2.2")
  func foreign() throws {
    var bench = try Bench()
    try bench.answered()
    bench.caller("ACK", 1, fromTag: "a2")
    bench.caller("ACK", 1, callID: "other")
    bench.caller("ACK", 1, toTag: "nobody")
    bench.caller("ACK", 1, from: Bench.provider, listener: 1)
    bench.forget()
    bench.advance(by: .seconds(1))
    #expect(bench.toCaller == ["200 INVITE"])
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }

  @Test("A repeated 2xx of the called side gets the same ACK, byte for byte — RFC 3261 13.2.2.4")
  func repeatedAnswer() throws {
    var bench = try Bench()
    try bench.answered()
    let first = try #require(bench.sent.last { $0.message.method == .ack })
    bench.callerAcknowledges()
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["ACK"])
    #expect(bench.sent.last?.bytes == first.bytes)
    #expect(bench.toCaller == [])
    try bench.hangUp()
    bench.finish()
  }

  @Test("A repeated first 2xx after a re-INVITE is acknowledged with its own CSeq — RFC 3261 13.2.2.4")
  func repeatedAfterReinvite() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    bench.callerAcknowledges(2)
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["ACK"])
    #expect(bench.sent.last?.message.cseqNumber == 1)
    try bench.hangUp()
    bench.finish()
  }

  @Test("The 2xx of another fork: ACK and BYE to that fork's own Contact, the call stays with the first — RFC 3261 13.2.2.4")
  func otherFork() throws {
    var bench = try Bench()
    try bench.established()
    let invite = try bench.attempt()
    let fork = Bench.response(
      200, to: invite, toTag: "b2", extra: "Record-Route: <sip:10.0.0.2:5999;lr;x=1>\r\nRecord-Route: <sip:10.0.0.2:5998;lr>\r\n", body: Bench.sdp
    ).replacingContact("<sip:fork@10.0.0.2:5081>")
    bench.receive(fork, from: Bench.provider, listener: 1)
    let sent = bench.sent.map(\.message)
    #expect(sent.map(\.methodName) == ["ACK", "BYE"])
    for message in sent {
      #expect(message.to.tag.map { String(decoding: $0, as: UTF8.self) } == "b2")
      #expect(String(decoding: message.requestURI, as: UTF8.self) == "sip:fork@10.0.0.2:5081")
      #expect(message.values(.route).map { String(decoding: $0, as: UTF8.self) } == ["<sip:10.0.0.2:5998;lr>", "<sip:10.0.0.2:5999;lr;x=1>"])
      #expect(message.callID == invite.callID)
    }
    #expect(sent.first?.cseqNumber == 1)
    #expect((sent.last?.cseqNumber ?? 0) > 1)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    // The first fork's own repetition is still its own.
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["ACK"])
    #expect(bench.sent.last?.message.to.tag.map { String(decoding: $0, as: UTF8.self) } == "b1")
    try bench.hangUp()
    bench.finish()
  }

  @Test("A fork's 2xx after the call has ended is acknowledged and ended too — RFC 3261 13.2.2.4")
  func forkAfterTheEnd() throws {
    var bench = try Bench()
    try bench.established()
    try bench.hangUp()
    #expect(bench.exchange.liveCalls == 0)
    bench.forget()
    try bench.reply(200, tag: "b2", body: Bench.sdp)
    #expect(bench.toCallee == ["ACK", "BYE"])
    #expect(bench.sent.allSatisfy { $0.message.to.tag.map { String(decoding: $0, as: UTF8.self) } == "b2" })
    bench.finish()
  }

  @Test("Provisionals of several forks reach the caller with one tag of ours; whichever answers is the call — RFC 3261 12.1")
  func forksRinging() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180, tag: "b1")
    try bench.reply(183, tag: "b2", body: Bench.sdp)
    try bench.reply(180, tag: "b3")
    try bench.reply(200, tag: "b2", body: Bench.sdp)
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE", "183 INVITE", "180 INVITE", "200 INVITE"])
    let tags = Set(bench.sent.filter { $0.to == Bench.pbx && $0.message.status > 100 }.map { $0.message.to.tag.map { Array($0) } })
    #expect(tags.count == 1)
    let ack = try #require(bench.requests(to: Bench.provider).last)
    #expect(ack.to.tag.map { String(decoding: $0, as: UTF8.self) } == "b2")
    bench.callerAcknowledges()
    try bench.callee("BYE", tag: "b2")
    try bench.callerReplies(200, to: .bye)
    bench.finish()
  }

  @Test("The ACK for our refusal ends the INVITE's transaction and reaches no call — RFC 3261 17.2.1")
  func ofRefusal() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(486)
    bench.caller("ACK", 1, branch: "1")
    bench.forget()
    bench.advance(by: .seconds(20))
    #expect(bench.toCaller == [])
    bench.finish()
  }

  @Test("What the trunk's plugin changed in the 2xx stands in every repetition of it")
  func editedByPlugin() throws {
    var bench = try Bench(plugin: MarkingPlugin.table)
    try bench.answered()
    bench.advance(by: .seconds(1))
    let answers = bench.sent.filter { $0.to == Bench.pbx && $0.message.status == 200 }
    #expect(answers.count == 2)
    #expect(Set(answers.map(\.bytes)).count == 1)
    #expect(answers.allSatisfy { $0.message.value(named: "X-Plugin".utf8).map { String(decoding: $0, as: UTF8.self) } == "seen" })
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }
}

extension String {
  func replacingContact(_ contact: String) -> String {
    split(separator: "\r\n", omittingEmptySubsequences: false).map { $0.hasPrefix("Contact:") ? "Contact: \(contact)" : String($0) }.joined(separator: "\r\n")
  }
}
