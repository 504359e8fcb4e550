import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import TLS
import Timing

// TLS on the way to a connection that carries messages. The bytes are `StreamConnection`'s, the session is `TLSSession`'s; here they are brought together.
extension SignallingLoop {
  /// The peers whose trunks fit where a connection comes from or goes to.
  func candidates(at remote: TransportAddress, of endpoint: SignallingEndpoint, isOurs: Bool) -> [SignallingConnection.Candidate] {
    let trunks = gate.trunks(of: remote.ip, listener: Int(endpoint.index)).filter { configuration.trunks.indices.contains($0) }
    // To a port: whoever is reached there. In a dialog it may be another port of the same peer's.
    let there = isOurs ? trunks.filter { configuration.peerPort(of: configuration.trunks[$0]) == remote.port } : []
    var found: [SignallingConnection.Candidate] = []
    for trunk in there.isEmpty ? trunks : there {
      let index = configuration.trunks[trunk].peer
      if !found.contains(where: { $0.index == index }) { found.append(.init(peer: configuration.peers[index].name, index: index)) }
    }
    return found
  }

  /// Gives a connection its session; the reason when there can be none.
  func begin(_ connection: SignallingConnection) -> String? {
    let listener = connection.endpoint.index
    connection.candidates = candidates(at: connection.stream.remote, of: connection.endpoint, isOurs: connection.isOurs)
    let context = connection.isOurs ? connection.candidates.first.flatMap { tls.clients[.init(listener: Int(listener), peer: $0.index)] } : tls.server(listener)
    let names = connection.candidates.enumerated().map { number, one in
      let peer = configuration.peers[one.index]
      return TLSSession.Candidate(id: number, names: peer.namesInCertificate, isStrict: peer.strictName)
    }
    // An address is no server name (RFC 6066 section 3).
    let serverName = names.first?.names.first.flatMap { IPAddress($0) == nil ? $0 : nil }
    guard let context, let session = TLSSession(context, candidates: names, serverName: serverName, now: Int64(WallClock.now())) else {
      streams.handshakesFailed[TLSFailure.withoutIdentity.kind] &+= 1
      return TLSFailure.withoutIdentity.text(connection.who) + (tls.trouble(listener).map { ": \($0)" } ?? "")
    }
    connection.session = session
    return nil
  }

  /// Goes on with the handshake; what waits for its end goes out then.
  func advance(_ connection: SignallingConnection, _ session: TLSSession) {
    let phase = session.advance()
    push(session, to: connection)
    guard streams[connection.stream.id] === connection else { return }
    switch phase {
    case .handshaking: break
    case .failed(let failure): failHandshake(connection, failure)
    case .established, .ended:
      streams.handshakesDone &+= 1
      if let number = session.identified?.first, connection.candidates.indices.contains(number) {
        connection.peer = connection.candidates[number].peer
        exchange.identified(connection: connection.stream.id, as: connection.candidates[number].peer)
      }
      let waiting = connection.waiting
      connection.waiting = []
      connection.waitingBytes = 0
      for bytes in waiting where streams[connection.stream.id] === connection { write(bytes, to: connection) }
    }
  }

  func failHandshake(_ connection: SignallingConnection, _ failure: TLSFailure) {
    streams.handshakesFailed[failure.kind] &+= 1
    let text = failure.text(connection.who)
    let from = connection.isOurs ? "to" : "from"
    say(.warning, "listener \(connection.endpoint.listener.name): TLS \(from) \(connection.stream.remote): \(text)")
    fail(connection, because: text)
  }

  /// What the session has for the wire.
  func push(_ session: TLSSession, to connection: SignallingConnection) {
    let bytes = session.takeOutput()
    guard !bytes.isEmpty else { return }
    do throws(SystemCallError) {
      try connection.stream.write(bytes)
      watchWrites(of: connection)
    } catch {
      fail(connection, because: "\(error)")
    }
  }
}
