import Addressing
import Calls
import Records
import SIP
import Testing
import Timing

/// A called side that answers an INVITE which was given up: it has a dialog with us that is no part of the call.
@Suite struct AbandonedAttemptTests {
  /// The first attempt showed no progress, the second one is the call.
  private func hunted() throws -> Bench {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    bench.advance(by: .seconds(11))
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["ACK", "BYE"])
    #expect(bench.toCaller == [] && bench.toSpare == [])
    return bench
  }

  @Test("Its BYE, crossing ours, is answered and does not end the call that another trunk took — RFC 3261 15.1.2")
  func byeCrosses() throws {
    var bench = try hunted()
    let bye = try #require(bench.requests(to: Bench.provider).last)
    bench.forget()
    try bench.callee("BYE", 1)
    #expect(bench.toCallee == ["200 BYE"])
    #expect(bench.toCaller == [] && bench.toSpare == [])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.receive(Bench.response(200, to: bye), from: Bench.provider, listener: 1)
    try bench.callee("BYE", 2)
    #expect(bench.toCallee.last == "481 BYE")
    bench.caller("BYE")
    try bench.calleeReplies(200, to: .bye, from: Bench.backup)
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.answered])
    #expect(bench.records.first?.reason.contains("hq") == true)
  }

  @Test("Its re-INVITE is refused with 481 and changes nothing of the call — RFC 3261 12.2.2")
  func reinvite() throws {
    var bench = try hunted()
    bench.forget()
    try bench.callee("INVITE", 1, branch: "re", body: Bench.moved)
    #expect(bench.toCallee == ["100 INVITE", "481 INVITE"])
    try bench.callee("ACK", 1, branch: "re")
    #expect(bench.toCaller == [] && bench.toSpare == [])
    try bench.callee("OPTIONS", 2)
    #expect(bench.toCallee.last == "200 OPTIONS")
    // The call's own offers are not blocked by it.
    bench.caller("INVITE", 2, body: Bench.held)
    #expect(bench.toSpare == ["INVITE"])
    try bench.calleeReplies(200, to: .invite, from: Bench.backup, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    bench.caller("BYE", 3)
    try bench.calleeReplies(200, to: .bye, from: Bench.backup)
    bench.finish()
  }

  @Test("It answers behind the CANCEL: ACK and BYE, once; its own requests meet 481 and 200 — RFC 3261 9.1, 13.2.2.4")
  func behindCancel() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.cancel()
    #expect(bench.toCaller.last == "487 INVITE")
    #expect(bench.toCallee.last == "CANCEL")
    bench.caller("ACK", 1, branch: "1")
    bench.forget()
    for _ in 0..<3 { try bench.reply(200, body: Bench.sdp) }
    #expect(bench.toCallee == ["ACK", "BYE", "ACK", "ACK"])
    try bench.callee("INVITE", 1, branch: "re", body: Bench.moved)
    #expect(bench.toCallee.last == "481 INVITE")
    try bench.callee("ACK", 1, branch: "re")
    try bench.callee("BYE", 2)
    #expect(bench.toCallee.last == "200 BYE")
    #expect(bench.toCaller == [])
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.cancelled])
    #expect(bench.records.first?.answered == nil)
  }

  @Test("It hangs up its early dialog and still answers: the answer gets ACK and BYE — RFC 3261 15")
  func byeBeforeAnswer() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.reply(180)
    bench.cancel()
    bench.caller("ACK", 1, branch: "1")
    try bench.callee("BYE", 1)
    #expect(bench.toCallee.last == "200 BYE")
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee.first == "ACK")
    bench.finish()
  }
}
