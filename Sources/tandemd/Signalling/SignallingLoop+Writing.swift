import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import Timing

// What goes out over connections, and those that are opened for it.
extension SignallingLoop {
  /// Over the flow's own connection, else any to its far address, else a new one.
  func transmit(_ bytes: [UInt8], on flow: Flow, of endpoint: SignallingEndpoint) {
    let own = flow.connection == 0 ? nil : streams[flow.connection].flatMap { $0.endpoint === endpoint && $0.thrownAway == nil ? $0 : nil }
    if let connection = own ?? streams.connection(to: flow.remote, of: endpoint) {
      write(bytes, to: connection)
      return
    }
    guard makeRoom(), let connection = connect(to: flow.remote, from: endpoint) else {
      streams.failed &+= 1
      fail(flow)
      return
    }
    write(bytes, to: connection)
  }

  func connect(to remote: TransportAddress, from endpoint: SignallingEndpoint) -> SignallingConnection? {
    guard remote.ip.family == endpoint.listener.address.ip.family else { return nil }
    do throws(SystemCallError) {
      let stream = try StreamConnection(
        connecting: remote, from: endpoint.listener.address.ip, id: streams.newID(), dscp: endpoint.listener.dscp, at: now)
      let connection = SignallingConnection(stream, of: endpoint, isOurs: true, at: now)
      return enter(connection) ? connection : nil
    } catch {
      return nil
    }
  }

  func write(_ bytes: [UInt8], to connection: SignallingConnection) {
    do throws(SystemCallError) {
      try connection.stream.write(bytes)
      connection.stream.lastActivity = now
      watchWrites(of: connection)
    } catch {
      fail(connection)
    }
  }

  func watchWrites(of connection: SignallingConnection) {
    guard connection.stream.wantsWrite != connection.isWatchingWrites else { return }
    connection.isWatchingWrites.toggle()
    try? poll.change(
      connection.stream.descriptor, key: PollKey.connection(connection.stream.id).rawValue, readable: true, writable: connection.isWatchingWrites)
  }
}
