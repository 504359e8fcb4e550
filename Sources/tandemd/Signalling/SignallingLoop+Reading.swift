import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import Timing

// What connections bring.
extension SignallingLoop {
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

  func read(_ connection: SignallingConnection) {
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

  func takeMessages(of connection: SignallingConnection) {
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
  func refuse(_ connection: SignallingConnection, because why: StaticString) {
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

  func flow(of connection: SignallingConnection) -> Flow {
    Flow(
      listener: connection.endpoint.index, transport: connection.endpoint.listener.transport, remote: connection.stream.remote,
      connection: connection.stream.id)
  }
}
