import Testing

@testable import Configuration

@Suite("Trunks that can't be told apart")
struct AmbiguousTrunkTests {
  static func lines(transport: String = "udp", a: String, b: String, trunkA: String = "", trunkB: String = "") -> String {
    """
    set interface lan address [ 127.0.0.1/8 ::1/128 ]
    set certificate c chain-file c.pem key-file k.pem
    set listener l interface lan port 5070 transport \(transport) \(transport == "tls" ? "certificate c" : "")
    set peer a type itsp \(a)
    set peer b type itsp \(b)
    set trunk a peer a listener l \(trunkA)
    set trunk b peer b listener l \(trunkB)
    """
  }

  @Test(
    "Two trunks of one listener whose peers may have one source are refused, naming both",
    arguments: [
      lines(a: "address 192.0.2.1", b: "address 192.0.2.1"),
      lines(a: "address 192.0.2.1", b: "address 198.51.100.1 source 192.0.2.0/24"),
      lines(a: "address 192.0.2.1 port 5080", b: "address 192.0.2.2 source 192.0.2.1 port 5080"),
      lines(transport: "tcp", a: "address 192.0.2.1 port 5080", b: "address 192.0.2.1 port 5090"),
      lines(a: "address sip.example.com", b: "address SIP.example.com"),
      lines(a: "address 192.0.2.1 port 5080", b: "address 192.0.2.1", trunkB: "peer-port 5080"),
      lines(a: "address 192.0.2.1", b: "address 192.0.2.1", trunkA: "match request-host x.example.com", trunkB: "match request-host X.example.com"),
    ])
  func refused(text: String) throws {
    let tree = try Fixtures.tree(text)
    let error = try #require(WrongConfigurationTests.refusal { _ = try tree.decoded() })
    #expect(error.node == "trunk b")
    #expect(error.message.contains("can't be told from trunk a"))
    #expect(error.message.contains("listener l"))
    #expect(error.accepted?.contains("another listener") == true)
  }

  @Test(
    "Trunks with a difference are taken",
    arguments: [
      lines(a: "address 192.0.2.1 port 5080", b: "address 192.0.2.1 port 5090"),
      lines(a: "address 192.0.2.1", b: "address 192.0.2.1", trunkB: "peer-port 5080"),
      lines(a: "address 192.0.2.1", b: "address 192.0.2.2"),
      lines(a: "address 192.0.2.1", b: "address 2001:db8::1 source 2001:db8::/32").replacing("set trunk b peer b", with: "set trunk b peer a peer-port 5999"),
      lines(transport: "tls", a: "address a.example.com", b: "address b.example.com source 192.0.2.0/24"),
      lines(a: "address dynamic", b: "address dynamic"),
    ])
  func accepted(text: String) throws {
    #expect(throws: Never.self) { try Fixtures.tree(text).decoded() }
  }
}
