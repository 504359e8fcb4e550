import Addressing
import Testing

@testable import TLS

@Suite struct CertificateNamesTests {
  private func names(dns: [String] = [], uri: [String] = [], ip: [[UInt8]] = []) -> CertificateNames {
    CertificateNames(dns.map { .dns(Array($0.utf8)) } + uri.map { .uri(Array($0.utf8)) } + ip.map { .ip($0) })
  }

  @Test("A DNS name stands for itself, without regard to case or a dot at the end — RFC 5922 7.2")
  func dns() {
    let found = names(dns: ["SIP.Example.com", "other.example."])
    #expect(found.match("sip.example.COM"))
    #expect(found.match("sip.example.com."))
    #expect(found.match("other.example"))
    #expect(!found.match("example.com"))
    #expect(!found.match("a.sip.example.com"))
    #expect(!found.match("sip.example.com.evil.net"))
  }

  @Test("A sip URI without a user names a domain, and then DNS names do not count — RFC 5922 7.1")
  func uris() {
    let found = names(dns: ["dns.example.com"], uri: ["sip:example.com", "SIP:second.example.com:5061;transport=tls"])
    #expect(found.match("example.com"))
    #expect(found.match("second.example.com"))
    #expect(!found.match("dns.example.com"))
  }

  @Test(
    "URIs with a user, sips URIs and other schemes name nobody; DNS names count then — RFC 5922 7.1",
    arguments: [
      "sip:alice@example.com", "sips:example.com", "https://example.com", "sip:", "sip:@example.com", "tel:+12025550123",
    ])
  func otherURIs(_ uri: String) {
    let found = names(dns: ["dns.example.com"], uri: [uri])
    #expect(!found.match("example.com"))
    #expect(found.match("dns.example.com"))
  }

  @Test("One wildcard as the whole left-most label stands for one label; strict-name turns it off — decided")
  func wildcards() {
    let found = names(dns: ["*.example.com"])
    #expect(found.match("sip.example.com"))
    #expect(found.match("SIP.EXAMPLE.COM"))
    #expect(!found.match("example.com"))
    #expect(!found.match("a.b.example.com"))
    #expect(!found.match(".example.com"))
    #expect(!found.match("sip.example.com", isStrict: true))
    #expect(names(dns: ["sip.example.com"]).match("sip.example.com", isStrict: true))
  }

  @Test(
    "No other wildcard stands for anybody",
    arguments: ["*", "*.", "*.com", "s*.example.com", "*p.example.com", "sip.*.com", "*.*.example.com", "**.example.com"])
  func otherWildcards(_ pattern: String) {
    #expect(!names(dns: [pattern]).match("sip.example.com"))
    #expect(names(dns: [pattern]).domains.isEmpty)
  }

  @Test("A wildcard in a sip URI stands for nobody — RFC 5922 7.2")
  func wildcardURI() { #expect(!names(uri: ["sip:*.example.com"]).match("sip.example.com")) }

  @Test("A configured name with a wildcard matches nothing")
  func wildcardWanted() { #expect(!names(dns: ["*.example.com"]).match("*.example.com")) }

  @Test("Addresses match iPAddress names only, byte for byte")
  func addresses() {
    let found = names(
      dns: ["192.0.2.7", "sip.example.com"], ip: [[192, 0, 2, 1], [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1], [1, 2, 3]])
    #expect(found.match("192.0.2.1"))
    #expect(found.match("2001:db8::1"))
    #expect(found.match("2001:0db8:0::0:1"))
    #expect(!found.match("192.0.2.7"))
    #expect(!found.match("192.0.2.2"))
    #expect(found.addresses.count == 2)
  }

  @Test(
    "A name with a NUL byte, a blank or bytes beyond ASCII names nobody",
    arguments: [
      Array("sip.example.com\0.evil.net".utf8), Array("sip.example.com\0".utf8), Array("sip.example.com ".utf8), Array("sïp.example.com".utf8),
      Array("sip..example.com".utf8), Array(".".utf8), [], Array("sip.example.com\n".utf8),
    ])
  func strangeBytes(_ bytes: [UInt8]) {
    let found = CertificateNames([.dns(bytes), .uri(Array("sip:".utf8) + bytes)])
    #expect(found.domains.isEmpty)
    #expect(!found.match("sip.example.com"))
  }

  @Test("Internationalised names are compared as A-labels — RFC 5922 7.2")
  func internationalised() {
    let found = names(dns: ["XN--BCHER-KVA.example"])
    #expect(found.match("xn--bcher-kva.example"))
    #expect(!found.match("bücher.example"))
    #expect(!found.match("bucher.example"))
  }

  @Test("A label of 64 bytes and a name of 254 are no host names — RFC 1035 2.3.4")
  func lengths() {
    let label = String(repeating: "a", count: 63)
    #expect(names(dns: ["\(label).example"]).match("\(label).example"))
    #expect(names(dns: ["\(label)a.example"]).domains.isEmpty)
    #expect(names(dns: [Array(repeating: label, count: 4).joined(separator: ".")]).domains.isEmpty)
  }

  @Test("More names than anybody needs are not looked at")
  func many() {
    #expect(!names(dns: Array(repeating: "x.example", count: CertificateNames.most) + ["sip.example.com"]).match("sip.example.com"))
  }

  @Test("Days are written as in ISO 8601", arguments: [(0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_798_761_599, "2026-12-31"), (-86_400, "1969-12-31")])
  func days(_ time: Int64, _ text: String) { #expect(day(time) == text) }
}
