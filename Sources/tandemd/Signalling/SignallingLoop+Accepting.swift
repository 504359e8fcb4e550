import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import Timing

// Connections that others open, and how many there may be.
extension SignallingLoop {
  func accept(from listener: StreamListener, of endpoint: SignallingEndpoint, limit: Int) {
    for _ in 0..<limit {
      switch listener.accept() {
      case .none: return
      case .refused: streams.turnedAway &+= 1
      case .connection(let descriptor, let remote): accept(descriptor, remote, of: endpoint)
      }
    }
  }

  func accept(_ descriptor: Descriptor, _ remote: TransportAddress, of endpoint: SignallingEndpoint) {
    // Decided: a source that no peer covers gets silence; a stream is closed without a word.
    guard gate.judge(source: remote, listener: Int(endpoint.index)) != .stranger else {
      streams.strangers &+= 1
      return
    }
    guard streams.count(from: remote.ip) < SignallingStreams.perSource, makeRoom() else {
      streams.turnedAway &+= 1
      return
    }
    if endpoint.listener.transport == .tls, streams.handshaking >= SignallingStreams.handshakes {
      streams.turnedAway &+= 1
      return
    }
    let stream = StreamConnection(accepted: descriptor, id: streams.newID(), remote: remote, dscp: endpoint.listener.dscp, at: now)
    let connection = SignallingConnection(stream, of: endpoint, isOurs: false, at: now)
    if endpoint.listener.transport == .tls, let why = begin(connection) {
      return say(.error, "listener \(endpoint.listener.name): TLS from \(remote): \(why)")
    }
    enter(connection)
  }

  func makeRoom() -> Bool {
    guard streams.count >= SignallingStreams.connections else { return true }
    guard let quietest = streams.quietest else { return false }
    streams.turnedAway &+= 1
    drop(quietest)
    return true
  }

  @discardableResult
  func enter(_ connection: SignallingConnection) -> Bool {
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
}
