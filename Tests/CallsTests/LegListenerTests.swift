import Addressing
import Calls
import Configuration
import Routing
import SIP
import Testing
import Timing

/// Each leg has one listener of ours for life: what we send in its dialog leaves there, and only what comes in there is of the dialog.
@Suite struct LegListenerTests {
  /// Drains the exchange by hand: the listener of everything that left.
  private func outgoing(_ bench: inout Bench) -> [(text: String, listener: UInt16, to: TransportAddress)] {
    var out: [(String, UInt16, TransportAddress)] = []
    while let action = bench.exchange.nextAction() {
      guard case .transmit(let bytes, let flow) = action, let message = try? SIPMessage(parsing: bytes) else { continue }
      out.append((message.isRequest ? message.methodName : "\(message.status) \(message.methodName)", flow.listener, flow.remote))
    }
    return out
  }

  @Test("In-dialog requests leave by the leg's listener, on both legs")
  func leaves() throws {
    var bench = try Bench()
    try bench.established()
    let id = try #require(bench.exchange.calls.first?.id)
    _ = bench.exchange.clear(call: id, at: bench.now)
    let sent = outgoing(&bench)
    #expect(sent.map(\.text).sorted() == ["BYE", "BYE"])
    for message in sent { #expect(message.listener == (message.to == Bench.pbx ? 0 : 1)) }
  }

  @Test("After a commit that reorders the listeners they leave by the same one under its new index")
  func followsCommit() throws {
    var bench = try Bench()
    try bench.established()
    try bench.commit {
      $0.listeners.insert(.init(name: "new", address: TransportAddress(IPAddress(10, 0, 0, 9), 5099), transport: .udp), at: 0)
      for index in $0.trunks.indices { $0.trunks[index].listener += 1 }
    }
    let id = try #require(bench.exchange.calls.first?.id)
    _ = bench.exchange.clear(call: id, at: bench.now)
    for message in outgoing(&bench) { #expect(message.listener == (message.to == Bench.pbx ? 1 : 2)) }
  }

  @Test("After a commit that moves the trunk to another listener a call that is up keeps its own")
  func keepsItsOwn() throws {
    var bench = try Bench()
    try bench.established()
    try bench.commit { $0.trunks[1].listener = 0 }
    let id = try #require(bench.exchange.calls.first?.id)
    _ = bench.exchange.clear(call: id, at: bench.now)
    #expect(outgoing(&bench).filter { $0.to == Bench.provider }.map(\.listener) == [1])
  }

  /// The provider's address on two trunks, one on each listener.
  private func twice(_ configuration: inout Configuration) {
    configuration.trunks.append(.init(name: "acme-2", listener: 0, peer: 1, mediaRealm: 0))
  }

  @Test("A request of the right dialog on another listener is not of it: 481, and the call stays — RFC 3261 12.2.2", arguments: ["BYE", "INVITE", "OPTIONS"])
  func wrongListener(method: String) throws {
    var bench = try Bench(edit: twice)
    try bench.established()
    let invite = try bench.attempt()
    let text = { (name: HeaderName) in String(decoding: invite.value(name) ?? [], as: UTF8.self) }
    let body = method == "INVITE" ? Bench.sdp : ""
    bench.receive(
      "\(method) sip:x@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP \(Bench.provider);branch=z9hG4bKw;rport\r\nMax-Forwards: 70\r\nFrom: \(text(.to));tag=b1\r\n"
        + "To: \(text(.from))\r\nCall-ID: \(text(.callID))\r\nCSeq: 1 \(method)\r\nContact: <sip:bob@\(Bench.provider)>\r\n"
        + (body.isEmpty ? "" : "Content-Type: application/sdp\r\n") + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)", from: Bench.provider, listener: 0)
    #expect(bench.toCallee.last == "481 \(method)")
    #expect(bench.toCaller == [])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    // On its own listener the same request is taken.
    bench.forget()
    try bench.callee("OPTIONS", 1)
    #expect(bench.toCallee == ["200 OPTIONS"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("An ACK on another listener acknowledges nothing — RFC 3261 13.3.1.4")
  func wrongAcknowledgement() throws {
    var bench = try Bench { $0.trunks.append(.init(name: "hq-2", listener: 1, peer: 0, mediaRealm: 0)) }
    try bench.answered()
    bench.caller("ACK", 1, listener: 1)
    bench.forget()
    bench.advance(by: .seconds(1))
    #expect(bench.toCaller == ["200 INVITE"])
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }
}
