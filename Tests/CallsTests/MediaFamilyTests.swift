import Addressing
import Calls
import Configuration
import SIP
import Testing
import Timing

/// IPv4 and IPv6 on the two legs (decided: they meet in the relay), and on one leg.
@Suite struct MediaFamilyTests {
  private static let phone = TransportAddress(IPAddress("2001:db8:1::7")!, 5090)
  private static let ours = TransportAddress(IPAddress("2001:db8:1::9")!, 5060)
  private static let offer = Bench.sdp.replacing("IP4 10.0.0.1", with: "IP6 2001:db8:1::7")

  /// The PBX speaks IPv6, the provider IPv4; the realm has one or both.
  private func bench(realm: [IPAddress]) throws -> Bench {
    try Bench {
      $0.listeners[0].address = Self.ours
      $0.peers[0].address = .ip(Self.phone.ip)
      $0.mediaRealms[0].addresses = realm
    }
  }
  private static let both = [IPAddress(10, 0, 0, 9), IPAddress("2001:db8:1::9")!]

  private func dial(_ bench: inout Bench, body: String = offer) {
    let text = Bench.request("INVITE", uri: "sip:94155550100@[2001:db8:1::9]", from: Bench.pbx, branch: "1", body: body)
      .replacing("\(Bench.pbx)", with: "\(Self.phone)").replacing("@10.0.0.1>", with: "@[2001:db8:1::7]>")
    bench.receive(text, from: Self.phone)
  }
  private func body(_ bench: Bench, to address: TransportAddress) -> String { bench.lastBody(to: address) }
  /// Every address in it is of this family.
  private func check(_ description: String, _ family: String, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(!description.isEmpty, sourceLocation: sourceLocation)
    for line in description.split(separator: "\r\n") where line.hasPrefix("c=") || line.hasPrefix("o=") {
      #expect(line.contains("IN \(family) "), "\(line)", sourceLocation: sourceLocation)
      #expect(line.contains(":") == (family == "IP6"), "\(line)", sourceLocation: sourceLocation)
    }
  }

  @Test("Each leg is given the address of its own family, in c= and o=, both ways")
  func relayed() throws {
    var bench = try bench(realm: Self.both)
    dial(&bench)
    check(body(bench, to: Bench.provider), "IP4")
    try bench.reply(183, body: Bench.sdp)
    check(body(bench, to: Self.phone), "IP6")
    try bench.reply(200, body: Bench.sdp)
    check(body(bench, to: Self.phone), "IP6")
    bench.exchange.endAllCalls(at: bench.now)
    bench.drain()
    bench.finish()
  }

  @Test("A realm that has no address of the caller's family: 488, nothing goes out, no port is taken — RFC 3261 21.4.26")
  func noFamily() throws {
    var bench = try bench(realm: [IPAddress(10, 0, 0, 9)])
    dial(&bench)
    #expect(bench.toCallee == [])
    #expect(bench.heard(Self.phone) == ["100 INVITE", "488 INVITE"])
    bench.finish()
    #expect(bench.records.first?.cause == 65)
  }

  @Test("A realm that has no address of the called side's family: 488 as well")
  func noFamilyBehind() throws {
    var bench = try bench(realm: [IPAddress("2001:db8:1::9")!])
    dial(&bench)
    #expect(bench.toCallee == [])
    #expect(bench.heard(Self.phone) == ["100 INVITE", "488 INVITE"])
    bench.finish()
  }

  @Test("An IPv6 offer over IPv4 signalling is answered with IPv6 where the realm has it, and refused with 488 where not — RFC 6157")
  func signallingDiffers() throws {
    var bench = try Bench { $0.mediaRealms[0].addresses = Self.both }
    bench.dial(body: Self.offer)
    check(body(bench, to: Bench.provider), "IP4")
    try bench.reply(200, body: Bench.sdp)
    check(body(bench, to: Bench.pbx), "IP6")
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
    bench = try Bench()
    bench.dial(body: Self.offer)
    #expect(bench.toCaller == ["100 INVITE", "488 INVITE"] && bench.toCallee == [])
    bench.finish()
  }

  @Test("An answer of another family than our offer can not be sent to: the call fails with 488, the called side gets ACK and BYE")
  func answerDiffers() throws {
    var bench = try Bench { $0.mediaRealms[0].addresses = Self.both }
    bench.dial()
    try bench.reply(200, body: Self.offer)
    #expect(bench.toCallee == ["INVITE", "ACK", "BYE"])
    #expect(bench.toCaller == ["100 INVITE", "488 INVITE"])
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A re-INVITE that moves a leg to the other family is refused with 488, and the call goes on as it was")
  func reinvite() throws {
    var bench = try Bench { $0.mediaRealms[0].addresses = Self.both }
    try bench.established()
    bench.caller("INVITE", 2, branch: "re", body: Self.offer)
    #expect(bench.toCaller == ["100 INVITE", "488 INVITE"] && bench.toCallee == [])
    bench.caller("ACK", 2, branch: "re")
    bench.forget()
    // The old hold (RFC 2543) names no address and is of no family.
    bench.caller("INVITE", 3, body: Bench.sdp.replacing("c=IN IP4 10.0.0.1", with: "c=IN IP4 0.0.0.0"))
    #expect(bench.toCallee == ["INVITE"])
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(3)
    try bench.hangUp()
    bench.finish()
  }

  @Test("Streams of two families in one offer: 488, since all ports of a leg are on one address")
  func mixed() throws {
    var bench = try Bench { $0.mediaRealms[0].addresses = Self.both }
    bench.dial(body: Bench.sdp + "m=audio 4010 RTP/AVP 0\r\nc=IN IP6 2001:db8:1::7\r\n")
    #expect(bench.toCaller == ["100 INVITE", "488 INVITE"] && bench.toCallee == [])
    bench.finish()
  }
}
