import Addressing
import Linux
import SIP
import Timing

/// One connection that carries SIP: its socket, the endpoint it belongs to, and what has come over it so far. Belongs to the signalling thread.
final class SignallingConnection {
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
