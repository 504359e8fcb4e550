import Calls
import SIP
import Testing
import Timing

@Suite struct CapabilityTests {
  private func names(_ message: SIPMessage?, _ header: HeaderName) -> [String] {
    message?.values(header).map { String(decoding: $0, as: UTF8.self) } ?? []
  }

  @Test("One Allow on everything that carries one: INVITE, 18x, 2xx, OPTIONS, 405 — RFC 3261 table 2, 20.5")
  func allow() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    bench.caller("OPTIONS", 3)
    bench.caller("MESSAGE", 4)
    bench.receive(Bench.request("OPTIONS", uri: "sip:10.0.0.9", from: Bench.pbx, branch: "o"), from: Bench.pbx)
    bench.receive(Bench.request("MESSAGE", uri: "sip:10.0.0.9", from: Bench.pbx, branch: "m"), from: Bench.pbx)
    let carriers = bench.sent.map(\.message).filter { $0.has(.allow) }
    #expect(
      carriers.map { $0.isRequest ? $0.methodName : "\($0.status) \($0.methodName)" }
        == ["INVITE", "200 INVITE", "200 OPTIONS", "405 MESSAGE", "200 OPTIONS", "405 MESSAGE"])
    #expect(Set(carriers.map { names($0, .allow) }).count == 1)
    let all = names(carriers.first, .allow)
    #expect(["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "INFO"].allSatisfy(all.contains))
    #expect(!all.contains("MESSAGE") && !all.contains("SUBSCRIBE"))
    try bench.hangUp()
    bench.finish()
  }

  @Test("The first INVITE and the answers that make a dialog carry Allow; 100 and refusals do not — RFC 3261 13.2.1, 12.1.1")
  func firstMessages() throws {
    var bench = try Bench()
    try bench.answered()
    #expect(try bench.attempt().has(.allow))
    for message in bench.sent.filter({ $0.to == Bench.pbx }).map(\.message) { #expect(message.has(.allow) == (message.status > 100)) }
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }

  @Test("200 to OPTIONS names the bodies, codings and options we take, an empty list of options too — RFC 3261 11.2")
  func options() throws {
    var bench = try Bench()
    bench.receive(Bench.request("OPTIONS", uri: "sip:10.0.0.9", from: Bench.pbx, branch: "o"), from: Bench.pbx)
    let answer = bench.last(to: Bench.pbx)
    #expect(answer?.status == 200)
    #expect(names(answer, .accept).contains("application/sdp"))
    #expect(answer?.text(.acceptEncoding) == "identity")
    #expect(answer?.has(.supported) == true)
    bench.finish(records: 0)
  }
}

@Suite struct PassedInfoTests {
  private static let digit = "Signal=5\r\nDuration=160\r\n"

  private func info(_ bench: inout Bench, _ sequence: Int, type: String = "application/dtmf-relay", extra: String = "", body: String = digit) {
    bench.receive(
      Bench.request(
        "INFO", uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "i\(sequence)", toTag: bench.callerTag, sequence: sequence, extra: extra, body: body
      ).replacing("Content-Type: application/sdp", with: "Content-Type: \(type)"), from: Bench.pbx)
  }

  @Test("Digits in INFO cross, built anew, and are answered with the far side's status", arguments: [200, 415, 405, 500])
  func crosses(status: Int) throws {
    var bench = try Bench()
    try bench.established()
    info(&bench, 2, type: "Application/DTMF-Relay;charset=utf-8", extra: "X-Secret: 1\r\n")
    #expect(bench.toCaller == [])
    #expect(bench.toCallee == ["INFO"])
    let passed = try #require(bench.last(to: Bench.provider))
    #expect(passed.text(.contentType) == "application/dtmf-relay")
    #expect(String(decoding: passed.body, as: UTF8.self) == PassedInfoTests.digit)
    #expect(passed.value(named: "X-Secret".utf8) == nil)
    try bench.calleeReplies(status, to: .info)
    #expect(bench.toCaller == ["\(status) INFO"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("An INFO of another type: 415 with what is taken; of a package: 469 with Recv-Info; without a body: 200 by ourselves — RFC 6086 4.2.2")
  func refused() throws {
    var bench = try Bench { Bench.settings(&$0, "hq") { $0.passInfoBodies = ["application/media_control+xml", "text/plain"] } }
    try bench.established()
    info(&bench, 2, type: "text/plain", body: "hello")
    #expect(bench.toCaller == ["415 INFO"])
    #expect(bench.last(to: Bench.pbx)?.values(.accept).map { String(decoding: $0, as: UTF8.self) } == ["application/dtmf-relay", "application/dtmf"])
    info(&bench, 3, extra: "Info-Package: g.3gpp.mid-call\r\n")
    #expect(bench.toCaller.last == "469 INFO")
    #expect(bench.last(to: Bench.pbx)?.value(named: "Recv-Info".utf8) != nil)
    info(&bench, 4, extra: "Content-Encoding: gzip\r\n")
    #expect(bench.toCaller.last == "415 INFO")
    #expect(bench.last(to: Bench.pbx)?.text(.acceptEncoding) == "identity")
    info(&bench, 5, body: String(repeating: "x", count: 2000))
    #expect(bench.toCaller.last == "413 INFO")
    bench.caller("INFO", 6)
    #expect(bench.toCaller.last == "200 INFO")
    #expect(bench.toCallee == [])
    bench.receive(Bench.request("INFO", uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "out"), from: Bench.pbx)
    #expect(bench.toCaller.last == "481 INFO")
    try bench.hangUp()
    bench.finish()
  }

  @Test("A type that both trunks list crosses too — pass-info-body")
  func listed() throws {
    var bench = try Bench {
      for trunk in ["hq", "acme-1"] { Bench.settings(&$0, trunk) { $0.passInfoBodies = ["application/media_control+xml"] } }
    }
    try bench.established()
    info(&bench, 2, type: "application/media_control+xml", body: "<x/>")
    #expect(bench.last(to: Bench.provider)?.text(.contentType) == "application/media_control+xml")
    try bench.calleeReplies(200, to: .info)
    #expect(bench.toCaller == ["200 INFO"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("A far side that no longer knows the call ends it, one that says nothing is told as 408, and a call that ends answers what waits — RFC 3261 12.2.1.2")
  func farSide() throws {
    var bench = try Bench()
    try bench.established()
    info(&bench, 2)
    bench.advance(by: .seconds(40))
    #expect(bench.toCaller == ["408 INFO"])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    info(&bench, 3)
    try bench.calleeReplies(481, to: .info)
    #expect(bench.toCaller == ["408 INFO", "481 INFO", "BYE"])
    #expect(bench.toCallee.last == "BYE")
    bench.finish()
    var second = try Bench()
    try second.established()
    info(&second, 2)
    try second.callee("BYE")
    #expect(second.toCaller == ["481 INFO", "BYE"])
    second.finish()
  }

  @Test("More INFOs than may be open at once: 500 with Retry-After")
  func tooMany() throws {
    var bench = try Bench()
    try bench.established()
    for sequence in 2...10 { info(&bench, sequence) }
    #expect(bench.toCaller == ["500 INFO"])
    #expect(bench.last(to: Bench.pbx)?.has(.retryAfter) == true)
    #expect(bench.toCallee.count == 8)
    try bench.hangUp()
    bench.finish()
  }

  @Test("telephone-event crosses with its fmtp — RFC 4733")
  func events() throws {
    var bench = try Bench()
    bench.dial(body: Bench.sdp.replacing("a=sendrecv", with: "a=fmtp:101 0-16\r\na=sendrecv"))
    let offer = String(decoding: try bench.attempt().body, as: UTF8.self)
    #expect(offer.contains("a=rtpmap:101 telephone-event/8000\r\n") && offer.contains("a=fmtp:101 0-16\r\n"))
    try bench.reply(200, body: Bench.sdp.replacing("a=sendrecv", with: "a=fmtp:101 0-15\r\na=sendrecv"))
    #expect(bench.lastBody(to: Bench.pbx).contains("a=fmtp:101 0-15\r\n"))
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }
}
