import Addressing
import Configuration
import Linux
import SIP
import TLS
import Timing

/// One connection that carries SIP: its socket, its TLS session if it has one, the endpoint it belongs to, and what has come over it so far.
///
/// ```
///   connecting (ours) ──▶ handshaking (TLS) ──▶ open ──▶ leaving: what it said can not be read on; its answer is on the way, the rest is thrown away
/// ```
/// Belongs to the signalling thread.
final class SignallingConnection {
  /// Who may be at the other end: the peers whose trunks fit listener and address.
  struct Candidate {
    var peer: String
    var index: Int
  }
  let stream: StreamConnection
  let endpoint: SignallingEndpoint
  let isOurs: Bool
  let began: Instant
  /// `nil`: the connection is in clear, or its session is still to be made.
  var session: TLSSession?
  var candidates: [Candidate] = []
  /// Whose certificate was shown; `nil`: nobody's, or none was asked for.
  var peer: String?
  /// Messages that wait for the end of the handshake; bounded like what the socket holds.
  var waiting: [[UInt8]] = []
  var waitingBytes = 0
  var framer = StreamFramer()
  var hasCarriedMessage = false
  /// It said what can not be read on and was answered: what it still sends is read and thrown away, so many bytes by now. `nil`: it serves.
  var thrownAway: Int?
  var leftAt = Instant(nanoseconds: 0)
  var isWatchingWrites: Bool
  /// Too much waits for the far side to read it: nothing is read from it meanwhile.
  var isHeldBack = false
  /// When its last SIP message came or went, and when anything came.
  var lastMessage: Instant
  var heardAt: Instant
  /// A ping of ours that nothing has come after.
  var pingedAt: Instant?
  var lastPing: Instant
  /// Whether it has ever answered one: only then does silence say something.
  var answersPings = false
  /// Where requests to its far side may be addressed instead of opening another connection (RFC 5923).
  var alias: TransportAddress?
  let transport: Transport

  init(_ stream: StreamConnection, of endpoint: SignallingEndpoint, isOurs: Bool, at now: Instant) {
    self.stream = stream
    self.endpoint = endpoint
    self.isOurs = isOurs
    began = now
    lastMessage = now
    heardAt = now
    lastPing = now
    // A UDP listener opens connections for messages that are too large for a packet.
    transport = endpoint.listener.transport == .udp ? .tcp : endpoint.listener.transport
    isWatchingWrites = stream.wantsWrite
  }

  /// Whether messages can go over it.
  var isOpen: Bool { !stream.isConnecting && !isHandshaking && thrownAway == nil }
  var isHandshaking: Bool { transport == .tls && session?.phase != .established && thrownAway == nil }
  /// For log and records: `peer acme` where that is known, else the address.
  var who: String {
    if let peer = peer ?? (candidates.count == 1 ? candidates[0].peer : nil) { return "peer \(peer)" }
    return candidates.isEmpty ? "\(stream.remote)" : "peer \(candidates.map(\.peer).joined(separator: " or "))"
  }
}
