import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import Timing

/// The TCP connections of one signalling shard: a table by id and by far address, and what is counted about them.
///
/// Connections stay open as long as both sides like (RFC 3261 18 asks to keep them): `idleLimit` is as long as the longest call, and keep-alives of the kernel find the dead ones
/// within two minutes. Bounds: `connections` in all, `perSource` from one address; at the bound the accepted connection that has been quiet longest gives way.
struct SignallingStreams {
  /// Each costs two kernel buffers, up to 1 MiB of ours, and a descriptor.
  static let connections = 4_096
  /// A PBX opens one; a cluster behind one address a few dozen.
  static let perSource = 128
  static let idleLimit = Gap.seconds(43_200)
  /// An accepted connection has to carry a message, one that we make has to stand, within 64*T1.
  static let firstMessageLimit = Gap.seconds(32)
  /// How long the far side may take to close after its stream was refused.
  static let farewellLimit = Gap.seconds(4)
  /// Bytes that a far side may still send while its answer to a stream that can not be read on is on the way; then it is cut off.
  static let unreadBytes = 1 << 20

  final class Connection {
    let stream: StreamConnection
    let endpoint: SignallingEndpoint
    let isOurs: Bool
    let began: Instant
    var framer = StreamFramer()
    var hasCarriedMessage = false
    /// It said what can not be read on and was answered: what it still sends is read and thrown away, so many bytes by now. `nil`: it serves.
    var thrownAway: Int?
    var leftAt = Instant(nanoseconds: 0)
    var isWatchingWrites: Bool

    init(_ stream: StreamConnection, of endpoint: SignallingEndpoint, isOurs: Bool, at now: Instant) {
      self.stream = stream
      self.endpoint = endpoint
      self.isOurs = isOurs
      began = now
      isWatchingWrites = stream.wantsWrite
    }
  }
  private struct Far: Hashable {
    var endpoint: UInt32
    var remote: TransportAddress
  }

  private var byID: [UInt32: Connection] = [:]
  private var byRemote: [Far: UInt32] = [:]
  private var lastID: UInt32 = 0
  var buffer = [UInt8](repeating: 0, count: 65_536)

  private(set) var accepted: UInt64 = 0
  private(set) var made: UInt64 = 0
  var strangers: UInt64 = 0
  var turnedAway: UInt64 = 0
  var failed: UInt64 = 0
  var broken: UInt64 = 0

  var counters: [(name: String, value: UInt64)] {
    [
      ("tcp.open", UInt64(byID.count)), ("tcp.accepted", accepted), ("tcp.made", made), ("tcp.strangers", strangers),
      ("tcp.turned-away", turnedAway), ("tcp.failed", failed), ("tcp.broken", broken),
    ]
  }

  var count: Int { byID.count }
  subscript(id: UInt32) -> Connection? { byID[id] }
  func connection(to remote: TransportAddress, of endpoint: SignallingEndpoint) -> Connection? {
    byRemote[Far(endpoint: endpoint.number, remote: remote)].flatMap { byID[$0] }
  }
  /// All, by id.
  var all: [Connection] { byID.values.sorted { $0.stream.id < $1.stream.id } }
  func count(from ip: IPAddress) -> Int { byID.values.count { $0.stream.remote.ip == ip } }
  /// The accepted connection that has been quiet longest; among equals the oldest.
  var quietest: Connection? {
    byID.values.filter { !$0.isOurs }.min { ($0.stream.lastActivity, $0.stream.id) < ($1.stream.lastActivity, $1.stream.id) }
  }

  /// An id that no connection has; never 0.
  mutating func newID() -> UInt32 {
    repeat { lastID &+= 1 } while lastID == 0 || byID[lastID] != nil
    return lastID
  }

  mutating func enter(_ connection: Connection) {
    byID[connection.stream.id] = connection
    byRemote[Far(endpoint: connection.endpoint.number, remote: connection.stream.remote)] = connection.stream.id
    if connection.isOurs { made &+= 1 } else { accepted &+= 1 }
  }
  mutating func remove(_ connection: Connection) {
    byID[connection.stream.id] = nil
    retire(connection)
  }
  /// No longer found by its far address.
  mutating func retire(_ connection: Connection) {
    let far = Far(endpoint: connection.endpoint.number, remote: connection.stream.remote)
    if byRemote[far] == connection.stream.id { byRemote[far] = nil }
  }
}

extension SignallingLoop {
  // MARK: Accepting

  func accept(from listener: StreamListener, of endpoint: SignallingEndpoint, limit: Int) {
    for _ in 0..<limit {
      switch listener.accept() {
      case .none: return
      case .refused: streams.turnedAway &+= 1
      case .connection(let descriptor, let remote): accept(descriptor, remote, of: endpoint)
      }
    }
  }

  private func accept(_ descriptor: Descriptor, _ remote: TransportAddress, of endpoint: SignallingEndpoint) {
    // Decided: a source that no peer covers gets silence; a stream is closed without a word.
    guard gate.judge(source: remote, listener: Int(endpoint.index)) != .stranger else {
      streams.strangers &+= 1
      return
    }
    guard streams.count(from: remote.ip) < SignallingStreams.perSource, makeRoom() else {
      streams.turnedAway &+= 1
      return
    }
    let stream = StreamConnection(accepted: descriptor, id: streams.newID(), remote: remote, dscp: endpoint.listener.dscp, at: now)
    enter(SignallingStreams.Connection(stream, of: endpoint, isOurs: false, at: now))
  }

  private func makeRoom() -> Bool {
    guard streams.count >= SignallingStreams.connections else { return true }
    guard let quietest = streams.quietest else { return false }
    streams.turnedAway &+= 1
    drop(quietest)
    return true
  }

  @discardableResult
  private func enter(_ connection: SignallingStreams.Connection) -> Bool {
    do throws(SystemCallError) {
      try poll.add(
        connection.stream.descriptor, key: PollKey.connection(connection.stream.id).rawValue, writable: connection.isWatchingWrites)
      streams.enter(connection)
      return true
    } catch {
      streams.turnedAway &+= 1
      return false
    }
  }

  // MARK: Reading

  func serve(connection id: UInt32, _ event: EventPoll.Ready) {
    // It may have been dropped in this very turn.
    guard let connection = streams[id] else { return }
    do throws(SystemCallError) {
      if connection.stream.isConnecting, event.writable || event.failed { try connection.stream.finishConnecting() }
      if event.writable { try connection.stream.flush() }
    } catch {
      fail(connection)
      return
    }
    watchWrites(of: connection)
    if event.readable || event.failed { read(connection) }
  }

  private func read(_ connection: SignallingStreams.Connection) {
    switch connection.stream.read(into: &streams.buffer) {
    case .nothing: return
    case .ended: fail(connection)
    case .bytes(let count):
      connection.stream.lastActivity = now
      if let before = connection.thrownAway {
        connection.thrownAway = before + count
        if before + count > SignallingStreams.unreadBytes { drop(connection) }
        return
      }
      connection.framer.receive(streams.buffer[..<count])
      takeMessages(of: connection)
    }
  }

  private func takeMessages(of connection: SignallingStreams.Connection) {
    // A message may end in the connection being dropped: then the rest is nobody's.
    while streams[connection.stream.id] === connection, let output = connection.framer.next() {
      switch output {
      case .message(let bytes):
        connection.hasCarriedMessage = true
        receive(bytes, on: flow(of: connection))
      case .ping:
        // RFC 5626 3.5.1: a double CRLF is answered with a single one.
        connection.hasCarriedMessage = true
        write([13, 10], to: connection)
      case .broken(let reason):
        streams.broken &+= 1
        refuse(connection, because: reason)
      }
    }
  }

  /// The stream can not be read on: a request whose head could be read is answered, and the connection closed behind the answer (RFC 3261 18.3).
  private func refuse(_ connection: SignallingStreams.Connection, because why: StaticString) {
    let status = connection.framer.brokenStatus
    guard let head = connection.framer.brokenHead, exchange.refuseBroken(head, status: status, because: why, on: flow(of: connection), at: now) else {
      return fail(connection)
    }
    carryOutActions()
    // The answer may have found it broken.
    guard streams[connection.stream.id] === connection else { return }
    do throws(SystemCallError) { try connection.stream.finish() } catch { return fail(connection) }
    connection.thrownAway = 0
    connection.leftAt = now
    release(connection)
    streams.retire(connection)
  }

  private func flow(of connection: SignallingStreams.Connection) -> Flow {
    Flow(
      listener: connection.endpoint.index, transport: connection.endpoint.listener.transport, remote: connection.stream.remote,
      connection: connection.stream.id)
  }

  // MARK: Writing

  /// Over the flow's own connection, else any to its far address, else a new one.
  func transmit(_ bytes: [UInt8], on flow: Flow, of endpoint: SignallingEndpoint) {
    let own = flow.connection == 0 ? nil : streams[flow.connection].flatMap { $0.endpoint === endpoint && $0.thrownAway == nil ? $0 : nil }
    if let connection = own ?? streams.connection(to: flow.remote, of: endpoint) {
      write(bytes, to: connection)
      return
    }
    guard makeRoom(), let connection = connect(to: flow.remote, from: endpoint) else {
      streams.failed &+= 1
      fail(flow)
      return
    }
    write(bytes, to: connection)
  }

  private func connect(to remote: TransportAddress, from endpoint: SignallingEndpoint) -> SignallingStreams.Connection? {
    guard remote.ip.family == endpoint.listener.address.ip.family else { return nil }
    do throws(SystemCallError) {
      let stream = try StreamConnection(
        connecting: remote, from: endpoint.listener.address.ip, id: streams.newID(), dscp: endpoint.listener.dscp, at: now)
      let connection = SignallingStreams.Connection(stream, of: endpoint, isOurs: true, at: now)
      return enter(connection) ? connection : nil
    } catch {
      return nil
    }
  }

  private func write(_ bytes: [UInt8], to connection: SignallingStreams.Connection) {
    do throws(SystemCallError) {
      try connection.stream.write(bytes)
      connection.stream.lastActivity = now
      watchWrites(of: connection)
    } catch {
      fail(connection)
    }
  }

  private func watchWrites(of connection: SignallingStreams.Connection) {
    guard connection.stream.wantsWrite != connection.isWatchingWrites else { return }
    connection.isWatchingWrites.toggle()
    try? poll.change(
      connection.stream.descriptor, key: PollKey.connection(connection.stream.id).rawValue, readable: true, writable: connection.isWatchingWrites)
  }

  // MARK: Ending

  private func fail(_ connection: SignallingStreams.Connection) {
    if connection.stream.isConnecting { streams.failed &+= 1 }
    drop(connection)
  }

  /// Closes it; what waits for an answer over it has failed (RFC 3261 18.4).
  private func drop(_ connection: SignallingStreams.Connection) {
    if connection.thrownAway == nil { release(connection) }
    forget(connection)
  }

  /// Nothing goes over it any more: whatever waits for an answer has failed.
  private func release(_ connection: SignallingStreams.Connection) {
    let wasToRemote = streams.connection(to: connection.stream.remote, of: connection.endpoint) === connection
    var flow = flow(of: connection)
    fail(flow)
    guard wasToRemote else { return }
    // Messages that asked for any connection to that address went over this one.
    flow.connection = 0
    fail(flow)
  }

  private func forget(_ connection: SignallingStreams.Connection) {
    poll.remove(connection.stream.descriptor)
    streams.remove(connection)
  }

  /// Of a listener that is gone: the exchange has let go of its flows already.
  func dropConnections(of endpoint: SignallingEndpoint) {
    for connection in streams.all where connection.endpoint === endpoint { forget(connection) }
  }

  /// Drops connections that never said anything, never stood, or have been quiet for too long.
  func sweepStreams() {
    for connection in streams.all {
      let isWaitedFor = connection.stream.isConnecting || (!connection.isOurs && !connection.hasCarriedMessage)
      let isLate = isWaitedFor && connection.began + SignallingStreams.firstMessageLimit < now
      let hasLeft = connection.thrownAway != nil && connection.leftAt + SignallingStreams.farewellLimit < now
      guard isLate || hasLeft || connection.stream.lastActivity + SignallingStreams.idleLimit < now else { continue }
      fail(connection)
      carryOutActions()
    }
  }
}
