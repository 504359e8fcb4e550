import Addressing
import SIP
import Testing

/// Messages of our own after the descriptions in RFC 4475; each names the section it follows.
///
/// One of that memo's valid messages is refused here on purpose: blanks before a header's colon (3.1.1.1), see `SIPMessage`.
@Suite("Torture messages after RFC 4475")
struct TortureTests {
  private func lines(_ start: String, _ method: String, changing: [String: [String]] = [:], adding: [String] = []) -> [String] {
    var out = [start]
    let base = [
      ("Via", "Via: SIP/2.0/UDP host.example.net;branch=z9hG4bKkdjuw"), ("Max-Forwards", "Max-Forwards: 70"),
      ("From", "From: <sip:caller@example.net>;tag=242etr"),
      ("To", "To: <sip:callee@example.com>"), ("Call-ID", "Call-ID: torture.0ha0isndaksdj"), ("CSeq", "CSeq: 8 \(method)"),
    ]
    for (name, line) in base { out += changing[name] ?? [line] }
    return out + adding
  }

  private func options(changing: [String: [String]] = [:], adding: [String] = [], body: String = "") -> [UInt8] {
    Sample.message(lines("OPTIONS sip:callee@example.com SIP/2.0", "OPTIONS", changing: changing, adding: adding), body: body)
  }

  // MARK: Valid
  @Test("Strange but legal spacing, folding, compact forms and case — RFC 4475 3.1.1.1")
  func tortuous() throws {
    let bytes = Sample.message(
      [
        "INVITE sip:vivek@example.com;unknownparam SIP/2.0", "TO:\r\n sip:vivek@example.com ;   tag    = 1918181833n",
        "from:   \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8", "MaX-fOrWaRdS: 0068", "Call-ID: wsinv.ndaksdj@192.0.2.1",
        "Content-Length:   150", "cseq: 0009\r\n  INVITE",
        "Via: SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw", "s:", "NewFangledHeader:   newfangled value\r\n continued newfangled value",
        "UnknownHeaderWithUnusualValue: ;;,,;;,;", "Content-Type: application/sdp",
        "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
        "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239",
        "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33",
      ], body: String(repeating: "x", count: 150))
    let message = try SIPMessage(parsing: bytes)
    #expect(message.to.tag?.text == "1918181833n")
    #expect(message.from.displayName?.text == "J Rosenberg \\\"")
    #expect(message.from.tag?.text == "98asjd8")
    #expect(message.maxForwards == 68)
    #expect(message.cseqNumber == 9)
    #expect(message.count(of: .via) == 3)
    #expect(message.topVia.host.text == "192.0.2.2")
    #expect(!message.topVia.hasMagicCookie)
    #expect(message.contact?.displayName?.text == "Quoted string \"\"")
    #expect(message.contact?.parameter("q")?.text == "0.33")
    #expect(message.value(.subject)?.isEmpty == true)
    #expect(message.value(named: Array("unknownheaderwithunusualvalue".utf8))?.text == ";;,,;;,;")
    #expect(message.defect == nil)
  }

  @Test("Every character the grammar allows — RFC 4475 3.1.1.2")
  func wideRange() throws {
    let method = "!interesting-Method0123456789_*+`.%indeed'~"
    let bytes = Sample.message(
      [
        "\(method) sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0",
        "Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
        "To: \"BEL:\\\u{21} \" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>",
        "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\u{431}\u{43e}\";tag=_token~1'+`*%!-.",
        "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", "CSeq: 139122385 \(method)", "Max-Forwards: 255",
        "extensionHeader-!.%*+_`'~:\u{fffd}\u{437}\u{430}", "Content-Length: 0",
      ])
    let message = try SIPMessage(parsing: bytes)
    #expect(message.method == .other(Array(method.utf8)))
    #expect(message.callID.text == "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{")
    #expect(message.from.displayName?.text == "token1~` token2'+_ token3*%!.-")
    #expect(message.from.tag?.text == "_token~1'+`*%!-.")
    #expect(try SIPURI(parsing: message.requestURI).user?.text == "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
    #expect(message.encoded() == bytes)
  }

  @Test("Escapes in URIs stay, and are resolved on reading — RFC 4475 3.1.1.3")
  func escapedSeparators() throws {
    let text = "sip:sips%3Auser%40example.com@example.net"
    let message = try SIPMessage(parsing: Sample.message(lines("INVITE \(text) SIP/2.0", "INVITE", changing: ["To": ["To: sip:%75se%72@example.com"]])))
    #expect(message.requestURI.text == text)
    #expect(try SIPURI(parsing: message.requestURI).user?.text == "sips:user@example.com")
    #expect(message.to.uri.user?.text == "user")
  }

  @Test("Escaped NULs are a user part — RFC 4475 3.1.1.4")
  func escapedNull() throws {
    let bytes = Sample.message(
      lines(
        "REGISTER sip:example.com SIP/2.0", "REGISTER",
        changing: ["To": ["To: sip:null-%00-null@example.com"], "From": ["From: sip:null-%00-null@example.com;tag=8"]],
        adding: ["Contact: <sip:%00@host5.example.com>", "Contact: <sip:%00%00@host5.example.com>", "L:0"]))
    let message = try SIPMessage(parsing: bytes)
    #expect(message.to.uri.user.map { Array($0) } == Array("null-\0-null".utf8))
    #expect(message.contact?.uri.user.map { Array($0) } == [0])
    #expect(message.count(of: .contact) == 2)
  }

  @Test("A percent sign in a method is no escape — RFC 4475 3.1.1.5")
  func percentMethod() throws {
    let message = try SIPMessage(parsing: Sample.message(lines("RE%47IST%45R sip:registrar.example.com SIP/2.0", "RE%47IST%45R")))
    #expect(message.method == .other(Array("RE%47IST%45R".utf8)))
  }

  @Test("No blank between a display name and < — RFC 4475 3.1.1.6")
  func displayAdjoins() throws {
    #expect(try SIPMessage(parsing: options(changing: ["From": ["From: caller<sip:caller@example.com>;tag=323"]])).from.displayName?.text == "caller")
  }

  @Test("Very long values are read whole — RFC 4475 3.1.1.7")
  func longValues() throws {
    let long = String(repeating: "amazinglylong", count: 200)
    let vias = (1...33).map { "v: SIP/2.0/TCP sip\($0).example.com;branch=z9hG4bK\(long.prefix(100))\($0)" }
    let bytes = Sample.message(
      lines(
        "INVITE sip:user@example.com SIP/2.0", "INVITE",
        changing: [
          "Via": vias, "To": ["To: \"I have a user name of \(long) proportion\"<sip:user@example.com:6000;\(long)=\(long);x>"],
          "From": ["From: sip:\(long)@example.net;tag=12\(long)424;\(long)=\(long);q"], "Call-ID": ["Call-ID: longreq.one\(long)longcallid"],
        ], adding: ["\(String(repeating: "N", count: 100)): \(long)", "Contact: <sip:\(long)@host.example>"]))
    let message = try SIPMessage(parsing: bytes)
    #expect(message.count(of: .via) == 33)
    #expect(message.from.uri.user?.count == long.count)
    #expect(message.to.uri.port == 6000)
    #expect(message.from.tag?.count == long.count + 5)
  }

  @Test("Bytes behind the body of a datagram are no message — RFC 4475 3.1.1.8")
  func extraBytes() throws {
    let second = "INVITE sip:joe@example.com SIP/2.0\r\nt: sip:joe@example.com\r\n\r\n"
    let message = try SIPMessage(parsing: options(adding: ["Content-Length: 0"], body: second))
    #expect(message.body.isEmpty)
    #expect(message.method == .options)
  }

  @Test("A semicolon in the user part is no parameter — RFC 4475 3.1.1.9")
  func semicolonInUser() throws {
    let uri = try SIPURI(parsing: Array("sip:user;par=u%40example.net@example.com".utf8)[...])
    #expect(uri.user?.text == "user;par=u@example.net")
    #expect(uri.parameters.isEmpty)
    #expect(refusal(Sample.message(lines("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0", "OPTIONS"))) == nil)
  }

  @Test("Transports of all kinds in Via — RFC 4475 3.1.1.10")
  func transports() throws {
    let vias = ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"].map { "Via: SIP/2.0/\($0) t.example.com;branch=z9hG4bKkdjuw" }
    let message = try SIPMessage(parsing: options(changing: ["Via": vias]))
    #expect(message.values(.via).map { try? Via(parsing: $0).transport } == [.udp, nil, .tls, nil, .tcp])
  }

  @Test("Any bytes may stand in a body — RFC 4475 3.1.1.11")
  func binaryBody() throws {
    let body = (0...255).map { UInt8($0) } + Array("\r\n\r\n\0\n".utf8)
    let head = options(adding: ["Content-Type: multipart/mixed;boundary=7a9cbec02ceef655", "Content-Length: \(body.count)"])
    #expect(Array(try SIPMessage(parsing: head + body).body) == body)
  }

  @Test("A reason phrase of UTF-8, or of nothing — RFC 4475 3.1.1.12, 3.1.1.13")
  func reasons() throws {
    let phrase = "= 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e}"
    #expect(try SIPMessage(parsing: Sample.message(lines("SIP/2.0 200 \(phrase)", "INVITE"))).reasonPhrase.text == phrase)
    #expect(try SIPMessage(parsing: Sample.message(lines("SIP/2.0 100 ", "INVITE"))).reasonPhrase.isEmpty)
  }

  // MARK: Invalid
  @Test("Separators with nothing between them — RFC 4475 3.1.2.1")
  func extraneousSeparators() {
    let failure = refusal(options(changing: ["Via": ["Via: SIP/2.0/UDP 192.0.2.15;;,;,,"]]))
    #expect(failure?.status == 400)
    #expect(failure?.answerable == nil)
  }

  @Test("A Content-Length larger than the datagram — RFC 4475 3.1.2.2")
  func largeLength() {
    let failure = refusal(options(adding: ["Content-Length: 9999"], body: "v=0\r\n"))
    #expect(failure?.status == 400)
    #expect(failure?.answerable != nil)
  }

  @Test("A negative Content-Length — RFC 4475 3.1.2.3")
  func negativeLength() { #expect(refusal(options(adding: ["Content-Length: -999"], body: "v=0\r\n"))?.status == 400) }

  @Test("Numbers beyond their fields in a request — RFC 4475 3.1.2.4")
  func overlargeRequest() {
    #expect(refusal(options(changing: ["CSeq": ["CSeq: 36893488147419103232 OPTIONS"]]))?.status == 400)
    #expect(refusal(options(changing: ["Max-Forwards": ["Max-Forwards: 300"]]))?.status == 400)
  }

  @Test("Numbers beyond their fields in a response — RFC 4475 3.1.2.5")
  func overlargeResponse() {
    let bytes = Sample.message(lines("SIP/2.0 503 Service Unavailable", "OPTIONS", changing: ["CSeq": ["CSeq: 9292394834772304023312 OPTIONS"]]))
    #expect(refusal(bytes) != nil)
    #expect(refusal(bytes)?.answerable == nil)
  }

  @Test("A quoted string that does not end — RFC 4475 3.1.2.6")
  func unterminatedQuote() {
    #expect(refusal(options(changing: ["To": ["To: \"Mr. J. User <sip:j.user@example.com>"]]))?.status == 400)
  }

  @Test("A Request-URI in brackets — RFC 4475 3.1.2.7")
  func bracketedURI() {
    let failure = refusal(Sample.message(lines("INVITE <sip:user@example.com> SIP/2.0", "INVITE")))
    #expect(failure?.status == 400)
    #expect(failure?.answerable != nil)
  }

  @Test("A Request-URI with a blank inside — RFC 4475 3.1.2.8")
  func blankInURI() { #expect(refusal(Sample.message(lines("INVITE sip:user@example.com; lr SIP/2.0", "INVITE")))?.status == 400) }

  @Test("More than one space in a request line — RFC 4475 3.1.2.9")
  func multipleSpaces() { #expect(refusal(Sample.message(lines("INVITE  sip:user@example.com  SIP/2.0", "INVITE")))?.status == 400) }

  @Test("Blanks behind a request line — RFC 4475 3.1.2.10")
  func trailingBlanks() { #expect(refusal(Sample.message(lines("OPTIONS sip:remote-target@example.com SIP/2.0  ", "OPTIONS")))?.status == 400) }

  @Test("Headers in a Request-URI — RFC 4475 3.1.2.11")
  func headersInURI() {
    #expect(refusal(Sample.message(lines("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", "INVITE")))?.status == 400)
  }

  @Test("A Contact without brackets and with a question mark is no contact — RFC 4475 3.1.2.13")
  func ambiguousContact() throws {
    let message = try SIPMessage(
      parsing: options(adding: ["Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E"]))
    #expect(message.contact == nil)
    #expect(message.count(of: .contact) == 1)
  }

  @Test("Blanks within an addr-spec — RFC 4475 3.1.2.14")
  func blankInAddress() {
    #expect(refusal(options(changing: ["To": ["To: \"Watson, Thomas\" < sip:t.watson@example.org >"]]))?.status == 400)
  }

  @Test("A display name that needs quotes and has none — RFC 4475 3.1.2.15")
  func unquotedDisplay() { #expect(refusal(options(changing: ["From": ["From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43"]]))?.status == 400) }

  @Test("Another protocol version — RFC 4475 3.1.2.16")
  func otherVersion() {
    let failure = refusal(Sample.message(lines("OPTIONS sip:t.watson@example.org SIP/7.0", "OPTIONS")))
    #expect(failure?.status == 505)
    #expect(failure?.answerable?.method == .options)
  }

  @Test("A method that is not the one of CSeq, known or not — RFC 4475 3.1.2.17, 3.1.2.18")
  func mismatch() {
    #expect(refusal(options(changing: ["CSeq": ["CSeq: 8 INVITE"]]))?.status == 400)
    let failure = refusal(Sample.message(lines("NEWMETHOD sip:user@example.com SIP/2.0", "INVITE")))
    #expect(failure?.status == 400)
    #expect(failure?.answerable != nil)
  }

  @Test("A status that no counter holds — RFC 4475 3.1.2.19")
  func hugeStatus() { #expect(refusal(Sample.message(lines("SIP/2.0 4294967301 better not break the receiver", "INVITE"))) != nil) }

  // MARK: Application layer
  @Test("Call-ID, From and To missing: nothing to answer with — RFC 4475 3.3.1")
  func missingFields() {
    let failure = refusal(options(changing: ["Call-ID": [], "From": [], "To": []]))
    #expect(failure?.status == 400)
    #expect(failure?.answerable == nil)
  }

  @Test("Unknown schemes: 416 in the Request-URI, sound in From and To — RFC 4475 3.3.2, 3.3.3, 3.3.4")
  func schemes() throws {
    let failure = refusal(Sample.message(lines("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", "OPTIONS")))
    #expect(failure?.status == 416)
    #expect(failure?.answerable != nil)
    let message = try SIPMessage(
      parsing: options(changing: ["To": ["To: isbn:2983792873"], "From": ["From: <http://www.example.com>;tag=3234233"]]))
    #expect(message.to.uri.scheme == .other)
    #expect(message.from.uri.bytes.text == "http://www.example.com")
    #expect(message.from.tag?.text == "3234233")
  }

  @Test("Two values where there may be one — RFC 4475 3.3.8")
  func doubledFields() {
    let failure = refusal(
      options(adding: ["CSeq: 59 OPTIONS", "Call-ID: other", "To: <sip:x@y>", "From: <sip:z@y>;tag=1", "Max-Forwards: 5", "Content-Type: text/plain"]))
    #expect(failure?.status == 400)
    #expect(failure?.answerable != nil)
  }

  @Test("Two Content-Lengths that differ — RFC 4475 3.3.9")
  func doubledLength() { #expect(refusal(options(adding: ["Content-Length: 13", "Content-Length: 5"], body: "There's no way"))?.status == 400) }

  @Test("A response without Via goes nowhere — RFC 3261 18.1.2")
  func responseWithoutVia() { #expect(refusal(Sample.message(lines("SIP/2.0 200 OK", "OPTIONS", changing: ["Via": []]))) != nil) }

  @Test("A request of RFC 2543, without tag, cookie and Max-Forwards, is read — RFC 4475 3.4.1")
  func rfc2543() throws {
    let bytes = Sample.message([
      "INVITE sip:UserB@example.com SIP/2.0", "Via: SIP/2.0/UDP iftgw.example.com", "From: <sip:+13035551111@ift.client.example.net;user=phone>",
      "Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>", "To: sip:+16505552222@ss1.example.net;user=phone",
      "Call-ID: inv2543.1717@ift.client.example.com",
      "CSeq: 56 INVITE", "Content-Type: application/sdp",
    ])
    let message = try SIPMessage(parsing: bytes)
    #expect(message.from.tag == nil)
    #expect(message.topVia.branch == nil)
    #expect(message.to.uri.number?.text == "+16505552222")
  }
}
