import Addressing
import Calls
import Configuration
import SIP
import Testing
import Timing

/// The caller over TCP: an accepted connection from a port of its own.
@Suite struct StreamTests {
  static let far = TransportAddress(IPAddress(10, 0, 0, 1), 49_152)

  private func flow(_ connection: UInt32, port: UInt16 = far.port) -> Flow {
    Flow(listener: 0, transport: .tcp, remote: TransportAddress(Bench.pbx.ip, port), connection: connection)
  }
  private func receive(_ bench: inout Bench, _ text: String, on flow: Flow) {
    bench.exchange.receive(Array(text.replacing("SIP/2.0/UDP", with: "SIP/2.0/TCP").utf8), on: flow, at: bench.now)
    bench.drain()
  }
  private func request(_ bench: Bench, _ method: String, _ sequence: Int) -> String {
    Bench.request(
      method, uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "\(method)\(sequence)", toTag: bench.callerTag.isEmpty ? nil : bench.callerTag,
      sequence: sequence, body: method == "INVITE" ? Bench.sdp : "")
  }

  /// A call that came over connection 7 and is up.
  private func established(contact: String = "sip:alice@10.0.0.1:5090;transport=tcp", extra: String = "") throws -> Bench {
    var bench = try Bench { $0.listeners[0].transport = .tcp }
    let invite = Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", extra: extra, body: Bench.sdp)
      .replacing("sip:alice@10.0.0.1:5090", with: contact)
    receive(&bench, invite, on: flow(7))
    try bench.reply(200, body: Bench.sdp)
    bench.callerTag = String(decoding: try #require(bench.last(to: Self.far)?.to.tag), as: UTF8.self)
    receive(&bench, request(bench, "ACK", 1), on: flow(7))
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    return bench
  }

  @Test("As long as its connection stands, a leg's requests go over it")
  func stands() throws {
    var bench = try established()
    try bench.callee("BYE")
    #expect(bench.lastFlow == flow(7))
    receive(&bench, Bench.response(200, to: try #require(bench.requests(to: Self.far).last)), on: flow(7))
    bench.finish()
  }

  @Test("When its connection is closed, requests go to the dialog's next hop by a new one — RFC 3261 12.2.1.1")
  func closed() throws {
    for (extra, port) in [("", 5090), ("Record-Route: <sip:10.0.0.1:5062;lr;transport=tcp>\r\n", 5062)] as [(String, UInt16)] {
      var bench = try established(extra: extra)
      bench.exchange.unreachable(flow(7), at: bench.now)
      bench.drain()
      try bench.callee("BYE")
      #expect(bench.requests(to: TransportAddress(Bench.pbx.ip, port)).map(\.method) == [.bye])
      #expect(bench.lastFlow == flow(0, port: port))
      let bye = try #require(bench.requests(to: TransportAddress(Bench.pbx.ip, port)).last)
      receive(&bench, Bench.response(200, to: bye), on: flow(9, port: port))
      bench.finish()
    }
  }

  @Test("A next hop that is none of the trunk's is not obeyed: the new connection goes to the trunk's peer — decided")
  func thirdParty() throws {
    var bench = try established(contact: "sip:alice@10.0.0.66:5060;transport=tcp")
    bench.exchange.unreachable(flow(7), at: bench.now)
    bench.drain()
    try bench.callee("BYE")
    #expect(bench.lastFlow == flow(0, port: Bench.pbx.port))
    bench.advance(by: .seconds(40))
    bench.finish()
  }

  @Test("A request over a new connection brings the leg there")
  func reconnected() throws {
    var bench = try established()
    bench.exchange.unreachable(flow(7), at: bench.now)
    bench.drain()
    receive(&bench, request(bench, "OPTIONS", 2), on: flow(8, port: 50_000))
    #expect(bench.lastFlow == flow(8, port: 50_000))
    try bench.callee("BYE")
    #expect(bench.lastFlow == flow(8, port: 50_000))
    receive(&bench, Bench.response(200, to: try #require(bench.requests(to: TransportAddress(Bench.pbx.ip, 50_000)).last)), on: flow(8, port: 50_000))
    bench.finish()
  }
}
