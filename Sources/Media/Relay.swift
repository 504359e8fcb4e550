public import Addressing
public import Timing

/// A UDP port of the relay, as the I/O and the relay name it to each other: an index into the relay's flows, RTCP in the lowest bit.
/// Chosen by `Relay.open`, the same until `release`, `close` or an `open` that drops it; then given to others. So the I/O closes a socket before it
/// carries out the next command, and never delivers what it had read from it.
public struct RelayPort: Hashable, Sendable {
  public var rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public var isRTCP: Bool { rawValue & 1 == 1 }
}

/// The relay's data plane as a machine: commands and datagrams in, bindings and destinations out. No socket, no payload copied, nothing allocated for a packet.
///
/// ```
/// trunk A ──▶ port of the incoming side ──source check──▶ flow ──peer──▶ flow ──destination──▶ out of the port of the outgoing side ──▶ trunk B
/// ```
/// Stream k of one side belongs to stream k of the other: `SessionDescription.crossing` keeps streams in their places.
/// A packet is forwarded when both flows are programmed, its source is the peer's (`FlowProgram.SourceRule`), it is RTP or RTCP, and the other side has a
/// destination. Everything else is counted and dropped: a stranger's packet can neither be heard nor draw packets to itself.
/// Owner: one media thread. The I/O carries out the bindings, feeds `receive` and sends what it returns.
///
/// Bounds: `flowLimit`. What is left out: payload types and directions are not checked against the description; SRTP, and addresses of two
/// families on one port.
public struct Relay: Sendable {
  /// A flow is about 400 bytes; more ports than a machine with several media addresses has.
  public static let flowLimit = 262_144

  public struct Binding: Sendable, Equatable {
    public var port: RelayPort
    public var local: TransportAddress
    public init(port: RelayPort, local: TransportAddress) {
      self.port = port
      self.local = local
    }
  }
  /// What `open` asks of the I/O: first `unbind`, then `bind`.
  public struct Change: Sendable, Equatable {
    public var bind: [Binding] = []
    public var unbind: [RelayPort] = []
  }
  /// Send the packet just received out of `port` to `destination`.
  public struct Forward: Sendable, Equatable {
    public var port: RelayPort
    public var destination: TransportAddress
    public init(port: RelayPort, destination: TransportAddress) {
      self.port = port
      self.destination = destination
    }
  }

  /// The flow of each m-line of one side; `nil` for one that is not relayed.
  private typealias Side = [Int?]
  /// Incoming side first, then outgoing, then standby; a side without flows is not open.
  private var sessions: [UInt64: [Side]] = [:]
  /// Those that are not open are in `free`.
  private var flows: [RelayFlow] = []
  private var free: [Int] = []
  /// Packets for ports that nobody has: read from a socket after it was given up.
  public private(set) var astray: UInt64 = 0

  public init() {}

  var sessionCount: Int { sessions.count }
  var flowCount: Int { flows.count - free.count }

  /// Opens one side, or changes its anchor: a stream whose address and port stay keeps its flow. `nil` when `flowLimit` would be passed; then nothing changed.
  public mutating func open(session: UInt64, side: MediaSide, anchor: MediaAnchor) -> Change? {
    precondition(anchor.ports.allSatisfy { $0 % 2 == 0 }, "an RTP port is even")
    guard flowCount + anchor.ports.count <= Self.flowLimit else { return nil }
    var sides = sessions[session] ?? Self.noSides
    var streams = sides[Int(side.rawValue)]
    while streams.count < anchor.ports.count { streams.append(nil) }
    var change = Change()
    for stream in streams.indices {
      let port = stream < anchor.ports.count ? anchor.ports[stream] : 0
      let local = TransportAddress(anchor.bind, port)
      if let old = streams[stream] {
        guard flows[old].local != local else { continue }
        change.unbind += remove(old)
        streams[stream] = nil
      }
      guard port != 0 else { continue }
      let index = add(RelayFlow(side: side, stream: stream, local: local))
      streams[stream] = index
      change.bind.append(Binding(port: Self.port(index, isRTCP: false), local: local))
      change.bind.append(Binding(port: Self.port(index, isRTCP: true), local: TransportAddress(anchor.bind, port &+ 1)))
    }
    sides[Int(side.rawValue)] = streams
    sessions[session] = sides
    join(sides)
    return change
  }

  /// A stream that is not open is passed over: it was refused, and its program was under way.
  /// A destination that is a port of the same session is dropped from the program: packets would circle.
  public mutating func program(session: UInt64, side: MediaSide, stream: Int, _ program: FlowProgram) {
    guard let sides = sessions[session], let index = Self.flow(of: stream, in: sides[Int(side.rawValue)]) else { return }
    var program = program
    let own = sides.joined().compactMap { $0.map { flows[$0].local } }
    func isOwn(_ address: TransportAddress?) -> Bool { own.contains { $0.ip == address?.ip && $0.port | 1 == (address?.port ?? 0) | 1 } }
    if isOwn(program.rtp) { program.rtp = nil }
    if isOwn(program.rtcp) { program.rtcp = nil }
    flows[index].program(program)
  }

  /// The ports to unbind.
  public mutating func release(session: UInt64, side: MediaSide) -> [RelayPort] {
    guard var sides = sessions[session] else { return [] }
    let ports = sides[Int(side.rawValue)].compactMap { $0 }.flatMap { remove($0) }
    sides[Int(side.rawValue)] = []
    sessions[session] = sides.allSatisfy(\.isEmpty) ? nil : sides
    return ports
  }

  /// One side takes the place of another, with all it has. The ports to unbind are those of the side that was there.
  public mutating func move(session: UInt64, side: MediaSide, to target: UInt64, as place: MediaSide) -> [RelayPort] {
    guard var sides = sessions[session], session != target || side != place else { return [] }
    let moved = sides[Int(side.rawValue)]
    sides[Int(side.rawValue)] = []
    sessions[session] = sides.allSatisfy(\.isEmpty) ? nil : sides
    for index in moved.compactMap({ $0 }) {
      if let peer = flows[index].peer { flows[peer].peer = nil }
      flows[index].peer = nil
      flows[index].take(place)
    }
    let gone = release(session: target, side: place)
    var others = sessions[target] ?? Self.noSides
    others[Int(place.rawValue)] = moved
    sessions[target] = others.allSatisfy(\.isEmpty) ? nil : others
    join(others)
    return gone
  }

  /// The ports to unbind and the final counts, one entry for each relayed stream of each side, incoming side first.
  public mutating func close(session: UInt64) -> (unbind: [RelayPort], statistics: [StreamStatistics]) {
    let final = statistics(of: session)
    let ports = MediaSide.allCases.flatMap { release(session: session, side: $0) }
    return (ports, final)
  }

  public func statistics(of session: UInt64) -> [StreamStatistics] {
    (sessions[session] ?? []).joined().compactMap { $0.map { flows[$0].report } }
  }

  /// One datagram. `nil`: drop it; the flow has counted why.
  public mutating func receive(
    _ packet: UnsafeRawBufferPointer, on port: RelayPort, from source: TransportAddress, at now: Instant
  ) -> Forward? {
    let index = Int(port.rawValue >> 1)
    guard index < flows.count, flows[index].isOpen else {
      astray &+= 1
      return nil
    }
    let isRTCP = port.isRTCP
    let isPeers = isRTCP ? flows[index].takesRTCP(packet, from: source, at: now) : flows[index].takesRTP(packet, from: source, at: now)
    guard isPeers else { return nil }
    guard let peer = flows[index].peer, let destination = flows[peer].destination(isRTCP: isRTCP) else {
      flows[index].countDiscarded()
      return nil
    }
    flows[index].countForwarded()
    return Forward(port: Self.port(peer, isRTCP: isRTCP), destination: destination)
  }

  private static let noSides: [Side] = MediaSide.allCases.map { _ in [] }
  private static func port(_ flow: Int, isRTCP: Bool) -> RelayPort { RelayPort(rawValue: UInt32(flow) << 1 | (isRTCP ? 1 : 0)) }
  private static func flow(of stream: Int, in side: Side) -> Int? { side.indices.contains(stream) ? side[stream] : nil }

  /// Stream k of one side is the peer of stream k of the other.
  private mutating func join(_ sides: [Side]) {
    for stream in 0..<max(sides[0].count, sides[1].count) {
      let (incoming, outgoing) = (Self.flow(of: stream, in: sides[0]), Self.flow(of: stream, in: sides[1]))
      if let incoming { flows[incoming].peer = outgoing }
      if let outgoing { flows[outgoing].peer = incoming }
    }
  }

  private mutating func add(_ flow: RelayFlow) -> Int {
    guard let index = free.popLast() else {
      flows.append(flow)
      return flows.count - 1
    }
    flows[index] = flow
    return index
  }

  private mutating func remove(_ index: Int) -> [RelayPort] {
    if let peer = flows[index].peer { flows[peer].peer = nil }
    flows[index].peer = nil
    flows[index].close()
    free.append(index)
    return [Self.port(index, isRTCP: false), Self.port(index, isRTCP: true)]
  }
}
