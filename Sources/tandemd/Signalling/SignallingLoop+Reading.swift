import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import TLS
import Timing

// What connections bring.
extension SignallingLoop {
  func serve(connection id: UInt32, _ event: EventPoll.Ready) {
    // It may have been dropped in this very turn.
    guard let connection = streams[id] else { return }
    let wasConnecting = connection.stream.isConnecting
    do throws(SystemCallError) {
      if wasConnecting, event.writable || event.failed { try connection.stream.finishConnecting() }
      if event.writable { try connection.stream.flush() }
    } catch {
      fail(connection, because: "\(error)")
      return
    }
    watchWrites(of: connection)
    if connection.isHandshaking, !connection.stream.isConnecting {
      // The poll reports it again in the next turn.
      guard streams.handshakeStepsLeft > 0 else { return }
      streams.handshakeStepsLeft -= 1
      if wasConnecting, let session = connection.session { advance(connection, session) }
      guard streams[id] === connection else { return }
    }
    if (event.readable && !connection.isHeldBack) || event.failed { read(connection) }
  }

  func read(_ connection: SignallingConnection) {
    switch connection.stream.read(into: &streams.buffer) {
    case .nothing: return
    case .ended: ended(connection)
    case .bytes(let count):
      connection.stream.lastActivity = now
      connection.heardAt = now
      connection.pingedAt = nil
      if let session = connection.session { return decrypt(count, session, of: connection) }
      take(streams.buffer[..<count], from: connection)
    }
  }

  private func ended(_ connection: SignallingConnection) {
    if connection.isHandshaking, !connection.stream.isConnecting { failHandshake(connection, .closed) } else { fail(connection) }
  }

  private func decrypt(_ count: Int, _ session: TLSSession, of connection: SignallingConnection) {
    session.receive(streams.buffer[..<count])
    if session.phase == .handshaking { advance(connection, session) }
    while streams[connection.stream.id] === connection {
      switch session.read(into: &streams.text) {
      case .nothing: return push(session, to: connection)
      case .ended: return fail(connection)
      case .failed(let failure):
        push(session, to: connection)
        if streams[connection.stream.id] === connection { failHandshake(connection, failure) }
        return
      case .bytes(let count): take(streams.text[..<count], from: connection)
      }
    }
  }

  private func take(_ bytes: ArraySlice<UInt8>, from connection: SignallingConnection) {
    if let before = connection.thrownAway {
      connection.thrownAway = before + bytes.count
      if before + bytes.count > SignallingStreams.unreadBytes { drop(connection) }
      return
    }
    connection.framer.receive(bytes)
    takeMessages(of: connection)
  }

  func takeMessages(of connection: SignallingConnection) {
    // A message may end in the connection being dropped: then the rest is nobody's.
    while streams[connection.stream.id] === connection, let output = connection.framer.next() {
      switch output {
      case .message(let bytes):
        learnAlias(of: connection, from: bytes)
        connection.hasCarriedMessage = true
        connection.lastMessage = now
        receive(bytes, on: flow(of: connection))
      case .ping:
        // RFC 5626 3.5.1: a double CRLF is answered with a single one.
        connection.hasCarriedMessage = true
        write([13, 10], to: connection)
      case .pong: connection.answersPings = true
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
    if let session = connection.session {
      session.finish()
      push(session, to: connection)
      guard streams[connection.stream.id] === connection else { return }
    }
    do throws(SystemCallError) { try connection.stream.finish() } catch { return fail(connection) }
    connection.thrownAway = 0
    connection.leftAt = now
    release(connection)
    streams.retire(connection)
  }

  func flow(of connection: SignallingConnection) -> Flow {
    Flow(
      listener: connection.endpoint.index, transport: connection.transport, remote: connection.stream.remote,
      connection: connection.stream.id)
  }
}
