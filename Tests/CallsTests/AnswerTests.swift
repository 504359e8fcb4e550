import Addressing
import Calls
import Media
import SIP
import Testing
import Timing

/// What our answer says beside the offer it answers (RFC 3264 section 6), and what is watched of a stream that was switched off.
@Suite struct AnswerTests {
  /// The caller's description with the stream switched off, in its next version.
  static let off = Bench.sdp.replacing("77 77", with: "77 78").replacing("m=audio 4000", with: "m=audio 0")

  @Test(
    "Our answer's direction fits the offer's, whatever the other leg answered — RFC 3264 6.1",
    arguments: [
      ("a=sendonly", "a=sendrecv", "a=recvonly"), ("a=sendonly", "", "a=recvonly"), ("a=sendonly", "a=sendonly", "a=inactive"),
      ("a=recvonly", "a=sendrecv", "a=sendonly"), ("a=inactive", "a=sendrecv", "a=inactive"), ("a=sendrecv", "a=inactive", "a=inactive"),
      ("a=sendrecv", "a=sendrecv", "a=sendrecv"),
    ])
  func direction(offered: String, answered: String, ours: String) throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.moved.replacing("a=sendrecv", with: offered))
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp.replacing("a=sendrecv\r\n", with: answered.isEmpty ? "" : "\(answered)\r\n"))
    #expect(bench.lastBody(to: Bench.pbx).split(separator: "\r\n").last.map { String($0) } == ours)
    bench.callerAcknowledges(2)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A held offer that is answered with an old-style hold is answered inactive — RFC 3264 6.1, 8.4")
  func heldByBoth() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp.replacing("c=IN IP4 10.0.0.1", with: "c=IN IP4 0.0.0.0"))
    #expect(bench.lastBody(to: Bench.pbx).hasSuffix("a=inactive\r\n"))
    bench.callerAcknowledges(2)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A stream offered with port 0 has port 0 in our answer, whatever the other leg answered — RFC 3264 6")
  func switchedOff() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Self.off)
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    #expect(bench.mediaLine(to: Bench.pbx) == "m=audio 0 RTP/AVP 0")
    bench.callerAcknowledges(2)
    try bench.hangUp()
    bench.finish()
  }

  /// Reports every ten seconds of `counts`, for so long.
  private func report(_ bench: inout Bench, _ session: UInt64, seconds: Int, _ counts: (Instant) -> StreamStatistics) {
    for _ in 0..<(seconds / 10) {
      bench.advance(by: .seconds(10))
      bench.exchange.media(.report(session: session, [counts(bench.now)]), at: bench.now)
      bench.drain()
    }
  }

  @Test("A stream that was switched off is not watched; when it is back it has its whole time to be heard — decided, RFC 3264 8.2")
  func watch() throws {
    var bench = try Bench()
    try bench.established()
    let session = try #require(bench.exchange.liveCallNumbers.first)
    var heard = StreamStatistics(side: .incoming, stream: 0)
    heard.packets = 100
    heard.lastPacketAt = bench.now
    report(&bench, session, seconds: 10) { _ in heard }
    bench.caller("INVITE", 2, body: Self.off)
    try bench.calleeReplies(200, to: .invite, body: Self.off)
    bench.callerAcknowledges(2)
    report(&bench, session, seconds: 90) { _ in heard }
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.caller("INVITE", 3, body: Bench.resumed)
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    bench.callerAcknowledges(3)
    report(&bench, session, seconds: 20) { _ in heard }
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    report(&bench, session, seconds: 30) { _ in heard }
    #expect(bench.exchange.calls.map(\.state) != ["up"])
    bench.finish()
    #expect(bench.records.first?.reason.hasPrefix("no RTP or RTCP from hq") == true)
  }

  @Test("The record's jitter is counted in ticks of the stream's own clock, not of 8 kHz — RFC 3550 A.8")
  func jitter() throws {
    var bench = try Bench()
    try bench.established()
    var stream = StreamStatistics(side: .incoming, stream: 0)
    stream.jitter = 480
    stream.clockRate = 48_000
    bench.closingCounts = [stream]
    try bench.hangUp()
    bench.finish()
    #expect(bench.records.first?.streams.map(\.jitterMilliseconds) == [10])
  }
}
