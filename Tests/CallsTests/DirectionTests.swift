import Addressing
import Calls
import Configuration
import SIP
import Testing
import Timing

@Suite struct DirectionTests {
  @Test("A Contact or Record-Route outside the trunk aims no packet of ours at a third party — decided")
  func thirdParty() throws {
    var bench = try Bench()
    let victim = TransportAddress(IPAddress(10, 0, 0, 66), 5060)
    func redirected(_ text: String) -> String { text.replacingContact("<sip:victim@10.0.0.66>") }
    bench.receive(
      redirected(
        Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", extra: "Record-Route: <sip:10.0.0.66;lr>\r\n", body: Bench.sdp)),
      from: Bench.pbx)
    bench.receive(
      redirected(Bench.response(200, to: try bench.attempt(), extra: "Record-Route: <sip:10.0.0.66;lr>\r\n", body: Bench.sdp)), from: Bench.provider,
      listener: 1)
    bench.callerAcknowledges()
    try bench.clear()
    #expect(bench.heard(victim) == [])
    #expect(bench.toCaller.last == "BYE" && bench.toCallee == ["INVITE", "ACK", "BYE"])
    let ack = try #require(bench.requests(to: Bench.provider).first { $0.method == .ack })
    #expect(String(decoding: ack.requestURI, as: UTF8.self) == "sip:victim@10.0.0.66")
    #expect(ack.text(.route) == "<sip:10.0.0.66;lr>")
    bench.finish()
  }

  @Test("A Contact at another address of the trunk's peer is where the dialog's requests go — RFC 3261 12.2.1.1")
  func otherNode() throws {
    var bench = try Bench { $0.peers[1].sources = [IPPrefix("10.0.8.0/24")!] }
    let node = TransportAddress(IPAddress(10, 0, 8, 1), 5070)
    bench.dial()
    bench.receive(Bench.response(200, to: try bench.attempt(), body: Bench.sdp).replacingContact("<sip:bob@10.0.8.1:5070>"), from: Bench.provider, listener: 1)
    bench.callerAcknowledges()
    bench.caller("BYE")
    #expect(bench.heard(node) == ["ACK", "BYE"])
    #expect(bench.toCallee == ["INVITE"])
    bench.finish()
  }

  @Test(
    "A Contact or route that wants another transport than the call came by is not met by ours: requests go where the leg's signalling does — RFC 3261 12.2.1.1",
    arguments: [
      ("<sip:bob@10.0.0.2:5061;transport=tcp>", ""), ("<sips:bob@10.0.0.2>", ""), ("<sip:bob@10.0.0.2:5061>", "<sip:10.0.0.2:5061;transport=TCP;lr>"),
    ])
  func otherTransport(contact: String, route: String) throws {
    var bench = try Bench()
    bench.dial()
    let extra = route.isEmpty ? "" : "Record-Route: \(route)\r\n"
    bench.receive(Bench.response(200, to: try bench.attempt(), extra: extra, body: Bench.sdp).replacingContact(contact), from: Bench.provider, listener: 1)
    bench.callerAcknowledges()
    bench.caller("BYE")
    #expect(bench.toCallee == ["INVITE", "ACK", "BYE"])
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A Contact that names the call's own transport is obeyed")
  func sameTransport() throws {
    var bench = try Bench()
    bench.dial()
    bench.receive(
      Bench.response(200, to: try bench.attempt(), body: Bench.sdp).replacingContact("<sip:bob@10.0.0.2:5066;transport=UDP>"), from: Bench.provider, listener: 1
    )
    bench.callerAcknowledges()
    bench.caller("BYE")
    #expect(bench.heard(TransportAddress(IPAddress(10, 0, 0, 2), 5066)) == ["ACK", "BYE"])
    bench.finish()
  }

  @Test("A re-INVITE moves the target of its side — RFC 3261 12.2.1.2")
  func targetRefresh() throws {
    var bench = try Bench { $0.peers[0].sources = [IPPrefix("10.0.7.0/24")!] }
    let node = TransportAddress(IPAddress(10, 0, 7, 9), 5061)
    try bench.established()
    bench.caller("INVITE", 2, from: node, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.heard(node) == ["100 INVITE", "200 INVITE"])
    bench.caller("ACK", 2, from: node)
    try bench.callee("BYE")
    #expect(bench.heard(node).last == "BYE")
    #expect(bench.toCaller == [])
    bench.finish()
  }

  /// Media of calls between `hq` and `acme-1` goes past us.
  private static func direct(_ configuration: inout Configuration) {
    configuration.mediaBypass = .init()
    configuration.mediaBypass.enabled = true
    configuration.mediaBypass.always = true
    Bench.settings(&configuration, "hq") { $0.enableBypass = true }
    Bench.settings(&configuration, "acme-1") { $0.enableBypass = true }
  }

  @Test("Direct media: addresses and ports pass, the origin stays ours, no port is taken — decided")
  func direct() throws {
    var bench = try Bench(edit: Self.direct)
    bench.dial()
    #expect(bench.media.isEmpty)
    let offered = bench.lastBody(to: Bench.provider)
    #expect(offered.contains("c=IN IP4 10.0.0.1") && offered.contains("m=audio 4000 ") && !offered.contains("o=phone") && !offered.contains("secret"))
    try bench.reply(200, body: Bench.sdp.replacing("10.0.0.1", with: "10.0.0.2"))
    #expect(bench.lastBody(to: Bench.pbx).contains("c=IN IP4 10.0.0.2"))
    bench.callerAcknowledges()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    #expect(bench.media.isEmpty && bench.exchange.holdings.ports == [0])
    try bench.hangUp()
    bench.finish()
    #expect(bench.records.first?.media == "direct")
  }

  @Test("From a direct attempt to a relayed one and the other way round: ports are taken and given back as each wants", arguments: [true, false])
  func mixed(directFirst: Bool) throws {
    var bench = try Bench {
      Bench.hunting(&$0)
      Self.direct(&$0)
      if !directFirst { for index in $0.voiceRoutes.indices where $0.voiceRoutes[index].name == "second" { $0.voiceRoutes[index].priority = 1 } }
    }
    bench.dial()
    let (first, second) = directFirst ? (Bench.provider, Bench.backup) : (Bench.backup, Bench.provider)
    #expect(bench.heard(first) == ["INVITE"])
    #expect(bench.lastBody(to: first).contains(directFirst ? "10.0.0.1" : "10.0.0.9"))
    try bench.reply(503, from: first)
    #expect(bench.heard(second) == ["INVITE"])
    #expect(bench.lastBody(to: second).contains(directFirst ? "c=IN IP4 10.0.0.9" : "c=IN IP4 10.0.0.1"))
    #expect(bench.exchange.holdings.ports == [directFirst ? 4 : 0])
    try bench.reply(200, attempt: 1, from: second, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.caller("BYE")
    bench.finish()
    #expect(bench.records.first?.media == (directFirst ? "relay" : "direct"))
  }

  @Test("The forks' 2xx that race: the first is the call, the second gets ACK and BYE, also after a CANCEL — RFC 3261 13.2.2.4")
  func racingForks() throws {
    for cancels in [false, true] {
      var bench = try Bench()
      bench.dial()
      try bench.reply(180, tag: "b1")
      if cancels { bench.cancel() }
      bench.forget()
      try bench.reply(200, tag: "b2", body: Bench.sdp)
      try bench.reply(200, tag: "b1", body: Bench.sdp)
      let tags = bench.requests(to: Bench.provider).map { "\($0.methodName) \(String(decoding: $0.to.tag ?? [], as: UTF8.self))" }
      #expect(tags == (cancels ? ["ACK b2", "BYE b2", "ACK b1", "BYE b1"] : ["ACK b2", "ACK b1", "BYE b1"]))
      if !cancels {
        bench.callerAcknowledges()
        bench.caller("BYE")
      }
      bench.finish()
    }
  }
}
