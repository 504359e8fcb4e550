import Calls
import SIP
import Testing

@Suite("Session descriptions that do not fit") struct UnfitDescriptionTests {
  @Test("An answer whose description is broken is acknowledged and ended with BYE; the caller gets 488 — RFC 3261 13.2.2.4")
  func brokenAnswer() throws {
    var bench = try Bench()
    bench.receive(Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp), from: Bench.pbx)
    let invite = try #require(bench.requests(to: Bench.provider).first)
    bench.receive(Bench.response(200, to: invite, body: "v=0\r\nm=audio no RTP/AVP 0\r\n"), from: Bench.provider, listener: 1)
    #expect(bench.requests(to: Bench.provider).map(\.method) == [.invite, .ack, .bye])
    #expect(bench.statuses(to: Bench.pbx).last == 488)
    let bye = try #require(bench.requests(to: Bench.provider).last)
    bench.receive(Bench.response(200, to: bye), from: Bench.provider, listener: 1)
    #expect(bench.records.map(\.status) == [488])
  }

  @Test(
    "An offer that can not be read is 400; one without a stream or to a host name is 488 — RFC 3261 21.4.1, 21.4.26",
    arguments: [
      ("hello", 400), (String(Bench.sdp.prefix { $0 != "m" }), 488),
      (Bench.sdp.replacing("c=IN IP4 10.0.0.1", with: "c=IN IP4 media.example.com"), 488),
      (Bench.sdp + String(repeating: "a=x\r\n", count: 2_000), 488),
    ])
  func unfitOffer(body: String, status: Int) throws {
    var bench = try Bench()
    bench.receive(Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: body), from: Bench.pbx)
    #expect(bench.statuses(to: Bench.pbx).last == status)
  }

  @Test(
    "In a re-INVITE the same: 400 for what can not be read, 488 for what can not be done; the call goes on — RFC 3261 21.4.1, 14.2",
    arguments: [
      ("hello", 400), (String(Bench.sdp.prefix { $0 != "m" }), 488),
      (Bench.sdp.replacing("c=IN IP4 10.0.0.1", with: "c=IN IP4 media.example.com"), 488),
      (Bench.sdp + String(repeating: "a=x\r\n", count: 2_000), 488),
    ])
  func unfitReinvite(body: String, status: Int) throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: body)
    #expect(bench.statuses(to: Bench.pbx).last == status)
    #expect(bench.toCallee == [])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }
}
