import SIP
import Testing

@Suite("URIs")
struct URITests {
  private func uri(_ text: String) throws -> SIPURI { try SIPURI(parsing: Array(text.utf8)[...]) }

  @Test("The parts of a SIP URI — RFC 3261 19.1.1")
  func parts() throws {
    let all = try uri("sips:al%69ce;x=1:pa%40ss@[2001:db8::1]:5061;Transport=tcp;lr;maddr=[::1]?Subject=a%20b&Priority=")
    #expect(all.scheme == .sips)
    #expect(all.user?.text == "alice;x=1")
    #expect(all.host.text == "[2001:db8::1]")
    #expect(all.port == 5061)
    #expect(all.parameter("transport")?.text == "tcp")
    #expect(all.parameter("lr")?.isEmpty == true)
    #expect(all.parameter("maddr")?.text == "[::1]")
    #expect(all.parameter("trans") == nil)
    let plain = try uri("SIP:example.com")
    #expect(plain.scheme == .sip)
    #expect(plain.user == nil)
    #expect(plain.host.text == "example.com")
    #expect(plain.port == nil)
    #expect(plain.parameters.isEmpty)
  }

  @Test("A slice from the middle of other bytes is read in its own bounds")
  func slice() throws {
    let text = Array("xxsip:a@b:1;p=qyy".utf8)
    let parsed = try SIPURI(parsing: text[2..<15])
    #expect(parsed.user?.text == "a")
    #expect(parsed.port == 1)
    #expect(parsed.parameter("p")?.text == "q")
    #expect(parsed.bytes.text == "sip:a@b:1;p=q")
  }

  @Test(
    "What is a URI",
    arguments: [
      "sip:a@b", "sip:a", "sip:1.2.3.4", "sip:a.b.c.", "sip:a-b.c1", "sip:b2c.3d", "sip:a@[::]", "sip:a@[::ffff:192.0.2.1]", "sip:a@[1:2:3:4:5:6:7:8]",
      "sip:a@[1:2:3:4:5:6:7::]", "sip:a@[::2:3:4:5:6:7:8]", "sip:a@[1:2:3:4:5:6:1.2.3.4]", "sip:a@b:65535", "sip:a@b:00080", "sip:?&;=,$+/@b", "sip:a:@b",
      "sip:a@b;p", "sip:a@b;p=[:&+$/]", "sip:a%00b@c", "sip:b?x=", "tel:+1-415.555(0100)", "tel:911;phone-context=+1", "tel:*69#", "urn:service:sos.fire",
      "http://x/y?z=1,2;3", "x+y-z.1:a",
    ])
  func accepted(text: String) throws { #expect(try uri(text).bytes.text == text) }

  @Test(
    "What is not",
    arguments: [
      "", "sip", "sip:", ":a", "1sip:a", "sip:@b", "sip:a@", "sip:a@b@c", "sip:a b@c", "sip:a@b c", "sip:a@b:", "sip:a@b:0", "sip:a@b:65536",
      "sip:a@b:99999999999999999999", "sip:a@b:-1", "sip:a@b:5x", "sip:a@b;", "sip:a@b;=v", "sip:a@b;p=", "sip:a@b;;p", "sip:a@b?", "sip:a@b?x", "sip:a@b?x=1&",
      "sip:a%4@b", "sip:a%zz@b", "sip:a%", "sip:a@b;p=%g1", "sip:a:%x@b", "sip:.a", "sip:a..b", "sip:-a", "sip:a-", "sip:a-.b", "sip:a.-b", "sip:1.2.3",
      "sip:1.2.3.256", "sip:1.2.3.4.5", "sip:a@a_b", "sip:a@[", "sip:a@[]", "sip:a@[1]", "sip:a@[::1", "sip:a@[:1]", "sip:a@[1::2::3]", "sip:a@[12345::]",
      "sip:a@[1:2:3:4:5:6:7:8:9]", "sip:a@[1:2:3:4:5:6:7:8::]", "sip:a@[fe80::1%25eth0]", "sip:a@[::1.2.3]", "sip:a@[1.2.3.4]", "sip:a@[1:2:3:4:5:6:7:]",
      "<sip:a@b>", "sip:\"a\"@b", "tel:", "tel:+", "tel:alice", "tel:+1;", "tel:+1 2", "tel:+1@x", "urn:", "x:a b", "x:%1", "sip:a\u{e9}@b", "sip:a@b\0",
      "sip:a@b\r\n",
    ])
  func refused(text: String) { #expect(throws: SIPURI.Malformed.self) { try uri(text) } }

  @Test("A host of 255 bytes is a host, one of 256 is not")
  func hostLength() throws {
    let label = String(repeating: "a", count: 50)
    let host = [label, label, label, label, label].joined(separator: ".")
    #expect(try uri("sip:" + host + ".").host.count == 255)
    #expect(throws: SIPURI.Malformed.self) { try uri("sip:" + host + ".b") }
  }

  @Test(
    "The number in the user part, without separators and parameters — RFC 3966 5.1.1",
    arguments: [
      ("sip:+1-415.555(0100)@x", "+14155550100"), ("tel:+1-415-555-0100;ext=5", "+14155550100"), ("sip:911@x", "911"), ("sip:*69%23@x", "*69#"),
      ("sip:+15550100;phone-context=a@x;user=phone", "+15550100"), ("sip:alice@x", "alice"), ("sip:bob-1@x", "bob-1"), ("sip:1+2@x", "1+2"),
      ("sip:+@x", "+"), ("sip:--@x", "--"), ("sip:alice;x=1@x", "alice"),
    ])
  func number(text: String, expected: String) throws { #expect(try uri(text).number?.text == expected) }

  @Test("No user, no number")
  func noNumber() throws {
    #expect(try uri("sip:x").number == nil)
    #expect(try uri("urn:service:sos").number == nil)
    #expect(try uri("sip:;a=b@x").number == nil)
  }

  @Test("A user part is escaped so that it reads back as it was")
  func escaping() throws {
    let user: [UInt8] = Array("a b@c:\r\n\0<>\"%é".utf8)
    var text = Array("sip:".utf8)
    SIPURI.appendEscaped(user: user, to: &text)
    text += Array("@x".utf8)
    #expect(Array(try SIPURI(parsing: text[...]).user ?? []) == user)
  }
}

@Suite("Addresses")
struct URIAddressTests {
  private func address(_ text: String) throws -> NameAddress { try NameAddress(parsing: Array(text.utf8)[...]) }

  @Test("Without brackets the parameters are the header's — RFC 3261 20.10")
  func bare() throws {
    let bare = try address("sip:alice@x:5070;user=phone;tag=1")
    #expect(bare.uri.parameter("user") == nil)
    #expect(bare.parameter("user")?.text == "phone")
    #expect(bare.uri.port == 5070)
    #expect(bare.tag?.text == "1")
    let bracketed = try address("<sip:alice@x;user=phone>;tag=1")
    #expect(bracketed.uri.parameter("user")?.text == "phone")
    #expect(bracketed.parameter("user") == nil)
    #expect(try address("tel:+1;ext=2;tag=x").tag?.text == "x")
    #expect(try address("any:opaque;tag=x").uri.bytes.text == "any:opaque")
  }

  @Test(
    "Display names with and without quotes, and blanks where they may be — RFC 3261 25.1",
    arguments: [
      ("\"A. G. Bell\" <sip:a@b>", "A. G. Bell"), ("A G Bell<sip:a@b>", "A G Bell"), ("\"\" <sip:a@b>", ""), ("  \"a\\\\\\\"b\"\t<sip:a@b>  ", "a\\\"b"),
      ("\"a,b;c<d>\"<sip:a@b>", "a,b;c<d>"), ("token <sip:a@b> ; x = y", "token"), ("\"J\u{fc}rg\" <sip:a@b>", "J\u{fc}rg"),
    ])
  func display(text: String, name: String) throws { #expect(try address(text).displayName?.text == name) }

  @Test("No display name is nil")
  func noDisplay() throws {
    #expect(try address("<sip:a@b>").displayName == nil)
    #expect(try address("sip:a@b").displayName == nil)
  }

  @Test("Parameters: tokens, hosts, quoted strings, flags, any case, blanks around = and ;")
  func parameters() throws {
    let all = try address("<sip:a@b> ; Q = 0.5;flag;host=[2001:db8::1];text=\"a \\\"b\\\"; c\";TAG=t")
    #expect(all.parameter("q")?.text == "0.5")
    #expect(all.parameter("flag")?.isEmpty == true)
    #expect(all.parameter("host")?.text == "[2001:db8::1]")
    #expect(all.parameter("text")?.text == "a \"b\"; c")
    #expect(all.tag?.text == "t")
    #expect(all.parameter("none") == nil)
  }

  @Test(
    "What is no address",
    arguments: [
      "", " ", "<sip:a@b", "sip:a@b>", "< sip:a@b>", "<sip:a@b >", "\"a\" sip:a@b", "\"a <sip:a@b>", "a\\b <sip:a@b>", "<sip:a@b>;", "<sip:a@b>;x=",
      "<sip:a@b>;=x",
      "<sip:a@b>x", "<sip:a@b>, <sip:c@d>", "<sip:a@b>;x=\"y", "<sip:a@b>;tag=a:b", "J\u{fc}rg <sip:a@b>", "sip:a@b?x=y", "sip:a,b", "<<sip:a@b>>", "\"a\\",
      "\"a\"b <sip:a@b>",
    ])
  func refused(text: String) { #expect(throws: SIPURI.Malformed.self) { try address(text) } }
}
