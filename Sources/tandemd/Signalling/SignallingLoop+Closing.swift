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
    let alias = connection.alias.flatMap { streams.connection(aliased: $0, of: connection.endpoint) === connection ? $0 : nil }
    let wasToRemote = streams.connection(to: connection.stream.remote, of: connection.endpoint) === connection
    var flow = flow(of: connection)
    fail(flow, because: why)
    // Messages that asked for any connection to that address went over this one.
    flow.connection = 0
    if wasToRemote { fail(flow, because: why) }
    guard let alias else { return }
    flow.remote = alias
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

  /// Drops connections that never said anything, never stood, or have been quiet for too long; asks those of ours that are quiet whether somebody is there.
  func sweepStreams() {
    var inUse: Set<Flow>?
    for connection in streams.all {
      if let why = lateness(of: connection) {
        switch why {
        case .handshake: failHandshake(connection, .tooSlow)
        case .pong:
          streams.unanswered &+= 1
          fail(connection, because: "\(connection.who) did not answer a keep-alive within \(SignallingStreams.pongLimit.milliseconds / 1000) s")
        case .other: fail(connection)
        }
        carryOutActions()
        continue
      }
      keepAlive(connection)
      guard connection.isOurs, connection.isOpen, connection.lastMessage + SignallingStreams.unusedLimit < now else { continue }
      if inUse == nil { inUse = exchange.flowsInUse }
      var flow = flow(of: connection)
      let isOwn = inUse?.contains(flow) ?? false
      flow.connection = 0
      guard !isOwn, inUse?.contains(flow) != true else {
        // Asked again in a while: the answer is a look at every call.
        connection.lastMessage = connection.lastMessage + SignallingStreams.inUsePause
        continue
      }
      streams.closedUnused &+= 1
      fail(connection)
      carryOutActions()
    }
  }

  private enum Lateness { case handshake, pong, other }

  private func lateness(of connection: SignallingConnection) -> Lateness? {
    if connection.isHandshaking, !connection.stream.isConnecting, connection.began + SignallingStreams.handshakeLimit < now { return .handshake }
    if let pingedAt = connection.pingedAt, pingedAt + SignallingStreams.pongLimit < now {
      // Who never answers them does not know them: RFC 6223 would ask first.
      if connection.answersPings { return .pong }
      connection.pingedAt = nil
    }
    let isWaitedFor = connection.stream.isConnecting || (!connection.isOurs && !connection.hasCarriedMessage)
    let isLate = isWaitedFor && connection.began + SignallingStreams.firstMessageLimit < now
    let hasLeft = connection.thrownAway != nil && connection.leftAt + SignallingStreams.farewellLimit < now
    return isLate || hasLeft || connection.stream.lastActivity + SignallingStreams.idleLimit < now ? .other : nil
  }

  /// RFC 5626 4.4.1: a double CRLF when nothing has come for as long as the listener says, up to a fifth sooner so that they do not go out all at once.
  private func keepAlive(_ connection: SignallingConnection) {
    let seconds = connection.endpoint.listener.keepAliveInterval
    guard connection.isOurs, connection.isOpen, connection.pingedAt == nil, seconds > 0 else { return }
    let pause = Gap.milliseconds(seconds * 10 * (100 - Int(connection.stream.id % 20)))
    guard connection.heardAt + pause < now, connection.lastPing + pause < now else { return }
    connection.pingedAt = now
    connection.lastPing = now
    connection.framer.expectPong()
    streams.pings &+= 1
    write([13, 10, 13, 10], to: connection)
  }
}
