import Addressing
import SIP
import Testing

@Suite("Messages as they are read")
struct MessageParsingTests {
  @Test("Everything a message must have is there after parsing — RFC 3261 8.1.1")
  func essentials() throws {
    let message = try SIPMessage(parsing: Sample.invite)
    #expect(message.isRequest)
    #expect(message.method == .invite)
    #expect(message.status == 0)
    #expect(message.requestURI.text == "sip:+14155550100@gw.example.com:5060;transport=udp;user=phone")
    #expect(message.callID.text == "a84b4c76e66710@pc33.atlanta.example.com")
    #expect(message.cseqNumber == 314159)
    #expect(message.maxForwards == 70)
    #expect(message.from.displayName?.text == "Alice Liddell")
    #expect(message.from.tag?.text == "1928301774")
    #expect(message.from.uri.scheme == .sips)
    #expect(message.from.uri.user?.text == "alice")
    #expect(message.to.displayName?.text == "Bob \"B\" Builder")
    #expect(message.to.tag == nil)
    #expect(message.topVia.transport == .udp)
    #expect(message.topVia.host.text == "192.0.2.10")
    #expect(message.topVia.port == 5060)
    #expect(message.topVia.branch?.text == "z9hG4bK776asdhds")
    #expect(message.topVia.rport == .requested)
    #expect(message.contact?.uri.host.text == "192.0.2.10")
    #expect(message.body.text == "v=0\r\n")
  }

  @Test("A response carries its status, phrase and the method of its CSeq — RFC 3261 7.2")
  func response() throws {
    let message = try SIPMessage(parsing: Sample.invite(replacing: "start", with: ["SIP/2.0 183 Session\tProgress (really)"]))
    #expect(!message.isRequest)
    #expect(message.status == 183)
    #expect(message.reasonPhrase.text == "Session\tProgress (really)")
    #expect(message.requestURI.isEmpty)
    #expect(message.method == .invite)
  }

  @Test("Via values keep their order over lines and commas — RFC 3261 7.3.1")
  func viaOrder() throws {
    let message = try SIPMessage(parsing: Sample.invite)
    let vias = message.values(.via).compactMap { try? Via(parsing: $0) }
    #expect(vias.map(\.host.text) == ["192.0.2.10", "[2001:db8::9]", "edge.example.org"])
    #expect(vias[1].received?.text == "192.0.2.77")
    #expect(message.count(of: .via) == 3)
  }

  @Test("A comma splits lists and nothing else — RFC 3261 7.3.1, 20")
  func lists() throws {
    let bytes = Sample.invite(
      replacing: "Subject",
      with: [
        "Subject: lunch, then coffee", "Date: Sat, 13 Nov 2010 23:29:00 GMT", "Proxy-Authorization: Digest realm=\"a\", nonce=\"b\"",
        "WWW-Authenticate: Digest realm=\"a\", nonce=\"b\"", "User-Agent: thing (a, b)",
        "P-Asserted-Identity: \"Doe, John\" <sip:jd@example.com;x=a>, <tel:+15550100>", "Diversion: <sip:a@b?x=1,2>;reason=busy , <sip:c@d>",
      ])
    let message = try SIPMessage(parsing: bytes)
    #expect(message.values(.subject).map(\.text) == ["lunch, then coffee"])
    #expect(message.count(of: .date) == 1)
    #expect(message.count(of: .proxyAuthorization) == 1)
    #expect(message.count(of: .wwwAuthenticate) == 1)
    #expect(message.count(of: .userAgent) == 1)
    #expect(message.values(.pAssertedIdentity).map(\.text) == ["\"Doe, John\" <sip:jd@example.com;x=a>", "<tel:+15550100>"])
    #expect(message.values(.diversion).map(\.text) == ["<sip:a@b?x=1,2>;reason=busy", "<sip:c@d>"])
    #expect(message.values(.supported).map(\.text) == ["100rel", "timer", "replaces"])
    #expect(message.value(.route)?.text == "<sip:proxy1.example.com;lr>")
    #expect(message.lists("TIMER", in: .supported))
    #expect(!message.lists("time", in: .supported))
    #expect(message.value(.retryAfter) == nil)
  }

  @Test("Empty elements of a list are passed over")
  func emptyElements() throws {
    let message = try SIPMessage(parsing: Sample.invite(replacing: "Supported", with: ["Supported: ,, a ,,b,", "Supported:"]))
    #expect(message.values(.supported).map(\.text) == ["a", "b"])
  }

  @Test("A header without a name of ours is found by its spelling in any case")
  func unknownHeader() throws {
    let message = try SIPMessage(parsing: Sample.invite(replacing: "Subject", with: ["X-Trunk-Id: a, b", "s: short"]))
    #expect(message.value(named: Array("x-TRUNK-id".utf8))?.text == "a, b")
    #expect(message.value(named: Array("x-trunk".utf8)) == nil)
    #expect(message.value(named: Array("subject".utf8))?.text == "short")
    #expect(message.value(named: Array("s".utf8))?.text == "short")
    #expect(message.fields.contains { $0.name == .subject && $0.spelling.text == "s" })
  }

  @Test("A folded line is one value — RFC 3261 7.3.1")
  func folding() throws {
    let bytes = Sample.invite(
      replacing: "Subject", with: ["Subject:", " I know\r\n\t you're there", "Timestamp: 54\r\n "])
    let message = try SIPMessage(parsing: bytes)
    let words = message.value(.subject)?.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 }).map { ArraySlice($0).text }
    #expect(words == ["I", "know", "you're", "there"])
    #expect(message.value(.timestamp)?.text == "54")
    let written = message.encoded().text
    #expect(!written.utf8.elementsEqual(bytes.text.utf8))
    #expect(try SIPMessage(parsing: message.encoded()).value(.subject) == message.value(.subject))
  }

  @Test("CRLFs before the start line are passed over — RFC 3261 7.5")
  func leadingLineEnds() throws {
    #expect(try SIPMessage(parsing: Array("\r\n\r\n".utf8) + Sample.invite).method == .invite)
  }

  // MARK: Content-Length
  @Test("A body beyond Content-Length is cut off — RFC 3261 18.3")
  func surplusBody() throws {
    let message = try SIPMessage(parsing: Sample.invite(replacing: "Content-Length", with: ["Content-Length: 3"]))
    #expect(message.body.text == "v=0")
    #expect(message.encoded().text.hasSuffix("Content-Length: 3\r\n\r\nv=0"))
  }

  @Test("Without Content-Length the rest of the datagram is the body — RFC 3261 18.3")
  func absentLength() throws {
    #expect(try SIPMessage(parsing: Sample.invite(replacing: "Content-Length", with: [])).body.text == "v=0\r\n")
  }

  @Test(
    "A Content-Length that is no length of this message is refused — RFC 3261 18.3",
    arguments: ["6", "-1", "+5", "5 5", "0x5", "", "5;a", "4294967296", "18446744073709551621", "99999999999999999999999999"])
  func wrongLength(value: String) {
    let failure = refusal(Sample.invite(replacing: "Content-Length", with: ["Content-Length: \(value)"]))
    #expect(failure?.status == 400)
    #expect(failure?.answerable != nil)
  }

  // MARK: Mandatory and single
  @Test(
    "A missing header is a 400; without one that an answer copies there is no answer — RFC 3261 8.2.6.2", arguments: ["Via", "From", "To", "Call-ID", "CSeq"])
  func missing(name: String) {
    let failure = refusal(Sample.invite(replacing: name, with: []))
    #expect(failure?.status == 400)
    #expect(failure?.answerable == nil)
  }

  @Test("Max-Forwards may be missing — RFC 3261 16.6, elements before it")
  func missingMaxForwards() throws {
    #expect(try SIPMessage(parsing: Sample.invite(replacing: "Max-Forwards", with: [])).maxForwards == nil)
  }

  @Test(
    "A second field where there may be one is a 400, also in the compact form",
    arguments: [
      "Call-ID: b", "i: b", "CSeq: 2 INVITE", "From: <sip:a@b>;tag=1", "f: <sip:a@b>;tag=1", "To: <sip:b@c>", "t: <sip:b@c>",
      "Max-Forwards: 3", "Content-Length: 5", "l: 5", "Content-Type: text/plain", "c: text/plain",
    ])
  func duplicate(line: String) {
    var lines = Sample.inviteLines
    lines.insert(line, at: lines.count - 1)
    #expect(refusal(Sample.message(lines, body: "v=0\r\n"))?.status == 400)
  }

  @Test(
    "CSeq is a number below 2^31 and the request's method — RFC 3261 8.1.1.5",
    arguments: [
      "2147483648 INVITE", "4294967297 INVITE", "-1 INVITE", "1INVITE", "1", "INVITE", "1 INVITE x", "1 ACK", "1 invite", "1 INV@ITE", "",
    ])
  func badSequence(value: String) {
    #expect(refusal(Sample.invite(replacing: "CSeq", with: ["CSeq: \(value)"]))?.status == 400)
  }

  @Test("The largest CSeq and leading zeros are taken")
  func goodSequence() throws {
    #expect(try SIPMessage(parsing: Sample.invite(replacing: "CSeq", with: ["CSeq: 2147483647 INVITE"])).cseqNumber == 2_147_483_647)
    #expect(try SIPMessage(parsing: Sample.invite(replacing: "CSeq", with: ["CSeq:\t0009 \t INVITE"])).cseqNumber == 9)
  }

  @Test("Max-Forwards is 0...255 — RFC 3261 20.22", arguments: ["256", "-1", "", "a", "1 2", "99999999999999999999"])
  func badHops(value: String) {
    let failure = refusal(Sample.invite(replacing: "Max-Forwards", with: ["Max-Forwards: \(value)"]))
    #expect(failure?.status == 400)
    #expect(failure?.answerable != nil)
  }

  @Test("Call-ID is word[@word] — RFC 3261 25.1", arguments: ["", "a b", "a@", "@a", "a@b@c", "a,b", "a;b", "a=b"])
  func badCallID(value: String) {
    let failure = refusal(Sample.invite(replacing: "Call-ID", with: ["Call-ID: \(value)"]))
    #expect(failure?.status == 400)
    #expect(failure?.answerable == nil)
  }

  @Test(
    "From and To are one address each",
    arguments: [
      "", "<sip:a@b>, <sip:c@d>", "sip:a@b, sip:c@d", "<sip:a@b", "sip:a@b>", "\"a <sip:a@b>", "<sip:a@b>;tag=", "<sip:a@b>;tag=1;tag=2",
      "<sip:a@b>;tag=\"x\"", "<sip:a b@c>", "<>", "*", "a.b@c", "Bell, Alexander <sip:a@b>", "<sip:a@b>;;x", "<sip:a@b> x", "sip:a@b?Subject=x",
    ])
  func badAddress(value: String) {
    #expect(refusal(Sample.invite(replacing: "From", with: ["From: \(value)"]))?.status == 400)
    #expect(refusal(Sample.invite(replacing: "To", with: ["To: \(value)"]))?.status == 400)
  }

  // MARK: Start line
  @Test(
    "A start line has single spaces and three parts — RFC 3261 7.1",
    arguments: [
      "INVITE  sip:a@b SIP/2.0", "INVITE sip:a@b  SIP/2.0", "INVITE sip:a@b SIP/2.0 ", " INVITE sip:a@b SIP/2.0", "INVITE sip:a@b",
      "INVITE sip:a@b SIP/2.0x", "INVITE sip:a@b SIP/2", "INVITE sip:a@b SIP/", "INVITE\tsip:a@b SIP/2.0", "INVITE sip:a@b\tSIP/2.0",
      "INVITE sip:a b@c SIP/2.0", "INVITE <sip:a@b> SIP/2.0", "INVITE sip:a@b?Route=%3Csip:x%3E SIP/2.0", "IN@VITE sip:a@b SIP/2.0",
      "INVITE sip: SIP/2.0", "INVITE a@b SIP/2.0", "INVITE sip:a@b HTTP/1.1", "INVITE", "", "garbage",
    ])
  func badRequestLine(line: String) {
    #expect(refusal(Sample.invite(replacing: "start", with: [line]))?.status == 400)
  }

  @Test("A request line that only a strict reader refuses can be answered")
  func answerableStartLine() {
    #expect(refusal(Sample.invite(replacing: "start", with: ["INVITE  sip:a@b SIP/2.0"]))?.answerable?.method == .invite)
  }

  @Test(
    "Another version is a 505 whatever else is wrong — RFC 3261 21.5.6",
    arguments: ["SIP/7.0", "SIP/2.1", "SIP/3.0", "sip/1.0", "SIP/02.0", "SIP/2.00", "SIP/22.0"])
  func wrongVersion(version: String) {
    let failure = refusal(Sample.invite(replacing: "start", with: ["INVITE nobody:x \(version)"]))
    #expect(failure?.status == 505)
    #expect(failure?.answerable != nil)
  }

  @Test("The version's case does not matter — RFC 3261 7.1")
  func versionCase() throws {
    #expect(try SIPMessage(parsing: Sample.invite(replacing: "start", with: ["INVITE sip:a@b sIp/2.0"])).method == .invite)
    #expect(try SIPMessage(parsing: Sample.invite(replacing: "start", with: ["sip/2.0 200 OK"])).status == 200)
  }

  @Test("An unknown scheme in the Request-URI is a 416, but a malformed message stays a 400 — RFC 3261 8.2.2.1")
  func unknownScheme() {
    let failure = refusal(Sample.invite(replacing: "start", with: ["INVITE nobodyKnows:opaque SIP/2.0"]))
    #expect(failure?.status == 416)
    #expect(failure?.answerable != nil)
    let both = Sample.message(["INVITE nobody:x SIP/2.0"] + Sample.inviteLines.dropFirst() + ["Max-Forwards: 4"], body: "v=0\r\n")
    #expect(refusal(both)?.status == 400)
  }

  @Test("sip, sips, tel and urn are schemes we know", arguments: ["sip:a@b", "SIPS:a@b", "tel:+15550100", "urn:service:sos"])
  func knownScheme(uri: String) {
    #expect(refusal(Sample.invite(replacing: "start", with: ["INVITE \(uri) SIP/2.0"])) == nil)
  }

  @Test("A method is a token and case-sensitive — RFC 3261 7.1")
  func methods() throws {
    let unknown = Sample.message(
      ["FROB%ulate sip:a@b SIP/2.0"] + Sample.inviteLines.dropFirst().map { $0.hasPrefix("CSeq") ? "CSeq: 1 FROB%ulate" : $0 }, body: "v=0\r\n")
    #expect(try SIPMessage(parsing: unknown).method == .other(Array("FROB%ulate".utf8)))
    #expect(Method(token: Array("invite".utf8)) == .other(Array("invite".utf8)))
    let known: [SIP.Method] = [
      .invite, .ack, .cancel, .bye, .options, .register, .prack, .subscribe, .notify, .publish, .info, .refer, .message, .update,
    ]
    for method in known { #expect(Method(token: method.token) == method) }
    #expect(Method(token: Array("INVITED".utf8)) == .other(Array("INVITED".utf8)))
  }

  @Test(
    "A malformed response is never answerable, nor one with another status than 100...699",
    arguments: [
      "SIP/2.0 99 Low", "SIP/2.0 700 High", "SIP/2.0 4294967301 better not break the receiver", "SIP/2.0 20 OK", "SIP/2.0 0200 OK",
      "SIP/2.0 200", "SIP/2.0  200 OK", "SIP/7.0 200 OK", "SIP/2.0 -200 OK", "SIP/2.0 2OO OK", "SIP/2.0",
    ])
  func badStatusLine(line: String) {
    let failure = refusal(Sample.invite(replacing: "start", with: [line]))
    #expect(failure != nil)
    #expect(failure?.answerable == nil)
  }

  @Test("An empty reason phrase needs its space — RFC 3261 25.1")
  func emptyReason() throws {
    #expect(try SIPMessage(parsing: Sample.invite(replacing: "start", with: ["SIP/2.0 200 "])).reasonPhrase.isEmpty)
  }

  @Test("A malformed ACK is never answerable — RFC 3261 17.1.1.3")
  func malformedACK() {
    let lines = Sample.inviteLines.map { line -> String in
      if line.hasPrefix("INVITE") { return "ACK sip:a@b SIP/2.0" }
      if line.hasPrefix("CSeq") { return "CSeq: 1 ACK" }
      return line.hasPrefix("Max-Forwards") ? "Max-Forwards: 999" : line
    }
    let failure = refusal(Sample.message(lines, body: "v=0\r\n"))
    #expect(failure?.status == 400)
    #expect(failure?.answerable == nil)
  }

  // MARK: Limits
  @Test("Every bound holds at its edge — SIPLimits")
  func limits() throws {
    let head = Sample.invite(replacing: "Content-Length", with: [], body: "")
    let full = head + [UInt8](repeating: 0x78, count: SIPLimits.messageBytes - head.count)
    #expect(refusal(full) == nil)
    #expect(refusal(full + [0x78])?.status == 413)

    let room = SIPLimits.headerFields - (Sample.inviteLines.count - 1)
    let many = { (count: Int) in Sample.invite(replacing: "X", with: (0..<count).map { "X\($0): y" }) }
    #expect(refusal(many(room)) == nil)
    #expect(refusal(many(room + 1))?.status == 400)

    let vias = { (count: Int) in
      Sample.invite(replacing: "Via", with: ["Via: " + (0..<count).map { "SIP/2.0/UDP h\($0);branch=z9hG4bK\($0)" }.joined(separator: ",")])
    }
    #expect(refusal(vias(SIPLimits.routeValues)) == nil)
    #expect(refusal(vias(SIPLimits.routeValues + 1))?.status == 400)

    let uri = { (count: Int) in Sample.invite(replacing: "start", with: ["INVITE sip:" + String(repeating: "a", count: count - 6) + "@b SIP/2.0"]) }
    #expect(refusal(uri(SIPLimits.requestURIBytes)) == nil)
    #expect(refusal(uri(SIPLimits.requestURIBytes + 1))?.status == 414)

    let name = { (count: Int) in Sample.invite(replacing: "X", with: [String(repeating: "N", count: count) + ": v"]) }
    #expect(refusal(name(SIPLimits.headerNameBytes)) == nil)
    #expect(refusal(name(SIPLimits.headerNameBytes + 1))?.status == 400)
  }

  @Test("Nothing, and nearly nothing, is no message", arguments: ["", "\r\n", "\r\n\r\n", "I", "INVITE ", "SIP/2.0 200 OK\r\n", "\r", "\n"])
  func nothing(text: String) {
    let failure = refusal(Array(text.utf8))
    #expect(failure?.status == 400)
    #expect(failure?.answerable == nil)
  }
}
