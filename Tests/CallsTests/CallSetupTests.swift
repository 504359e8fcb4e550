import Calls
import SIP
import Testing

@Suite struct CallSetupTests {
  @Test("A call from the PBX leaves on the provider's trunk with the translated number and is answered, held up and ended")
  func wholeCall() throws {
    var bench = try Bench()
    bench.receive(Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp), from: Bench.pbx)
    #expect(bench.statuses(to: Bench.pbx) == [100])
    let invite = try #require(bench.requests(to: Bench.provider).first)
    #expect(String(decoding: invite.requestURI, as: UTF8.self) == "sip:14155550100@10.0.0.2:5080")
    #expect(invite.maxForwards == 69)
    bench.receive(Bench.response(180, to: invite), from: Bench.provider, listener: 1)
    bench.receive(Bench.response(200, to: invite, body: Bench.sdp), from: Bench.provider, listener: 1)
    #expect(bench.statuses(to: Bench.pbx) == [100, 180, 200])
    #expect(bench.requests(to: Bench.provider).last?.method == .ack)
    let answer = try #require(bench.last(to: Bench.pbx))
    let tag = String(decoding: try #require(answer.to.tag), as: UTF8.self)
    bench.receive(Bench.request("ACK", uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "2", toTag: tag), from: Bench.pbx)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.receive(Bench.request("BYE", uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "3", toTag: tag, sequence: 2), from: Bench.pbx)
    #expect(bench.statuses(to: Bench.pbx) == [100, 180, 200, 200])
    let bye = try #require(bench.requests(to: Bench.provider).last)
    #expect(bye.method == .bye)
    bench.receive(Bench.response(200, to: bye), from: Bench.provider, listener: 1)
    #expect(bench.records.map(\.outcome) == [.answered])
    #expect(bench.exchange.liveCalls == 0)
    // Nothing of the caller's leg is on the provider's.
    for request in bench.requests(to: Bench.provider) {
      let text = String(decoding: request.encoded(), as: UTF8.self)
      for secret in ["10.0.0.1", "call-1", "a1\r", "z9hG4bK1;", "secret", "phone 77"] { #expect(!text.contains(secret), "\(secret) in \(text)") }
    }
  }
}
