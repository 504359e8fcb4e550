import Addressing
import ServerLocation
import Testing
import Timing

/// Writes DNS messages, for tests.
struct DNSWriter {
  var bytes: [UInt8] = []
  private var counts: (answers: UInt16, authorities: UInt16) = (0, 0)

  static func name(_ text: String) -> [UInt8] {
    text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
  }
  static func number(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

  init(_ question: DNSQuestion, code: Int = 0) {
    bytes = [0x12, 0x34, 0x81, 0x80 | UInt8(code)] + [0, 1, 0, 0, 0, 0, 0, 0]
    bytes += Self.name(question.name.description) + Self.number(Int(question.kind.rawValue)) + [0, 1]
  }
  /// `owner` as the pointer to the question's name when `nil`.
  mutating func record(_ type: Int, owner: String? = nil, seconds: UInt32 = 300, authority: Bool = false, _ data: [UInt8]) {
    bytes += owner.map(Self.name) ?? [0xC0, 12]
    bytes += Self.number(type) + [0, 1] + Self.number(Int(seconds >> 16)) + Self.number(Int(seconds & 0xFFFF)) + Self.number(data.count) + data
    if authority { counts.authorities += 1 } else { counts.answers += 1 }
    bytes[6...9] = [UInt8(counts.answers >> 8), UInt8(counts.answers & 0xFF), UInt8(counts.authorities >> 8), UInt8(counts.authorities & 0xFF)]
  }
}

@Suite("Answers out of DNS messages") struct DNSMessageTests {
  private let a = q(.a, "sip.example.com")

  @Test("A and AAAA: every address, the least TTL — RFC 1035 3.4.1, RFC 3596 2.2")
  func addresses() {
    var message = DNSWriter(a)
    message.record(1, seconds: 60, [192, 0, 2, 1])
    message.record(1, seconds: 30, [192, 0, 2, 2])
    message.record(1, owner: "other.example.com", seconds: 1, [192, 0, 2, 9])
    #expect(DNSMessage.answer(message.bytes, to: a) == .records([.address(IPAddress(192, 0, 2, 1)), .address(IPAddress(192, 0, 2, 2))], seconds: 30))
    let question = q(.aaaa, "sip.example.com")
    var six = DNSWriter(question)
    six.record(28, [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [5])
    #expect(DNSMessage.answer(six.bytes, to: question) == .records([.address(IPAddress("2001:db8::5")!)], seconds: 300))
  }

  @Test("SRV: priority, weight, port and a compressed target — RFC 2782")
  func services() {
    let question = q(.srv, "_sip._udp.example.com")
    var message = DNSWriter(question)
    // The name of the question begins at 12; "example.com" 10 bytes further.
    message.record(33, seconds: 77, [0, 10, 0, 20, 0x13, 0xC4, 1, 0x61, 0xC0, 22])
    #expect(
      DNSMessage.answer(message.bytes, to: question)
        == .records([.service(.init(priority: 10, weight: 20, port: 5060, target: DomainName("a.example.com")!))], seconds: 77))
  }

  @Test("NAPTR: order, preference, flags, service, expression, replacement — RFC 3403 4.1")
  func pointers() {
    let question = q(.naptr, "example.com")
    var message = DNSWriter(question)
    message.record(35, [0, 1, 0, 2, 1, 0x73, 7] + Array("SIP+D2U".utf8) + [0] + DNSWriter.name("_sip._udp.example.com"))
    message.record(35, [0, 1, 0, 3, 1, 0x75, 7] + Array("E2U+sip".utf8) + [1, 0x21, 0])
    #expect(
      DNSMessage.answer(message.bytes, to: question)
        == .records(
          [
            .pointer(
              .init(order: 1, preference: 2, flags: [0x73], service: Array("SIP+D2U".utf8), replacement: DomainName("_sip._udp.example.com")!)),
            .pointer(
              .init(order: 1, preference: 3, flags: [0x75], service: Array("E2U+sip".utf8), hasExpression: true, replacement: DomainName("")!)),
          ], seconds: 300))
  }

  @Test("Aliases are followed within the answer, and their TTL counts; a circle of them ends")
  func aliases() {
    var message = DNSWriter(a)
    message.record(5, seconds: 9, DNSWriter.name("Edge.Example.net"))
    message.record(1, owner: "edge.example.NET", seconds: 60, [192, 0, 2, 1])
    #expect(DNSMessage.answer(message.bytes, to: a) == .records([.address(IPAddress(192, 0, 2, 1))], seconds: 9))
    var circle = DNSWriter(a)
    circle.record(5, DNSWriter.name("b.example"))
    circle.record(5, owner: "b.example", DNSWriter.name("sip.example.com"))
    #expect(DNSMessage.answer(circle.bytes, to: a) == .nothing(seconds: 300))
  }

  @Test("No such name, or none of that type: nothing, for the lesser of the SOA's TTL and minimum — RFC 2308 5", arguments: [0, 3])
  func nothing(code: Int) {
    var message = DNSWriter(a, code: code)
    let numbers = [UInt8](repeating: 1, count: 16) + [0, 0, 0, 42]
    message.record(6, owner: "example.com", seconds: 900, authority: true, DNSWriter.name("ns.example.com") + DNSWriter.name("root.example.com") + numbers)
    #expect(DNSMessage.answer(message.bytes, to: a) == .nothing(seconds: 42))
    #expect(DNSMessage.answer(DNSWriter(a, code: code).bytes, to: a) == .nothing(seconds: nil))
  }

  @Test("Any other code is a failure and says nothing about the name", arguments: [1, 2, 4, 5])
  func failures(code: Int) {
    #expect(DNSMessage.answer(DNSWriter(a, code: code).bytes, to: a) == .failed("the name server answered with error \(code)"))
  }

  @Test("A TTL with its highest bit set is none — RFC 2181 8")
  func negativeTTL() {
    var message = DNSWriter(a)
    message.record(1, seconds: 0x8000_0001, [192, 0, 2, 1])
    #expect(DNSMessage.answer(message.bytes, to: a) == .records([.address(IPAddress(192, 0, 2, 1))], seconds: 0))
  }

  @Test("A record whose data does not fit its type is passed over")
  func misfits() {
    var message = DNSWriter(a)
    message.record(1, [192, 0, 2])
    message.record(1, [192, 0, 2, 1])
    #expect(DNSMessage.answer(message.bytes, to: a) == .records([.address(IPAddress(192, 0, 2, 1))], seconds: 300))
  }

  @Test("What is no DNS message fails: cut anywhere, a name that points forward or at itself")
  func broken() {
    var message = DNSWriter(a)
    message.record(1, [192, 0, 2, 1])
    for end in 0..<message.bytes.count {
      #expect(DNSMessage.answer(Array(message.bytes[..<end]), to: a) == .failed("the answer can not be read"), "\(end)")
    }
    for pointer: UInt8 in [33, 34, 200] {
      var looped = DNSWriter(a)
      let place = looped.bytes.count
      looped.record(1, [192, 0, 2, 1])
      looped.bytes[place + 1] = pointer
      #expect(DNSMessage.answer(looped.bytes, to: a) == .failed("the answer can not be read"))
    }
  }

  @Test("Bytes turned at random never trap")
  func turned() {
    let question = q(.naptr, "example.com")
    var message = DNSWriter(question)
    message.record(5, DNSWriter.name("b.example"))
    message.record(35, owner: "b.example", [0, 1, 0, 2, 1, 0x73, 7] + Array("SIP+D2U".utf8) + [0] + DNSWriter.name("_sip._udp.example.com"))
    message.record(6, authority: true, DNSWriter.name("a") + DNSWriter.name("b") + [UInt8](repeating: 1, count: 20))
    var random = RandomSource(seed: 1)
    var read = 0
    for _ in 0..<50_000 {
      var bytes = message.bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
      for kind in [DNSQuestion.Kind.a, .srv, .naptr, .aaaa] {
        if case .records = DNSMessage.answer(bytes, to: DNSQuestion(kind, question.name)) { read += 1 }
      }
    }
    #expect(read > 1000)
  }

  @Test("Names are lower-case without the last dot; what is too long or empty within is none — RFC 1035 2.3.4")
  func names() {
    #expect(DomainName("SIP.Example.COM.") == DomainName("sip.example.com"))
    #expect(DomainName(".")?.isRoot == true)
    for text in ["a..b", ".a", String(repeating: "a", count: 64) + ".b", Array(repeating: "abcdefg", count: 40).joined(separator: "."), "a b", "é"] {
      #expect(DomainName(text) == nil, "\(text)")
    }
    #expect(DomainName(Array(repeating: "abcdefg", count: 31).joined(separator: "."))?.service(over: .tls) == nil)
  }
}
