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

  init(_ stream: StreamConnection, of endpoint: SignallingEndpoint, isOurs: Bool, at now: Instant) {
    self.stream = stream
    self.endpoint = endpoint
    self.isOurs = isOurs
    began = now
    isWatchingWrites = stream.wantsWrite
  }

  var transport: Transport { endpoint.listener.transport }
  /// Whether messages can go over it.
  var isOpen: Bool { !stream.isConnecting && !isHandshaking && thrownAway == nil }
  var isHandshaking: Bool { transport == .tls && session?.phase != .established && thrownAway == nil }
  /// For log and records: `peer acme` where that is known, else the address.
  var who: String {
    if let peer = peer ?? (candidates.count == 1 ? candidates[0].peer : nil) { return "peer \(peer)" }
    return candidates.isEmpty ? "\(stream.remote)" : "peer \(candidates.map(\.peer).joined(separator: " or "))"
  }
}
