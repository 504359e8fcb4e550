import SIP
import Testing

@Suite("Messages cut from a stream")
struct FramerTests {
  private func drain(_ framer: inout StreamFramer) -> [String] {
    var out: [String] = []
    while let output = framer.next() {
      switch output {
      case .message(let bytes): out.append(bytes.text)
      case .ping: out.append("ping")
      case .pong: out.append("pong")
      case .broken: out.append("broken")
      }
    }
    return out
  }

  private func frames(_ bytes: [UInt8], chunk: Int = .max) -> [String] {
    var framer = StreamFramer()
    var out: [String] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      framer.receive(rest.prefix(chunk))
      rest = rest.dropFirst(chunk)
      out += drain(&framer)
    }
    return out
  }

  private let first = Sample.message(["OPTIONS sip:a SIP/2.0", "Content-Length: 4"], body: "\r\n\r\n")
  private let second = Sample.message(["BYE sip:a SIP/2.0", "L :x", "l: 0"])
  private let third = Sample.message(["BYE sip:a SIP/2.0", "X: y\r\n l: 9", "cOnTeNt-LeNgTh:\r\n\t 3 \r\n  "], body: "abc")

  @Test("Messages come out whole however the stream is cut — RFC 3261 18.3", arguments: [1, 2, 3, 5, 17, 64, 4_096])
  func cuts(chunk: Int) {
    let stream = first + third + first
    #expect(frames(stream, chunk: chunk) == [first.text, third.text, first.text])
  }

  @Test("A blank before the colon of a Content-Length breaks the stream")
  func blankBeforeColon() { #expect(frames(second) == ["broken"]) }

  @Test("Two CRLFs are a ping, one is nothing, before messages and between — RFC 5626 3.5.1", arguments: [1, 3, 1_000])
  func keepAlive(chunk: Int) {
    let end = Array("\r\n".utf8)
    #expect(frames(end + end + first, chunk: chunk) == ["ping", first.text])
    #expect(frames(end + first + end + end + end + first, chunk: chunk) == [first.text, "ping", first.text])
    #expect(frames(end, chunk: chunk) == [])
  }

  @Test(
    "A stream that can not be framed is broken for good",
    arguments: [
      "OPTIONS sip:a SIP/2.0\r\n\r\n", "OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n", "OPTIONS sip:a SIP/2.0\r\nContent-Length:\r\n\r\n",
      "OPTIONS sip:a SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n", "OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "OPTIONS sip:a SIP/2.0\r\nContent-Length: 65535\r\n\r\n", "OPTIONS sip:a SIP/2.0\r\nContent-Length: 1 2\r\n\r\n", "\nOPTIONS", "\rOPTIONS",
      "OPTIONS sip:a SIP/2.0\r\nX: y\nContent-Length: 0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ])
  func broken(text: String) {
    var framer = StreamFramer()
    framer.receive(Array(text.utf8) + first)
    #expect(drain(&framer) == ["broken"])
    framer.receive(first)
    #expect(drain(&framer) == [])
    #expect(framer.heldBytes == 0)
  }

  @Test("The same length said twice frames, and is the parser's to refuse")
  func sameTwice() throws {
    let twice = Sample.message(Sample.inviteLines + ["l: 5"], body: "v=0\r\n")
    #expect(frames(twice) == [twice.text])
    #expect(refusal(twice)?.status == 400)
  }

  @Test("The head that broke the stream can still be answered — RFC 3261 18.3")
  func brokenHead() throws {
    var framer = StreamFramer()
    framer.receive(Sample.invite(replacing: "Content-Length", with: ["Content-Length: -1"]))
    #expect(framer.brokenHead == nil)
    #expect(drain(&framer) == ["broken"])
    let head = try #require(framer.brokenHead)
    #expect(refusal(head)?.answerable?.method == .invite)
  }

  @Test(
    "A length that is none is answered 400, one beyond what we read 513 — RFC 3261 18.3, 21.5.7",
    arguments: [("-1", 400), ("5x", 400), ("", 400), ("4 4", 400), ("65535", 513), ("70000", 513), ("4294967296", 513), ("99999999999999999999", 513)])
  func brokenStatus(length: String, status: Int) {
    var framer = StreamFramer()
    framer.receive(Sample.invite(replacing: "Content-Length", with: ["Content-Length: \(length)"]))
    #expect(drain(&framer) == ["broken"])
    #expect(framer.brokenHead != nil && framer.brokenStatus == status)
  }

  @Test("A header section without end breaks the stream at the bound of a message")
  func endless() {
    var framer = StreamFramer()
    let line = Array("X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".utf8)
    framer.receive(Array("OPTIONS sip:a SIP/2.0\r\n".utf8))
    var sent = 0
    var seen: [String] = []
    while seen.isEmpty, sent < 2 * SIPLimits.messageBytes {
      framer.receive(line)
      sent += line.count
      seen = drain(&framer)
      #expect(framer.heldBytes <= SIPLimits.messageBytes)
    }
    #expect(seen == ["broken"])
    #expect(sent <= SIPLimits.messageBytes + line.count)
  }

  @Test("The largest message goes through, byte after byte")
  func largest() {
    let room = SIPLimits.messageBytes - Sample.message(["OPTIONS sip:a SIP/2.0", "Content-Length: 65480"]).count
    let head = Sample.message(["OPTIONS sip:a SIP/2.0", "Content-Length: \(room)"])
    let whole = head + [UInt8](repeating: 0x0d, count: room)
    #expect(whole.count == SIPLimits.messageBytes)
    #expect(frames(whole, chunk: 1) == [whole.text])
  }

  @Test("Many messages in one read come out in order")
  func many() {
    let stream = (0..<500).flatMap { Sample.message(["OPTIONS sip:a\($0) SIP/2.0", "l: 0"]) }
    let out = frames(stream)
    #expect(out.count == 500)
    #expect(out.last?.hasPrefix("OPTIONS sip:a499 ") == true)
  }

  @Test("One CRLF behind a ping of ours is its answer, whatever stands around it — RFC 5626 4.4.1")
  func pongs() {
    var framer = StreamFramer()
    func next(_ text: String) -> [String] {
      framer.receive(Array(text.utf8))
      var found: [String] = []
      while let output = framer.next() {
        switch output {
        case .message: found.append("message")
        case .ping: found.append("ping")
        case .pong: found.append("pong")
        case .broken: found.append("broken")
        }
      }
      return found
    }
    #expect(next("\r\n").isEmpty)
    #expect(next("\r\n") == ["ping"])
    framer.expectPong()
    #expect(next("\r\n") == ["pong"])
    #expect(next("\r\n").isEmpty)
    framer.expectPong()
    // Half of a ping came first: it is completed, and the answer is the next one.
    #expect(next("\r\n\r\n") == ["ping", "pong"])
    #expect(next("\r\n\r\n") == ["ping"])
  }
}
