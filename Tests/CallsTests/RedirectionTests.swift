import Addressing
import Configuration
import SIP
import Testing
import Timing

@testable import Calls

@Suite struct RedirectionTests {
  /// The provider's trunk may call numbers of the office and, beside, +1 numbers.
  private func bench(_ usages: [String] = ["Internal", "National"], _ edit: (inout Configuration) -> Void = { _ in }) throws -> Bench {
    try Bench {
      Bench.settings(&$0, "acme-1") { $0.pstnUsages = usages }
      edit(&$0)
    }
  }
  /// A 3xx whose only contacts are those given.
  private func redirect(_ bench: inout Bench, status: Int = 302, attempt number: Int = 0, from source: Bench.Side = .provider, to list: String...) throws {
    let text = Bench.response(status, to: try bench.attempt(number), extra: list.map { "Contact: \($0)\r\n" }.joined())
    let address = source == .provider ? Bench.provider : Bench.pbx
    bench.receive(text.replacing("Contact: <sip:bob@\(Bench.provider)>\r\n", with: ""), from: address, listener: source == .provider ? 1 : 0)
  }

  @Test(
    "A 3xx is followed: its number is routed with the dial plan and usages of the trunk that sent it, and the caller hears nothing of it — RFC 3261 8.1.3.4, decided",
    arguments: [300, 301, 302, 305, 380])
  func followed(status: Int) throws {
    var bench = try bench()
    bench.dial()
    try redirect(&bench, status: status, to: "<sip:+14155550199@203.0.113.9>")
    #expect(bench.attempts.count == 2)
    #expect(
      try bench.attempt(1).requestURI.elementsEqual("sip:14155550199@10.0.0.2".utf8)
        || bench.attempt(1).requestURI.starts(with: "sip:14155550199@10.0.0.2".utf8))
    #expect(bench.toCaller == ["100 INVITE"])
    #expect(bench.sent.allSatisfy { $0.to == Bench.pbx || $0.to == Bench.provider })
    try bench.reply(200, attempt: 1, body: Bench.sdp)
    bench.callerAcknowledges()
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.caller("BYE", 9)
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("Contacts by q, high first; q=0 and what names no number are left out — RFC 3261 20.10")
  func order() {
    func numbers(_ list: String) -> [String] {
      let text =
        "SIP/2.0 302 Moved\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContact: \(list)\r\n\r\n"
      guard let message = try? SIPMessage(parsing: Array(text.utf8)) else { return [] }
      return Redirection(message).numbers.map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(numbers("<sip:1@x>;q=0.1, <sip:2@x>;q=0.9, <sip:3@x>") == ["3", "2", "1"])
    #expect(numbers("<sip:1@x>;q=0, <sip:x.example>, <mailto:a@b>, <tel:+12>, <sip:1@x>;q=0.001") == ["+12", "1"])
    #expect(numbers("<sip:1@x>, <sip:2@x>, <sip:3@x>, <sip:4@x>, <sip:5@x>, <sip:6@x>").count == 5)
  }

  @Test("No usage of the trunk that sent it reaches the number: 403; no number at all: 480 — decided")
  func noUsage() throws {
    var bench = try bench(["Internal"])
    bench.dial()
    try redirect(&bench, to: "<sip:+14155550199@203.0.113.9>")
    #expect(bench.toCaller.last == "403 INVITE")
    #expect(bench.attempts.count == 1)
    bench.finish()
    var other = try self.bench()
    other.dial()
    try redirect(&other, to: "<sip:voicemail.example>")
    #expect(other.toCaller.last == "480 INVITE")
    other.finish()
  }

  @Test("A contact that refuses leads to the next one, whatever the refusal but 6xx — RFC 3261 8.1.3.4")
  func breadth() throws {
    var bench = try bench()
    bench.dial()
    try redirect(&bench, to: "<sip:+14155550101@x>;q=0.5, <sip:+14155550102@x>;q=0.7, <sip:+14155550103@x>;q=0.6")
    #expect(try bench.attempt(1).requestURI.starts(with: "sip:14155550102@".utf8))
    try bench.reply(486, attempt: 1)
    #expect(try bench.attempt(2).requestURI.starts(with: "sip:14155550103@".utf8))
    try bench.reply(180, attempt: 2)
    try bench.reply(404, attempt: 2)
    #expect(try bench.attempt(3).requestURI.starts(with: "sip:14155550101@".utf8))
    try bench.reply(486, attempt: 3)
    #expect(bench.toCaller.last == "486 INVITE")
    bench.finish()
    var final = try self.bench()
    final.dial()
    try redirect(&final, to: "<sip:+14155550101@x>, <sip:+14155550102@x>")
    try final.reply(603, attempt: 1)
    #expect(final.toCaller.last == "603 INVITE")
    final.finish()
  }

  @Test("A loop is seen, also one that the dial plan hides; the third redirection in a row is the last — decided")
  func loops() throws {
    var bench = try bench()
    bench.dial("94155550100")
    try redirect(&bench, to: "<sip:+14155550100@x>")
    #expect(bench.toCaller.last == "480 INVITE")
    bench.finish()
    var deep = try self.bench()
    deep.dial()
    for step in 0..<3 { try redirect(&deep, attempt: step, to: "<sip:+1415555020\(step)@x>") }
    #expect(deep.attempts.count == 4)
    try redirect(&deep, attempt: 3, to: "<sip:+14155550209@x>")
    #expect(deep.attempts.count == 4)
    #expect(deep.toCaller.last == "480 INVITE")
    deep.finish()
  }

  @Test("A phone that rang may redirect too: forward on no answer")
  func afterRinging() throws {
    var bench = try bench()
    bench.dial()
    try bench.reply(180)
    try redirect(&bench, to: "<sip:+14155550199@x>")
    #expect(bench.attempts.count == 2)
    try bench.reply(183, attempt: 1, body: Bench.sdp)
    try bench.reply(200, attempt: 1, body: Bench.sdp)
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE", "183 INVITE", "200 INVITE"])
    bench.callerAcknowledges()
    bench.caller("BYE", 9)
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A call that came in from the trunk may be sent back to it: call forwarding at the office's PBX")
  func backOut() throws {
    var bench = try bench(["Internal"])
    bench.receive(
      Bench.request("INVITE", uri: "sip:+14255550123@10.0.0.9", from: Bench.provider, branch: "in", fromTag: "p1", callID: "in-1", body: Bench.sdp),
      from: Bench.provider,
      listener: 1)
    #expect(bench.attempts.count == 1)
    try redirect(&bench, from: .pbx, to: "<sip:94155550177@10.0.0.9>")
    #expect(bench.attempts.count == 2)
    #expect(try bench.attempt(1).requestURI.starts(with: "sip:14155550177@10.0.0.2".utf8))
    bench.receive(
      Bench.request("CANCEL", uri: "sip:+14255550123@10.0.0.9", from: Bench.provider, branch: "in", fromTag: "p1", callID: "in-1"), from: Bench.provider,
      listener: 1)
    try bench.reply(487, attempt: 1)
    bench.finish()
  }
}

extension Bench {
  enum Side { case pbx, provider }
}
