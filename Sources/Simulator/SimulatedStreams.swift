import Addressing
import SIP
import Timing

/// The TCP connections between the exchange and parties that use streams: what the daemon's stream table does on our side, and the far ends.
///
/// ```
///  write ─▶ [held back: Nagle] ─▶ cut anywhere into segments ─▶ each arrives later than the one before ─▶ framer ─▶ messages
/// ```
/// Bytes are never lost, doubled or reordered in one direction while the connection lives; loss and outages make it stand still. It may be cut at any
/// moment, also in the middle of a message: what had not arrived is gone, and each end learns of it at a time of its own (a half-open connection in between).
/// Owner: the simulation, which carries out what `outbox` says.
struct SimulatedStreams: Sendable {
  enum End: Sendable { case exchange, party }
  /// One direction of a connection.
  struct Way: Sendable {
    var framer = StreamFramer()
    var lastArrival = Instant(nanoseconds: 0)
    var held: [UInt8] = []
    var cutAt: Instant?
  }
  struct Connection: Sendable {
    let id: UInt32
    let party: Party
    let place: Place
    /// The party's end, as the exchange sees it.
    let far: TransportAddress
    let isOurs: Bool
    var isOpenHere = true
    var isOpenThere = true
    var towards = Way()
    var from = Way()
  }
  struct Tally: Sendable {
    var opened = 0, refused = 0, cut = 0, cutInside = 0, segments = 0, glued = 0, broken = 0
  }
  enum Task: Sendable {
    case segment([UInt8])
    case flush
    /// Something between the ends drops the connection.
    case cut
    /// This end learns that the connection is no more.
    case end
  }
  /// To be entered in the queue of events.
  private(set) var outbox: [(at: Instant, id: UInt32, end: End, task: Task)] = []
  private var connections: [Connection] = []
  private var lastID: UInt32 = 0
  private var nextPort: UInt16 = 40_000
  private let knobs: Knobs
  private var random: RandomSource
  var isCalm = false
  var tally = Tally()

  init(knobs: Knobs, random: RandomSource) {
    self.knobs = knobs
    self.random = random
  }

  mutating func takeOutbox() -> [(at: Instant, id: UInt32, end: End, task: Task)] {
    defer { outbox.removeAll(keepingCapacity: true) }
    return outbox
  }
  subscript(id: UInt32) -> Connection? { connections.first { $0.id == id } }
  func isOpen(_ id: UInt32, at end: End) -> Bool { self[id].map { end == .exchange ? $0.isOpenHere : $0.isOpenThere } ?? false }
  /// Connections that have both ends, for accidents; in the order of their opening.
  var whole: [UInt32] { connections.filter { $0.isOpenHere && $0.isOpenThere }.map(\.id) }
  func open(of party: Party) -> [UInt32] { connections.filter { $0.party == party && $0.isOpenThere }.map(\.id) }
  func open(at place: Place) -> [UInt32] { connections.filter { $0.place == place && $0.isOpenHere }.map(\.id) }

  /// Whether messages for any connection to its far address take this one.
  func isLast(_ id: UInt32) -> Bool {
    guard let own = self[id] else { return false }
    return connections.last { $0.isOpenHere && $0.place == own.place && $0.far == own.far }?.id == id
  }

  // MARK: Opening

  /// The connection that a message of the exchange takes: the flow's own, else any to the far address, else a new one, which may turn out to lead nowhere.
  mutating func connection(of exchange: Flow, _ place: Place, _ party: Party, isListening: Bool, at now: Instant) -> UInt32 {
    if let own = self[exchange.connection], own.isOpenHere, own.place == place { return own.id }
    if let known = connections.last(where: { $0.isOpenHere && $0.place == place && $0.far == exchange.remote }) { return known.id }
    var new = make(party, place, exchange.remote, isOurs: true, at: now)
    if !isListening || (!isCalm && random.chance(knobs.refusedConnections)) {
      tally.refused += 1
      new.isOpenThere = false
      // Refused at once, or no answer at all.
      outbox.append((now + random.milliseconds(1, random.chance(70) ? 300 : 20_000), new.id, .exchange, .end))
    }
    connections.append(new)
    return new.id
  }

  /// The connection of a party from one of its addresses.
  mutating func connection(of party: Party, _ own: UInt32, from ip: IPAddress, to place: Place, isListening: Bool, at now: Instant) -> UInt32 {
    if let known = self[own], known.isOpenThere, known.place == place { return own }
    if let known = connections.last(where: { $0.isOpenThere && $0.place == place && $0.party == party && $0.far.ip == ip }) {
      // Now and then a further one beside it.
      if isCalm || !random.chance(5) { return known.id }
    }
    nextPort &+= 1
    var new = make(party, place, TransportAddress(ip, nextPort), isOurs: false, at: now)
    if !isListening {
      new.isOpenHere = false
      outbox.append((now + random.milliseconds(1, 2_000), new.id, .party, .end))
    }
    connections.append(new)
    return new.id
  }

  private mutating func make(_ party: Party, _ place: Place, _ far: TransportAddress, isOurs: Bool, at now: Instant) -> Connection {
    lastID += 1
    tally.opened += 1
    var new = Connection(id: lastID, party: party, place: place, far: far, isOurs: isOurs)
    // The handshake comes first.
    let delay = knobs.towardsExchange[party.rawValue].delayMilliseconds + knobs.fromExchange[party.rawValue].delayMilliseconds
    new.towards.lastArrival = now + .milliseconds(delay)
    new.from.lastArrival = new.towards.lastArrival
    return new
  }

  // MARK: Bytes

  mutating func write(_ bytes: [UInt8], on id: UInt32, by end: End, at now: Instant) {
    guard let index = connections.firstIndex(where: { $0.id == id }) else { return }
    let isTowards = end == .party
    var way = isTowards ? connections[index].towards : connections[index].from
    if !way.held.isEmpty { tally.glued += 1 }
    way.held += bytes
    if !isCalm, random.chance(knobs.gluePercent) {
      // The next message goes along, cut or uncut.
      outbox.append((now + random.milliseconds(1, 60), id, end, .flush))
    } else {
      send(&way, connections[index], isTowards: isTowards, by: end, at: now)
    }
    if isTowards { connections[index].towards = way } else { connections[index].from = way }
  }

  mutating func flush(_ id: UInt32, by end: End, at now: Instant) {
    guard let index = connections.firstIndex(where: { $0.id == id }) else { return }
    let isTowards = end == .party
    var way = isTowards ? connections[index].towards : connections[index].from
    send(&way, connections[index], isTowards: isTowards, by: end, at: now)
    if isTowards { connections[index].towards = way } else { connections[index].from = way }
  }

  private mutating func send(_ way: inout Way, _ connection: Connection, isTowards: Bool, by end: End, at now: Instant) {
    var rest = way.held[...]
    way.held = []
    guard way.cutAt == nil else { return }
    let line = isTowards ? knobs.towardsExchange[connection.party.rawValue] : knobs.fromExchange[connection.party.rawValue]
    while !rest.isEmpty {
      let piece = Array(rest.prefix(pieceLength(rest.count)))
      rest = rest.dropFirst(piece.count)
      way.lastArrival = max(way.lastArrival, arrival(line, connection.party, isTowards, now))
      tally.segments += 1
      outbox.append((way.lastArrival, connection.id, end == .party ? .exchange : .party, .segment(piece)))
      if !rest.isEmpty, !isCalm, random.chance(knobs.breakPercent) { outbox.append((way.lastArrival, connection.id, end, .cut)) }
    }
  }

  private mutating func pieceLength(_ left: Int) -> Int {
    guard !isCalm, random.chance(knobs.cutPercent) else { return left }
    switch random.below(4) {
    case 0: return 1
    case 1: return random.between(1, 8)
    default: return random.between(1, left)
    }
  }

  /// A lost segment is sent again after a while that doubles; in an outage nothing moves.
  private mutating func arrival(_ line: Knobs.Line, _ party: Party, _ isTowards: Bool, _ now: Instant) -> Instant {
    var at = now + .milliseconds(line.delayMilliseconds)
    guard !isCalm else { return at }
    at = at + random.milliseconds(0, line.jitterMilliseconds)
    var again = 200
    while random.chance(line.lossPercent), again < 5_000 {
      at = at + .milliseconds(again)
      again *= 2
    }
    for outage in knobs.outages where outage.party == party && outage.from <= now && now < outage.until {
      if isTowards ? outage.towardsExchange : outage.fromExchange { at = max(at, outage.until + random.milliseconds(0, 2_000)) }
    }
    return at
  }

  /// The messages that a segment completes at `end`, one at a time: after each the connection may be gone.
  mutating func receive(_ bytes: [UInt8], on id: UInt32, at end: End, now: Instant) -> Bool {
    guard let index = connections.firstIndex(where: { $0.id == id }), isOpen(id, at: end) else { return false }
    let cutAt = end == .exchange ? connections[index].towards.cutAt : connections[index].from.cutAt
    if let cutAt, now >= cutAt { return false }
    if end == .exchange { connections[index].towards.framer.receive(bytes) } else { connections[index].from.framer.receive(bytes) }
    return true
  }
  mutating func next(on id: UInt32, at end: End) -> StreamFramer.Output? {
    guard let index = connections.firstIndex(where: { $0.id == id }), isOpen(id, at: end) else { return nil }
    let output = end == .exchange ? connections[index].towards.framer.next() : connections[index].from.framer.next()
    if case .broken = output { tally.broken += 1 }
    return output
  }

  // MARK: Ending

  /// One end closes, or has learnt of the end; the other learns of it when what was written has arrived.
  mutating func close(_ id: UInt32, at end: End, now: Instant) {
    guard let index = connections.firstIndex(where: { $0.id == id }) else { return }
    if end == .exchange {
      connections[index].isOpenHere = false
      if connections[index].isOpenThere { outbox.append((max(now + .milliseconds(1), connections[index].from.lastArrival), id, .party, .end)) }
    } else {
      connections[index].isOpenThere = false
      if connections[index].isOpenHere { outbox.append((max(now + .milliseconds(1), connections[index].towards.lastArrival), id, .exchange, .end)) }
    }
    forget()
  }

  /// Something between the ends drops it: no byte arrives from now on. Each end learns of it when it does.
  mutating func cut(_ id: UInt32, within seconds: Int, at now: Instant) {
    guard let index = connections.firstIndex(where: { $0.id == id }) else { return }
    tally.cut += 1
    if connections[index].towards.framer.heldBytes > 0 || connections[index].from.framer.heldBytes > 0 { tally.cutInside += 1 }
    connections[index].towards.cutAt = now
    connections[index].from.cutAt = now
    outbox.append((now + random.milliseconds(0, seconds * 1000), id, .exchange, .end))
    outbox.append((now + random.milliseconds(0, seconds * 1000), id, .party, .end))
  }

  private mutating func forget() { connections.removeAll { !$0.isOpenHere && !$0.isOpenThere } }
}
