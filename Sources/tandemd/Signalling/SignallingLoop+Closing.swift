import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import TLS
import Timing

// How connections end.
extension SignallingLoop {
  /// `why`: for log and records, when it is more than that the connection is gone.
  func fail(_ connection: SignallingConnection, because why: String? = nil) {
    if connection.stream.isConnecting || connection.isHandshaking { streams.failed &+= 1 }
    drop(connection, because: why)
  }

  /// Closes it; what waits for an answer over it has failed (RFC 3261 18.4).
  func drop(_ connection: SignallingConnection, because why: String? = nil) {
    if connection.thrownAway == nil { release(connection, because: why) }
    forget(connection)
  }

  /// Nothing goes over it any more: whatever waits for an answer has failed.
  func release(_ connection: SignallingConnection, because why: String? = nil) {
    let wasToRemote = streams.connection(to: connection.stream.remote, of: connection.endpoint) === connection
    var flow = flow(of: connection)
    fail(flow, because: why)
    guard wasToRemote else { return }
    // Messages that asked for any connection to that address went over this one.
    flow.connection = 0
    fail(flow, because: why)
  }

  func forget(_ connection: SignallingConnection) {
    poll.remove(connection.stream.descriptor)
    exchange.closed(connection: connection.stream.id)
    streams.remove(connection)
  }

  /// Of a listener that is gone: the exchange has let go of its flows already.
  func dropConnections(of endpoint: SignallingEndpoint) {
    for connection in streams.all where connection.endpoint === endpoint { forget(connection) }
  }

  /// Drops connections that never said anything, never stood, or have been quiet for too long.
  func sweepStreams() {
    for connection in streams.all {
      if connection.isHandshaking, !connection.stream.isConnecting, connection.began + SignallingStreams.handshakeLimit < now {
        failHandshake(connection, .tooSlow)
        carryOutActions()
        continue
      }
      let isWaitedFor = connection.stream.isConnecting || (!connection.isOurs && !connection.hasCarriedMessage)
      let isLate = isWaitedFor && connection.began + SignallingStreams.firstMessageLimit < now
      let hasLeft = connection.thrownAway != nil && connection.leftAt + SignallingStreams.farewellLimit < now
      guard isLate || hasLeft || connection.stream.lastActivity + SignallingStreams.idleLimit < now else { continue }
      fail(connection)
      carryOutActions()
    }
  }
}
