import Addressing
import Calls
import Configuration
import Control
import Linux
import Routing
import Testing
import Timing

@testable import tandemd

/// Addresses of peers' names on their way from a lookup to the exchange.
@Suite struct LiveNamesTests {
  private static let ours = IPAddress(127, 0, 0, 1)
  private static let (a, b) = (IPAddress(192, 0, 2, 1), IPAddress(192, 0, 2, 2))

  /// One peer, x.example, on one listener.
  private static func configuration(port: UInt16) -> Configuration {
    var configuration = Configuration()
    configuration.listeners = [.init(name: "lan", address: TransportAddress(ours, port), transport: .udp)]
    configuration.peers = [.init(name: "acme", type: "itsp", address: .domain("x.example"))]
    configuration.trunks = [.init(name: "acme-1", listener: 0, peer: 0)]
    return configuration
  }
  private static func thread(_ setup: Exchange.Setup) throws -> SignallingThread {
    let exchange = Exchange(
      shard: 1, setup: setup, plugins: [:], random: SecureRandom.source(), wallClock: WallClock.atInstantZero(), at: MonotonicClock.now())
    return try SignallingThread(exchange: exchange, setup: setup, outlets: .init(record: { _, _ in }, note: { _ in }))
  }
  private static func addresses(_ thread: SignallingThread) -> [[IPAddress]]? {
    thread.ask { exchange, now in exchange.peerViews(at: now).map(\.addresses) }
  }
  /// Looks all names up and waits until one has come back.
  private static func lookUp(_ names: PeerNames) throws {
    names.lookUpAgain(at: try #require(names.due))
    let poll = try EventPoll()
    try poll.add(names.mailbox.descriptor, key: 1)
    var isThere = false
    poll.wait(.seconds(5)) { _ in isThere = true }
    #expect(isThere, "no lookup has come back")
  }

  @Test("A new address that a commit learnt on its way and that was refused reaches the exchange with the next lookup")
  func refusedCommit() throws {
    let zone = Lock(["x.example": [Self.a], "y.example": [Self.a]])
    let log = Log(threshold: .critical)
    let names = try PeerNames(log: log) { name in zone.withLock { $0[name] ?? [] } }
    let live = LiveSystem(names: names, log: log)
    let configuration = Self.configuration(port: try DatagramSocket(binding: TransportAddress(Self.ours, 0)).local.port)
    let thread = try Self.thread(try live.start(configuration))
    defer { thread.stop() }
    live.signalling = thread
    #expect(Self.addresses(thread) == [[Self.a]])

    zone.withLock { $0["x.example"] = [Self.b] }
    try Self.lookUp(names)
    // It waits for its new name, and finds its listener's port taken.
    let taken = try DatagramSocket(binding: TransportAddress(Self.ours, 0))
    var next = configuration
    next.listeners[0].address = taken.local
    next.peers.append(.init(name: "other", type: "itsp", address: .domain("y.example")))
    #expect(throws: ControlError.self) { try live.apply(next, try RoutingTable(next)) }
    #expect(names.known(configuration) == [[Self.b]] && Self.addresses(thread) == [[Self.a]])

    try Self.lookUp(names)
    live.takeNames()
    #expect(Self.addresses(thread) == [[Self.b]])
  }

  @Test("A new address that the signalling thread did not take over is given to it again")
  func noAnswer() throws {
    let zone = Lock(["x.example": [Self.a]])
    let log = Log(threshold: .critical)
    let names = try PeerNames(log: log) { name in zone.withLock { $0[name] ?? [] } }
    let live = LiveSystem(names: names, log: log)
    let thread = try Self.thread(try live.start(Self.configuration(port: try DatagramSocket(binding: TransportAddress(Self.ours, 0)).local.port)))
    defer { thread.stop() }
    zone.withLock { $0["x.example"] = [Self.b] }
    try Self.lookUp(names)
    // Nobody answers.
    live.takeNames()
    #expect(Self.addresses(thread) == [[Self.a]])
    live.signalling = thread
    try Self.lookUp(names)
    live.takeNames()
    #expect(Self.addresses(thread) == [[Self.b]])
  }
}
