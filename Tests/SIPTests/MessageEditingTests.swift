import Addressing
import SIP
import Testing

@Suite("Messages as they are built, edited and written")
struct MessageEditingTests {
  private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  @Test("A parsed message is written as it was read, with Content-Length last")
  func roundTrip() throws {
    let message = try SIPMessage(parsing: Sample.invite)
    #expect(message.encoded().text == Sample.invite.text)
    let again = try SIPMessage(parsing: message.encoded())
    #expect(again.encoded() == message.encoded())
    #expect(again.fields.map(\.value) == message.fields.map(\.value))
  }

  @Test("Blanks around values are dropped or kept, never read as part of them")
  func blanks() throws {
    let message = try SIPMessage(parsing: Sample.invite(replacing: "Subject", with: ["Subject:x", "Server: \t y \t ", "Reason:"]))
    #expect(message.value(.subject)?.text == "x")
    #expect(message.value(.server)?.text == "y")
    #expect(message.fields.first { $0.name == .reason }?.value.isEmpty == true)
    #expect(try SIPMessage(parsing: message.encoded()).value(.server)?.text == "y")
  }

  @Test("A request built from nothing is a message — RFC 3261 8.1.1")
  func build() throws {
    var message = SIPMessage(request: .options, uri: bytes("sip:gw.example.com"))
    #expect(message.defect != nil)
    message.append(.via, bytes("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;rport"))
    message.append(.from, text: "<sip:us@example.com>;tag=1")
    message.append(.to, text: "<sip:gw.example.com>")
    message.append(.callID, text: "abc")
    message.append(.cseq) { $0 += Array("7 OPTIONS".utf8) }
    message.append(.maxForwards, text: "70")
    message.append(named: bytes("X-Probe"), bytes("yes"))
    #expect(message.defect == nil)
    #expect(message.cseqNumber == 7)
    #expect(message.topVia.host.text == "192.0.2.1")
    #expect(message.from.tag?.text == "1")
    #expect(message.maxForwards == 70)
    #expect(
      message.encoded().text
        == "OPTIONS sip:gw.example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;rport\r\nFrom: <sip:us@example.com>;tag=1\r\n"
        + "To: <sip:gw.example.com>\r\nCall-ID: abc\r\nCSeq: 7 OPTIONS\r\nMax-Forwards: 70\r\nX-Probe: yes\r\nContent-Length: 0\r\n\r\n")
  }

  @Test("Before a message has its headers the accessors are empty and do not trap")
  func unbuilt() {
    let message = SIPMessage(status: 200, reason: bytes("Fine"))
    #expect(message.callID.isEmpty && message.from.bytes.isEmpty && message.topVia.host.isEmpty && message.body.isEmpty)
    #expect(message.from.tag == nil && message.contact == nil && message.maxForwards == nil && message.cseqNumber == 0)
    #expect(message.encoded().text == "SIP/2.0 200 Fine\r\nContent-Length: 0\r\n\r\n")
  }

  @Test("set replaces the first of a name and removes the rest; the order of the others stays")
  func set() throws {
    var message = try SIPMessage(parsing: Sample.invite)
    message.set(.via, bytes("SIP/2.0/TLS h:5061;branch=z9hG4bKnew"))
    message.set(.subject, bytes("  trimmed "))
    message.set(.userAgent, bytes("Tandem"))
    #expect(message.values(.via).map(\.text) == ["SIP/2.0/TLS h:5061;branch=z9hG4bKnew"])
    #expect(message.topVia.transport == .tls)
    #expect(message.topVia.port == 5061)
    #expect(message.value(.subject)?.text == "trimmed")
    let order = message.fields.map(\.name)
    #expect(order.first == .via)
    #expect(order.last == .userAgent)
    #expect(message.defect == nil)
  }

  @Test("What is kept ready of From, To, Call-ID, CSeq, Via and Max-Forwards follows every edit")
  func essentialsFollow() throws {
    var message = try SIPMessage(parsing: Sample.invite)
    message.set(.from, bytes("<sip:+1@us>;tag=new"))
    message.set(.to, bytes("sip:them@x;tag=t"))
    message.set(.callID, bytes("ours"))
    message.set(.cseq, bytes("8 INVITE"))
    message.set(.maxForwards, bytes("9"))
    #expect(message.from.tag?.text == "new")
    #expect(message.from.uri.number?.text == "+1")
    #expect(message.to.tag?.text == "t")
    #expect(message.callID.text == "ours")
    #expect(message.cseqNumber == 8)
    #expect(message.maxForwards == 9)
    message.prepend(.via, bytes("SIP/2.0/UDP first"))
    #expect(message.topVia.host.text == "first")
    #expect(message.count(of: .via) == 4)
    message.remove(.maxForwards)
    #expect(message.maxForwards == nil)
    message.remove(.via)
    #expect(message.topVia.host.isEmpty)
    #expect(message.defect != nil)
  }

  @Test("A malformed value set by an editor makes the accessor empty and the message defective, no trap")
  func malformedEdit() throws {
    var message = try SIPMessage(parsing: Sample.invite)
    message.set(.from, bytes("<<<>"))
    message.set(.via, bytes("nonsense"))
    message.set(.cseq, bytes("99999999999 INVITE"))
    #expect(message.from.bytes.isEmpty)
    #expect(message.topVia.branch == nil)
    #expect(message.cseqNumber == 0)
    #expect(message.defect != nil)
  }

  @Test("The first value of a list can be replaced, in a line of its own or not; the others stay")
  func firstValue() throws {
    var message = try SIPMessage(parsing: Sample.invite)
    let others = message.values(.via).dropFirst().map(\.text)
    message.replaceFirstValue(of: .via, with: bytes("SIP/2.0/UDP z;received=192.0.2.3"))
    #expect(message.topVia.host.text == "z")
    #expect(message.values(.via).map(\.text) == ["SIP/2.0/UDP z;received=192.0.2.3"] + others)
    message.replaceFirstValue(of: .supported, with: bytes("x"))
    #expect(message.values(.supported).map(\.text) == ["x", "timer", "replaces"])
    #expect(message.encoded().text.contains("\r\nSupported: x, timer,replaces\r\n"))
    message.replaceFirstValue(of: .route, with: bytes("<sip:proxy9.example.com;lr>"))
    #expect(message.values(.route).map(\.text) == ["<sip:proxy9.example.com;lr>", "<sip:proxy2.example.com;lr>"])
    #expect(try SIPMessage(parsing: message.encoded()).values(.route) == message.values(.route))
    message.remove(.via)
    message.replaceFirstValue(of: .via, with: bytes("SIP/2.0/UDP y"))
    #expect(message.values(.via).map(\.text) == ["SIP/2.0/UDP y"])
  }

  @Test("Headers outside HeaderName are set and removed by spelling, any case")
  func named() throws {
    var message = try SIPMessage(parsing: Sample.invite)
    message.append(named: bytes("X-A"), bytes("1"))
    message.append(named: bytes("x-a"), bytes("2"))
    message.set(named: bytes("X-a"), bytes("3"))
    #expect(message.value(named: bytes("x-A"))?.text == "3")
    #expect(message.fields.filter { $0.name == .other }.count == 1)
    message.remove(named: bytes("x-a"))
    #expect(message.fields.filter { $0.name == .other }.isEmpty)
    message.set(named: bytes("s"), bytes("compact"))
    #expect(message.value(.subject)?.text == "compact")
    message.remove(named: bytes("SUBJECT"))
    #expect(message.value(.subject) == nil)
  }

  @Test("The body brings Content-Type with it and takes it away; Content-Length is always right")
  func body() throws {
    var message = try SIPMessage(parsing: Sample.invite)
    message.setBody(bytes("hello"), type: "text/plain")
    #expect(message.body.text == "hello")
    #expect(message.value(.contentType)?.text == "text/plain")
    #expect(message.encoded().text.hasSuffix("Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"))
    message.setBody([], type: "")
    #expect(message.value(.contentType) == nil)
    #expect(message.encoded().text.hasSuffix("\r\nContent-Length: 0\r\n\r\n"))
    #expect(message.encoded().text.components(of: "Content-Length").count == 2)
  }

  @Test("An edit of a copy leaves the original alone")
  func valueSemantics() throws {
    let original = try SIPMessage(parsing: Sample.invite)
    var copy = original
    copy.set(.from, bytes("<sip:x@y>;tag=z"))
    copy.setBody(bytes("b"), type: "a/b")
    copy.setRequestURI(bytes("sip:new"))
    #expect(original.encoded() == Sample.invite)
    #expect(copy.requestURI.text == "sip:new")
  }

  @Test("A message's own bytes can be handed to its own edits")
  func selfReference() throws {
    var message = try SIPMessage(parsing: Sample.invite)
    for field in message.fields where field.name == .subject { message.append(.userAgent, field.value) }
    message.set(.callID, message.callID)
    #expect(message.value(.userAgent)?.text == "lunch, then coffee")
    #expect(message.callID.text == "a84b4c76e66710@pc33.atlanta.example.com")
  }

  // MARK: Responses
  @Test("A response takes Via, From, To, Call-ID and CSeq as they were — RFC 3261 8.2.6.2")
  func respond() throws {
    let request = try SIPMessage(parsing: Sample.invite)
    let response = SIPMessage(responding: 486, to: request, toTag: bytes("ours"))
    #expect(response.status == 486)
    #expect(response.reasonPhrase.text == "Busy Here")
    #expect(response.method == .invite)
    #expect(response.values(.via) == request.values(.via))
    #expect(response.from.bytes == request.from.bytes)
    #expect(response.to.tag?.text == "ours")
    #expect(response.to.displayName == request.to.displayName)
    #expect(response.callID == request.callID)
    #expect(response.cseqNumber == request.cseqNumber)
    #expect(response.topVia.branch == request.topVia.branch)
    #expect(response.fields.count == 6)
    #expect(response.defect == nil)
  }

  @Test("A To with a tag keeps it, one without brackets gets it as a header parameter — RFC 3261 8.2.6.2")
  func toTag() throws {
    let tagged = try SIPMessage(parsing: Sample.invite(replacing: "To", with: ["To: <sip:b@c>;tag=theirs"]))
    #expect(SIPMessage(responding: 200, to: tagged, toTag: bytes("ours")).to.bytes.text == "<sip:b@c>;tag=theirs")
    let bare = try SIPMessage(parsing: Sample.invite(replacing: "To", with: ["To: sip:b@c"]))
    #expect(SIPMessage(responding: 200, to: bare, toTag: bytes("ours")).to.tag?.text == "ours")
    #expect(SIPMessage(responding: 200, to: bare).to.tag == nil)
  }

  @Test("Timestamp goes into a 100 and no other — RFC 3261 8.2.6.1")
  func timestamp() throws {
    let request = try SIPMessage(parsing: Sample.invite(replacing: "Subject", with: ["Timestamp: 54.1"]))
    #expect(SIPMessage(responding: 100, to: request).value(.timestamp)?.text == "54.1")
    #expect(SIPMessage(responding: 180, to: request).value(.timestamp) == nil)
  }

  @Test("A reason given goes before the default, and setStatus changes both")
  func reasons() throws {
    let request = try SIPMessage(parsing: Sample.invite)
    var response = SIPMessage(responding: 503, to: request, reason: "Trunk Full")
    #expect(response.reasonPhrase.text == "Trunk Full")
    response.setStatus(480, reason: bytes("Later"))
    #expect(response.encoded().text.hasPrefix("SIP/2.0 480 Later\r\n"))
    response.setStatus(99, reason: bytes("no"))
    response.setRequestURI(bytes("sip:no"))
    #expect(response.status == 480)
    #expect(response.reasonPhrase.text == "Later")
  }

  @Test(
    "Every status of the registry has its phrase",
    arguments: [
      (100, "Trying"), (183, "Session Progress"), (199, "Early Dialog Terminated"), (200, "OK"), (204, "No Notification"), (302, "Moved Temporarily"),
      (404, "Not Found"), (416, "Unsupported URI Scheme"), (422, "Session Interval Too Small"), (469, "Bad Info Package"),
      (481, "Call/Transaction Does Not Exist"), (488, "Not Acceptable Here"), (491, "Request Pending"), (504, "Server Time-out"),
      (505, "Version Not Supported"), (580, "Precondition Failure"), (603, "Decline"), (607, "Unwanted"), (608, "Rejected"), (299, "OK"),
      (499, "Bad Request"), (699, "Global Failure"),
    ])
  func phrase(status: Int, text: String) { #expect(String(describing: SIPMessage.defaultReason(status)) == text) }
}

extension String {
  /// Pieces between occurrences, by bytes.
  func components(of separator: String) -> [String] {
    var count = [String]()
    var rest = Array(utf8)[...]
    var piece: [UInt8] = []
    let pattern = Array(separator.utf8)
    while !rest.isEmpty {
      if rest.starts(with: pattern) {
        count.append(piece.text)
        piece = []
        rest = rest.dropFirst(pattern.count)
      } else {
        piece.append(rest.removeFirst())
      }
    }
    return count + [piece.text]
  }
}
