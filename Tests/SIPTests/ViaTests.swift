import Addressing
import SIP
import Testing

@Suite("Via")
struct ViaTests {
  private func via(_ text: String) throws -> Via { try Via(parsing: Array(text.utf8)[...]) }

  @Test("All parts, blanks where RFC 3261 25.1 allows them")
  func parts() throws {
    let via = try via(" SIP / 2.0 / tcp\t[2001:db8::1] : 5062 ; branch = z9hG4bKabc;Received=192.0.2.1 ;rport=49152;ttl=1;maddr=224.2.0.1;x=\"q;,\" ")
    #expect(via.transport == .tcp)
    #expect(via.host.text == "[2001:db8::1]")
    #expect(via.port == 5062)
    #expect(via.branch?.text == "z9hG4bKabc")
    #expect(via.hasMagicCookie)
    #expect(via.received?.text == "192.0.2.1")
    #expect(via.rport == .value(49152))
    #expect(via.parameter("maddr")?.text == "224.2.0.1")
    #expect(via.parameter("x")?.text == "q;,")
  }

  @Test("A branch without the cookie is given as it stands; the cookie's case does not matter")
  func cookie() throws {
    #expect(try !via("SIP/2.0/UDP a;branch=1").hasMagicCookie)
    #expect(try via("SIP/2.0/UDP a;branch=1").branch?.text == "1")
    #expect(try via("SIP/2.0/UDP a;branch=Z9HG4BK").hasMagicCookie)
    #expect(try via("SIP/2.0/UDP a").branch == nil)
  }

  @Test("rport is absent, a flag or a port — RFC 3581")
  func rport() throws {
    #expect(try via("SIP/2.0/UDP a").rport == .absent)
    #expect(try via("SIP/2.0/UDP a;rport").rport == .requested)
    #expect(try via("SIP/2.0/UDP a;RPORT=65535").rport == .value(65535))
  }

  @Test("A transport we do not speak is sound", arguments: ["SCTP", "WS", "TLS-SCTP", "UNKNOWN"])
  func otherTransport(name: String) throws { #expect(try via("SIP/2.0/\(name) a").transport == nil) }

  @Test("received may be an IPv6 address without brackets, as many write it")
  func receivedIPv6() throws { #expect(try via("SIP/2.0/UDP a;received=2001:db8::1").received?.text == "2001:db8::1") }

  @Test(
    "What is no Via",
    arguments: [
      "", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0 a", "SIP/3.0/UDP a", "HTTP/2.0/UDP a", "SIP/2.0/UDPa", "SIP/2.0/ a", "SIP/2.0/UDP a:0", "SIP/2.0/UDP a:65536",
      "SIP/2.0/UDP a:", "SIP/2.0/UDP a:b", "SIP/2.0/UDP a;", "SIP/2.0/UDP a;;x", "SIP/2.0/UDP a;branch", "SIP/2.0/UDP a;branch=", "SIP/2.0/UDP a;branch=\"x\"",
      "SIP/2.0/UDP a;branch=1;branch=2", "SIP/2.0/UDP a;rport=0", "SIP/2.0/UDP a;rport=x", "SIP/2.0/UDP a;rport=", "SIP/2.0/UDP a;rport;rport=1",
      "SIP/2.0/UDP a;rport=99999999999", "SIP/2.0/UDP a;received=", "SIP/2.0/UDP a;received=1;received=2", "SIP/2.0/UDP a b", "SIP/2.0/UDP a, SIP/2.0/UDP b",
      "SIP/2.0/UDP a;x=\"y", "SIP/2.0/UDP 1.2.3", "SIP/2.0/UDP [::1", "SIP/2.0/UDP a@b", "SIP/2.0/UDP <a>",
    ])
  func refused(text: String) { #expect(throws: SIPURI.Malformed.self) { try via(text) } }
}
