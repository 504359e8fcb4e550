import Addressing
import Calls
import Configuration
import Routing
import SIP
import Testing
import Timing

@Suite struct RequestRuleTests {
  @Test("An extension that is required and unknown: 420 naming each of them; nothing else happens — RFC 3261 8.2.2.3")
  func require() throws {
    var bench = try Bench()
    bench.dial(extra: "Require: 100rel, timer\r\nRequire: marvel\r\n")
    let final = try #require(bench.last(to: Bench.pbx))
    #expect(final.status == 420)
    #expect(final.values(.unsupported).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",").replacing(" ", with: "") == "100rel,marvel")
    #expect(bench.attempts.isEmpty)
    bench.finish()
  }

  @Test("Require in a request of the dialog is refused too, and the call goes on; in ACK and CANCEL it is not looked at — RFC 3261 8.2.2.3")
  func requireInDialog() throws {
    var bench = try Bench()
    try bench.answered()
    bench.caller("ACK", 1, extra: "Require: marvel\r\n")
    bench.forget()
    bench.advance(by: .seconds(1))
    #expect(bench.sent.isEmpty)
    bench.caller("BYE", 2, extra: "Require: marvel\r\n")
    #expect(bench.toCaller == ["420 BYE"])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }

  @Test(
    "Methods we know and do not serve: 405 with Allow; unknown ones: 501 — RFC 3261 8.2.1",
    arguments: [
      ("REGISTER", 405), ("SUBSCRIBE", 405), ("MESSAGE", 405), ("UPDATE", 405), ("PRACK", 405),
      ("PUBLISH", 405),
      ("MARVEL", 501), ("invite", 501),
    ])
  func methods(method: String, status: Int) throws {
    var bench = try Bench()
    try bench.established()
    bench.receive(Bench.request(method, uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "m"), from: Bench.pbx)
    bench.caller(method, 2)
    let answers = bench.sent.filter { $0.to == Bench.pbx }.map(\.message)
    #expect(answers.map(\.status) == [status, status])
    if status == 405 { #expect(answers.allSatisfy { $0.text(.allow)?.contains("INVITE") == true }) }
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("A request in a dialog is shown to the plugin of the dialog's trunk, whichever trunk its source has at the gate — decided")
  func dialogsPlugin() throws {
    // A node of the provider that has a trunk of its own as well.
    var bench = try Bench(plugin: HearingPlugin.table) { $0.peers[1].sources = [IPPrefix("10.0.0.0/29")!] }
    func heard() -> [String] { bench.exchange.peerViews(at: bench.now).map(\.description) }
    try bench.established()
    let before = heard()
    #expect(before[2] == "")
    try bench.callee("OPTIONS", 1, from: Bench.backup)
    #expect(bench.statuses(to: Bench.backup) == [200])
    #expect(heard() == [before[0], before[1] + "OPTIONS ", ""])
    // A stranger to the dialog is refused; only its own plugin sees that.
    bench.caller("BYE", 2, from: Bench.backup, listener: 1)
    #expect(bench.statuses(to: Bench.backup).last == 481)
    #expect(heard() == [before[0], before[1] + "OPTIONS ", "BYE "])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.callee("BYE", 2, from: Bench.backup)
    #expect(bench.toCaller == ["BYE"])
    #expect(heard()[1] == before[1] + "OPTIONS BYE ")
    bench.finish()
  }

  @Test("A malformed request that is repeated gets the same answer, To tag and all; no call is made of it — RFC 3261 8.2.7")
  func malformedTwice() throws {
    var bench = try Bench()
    let twice = "Content-Type: application/sdp\r\nContent-Type: application/sdp\r\n"
    let text = Bench.request("INVITE", uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "m", extra: twice)
    bench.receive(text, from: Bench.pbx)
    bench.receive(text, from: Bench.pbx)
    let answers = bench.sent.filter { $0.to == Bench.pbx }.map(\.message)
    #expect(answers.map(\.status) == [400, 400])
    #expect(answers.first?.to.tag?.isEmpty == false)
    #expect(answers.first?.encoded() == answers.last?.encoded())
    bench.finish()
  }

  @Test("OPTIONS in and out of a dialog: 200 with Allow and Accept; in a dialog that is not: 481 — RFC 3261 11.2")
  func options() throws {
    var bench = try Bench()
    try bench.established()
    bench.receive(Bench.request("OPTIONS", uri: "sip:10.0.0.9", from: Bench.pbx, branch: "o"), from: Bench.pbx)
    bench.caller("OPTIONS", 2)
    try bench.callee("OPTIONS")
    for address in [Bench.pbx, Bench.provider] {
      for answer in bench.sent.filter({ $0.to == address }).map(\.message) {
        #expect(answer.status == 200)
        #expect(answer.text(.allow) != nil && answer.text(.accept) != nil && answer.to.tag != nil)
      }
    }
    #expect(bench.sent.count == 3)
    bench.caller("OPTIONS", 3, toTag: "nobody")
    #expect(bench.toCaller.last == "481 OPTIONS")
    try bench.hangUp()
    bench.finish()
  }

  @Test("A merged request, the same INVITE by another way: 482 — RFC 3261 8.2.2.2")
  func merged() throws {
    var bench = try Bench()
    bench.dial()
    bench.dial(branch: "other-way")
    #expect(bench.toCaller == ["100 INVITE", "482 INVITE"])
    #expect(bench.attempts.count == 1)
    bench.cancel()
    bench.finish()
  }

  @Test("A repeated INVITE is absorbed: one call, the last provisional again — RFC 3261 17.2.1")
  func repeated() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.dial()
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE", "180 INVITE"])
    #expect(bench.attempts.count == 1)
    bench.cancel()
    bench.finish()
  }

  @Test("A request of the dialog with a CSeq that went by: 500, and the call goes on — RFC 3261 12.2.2")
  func outOfOrder() throws {
    var bench = try Bench()
    try bench.established()
    bench.caller("OPTIONS", 7)
    bench.caller("BYE", 3)
    #expect(bench.toCaller == ["200 OPTIONS", "500 BYE"])
    #expect(bench.toCallee == [])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("In a dialog any address of the trunk's peer may speak, on any of our listeners' trunks of it; nobody else — decided")
  func otherSource() throws {
    var bench = try Bench { $0.peers[0].sources = [IPPrefix("10.0.7.0/24")!] }
    try bench.established()
    let node = TransportAddress(IPAddress(10, 0, 7, 9), 5061)
    bench.caller("OPTIONS", 2, from: node)
    #expect(bench.heard(node) == ["200 OPTIONS"])
    bench.caller("OPTIONS", 3, from: Bench.backup, listener: 1)
    #expect(bench.toSpare == ["481 OPTIONS"])
    #expect(bench.exchange.counters.first { $0.name == "dialog.foreign-source" }?.value == 1)
    bench.caller("BYE", 4, from: node)
    #expect(bench.heard(node).last == "200 BYE")
    #expect(bench.toCallee == ["BYE"])
    bench.finish()
  }

  @Test("A source nobody covers gets silence, whatever it sends — decided")
  func stranger() throws {
    var bench = try Bench()
    let source = TransportAddress(IPAddress(10, 0, 0, 66), 5060)
    for method in ["INVITE", "OPTIONS", "REGISTER", "BYE", "MARVEL"] {
      bench.receive(
        Bench.request(method, uri: "sip:94155550100@10.0.0.9", from: source, branch: "s\(method)", callID: "s\(method)", body: Bench.sdp), from: source)
    }
    bench.receive("rubbish\r\n\r\n", from: source)
    #expect(bench.sent.isEmpty)
    bench.finish(records: 0)
  }

  @Test("A peer on a listener where it has no trunk: 403 to its INVITE — decided")
  func wrongListener() throws {
    var bench = try Bench()
    bench.receive(Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp), from: Bench.pbx, listener: 1)
    #expect(bench.toCaller.last == "403 INVITE")
    #expect(bench.attempts.isEmpty)
    bench.finish()
  }

  @Test("A request outside any dialog that needs one: 481 — RFC 3261 12.2.2")
  func byeWithoutDialog() throws {
    var bench = try Bench()
    bench.receive(Bench.request("BYE", uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "1"), from: Bench.pbx)
    #expect(bench.toCaller == ["481 BYE"])
    bench.finish(records: 0)
  }

  @Test("An INVITE without Contact makes no dialog: 400 — RFC 3261 8.1.1.8")
  func withoutContact() throws {
    var bench = try Bench()
    bench.receive(
      Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp).replacing(
        "Contact: <sip:alice@10.0.0.1:5090>\r\n", with: ""),
      from: Bench.pbx)
    #expect(bench.toCaller == ["100 INVITE", "400 INVITE"])
    #expect(bench.attempts.isEmpty)
    bench.finish()
  }

  @Test("Trunks whose peers' names resolve to one address are said once, when it happens")
  func ambiguousTrunks() throws {
    var bench = try Bench {
      $0.peers[1].address = .domain("a.example")
      $0.peers[2].address = .domain("b.example")
    }
    bench.drain()
    #expect(bench.notes.isEmpty)
    for _ in 0..<2 {
      bench.resolve([[], [Bench.provider.ip], [Bench.provider.ip]])
      try bench.commit { _ in }
    }
    #expect(bench.notes.count == 1)
    #expect(bench.notes.first?.hasPrefix("trunks acme-1 and spare-1 can not be told apart: a request from 10.0.0.2/32 on listener wan") == true)
    bench.finish(records: 0)
  }
}
