import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import TLS
import Timing

// What goes out over connections, and those that are opened for it.
extension SignallingLoop {
  /// Over the flow's own connection, else any to its far address, else a new one.
  func transmit(_ bytes: [UInt8], on flow: Flow, of endpoint: SignallingEndpoint) {
    let own = flow.connection == 0 ? nil : streams[flow.connection].flatMap { $0.endpoint === endpoint && $0.thrownAway == nil ? $0 : nil }
    if let connection = own ?? streams.connection(to: flow.remote, of: endpoint) ?? reusable(to: flow.remote, of: endpoint) {
      connection.lastMessage = now
      write(bytes, to: connection)
      return
    }
    guard makeRoom() else {
      streams.failed &+= 1
      return fail(flow, because: "\(SignallingStreams.connections) connections are open, which is all there may be")
    }
    switch connect(to: flow.remote, from: endpoint) {
    case .success(let connection): write(bytes, to: connection)
    case .failure(let why):
      streams.failed &+= 1
      fail(flow, because: why.text)
    }
  }

  struct NoConnection: Error { var text: String }

  func connect(to remote: TransportAddress, from endpoint: SignallingEndpoint) -> Result<SignallingConnection, NoConnection> {
    guard remote.ip.family == endpoint.listener.address.ip.family else {
      return .failure(NoConnection(text: "\(remote) can not be reached from listener \(endpoint.listener.name), which has \(endpoint.listener.address)"))
    }
    do throws(SystemCallError) {
      let stream = try StreamConnection(
        connecting: remote, from: endpoint.listener.address.ip, id: streams.newID(), dscp: endpoint.listener.dscp, at: now)
      let connection = SignallingConnection(stream, of: endpoint, isOurs: true, at: now)
      if connection.transport == .tls, let why = begin(connection) { return .failure(NoConnection(text: why)) }
      return enter(connection) ? .success(connection) : .failure(NoConnection(text: "no descriptor could be watched"))
    } catch {
      return .failure(NoConnection(text: "\(error)"))
    }
  }

  func write(_ bytes: [UInt8], to connection: SignallingConnection) {
    guard connection.transport == .tls else { return put(bytes, on: connection) }
    guard !connection.isHandshaking, let session = connection.session else {
      connection.waitingBytes += bytes.count
      guard connection.waitingBytes <= StreamConnection.outboxBytes else { return fail(connection, because: "too much waits for the TLS handshake") }
      return connection.waiting.append(bytes)
    }
    session.write(bytes)
    put(session.takeOutput(), on: connection)
  }

  private func put(_ bytes: [UInt8], on connection: SignallingConnection) {
    do throws(SystemCallError) {
      try connection.stream.write(bytes)
      connection.stream.lastActivity = now
      watchWrites(of: connection)
    } catch {
      fail(connection, because: "\(error)")
    }
  }

  /// What the poll reports follows from what waits. A far side that lets its answers lie gets no further requests read (and after `StreamConnection.outboxBytes` it is cut off).
  func watchWrites(of connection: SignallingConnection) {
    let waiting = connection.stream.waitingBytes
    let isHeldBack = waiting > (connection.isHeldBack ? SignallingStreams.letGoBytes : SignallingStreams.heldBackBytes)
    guard connection.stream.wantsWrite != connection.isWatchingWrites || isHeldBack != connection.isHeldBack else { return }
    if isHeldBack, !connection.isHeldBack { streams.heldBack &+= 1 }
    connection.isHeldBack = isHeldBack
    connection.isWatchingWrites = connection.stream.wantsWrite
    try? poll.change(
      connection.stream.descriptor, key: PollKey.connection(connection.stream.id).rawValue, readable: !isHeldBack, writable: connection.isWatchingWrites)
  }
}
