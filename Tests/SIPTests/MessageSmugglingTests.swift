import SIP
import Testing

@Suite("Messages that two readers could read differently")
struct MessageSmugglingTests {
  static let lines: [String] = [
    "Content-Length : 0", "Content-Length\t: 0", "X Y: 1", ": no name", "no colon", "X\0: 1", "X: a\0b", "X: a\u{1}b", "X: a\u{7f}b",
    "X: a\nContent-Length: 0", "X: a\rContent-Length: 0", "X: a\n b", "X: a\r b", "X\r: 1", "X\n: 1", "Via\u{b}: x", "X\"Y: 1", "(X): 1",
    "\u{e9}: 1", "X: a\u{8}", "X: \u{1b}[0m",
  ]

  @Test("A line that is not name, colon, text is a 400", arguments: lines)
  func brokenLine(line: String) {
    var lines = Sample.inviteLines
    lines.insert(line, at: 5)
    let failure = refusal(Sample.message(lines, body: "v=0\r\n"))
    #expect(failure?.status == 400)
    // The line itself is in no header that an answer copies.
    #expect(failure?.answerable != nil)
    if let request = failure?.answerable {
      let answer = SIPMessage(responding: 400, to: request, toTag: [0x61]).encoded()
      #expect(refusal(answer) == nil)
    }
  }

  @Test("The same inside a header that an answer copies leaves no answer", arguments: ["\0", "\n", "\r", "\u{1}", "\u{7f}", "\nVia: SIP/2.0/UDP evil"])
  func brokenEssential(inset: String) {
    for name in ["From", "To", "Call-ID", "CSeq"] {
      let lines = Sample.inviteLines.map { $0.hasPrefix(name + ":") ? $0 + inset : $0 }
      let failure = refusal(Sample.message(lines, body: "v=0\r\n"))
      #expect(failure?.status == 400)
      #expect(failure?.answerable == nil)
    }
  }

  @Test("Line ends that are not CRLF make no message")
  func lineEnds() {
    let text = Sample.invite.text
    for other in ["\n", "\r", "\n\r", "\r\r\n"] {
      #expect(refusal(Array(text.replacingAll("\r\n", with: other).utf8)) != nil)
    }
  }

  @Test("A line folded onto the start line is refused")
  func foldedStartLine() {
    #expect(refusal(Sample.invite(replacing: "start", with: ["INVITE sip:a@b SIP/2.0", " folded"]))?.status == 400)
  }

  @Test("A second message in the body stays a body")
  func messageInBody() throws {
    let inner = Sample.message(["BYE sip:a@b SIP/2.0", "Call-ID: other", "l: 0"])
    let outer = Sample.invite(replacing: "Content-Length", with: ["Content-Length: \(inner.count)"], body: inner.text)
    let message = try SIPMessage(parsing: outer)
    #expect(message.method == .invite)
    #expect(Array(message.body) == inner)
    #expect(message.callID.text.hasPrefix("a84b"))
    #expect(try SIPMessage(parsing: message.encoded()).fields.count == message.fields.count)
  }

  static let injections = [
    "x\r\nEvil: 1", "x\nEvil: 1", "x\rEvil: 1", "x\0y", "\r\n\r\nBYE sip:a@b SIP/2.0", "x\r\n", "\r\nx", "\r\n folded", "x\u{7f}\u{1}y",
  ]

  @Test("No edit can add a line, whatever bytes it brings", arguments: injections)
  func injectedValue(value: String) throws {
    let bytes = Array(value.utf8)
    let original = try SIPMessage(parsing: Sample.invite)
    let edits: [(inout SIPMessage) -> Void] = [
      { $0.set(.subject, bytes) }, { $0.append(.userAgent, bytes) }, { $0.prepend(.server, bytes) },
      { $0.append(named: Array("X-A".utf8), bytes) }, { $0.set(named: Array("X-B".utf8), bytes) },
      { $0.append(.reason) { $0.append(contentsOf: bytes) } }, { $0.replaceFirstValue(of: .route, with: bytes) },
    ]
    for edit in edits {
      var message = original
      edit(&message)
      let again = try SIPMessage(parsing: message.encoded())
      #expect(again.fields.count <= original.fields.count + 1)
      #expect(again.value(named: Array("Evil".utf8)) == nil)
      #expect(again.body == original.body)
    }
  }

  @Test("Nor a start line, a phrase, a tag or a header's name")
  func injectedElsewhere() throws {
    let evil = Array("sip:a@b SIP/2.0\r\nEvil: 1\r\nX: ".utf8)
    var message = try SIPMessage(parsing: Sample.invite)
    message.setRequestURI(evil)
    #expect(message.requestURI.text == "sip:a@b%20SIP/2.0%20%20Evil:%201%20%20X:%20")
    #expect(!message.encoded().text.contains("\r\nEvil"))

    let before = message.fields.count
    message.append(named: Array("Evil: 1\r\nX".utf8), Array("y".utf8))
    message.set(named: Array("Evil ".utf8), Array("y".utf8))
    message.append(named: [], Array("y".utf8))
    #expect(message.fields.count == before)

    var response = SIPMessage(responding: 200, to: try SIPMessage(parsing: Sample.invite), toTag: Array("t\r\nEvil: 1".utf8))
    response.setStatus(200, reason: Array("OK\r\nEvil: 1".utf8))
    #expect(response.reasonPhrase.text == "OK  Evil: 1")
    #expect(!response.encoded().text.contains("\r\nEvil"))
  }

  @Test("A Content-Length handed in is not taken over")
  func injectedLength() throws {
    var message = try SIPMessage(parsing: Sample.invite)
    message.set(.contentLength, Array("1".utf8))
    message.append(named: Array("l".utf8), Array("2".utf8))
    #expect(message.encoded() == (try SIPMessage(parsing: Sample.invite)).encoded())
  }
}

extension String {
  /// By bytes, for CRLF is one character to `String`.
  func replacingAll(_ old: String, with new: String) -> String {
    var out: [UInt8] = []
    var rest = Array(utf8)[...]
    let pattern = Array(old.utf8)
    while !rest.isEmpty {
      if rest.starts(with: pattern) {
        out += Array(new.utf8)
        rest = rest.dropFirst(pattern.count)
      } else {
        out.append(rest.removeFirst())
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
