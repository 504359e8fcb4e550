import Addressing
import CTandemTrunk
import Calls
import Configuration
import Linux
import Records
import Routing
import SIP
import Synchronization
import Testing
import Timing

@testable import tandemd

/// What a commit does to a call on a listener that it takes away, on the wire.
@Suite struct ListenerGoneTests {
  private static let ours = IPAddress(127, 0, 0, 1)

  /// The smallest trunk plugin: opens and closes.
  nonisolated(unsafe) private static let plugin: UnsafePointer<tt_plugin_v1> = {
    let table = UnsafeMutablePointer<tt_plugin_v1>.allocate(capacity: 1)
    table.initialize(to: tt_plugin_v1())
    table.pointee.abi_major = UInt32(TT_ABI_MAJOR)
    table.pointee.struct_size = UInt32(MemoryLayout<tt_plugin_v1>.size)
    func text(_ value: StaticString) -> UnsafePointer<CChar> { UnsafeRawPointer(value.utf8Start).assumingMemoryBound(to: CChar.self) }
    table.pointee.id = text("plain")
    table.pointee.version = text("1.0.0")
    table.pointee.description = text("nothing but open and close")
    table.pointee.open = { _, _ in OpaquePointer(bitPattern: 1) }
    table.pointee.close = { _ in }
    return UnsafePointer(table)
  }()

  /// Of the records.
  private final class Reasons: Sendable { let list = Mutex<[String]>([]) }

  /// A party on a socket of its own.
  private struct Party {
    let socket: DatagramSocket
    init(_ last: UInt8) throws { socket = try DatagramSocket(binding: TransportAddress(IPAddress(127, 0, 0, last), 0)) }
    func send(_ text: String, to port: UInt16) {
      _ = Array(text.utf8).withUnsafeBytes { socket.send($0, to: TransportAddress(ours, port)) }
    }
    /// The first message within five seconds that `isWanted`.
    func hear(_ isWanted: (SIPMessage) -> Bool) throws -> SIPMessage {
      let (poll, pool) = (try EventPoll(), DatagramPool())
      try poll.add(socket.descriptor, key: 1)
      var found: SIPMessage?
      let end = MonotonicClock.now() + .seconds(5)
      while found == nil, MonotonicClock.now() < end {
        poll.wait(.milliseconds(20)) { _ in
          _ = pool.receive(from: socket) { bytes, _ in
            if found == nil, let message = try? SIPMessage(parsing: Array(bytes)), isWanted(message) { found = message }
          }
        }
      }
      return try #require(found)
    }
  }

  private func configuration(caller: Party, called: Party, ports: (UInt16, UInt16)) -> Configuration {
    var c = Configuration()
    c.listeners = [
      .init(name: "lan", address: TransportAddress(Self.ours, ports.0), transport: .udp),
      .init(name: "wan", address: TransportAddress(Self.ours, ports.1), transport: .udp),
    ]
    c.peers = [
      .init(name: "pbx", type: "plain", address: .ip(caller.socket.local.ip), port: caller.socket.local.port),
      .init(name: "acme", type: "plain", address: .ip(called.socket.local.ip), port: called.socket.local.port),
    ]
    for peer in c.peers.indices { c.peers[peer].optionsInterval = 0 }
    c.trunks = [.init(name: "hq", listener: 0, peer: 0), .init(name: "acme-1", listener: 1, peer: 1)]
    c.pstnUsages = ["National"]
    var settings = Configuration.TrunkConfiguration()
    settings.pstnUsages = ["National"]
    settings.enableBypass = true
    c.trunkConfigurations = [.init(scope: .trunk("hq"), settings: settings), .init(scope: .trunk("acme-1"), settings: settings)]
    c.voiceRoutes = [.init(name: "all", pattern: "^\\+", priority: 1, pstnUsages: ["National"], trunks: [1])]
    c.mediaBypass.enabled = true
    c.mediaBypass.always = true
    return c
  }
  private func setup(_ configuration: Configuration) throws -> Exchange.Setup {
    Exchange.Setup(configuration: configuration, routing: try RoutingTable(configuration))
  }

  @Test("A commit that takes a call's listener away sends its BYE by the old socket before that is closed")
  func goodbye() throws {
    let (caller, called) = (try Party(2), try Party(3))
    let ports = try (0..<3).map { _ in try DatagramSocket(binding: TransportAddress(Self.ours, 0)).local.port }
    var next = configuration(caller: caller, called: called, ports: (ports[0], ports[1]))
    let first = try setup(next)
    let exchange = Exchange(
      shard: 1, setup: first, plugins: ["plain": Self.plugin], random: SecureRandom.source(), wallClock: WallClock.atInstantZero(),
      at: MonotonicClock.now())
    let reasons = Reasons()
    let thread = try SignallingThread(
      exchange: exchange, setup: first, outlets: .init(record: { record, _ in reasons.list.withLock { $0.append(record.reason) } }, note: { _ in }))
    defer { thread.stop() }

    let body = "v=0\r\no=- 1 1 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
    let from = caller.socket.local
    func request(_ method: String, toTag: String = "") -> String {
      "\(method) sip:+14255550100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP \(from);branch=z9hG4bK\(method);rport\r\nMax-Forwards: 70\r\n"
        + "From: <sip:+1@127.0.0.2>;tag=a\r\nTo: <sip:+14255550100@127.0.0.1>\(toTag)\r\nCall-ID: c\r\nCSeq: 1 \(method)\r\nContact: <sip:a@\(from)>\r\n"
        + (method == "INVITE" ? "Content-Type: application/sdp\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)" : "Content-Length: 0\r\n\r\n")
    }
    caller.send(request("INVITE"), to: ports[0])
    let invite = try called.hear { $0.isRequest && $0.method == .invite }
    func text(_ name: HeaderName) -> String { String(decoding: invite.value(name) ?? [], as: UTF8.self) }
    called.send(
      "SIP/2.0 200 OK\r\nVia: \(text(.via))\r\nFrom: \(text(.from))\r\nTo: \(text(.to));tag=b\r\nCall-ID: \(text(.callID))\r\nCSeq: \(text(.cseq))\r\n"
        + "Contact: <sip:b@\(called.socket.local)>\r\nContent-Type: application/sdp\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)", to: ports[1])
    let answer = try caller.hear { !$0.isRequest && $0.status == 200 }
    caller.send(request("ACK", toTag: ";tag=\(String(decoding: answer.to.tag ?? [], as: UTF8.self))"), to: ports[0])
    _ = try called.hear { $0.method == .ack }

    next.listeners[1].address.port = ports[2]
    let losing = thread.ask { [next] exchange, _ in exchange.callsLosingListener(to: next).map { "\($0.listener) \($0.calls)" } }
    #expect(losing == ["wan 1"])
    guard case .done = thread.reconfigure(try setup(next)) else {
      Issue.record("the port was free")
      return
    }
    let bye = try called.hear { $0.isRequest && $0.method == .bye }
    #expect(bye.topVia.port == ports[1])
    _ = try caller.hear { $0.isRequest && $0.method == .bye }
    let end = MonotonicClock.now() + .seconds(5)
    while reasons.list.withLock({ $0.isEmpty }), MonotonicClock.now() < end { _ = thread.ask { _, _ in } }
    #expect(reasons.list.withLock { $0 } == ["listener wan was changed by a commit"])
  }
}
