import Addressing
import Testing

@testable import SIP

@Suite("Where responses go")
struct TransactionRoutingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var sentBy: String
    var parameters = ""
    var transport = Transport.udp
    /// The Via of the request as handed up and of its responses; `nil` = as it came.
    var via: String?
    var port: UInt16
    var testDescription: String { "\(transport) \(sentBy)\(parameters)" }
  }
  /// The request comes from 192.0.2.10:5070.
  static let cases: [Case] = [
    // RFC 3261 18.2.2: to the source address at sent-by's port.
    Case(sentBy: "192.0.2.10:5088", port: 5088),
    Case(sentBy: "192.0.2.10", port: 5060),
    Case(sentBy: "10.0.0.1:5088", via: "10.0.0.1:5088;branch=z9hG4bK-one;received=192.0.2.10", port: 5088),
    Case(sentBy: "pbx.example.com", via: "pbx.example.com;branch=z9hG4bK-one;received=192.0.2.10", port: 5060),
    // RFC 3581 4: to the source port when asked.
    Case(sentBy: "192.0.2.10:5088", parameters: ";rport", via: "192.0.2.10:5088;branch=z9hG4bK-one;received=192.0.2.10;rport=5070", port: 5070),
    Case(sentBy: "10.0.0.1", parameters: ";rport;x=y", via: "10.0.0.1;branch=z9hG4bK-one;x=y;received=192.0.2.10;rport=5070", port: 5070),
    // What the sender claims about its source is replaced.
    Case(sentBy: "10.0.0.1:5088", parameters: ";received=203.0.113.9", via: "10.0.0.1:5088;branch=z9hG4bK-one;received=192.0.2.10", port: 5088),
    Case(sentBy: "192.0.2.10:5088", parameters: ";received=203.0.113.9", via: "192.0.2.10:5088;branch=z9hG4bK-one", port: 5088),
    Case(sentBy: "10.0.0.1:5088", parameters: ";rport=9", via: "10.0.0.1:5088;branch=z9hG4bK-one;received=192.0.2.10;rport=5070", port: 5070),
    Case(
      sentBy: "10.0.0.1", parameters: ";x=\"a;received=b\";RPORT;Received=1.1.1.1",
      via: "10.0.0.1;branch=z9hG4bK-one;x=\"a;received=b\";received=192.0.2.10;rport=5070", port: 5070),
    // maddr would aim our answers at a third party.
    Case(sentBy: "192.0.2.10:5088", parameters: ";maddr=203.0.113.9", port: 5088),
    // Streams: the same connection.
    Case(sentBy: "192.0.2.10:5088", transport: .tcp, port: 5070),
    Case(sentBy: "10.0.0.1", transport: .tls, via: "10.0.0.1;branch=z9hG4bK-one;received=192.0.2.10", port: 5070),
  ]

  @Test("received, rport and the response's destination — RFC 3261 18.2.1, 18.2.2, RFC 3581 4", arguments: cases)
  func routing(_ c: Case) throws {
    var bench = TransactionBench()
    var incoming = TransactionBench.Incoming()
    incoming.sentBy = c.sentBy
    incoming.viaParameters = c.parameters
    let flow = Flow(listener: 2, transport: c.transport, remote: TransactionBench.peer, connection: c.transport == .udp ? 0 : 9)
    let (id, request) = try bench.accept(incoming, from: flow)
    let expected = "SIP/2.0/UDP " + (c.via ?? c.sentBy + ";branch=z9hG4bK-one" + c.parameters)
    #expect(request.topVia.bytes.text == expected)
    var wanted = flow
    wanted.remote.port = c.port
    let outputs = bench.respond(180, to: request, in: id)
    #expect(outputs.transmissions.map(\.flow) == [wanted])
    #expect(outputs.transmitted.first?.topVia.bytes.text == expected)
    #expect(bench.layer.flow(of: id) == wanted)
  }

  @Test("Only the top Via is marked, the others go back as they came — RFC 3261 8.2.6.2")
  func otherVias() throws {
    var bench = TransactionBench()
    var incoming = TransactionBench.Incoming()
    incoming.sentBy = "proxy.example.com"
    incoming.moreVias = [
      "SIP/2.0/TCP a.example.com;branch=z9hG4bKa;received=203.0.113.5, SIP/2.0/UDP b.example.com;branch=z9hG4bKb", "SIP/2.0/UDP c.example.com;branch=z9hG4bKc",
    ]
    let (id, request) = try bench.accept(incoming)
    let vias = try #require(bench.respond(180, to: request, in: id).transmitted.first).values(.via).map(\.text)
    #expect(
      vias == [
        "SIP/2.0/UDP proxy.example.com;branch=z9hG4bK-one;received=192.0.2.10", "SIP/2.0/TCP a.example.com;branch=z9hG4bKa;received=203.0.113.5",
        "SIP/2.0/UDP b.example.com;branch=z9hG4bKb", "SIP/2.0/UDP c.example.com;branch=z9hG4bKc",
      ])
  }

  @Test("IPv6: received has no brackets, sent-by has — RFC 3261 25.1")
  func ipv6() throws {
    let source = try #require(IPAddress("2001:db8::10"))
    let flow = Flow(listener: 0, transport: .udp, remote: TransportAddress(source, 5070))
    var bench = TransactionBench()
    var incoming = TransactionBench.Incoming()
    incoming.sentBy = "[2001:db8::10]:5088"
    let (_, same) = try bench.accept(incoming, from: flow)
    #expect(same.topVia.received == nil)
    incoming.branch = "z9hG4bK-two"
    incoming.callID = "other"
    incoming.sentBy = "[2001:db8::99]:5088"
    let (_, other) = try bench.accept(incoming, from: flow)
    #expect(other.topVia.received?.text == "2001:db8::10")
  }
}
