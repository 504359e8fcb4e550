import Addressing
import Linux
import SIP
import TLS
import Timing

/// The TCP and TLS connections of one signalling shard: a table by id and by far address, and what is counted about them.
///
/// Connections stay open as long as both sides like (RFC 3261 18 asks to keep them): `idleLimit` is as long as the longest call, and keep-alives of the kernel find the dead ones
/// within two minutes. Bounds: `connections` in all, `perSource` from one address; at the bound the accepted connection that has been quiet longest gives way.
struct SignallingStreams {
  /// Each costs two kernel buffers, up to 1 MiB of ours, and a descriptor.
  static let connections = 4_096
  /// A PBX opens one; a cluster behind one address a few dozen.
  static let perSource = 128
  static let idleLimit = Gap.seconds(43_200)
  /// A connection of ours that has carried no message for so long and that no call uses is closed: the next message opens another.
  static let unusedLimit = Gap.seconds(3_600)
  /// One that a call does use is asked about again then.
  static let inUsePause = Gap.seconds(600)
  /// How long the answer to a ping may take (RFC 5626 4.4.1).
  static let pongLimit = Gap.seconds(10)
  /// Bytes that wait for a far side to read them before nothing more is read from it, and after which it is again: its own requests make them, so this slows it down.
  static let heldBackBytes = 256 << 10
  static let letGoBytes = 64 << 10
  /// An accepted connection has to carry a message, one that we make has to stand, within 64*T1.
  static let firstMessageLimit = Gap.seconds(32)
  /// How long the far side may take to close after its stream was refused.
  static let farewellLimit = Gap.seconds(4)
  /// TLS handshakes under way at once: each is a connection that costs much and has shown nothing yet.
  static let handshakes = 256
  /// How long one may take; over a bad line it is three round trips and a few lost segments.
  static let handshakeLimit = Gap.seconds(10)
  /// Steps of handshakes in one turn: each costs up to 2 ms (an RSA signature), and everybody else waits for it.
  static let handshakeStepsPerTurn = 8
  /// Bytes that a far side may still send while its answer to a stream that can not be read on is on the way; then it is cut off.
  static let unreadBytes = 1 << 20

  private struct Far: Hashable {
    var endpoint: UInt32
    var remote: TransportAddress
  }

  private var byID: [UInt32: SignallingConnection] = [:]
  private var byRemote: [Far: UInt32] = [:]
  private var byAlias: [Far: UInt32] = [:]
  private var lastID: UInt32 = 0
  var buffer = [UInt8](repeating: 0, count: 65_536)
  /// What TLS sessions have decrypted; the most that one record holds.
  var text = [UInt8](repeating: 0, count: 16_384)

  private(set) var accepted: UInt64 = 0
  private(set) var made: UInt64 = 0
  var strangers: UInt64 = 0
  var turnedAway: UInt64 = 0
  var failed: UInt64 = 0
  var broken: UInt64 = 0
  var pings: UInt64 = 0
  var unanswered: UInt64 = 0
  var heldBack: UInt64 = 0
  var reused: UInt64 = 0
  var closedUnused: UInt64 = 0
  var handshakesDone: UInt64 = 0
  /// By `TLSFailure.kinds`.
  var handshakesFailed = [UInt64](repeating: 0, count: TLSFailure.kinds.count)
  var handshakeStepsLeft = SignallingStreams.handshakeStepsPerTurn

  var counters: [(name: String, value: UInt64)] {
    [
      ("tcp.open", UInt64(byID.count)), ("tcp.accepted", accepted), ("tcp.made", made), ("tcp.strangers", strangers),
      ("tcp.turned-away", turnedAway), ("tcp.failed", failed), ("tcp.broken", broken), ("tcp.pings", pings),
      ("tcp.pings-unanswered", unanswered), ("tcp.held-back", heldBack), ("tcp.reused", reused), ("tcp.closed-unused", closedUnused),
      ("tls.handshakes", handshakesDone),
    ] + zip(TLSFailure.kinds, handshakesFailed).map { ("tls.failed.\($0)", $1) }
  }

  var count: Int { byID.count }
  subscript(id: UInt32) -> SignallingConnection? { byID[id] }
  func connection(to remote: TransportAddress, of endpoint: SignallingEndpoint) -> SignallingConnection? {
    byRemote[Far(endpoint: endpoint.number, remote: remote)].flatMap { byID[$0] }
  }
  /// The connection whose far side asked for requests to that address to take it.
  func connection(aliased remote: TransportAddress, of endpoint: SignallingEndpoint) -> SignallingConnection? {
    byAlias[Far(endpoint: endpoint.number, remote: remote)].flatMap { byID[$0] }
  }
  /// The newest holds: an older one is as a rule a connection that the far side has lost.
  mutating func alias(_ connection: SignallingConnection, as remote: TransportAddress) {
    connection.alias = remote
    byAlias[Far(endpoint: connection.endpoint.number, remote: remote)] = connection.stream.id
  }
  /// All, by id.
  var all: [SignallingConnection] { byID.values.sorted { $0.stream.id < $1.stream.id } }
  var handshaking: Int { byID.values.count { $0.isHandshaking } }
  func count(from ip: IPAddress) -> Int { byID.values.count { $0.stream.remote.ip == ip } }
  /// The accepted connection that has been quiet longest; among equals the oldest.
  var quietest: SignallingConnection? {
    byID.values.filter { !$0.isOurs }.min { ($0.stream.lastActivity, $0.stream.id) < ($1.stream.lastActivity, $1.stream.id) }
  }

  /// An id that no connection has; never 0.
  mutating func newID() -> UInt32 {
    repeat { lastID &+= 1 } while lastID == 0 || byID[lastID] != nil
    return lastID
  }

  mutating func enter(_ connection: SignallingConnection) {
    byID[connection.stream.id] = connection
    byRemote[Far(endpoint: connection.endpoint.number, remote: connection.stream.remote)] = connection.stream.id
    if connection.isOurs { made &+= 1 } else { accepted &+= 1 }
  }
  mutating func remove(_ connection: SignallingConnection) {
    byID[connection.stream.id] = nil
    retire(connection)
  }
  /// No longer found by its far address.
  mutating func retire(_ connection: SignallingConnection) {
    let far = Far(endpoint: connection.endpoint.number, remote: connection.stream.remote)
    if byRemote[far] == connection.stream.id { byRemote[far] = nil }
    guard let alias = connection.alias else { return }
    let other = Far(endpoint: connection.endpoint.number, remote: alias)
    if byAlias[other] == connection.stream.id { byAlias[other] = nil }
  }
}
