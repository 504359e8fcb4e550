import Addressing
import Testing

@Suite struct IPAddressTests {
  @Test(
    "Addresses are read and printed in their canonical form — RFC 5952",
    arguments: [
      ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("2001:DB8::1", "2001:db8::1"),
      ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
      ("::", "::"), ("::1", "::1"), ("[2001:db8::1]", "2001:db8::1"), ("fe80::1", "fe80::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
  func canonical(text: String, printed: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == printed)
    #expect(IPAddress(printed) == address)
    #expect(address.family == (printed.contains(":") ? .v6 : .v4))
  }

  @Test(
    "What is no address is none",
    arguments: [
      "", " ", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "01.2.3.4 ", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4:5060", "[1.2.3.4]", "[", "]", "[]", "[::1",
      "::1]", "[[::1]]",
      ":", ":::", "1::2::3", "2001:db8::g", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "12345::", "a.b.c.d", "localhost", "::1/64", "1.2.3.4\u{0}",
      "\u{0}",
      String(repeating: "1", count: 100), String(repeating: ":", count: 70), "0x1.2.3.4", "1,2,3,4", "١.٢.٣.٤",
    ])
  func garbage(text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test("Any four bytes and any sixteen come back from their text")
  func roundTrip() {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
    for round in 0..<2_000 {
      let four = IPAddress(v4: UInt32(truncatingIfNeeded: next()))
      #expect(IPAddress(four.text) == four)
      // Many with runs of zeros, where the shortened form lies.
      let mask: UInt64 = [.max, 0xFFFF, 0xFFFF_0000_FFFF_0000, 0xFF00, 0][round % 5]
      let sixteen = IPAddress(v6High: next() & mask, low: next() & (round % 3 == 0 ? mask : .max))
      #expect(IPAddress(sixteen.text) == sixteen)
      #expect(IPAddress("[\(sixteen)]") == sixteen)
    }
  }

  @Test("Rubbish is never an address by accident, and reading it never traps")
  func rubbish() {
    var state: UInt64 = 5
    let alphabet = Array("0123456789abcdefx.:[]% ".utf8)
    for length in 0..<4_000 {
      var text: [UInt8] = []
      for _ in 0..<length % 70 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text.append(alphabet[Int(state >> 33) % alphabet.count])
      }
      if let address = IPAddress(text) { #expect(IPAddress(address.text) == address) }
    }
  }

  @Test("An IPv4 address and the IPv6 address that maps it are two — decided")
  func mapped() throws {
    #expect(IPAddress("::ffff:192.0.2.1") != IPAddress("192.0.2.1"))
    #expect(IPAddress(192, 0, 2, 1) == IPAddress("192.0.2.1"))
  }

  @Test("What an address is for")
  func kinds() throws {
    func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
    #expect(try address("0.0.0.0").isUnspecified && address("::").isUnspecified && !address("0.0.0.1").isUnspecified)
    #expect(
      try address("127.0.0.1").isLoopback && address("127.255.0.1").isLoopback && address("::1").isLoopback && !address("128.0.0.1").isLoopback
        && !address("::2").isLoopback)
    #expect(
      try address("224.0.0.1").isMulticast && address("239.255.255.255").isMulticast && !address("240.0.0.1").isMulticast && !address("223.1.1.1").isMulticast)
    #expect(try address("ff02::1").isMulticast && !address("fe02::1").isMulticast)
  }

  @Test("Addresses are ordered: IPv4 first, then by value")
  func order() throws {
    let texts = ["0.0.0.1", "10.0.0.2", "10.0.0.10", "255.0.0.1", "::1", "1::", "fe80::1"]
    let addresses = try texts.map { try #require(IPAddress($0)) }
    #expect(addresses.reversed().sorted() == addresses)
  }
}

@Suite struct IPPrefixTests {
  @Test(
    "A block holds its addresses and no others",
    arguments: [
      ("192.0.2.0/24", "192.0.2.255", true), ("192.0.2.0/24", "192.0.3.0", false), ("192.0.2.77/24", "192.0.2.1", true), ("0.0.0.0/0", "255.255.255.255", true),
      ("0.0.0.0/0", "::1", false), ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("192.0.2.0/31", "192.0.2.1", true),
      ("128.0.0.0/1", "200.0.0.1", true), ("128.0.0.0/1", "127.0.0.1", false), ("::/0", "ffff::", true), ("::/0", "1.2.3.4", false),
      ("2001:db8::/32", "2001:db8:ffff::1", true),
      ("2001:db8::/32", "2001:db9::", false), ("2001:db8::/64", "2001:db8::ffff:0:0:1", true), ("2001:db8::/64", "2001:db8:0:1::", false),
      ("2001:db8::/65", "2001:db8::7fff:0:0:1", true), ("2001:db8::/65", "2001:db8::8000:0:0:1", false), ("2001:db8::1/128", "2001:db8::1", true),
      ("2001:db8::1/128", "2001:db8::2", false), ("::ffff:0:0/96", "192.0.2.1", false),
    ])
  func contains(block: String, address: String, holds: Bool) throws {
    #expect(try #require(IPPrefix(block)).contains(#require(IPAddress(address))) == holds)
  }

  @Test(
    "What is no block is none",
    arguments: [
      "", "/", "/24", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+8", "1.2.3.4/ 8", "1.2.3.4/8/8", "::/129", "::/1e1", "1.2.3.4/99999999999999999999",
      "x/8", "1.2.3.4/٨",
    ])
  func garbage(text: String) {
    #expect(IPPrefix(text) == nil)
  }

  @Test("A block is printed with its length, host bits kept")
  func printed() {
    #expect(IPPrefix("192.0.2.7/24")?.description == "192.0.2.7/24")
    #expect(IPPrefix("192.0.2.7")?.description == "192.0.2.7/32")
    #expect(IPPrefix("2001:DB8::")?.description == "2001:db8::/128")
    #expect(IPPrefix(IPAddress(1, 2, 3, 4), length: 33) == nil && IPPrefix(IPAddress(1, 2, 3, 4), length: -1) == nil)
  }
}

@Suite struct TransportAddressTests {
  @Test("An address with its port; IPv6 in brackets — RFC 3261 25.1")
  func printed() throws {
    #expect(TransportAddress(IPAddress(192, 0, 2, 1), 5060).description == "192.0.2.1:5060")
    #expect(TransportAddress(try #require(IPAddress("2001:db8::1")), 0).description == "[2001:db8::1]:0")
    #expect(TransportAddress(IPAddress(192, 0, 2, 1), 65_535).description == "192.0.2.1:65535")
  }

  @Test(
    "The network of an interface's address has no host bits",
    arguments: [
      ("192.0.2.9/24", "192.0.2.0/24"), ("192.0.2.9/32", "192.0.2.9/32"), ("192.0.2.9/0", "0.0.0.0/0"), ("10.255.3.200/9", "10.128.0.0/9"),
      ("2001:db8:1:2:3:4:5:6/64", "2001:db8:1:2::/64"), ("2001:db8::ffff/127", "2001:db8::fffe/127"), ("2001:db8::1/128", "2001:db8::1/128"),
      ("2001:db8::1/20", "2001::/20"), ("2001:db8::1/0", "::/0"),
    ])
  func network(_ address: String, _ network: String) throws {
    #expect(try #require(IPPrefix(address)).network == IPPrefix(network))
    #expect(IPPrefix.everything(.v6) == IPPrefix("::/0") && IPPrefix.everything(.v4) == IPPrefix("0.0.0.0/0"))
  }

  @Test("Ordered by address, then by port")
  func order() {
    let addresses = [
      TransportAddress(IPAddress(10, 0, 0, 1), 9), TransportAddress(IPAddress(10, 0, 0, 1), 5060), TransportAddress(IPAddress(10, 0, 0, 2), 1),
    ]
    #expect(addresses.reversed().sorted() == addresses)
  }

  @Test("Numbers in decimal, to the largest")
  func decimal() {
    for value in [0, 9, 10, 99, 100, 65_535, UInt64.max] {
      var text: [UInt8] = []
      text.appendDecimal(value)
      #expect(String(decoding: text, as: UTF8.self) == "\(value)")
    }
  }

  @Test("Transports by their names")
  func transports() {
    for transport in Transport.allCases { #expect(Transport(name: transport.name) == transport) }
    #expect(Transport(name: "UDP") == nil && Transport(name: "") == nil)
    #expect(!Transport.udp.isReliable && Transport.tcp.isReliable && Transport.tls.isReliable)
  }
}
