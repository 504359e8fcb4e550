import Addressing
import Calls
import Configuration
import Linux
import Records
import Routing
import SIP
import Testing
import Timing

@testable import tandemd

/// A signalling thread with a real exchange and real sockets on loopback; no plugin is loaded, so requests are answered but no call is routed.
@Suite struct SignallingThreadTests {
  private static let ours = IPAddress(127, 0, 0, 1)
  private static let peer = IPAddress(127, 0, 0, 2)
  private static let stranger = IPAddress(127, 0, 0, 3)

  /// Free ports found by binding and letting go of them.
  private func freePort() throws -> UInt16 { try DatagramSocket(binding: TransportAddress(Self.ours, 0)).local.port }

  private func configuration(_ listeners: [(name: String, port: UInt16, transport: Transport)]) -> Configuration {
    var configuration = Configuration()
    configuration.listeners = listeners.map { .init(name: $0.name, address: TransportAddress(Self.ours, $0.port), transport: $0.transport) }
    configuration.peers = [.init(name: "pbx", type: "ip-pbx", address: .ip(Self.peer))]
    configuration.peers[0].optionsInterval = 0
    configuration.trunks = listeners.indices.map { .init(name: "trunk-\($0)", listener: $0, peer: 0) }
    return configuration
  }
  private func setup(_ configuration: Configuration) throws -> Exchange.Setup {
    Exchange.Setup(configuration: configuration, routing: try RoutingTable(configuration))
  }
  private func start(_ setup: Exchange.Setup) throws -> SignallingThread {
    let exchange = Exchange(shard: 1, setup: setup, plugins: [:], random: SecureRandom.source(), wallClock: WallClock.atInstantZero(), at: MonotonicClock.now())
    return try SignallingThread(exchange: exchange, setup: setup, outlets: .init(record: { _, _ in }, note: { _ in }))
  }

  private func request(_ transport: String, _ number: Int) -> [UInt8] {
    Array(
      """
      OPTIONS sip:127.0.0.1 SIP/2.0
      Via: SIP/2.0/\(transport) 127.0.0.2:5060;branch=z9hG4bK\(number);rport
      From: <sip:probe@127.0.0.2>;tag=a
      To: <sip:127.0.0.1>
      Call-ID: \(number)@127.0.0.2
      CSeq: 1 OPTIONS
      Max-Forwards: 70
      Content-Length: 0


      """.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)
  }
  /// The first datagram that comes within `limit`.
  private func receive(from socket: DatagramSocket, limit: Gap = .seconds(5)) throws -> [UInt8]? {
    let (poll, pool) = (try EventPoll(), DatagramPool())
    try poll.add(socket.descriptor, key: 1)
    var found: [UInt8]?
    let end = MonotonicClock.now() + limit
    while found == nil, MonotonicClock.now() < end {
      poll.wait(.milliseconds(20)) { _ in _ = pool.receive(from: socket, limit: 1) { bytes, _ in found = Array(bytes) } }
    }
    return found
  }
  private func send(_ bytes: [UInt8], from socket: DatagramSocket, to port: UInt16) {
    _ = bytes.withUnsafeBytes { socket.send($0, to: TransportAddress(Self.ours, port)) }
  }
  /// Reads until `isEnough` or the end of the stream, five seconds at most.
  private func read(_ connection: StreamConnection, until isEnough: ([UInt8]) -> Bool) throws -> (bytes: [UInt8], isEnded: Bool) {
    let poll = try EventPoll()
    try poll.add(connection.descriptor, key: 1)
    var buffer = [UInt8](repeating: 0, count: 4_096)
    var bytes: [UInt8] = []
    let end = MonotonicClock.now() + .seconds(5)
    while !isEnough(bytes), MonotonicClock.now() < end {
      poll.wait(.milliseconds(20)) { _ in }
      switch connection.read(into: &buffer) {
      case .bytes(let count): bytes += buffer[..<count]
      case .nothing: continue
      case .ended: return (bytes, true)
      }
    }
    return (bytes, false)
  }
  private func connect(_ port: UInt16, from ip: IPAddress) throws -> StreamConnection {
    let connection = try StreamConnection(connecting: TransportAddress(Self.ours, port), from: ip, id: 1, at: MonotonicClock.now())
    let poll = try EventPoll()
    try poll.add(connection.descriptor, key: 1, readable: false, writable: true)
    poll.wait(.seconds(2)) { _ in }
    try connection.finishConnecting()
    return connection
  }
  private func isResponse(_ bytes: [UInt8]?) -> Bool { bytes?.starts(with: "SIP/2.0 ".utf8) == true }

  @Test("A peer's datagram is answered; a stranger's is not")
  func datagrams() throws {
    let port = try freePort()
    let thread = try start(setup(configuration([("lan", port, .udp)])))
    defer { thread.stop() }
    let known = try DatagramSocket(binding: TransportAddress(Self.peer, 0))
    send(request("UDP", 1), from: known, to: port)
    #expect(isResponse(try receive(from: known)))
    let unknown = try DatagramSocket(binding: TransportAddress(Self.stranger, 0))
    send(request("UDP", 2), from: unknown, to: port)
    #expect(try receive(from: unknown, limit: .milliseconds(200)) == nil)
    let counters = thread.transportCounters() ?? []
    #expect(counters.first { $0.name == "udp.received" }?.value == 2)
    #expect(counters.first { $0.name == "udp.sent" }?.value == 1)
  }

  @Test("A listener that can not be bound stops the start and is named")
  func listenerInUse() throws {
    let taken = try DatagramSocket(binding: TransportAddress(Self.ours, 0))
    let error = #expect(throws: SystemCallError.self) { try start(setup(configuration([("lan", taken.local.port, .udp)]))) }
    #expect(error?.description.hasPrefix("listener lan, udp \(taken.local): Address already in use") == true)
  }

  @Test("A request cut anywhere in the stream is answered on its connection; a ping gets its CRLF — RFC 5626 3.5.1")
  func streams() throws {
    let port = try freePort()
    let thread = try start(setup(configuration([("lan", port, .tcp)])))
    defer { thread.stop() }
    let connection = try connect(port, from: Self.peer)
    let bytes = request("TCP", 1)
    for part in [bytes[..<7], bytes[7..<130], bytes[130...]] {
      try connection.write(part)
      _ = thread.ask { _, _ in }  // a turn in between
    }
    let answer = try read(connection) { $0.suffix(4) == [13, 10, 13, 10] }
    #expect(isResponse(answer.bytes) && !answer.isEnded)
    try connection.write([13, 10, 13, 10])
    #expect(try read(connection) { !$0.isEmpty }.bytes == [13, 10])
  }

  @Test("A stranger's connection is closed without a word, and so is one that carries no SIP")
  func badStreams() throws {
    let port = try freePort()
    let thread = try start(setup(configuration([("lan", port, .tcp)])))
    defer { thread.stop() }
    let unknown = try connect(port, from: Self.stranger)
    let silence = try read(unknown) { _ in false }
    #expect(silence.bytes.isEmpty && silence.isEnded)
    let known = try connect(port, from: Self.peer)
    try known.write(Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
    #expect(try read(known) { _ in false }.isEnded)
    #expect(thread.transportCounters()?.first { $0.name == "tcp.open" }?.value == 0)
  }

  /// `request` with another Content-Length and what follows the head.
  private func broken(_ length: String?, then rest: [UInt8] = []) -> [UInt8] {
    let text = String(decoding: request("TCP", 1), as: UTF8.self)
    let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Content-Length") }
    let head = length.map { lines.dropLast(2) + ["Content-Length: \($0)", "", ""] } ?? lines[...]
    return Array(head.joined(separator: "\r\n").utf8) + rest
  }

  @Test(
    "A request that breaks its stream is answered, and the connection closed behind the answer — RFC 3261 18.3, 21.5.7",
    arguments: [("-1", 400), (nil, 400), ("70000", 513), ("99999999999999999999", 513)] as [(String?, Int)])
  func brokenStream(length: String?, status: Int) throws {
    let port = try freePort()
    let thread = try start(setup(configuration([("lan", port, .tcp)])))
    defer { thread.stop() }
    let known = try connect(port, from: Self.peer)
    // What follows is not read: a connection closed on it would take the answer with it.
    try known.write(broken(length, then: [UInt8](repeating: 0x41, count: 100_000)))
    let said = try read(known) { _ in false }
    #expect(said.isEnded && said.bytes.starts(with: "SIP/2.0 \(status) ".utf8))
    #expect(String(decoding: said.bytes, as: UTF8.self).split(separator: "SIP/2.0 ").count == 1)
    #expect(thread.transportCounters()?.first { $0.name == "tcp.broken" }?.value == 1)
    // The next connection from there is served.
    let next = try connect(port, from: Self.peer)
    try next.write(request("TCP", 2))
    #expect(isResponse(try read(next) { $0.suffix(4) == [13, 10, 13, 10] }.bytes))
  }

  @Test("A peer that goes on sending after its stream was refused is cut off, and does not keep its place")
  func brokenStreamGoesOn() throws {
    let port = try freePort()
    let thread = try start(setup(configuration([("lan", port, .tcp)])))
    defer { thread.stop() }
    let known = try connect(port, from: Self.peer)
    try known.write(broken("-1"))
    let end = MonotonicClock.now() + .seconds(10)
    let junk = [UInt8](repeating: 0x41, count: 60_000)
    while thread.transportCounters()?.first(where: { $0.name == "tcp.open" })?.value != 0, MonotonicClock.now() < end { try? known.write(junk) }
    #expect(thread.transportCounters()?.first { $0.name == "tcp.open" }?.value == 0)
  }

  @Test("A commit binds new listeners before it closes old ones; one that can not be bound changes nothing")
  func reconfigures() throws {
    let (first, second) = (try freePort(), try freePort())
    let thread = try start(setup(configuration([("a", first, .udp)])))
    defer { thread.stop() }
    let known = try DatagramSocket(binding: TransportAddress(Self.peer, 0))
    func answers(_ port: UInt16, _ number: Int) throws -> Bool {
      send(request("UDP", number), from: known, to: port)
      return isResponse(try receive(from: known, limit: .milliseconds(500)))
    }
    guard case .done = thread.reconfigure(try setup(configuration([("b", second, .udp), ("a", first, .udp)]))) else {
      Issue.record("both can be bound")
      return
    }
    #expect(try answers(first, 1) && answers(second, 2))
    guard case .done = thread.reconfigure(try setup(configuration([("b", second, .udp)]))) else {
      Issue.record("nothing new to bind")
      return
    }
    #expect(try answers(second, 3))
    #expect(try !answers(first, 4))
    let taken = try DatagramSocket(binding: TransportAddress(Self.ours, 0))
    let outcome = thread.reconfigure(try setup(configuration([("c", first, .udp), ("d", taken.local.port, .udp)])))
    guard case .refused(let error) = outcome else {
      Issue.record("a port in use was taken")
      return
    }
    #expect(error.description.contains("listener d"))
    #expect(try answers(second, 5))
    // What was bound for the refused commit has been let go.
    #expect(throws: Never.self) { try DatagramSocket(binding: TransportAddress(Self.ours, first)) }
  }

  @Test("Both threads beat without work, and a question to a thread that has ended is withdrawn")
  func heartbeat() throws {
    let thread = try start(setup(configuration([("lan", try freePort(), .udp)])))
    let before = MonotonicClock.now()
    #expect(thread.ask { exchange, _ in exchange.liveCalls } == 0)
    let end = before + .seconds(5)
    while thread.lastTurn <= before, MonotonicClock.now() < end { _ = thread.ask { _, _ in } }
    #expect(thread.lastTurn > before)
    thread.stop()
    while thread.ask(limit: .milliseconds(50), { _, _ in true }) != nil {}
    #expect(thread.ask(limit: .milliseconds(50)) { _, _ in true } == nil)
  }
}
