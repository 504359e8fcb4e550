import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import Timing

// How connections end.
extension SignallingLoop {
  func fail(_ connection: SignallingConnection) {
    if connection.stream.isConnecting { streams.failed &+= 1 }
    drop(connection)
  }

  /// Closes it; what waits for an answer over it has failed (RFC 3261 18.4).
  func drop(_ connection: SignallingConnection) {
    if connection.thrownAway == nil { release(connection) }
    forget(connection)
  }

  /// Nothing goes over it any more: whatever waits for an answer has failed.
  func release(_ connection: SignallingConnection) {
    let wasToRemote = streams.connection(to: connection.stream.remote, of: connection.endpoint) === connection
    var flow = flow(of: connection)
    fail(flow)
    guard wasToRemote else { return }
    // Messages that asked for any connection to that address went over this one.
    flow.connection = 0
    fail(flow)
  }

  func forget(_ connection: SignallingConnection) {
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
