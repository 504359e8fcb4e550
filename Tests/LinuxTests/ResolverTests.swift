import Addressing
import Linux
import ServerLocation
import Testing
import Timing

/// c-ares against a name server written here, on a loopback port.
@Suite(.serialized) struct ResolverTests {
  private let question = DNSQuestion(.srv, DomainName("_sip._udp.example.test")!)

  /// One turn after the other until `isDone`, five seconds at most.
  private final class Loop {
    let poll: EventPoll
    let resolver: Resolver
    let server: DatagramSocket
    let pool = DatagramPool()
    var answers: [(question: DNSQuestion, answer: DNSAnswer)] = []
    var asked = 0
    /// The answer's tail after the question; `nil`: no answer.
    var reply: (code: UInt8, count: UInt8, records: [UInt8])?

    init(_ settings: String = "/etc/resolv.conf", servers: [TransportAddress]? = nil) throws {
      poll = try EventPoll()
      server = try DatagramSocket(binding: TransportAddress(loopback, 0))
      resolver = try Resolver(servers: servers ?? [server.local], poll: poll, firstKey: 1 << 32, settings: settings)
      try poll.add(server.descriptor, key: 1)
    }
    func run(until isDone: () -> Bool) {
      let end = MonotonicClock.now() + .seconds(5)
      while !isDone(), MonotonicClock.now() < end {
        var ready: [EventPoll.Ready] = []
        poll.wait(min(resolver.timeout ?? .seconds(1), .milliseconds(50))) { ready.append($0) }
        for event in ready { if event.key == 1 { serve() } else { resolver.handle(event) } }
        resolver.advance()
        answers += resolver.takeAnswers()
      }
    }
    private func serve() {
      _ = pool.receive(from: server) { bytes, source in
        asked += 1
        guard let reply, bytes.count > 12 else { return }
        var end = 12
        while end < bytes.count, bytes[end] != 0 { end += 1 + Int(bytes[end]) }
        let message = Array(bytes[0..<2]) + [0x81, 0x80 | reply.code, 0, 1, 0, reply.count, 0, 0, 0, 0] + Array(bytes[12..<(end + 5)]) + reply.records
        message.withUnsafeBytes { _ = server.send($0, to: source) }
      }
    }
  }
  /// An SRV record of the question's name.
  private let record: [UInt8] = [0xC0, 12, 0, 33, 0, 1, 0, 0, 0, 77, 0, 10, 0, 1, 0, 2, 0x13, 0xC4, 1, 0x61, 0xC0, 22]

  @Test("A question goes to the server and port given; its answer comes with records and TTL")
  func answer() throws {
    let loop = try Loop()
    loop.reply = (0, 1, record)
    loop.resolver.ask(question)
    loop.run { !loop.answers.isEmpty }
    let expected = DNSRecord.service(.init(priority: 1, weight: 2, port: 5060, target: DomainName("a.example.test")!))
    #expect(loop.answers.map(\.answer) == [.records([expected], seconds: 77)])
    #expect(loop.answers.map(\.question) == [question])
    #expect(loop.asked == 1)
  }

  @Test("No such name is an answer; a server's own trouble is none", arguments: [(UInt8(3), DNSAnswer.nothing(seconds: nil)), (0, .nothing(seconds: nil))])
  func nothing(code: UInt8, expected: DNSAnswer) throws {
    let loop = try Loop()
    loop.reply = (code, 0, [])
    loop.resolver.ask(question)
    loop.run { !loop.answers.isEmpty }
    #expect(loop.answers.map(\.answer) == [expected])
  }

  @Test("SERVFAIL, and a server that is not there, fail with a reason")
  func failures() throws {
    let loop = try Loop()
    loop.reply = (2, 0, [])
    loop.resolver.ask(question)
    loop.run { !loop.answers.isEmpty }
    guard case .failed(let reason)? = loop.answers.first?.answer else { return #expect(Bool(false), "\(loop.answers)") }
    #expect(!reason.isEmpty)
    let closed = try DatagramSocket(binding: TransportAddress(loopback, 0)).local
    let other = try Loop(servers: [closed])
    other.resolver.ask(question)
    other.run { !other.answers.isEmpty }
    guard case .failed? = other.answers.first?.answer else { return #expect(Bool(false), "\(other.answers)") }
  }

  @Test("A server that is silent is asked again after its patience; nothing waits for it meanwhile")
  func silence() throws {
    let loop = try Loop()
    let began = MonotonicClock.now()
    loop.resolver.ask(question)
    #expect(MonotonicClock.now().since(began) < .milliseconds(500))
    #expect(loop.resolver.timeout.map { $0 > .milliseconds(1000) && $0 <= .milliseconds(4000) } == true)
    loop.run { loop.asked == 1 }
    loop.reply = (0, 1, record)
    loop.run { !loop.answers.isEmpty }
    #expect(loop.asked == 2)
    #expect(loop.answers.count == 1)
    #expect(loop.resolver.timeout == nil)
  }

  @Test("Other servers: what is open fails, and the new ones are asked")
  func otherServers() throws {
    let loop = try Loop(servers: [TransportAddress(loopback, 9)])
    loop.reply = (0, 1, record)
    loop.resolver.ask(question)
    loop.resolver.servers = [loop.server.local]
    loop.answers = loop.resolver.takeAnswers()
    #expect(loop.answers.count == 1)
    loop.resolver.ask(question)
    loop.run { loop.answers.count == 2 }
    guard case .records? = loop.answers.last?.answer else { return #expect(Bool(false), "\(loop.answers)") }
  }

  @Test("A name in /etc/hosts needs no server")
  func hosts() throws {
    let loop = try Loop()
    loop.resolver.ask(DNSQuestion(.a, DomainName("localhost")!))
    loop.run { !loop.answers.isEmpty }
    #expect(loop.answers.map(\.answer) == [.records([.address(loopback)], seconds: 60)])
    #expect(loop.asked == 0)
  }
}
