import Control
import Linux

/// The control socket's clients: their bytes through a `VarlinkServer` each, their calls to the service. Belongs to the control thread and lives on that thread's poll.
///
/// A client gets its next call served once it has taken the answer before; nothing more is read from it meanwhile. So a client costs at most one largest
/// call and one largest answer, and there are at most `most` of them, `most - reserved` that may only look: what comes beyond is closed at once.
final class ControlConnections {
  /// Operators, monitoring, scripts: dozens at the most.
  static let most = 64
  /// Of these kept for who may change something: however many only look, the operator gets in.
  static let reserved = 8
  private final class Client {
    let connection: ControlConnection
    var server: VarlinkServer
    let mayChange: Bool
    let user: String
    /// What the poll was told last.
    var watchesWrites = false
    init(_ connection: ControlConnection, version: String, mayChange: Bool) {
      self.connection = connection
      server = VarlinkServer(version: version)
      self.mayChange = mayChange
      user = connection.peer.isRoot ? "root" : "uid \(connection.peer.user)"
    }
  }
  private let service: ControlService
  private let socket: ControlSocket
  private let poll: EventPoll
  private let mayChange: (PeerCredentials) -> Bool
  /// The socket's own; clients have the keys behind it.
  private let firstKey: UInt64
  private var nextKey: UInt64
  private var clients: [UInt64: Client] = [:]
  private var buffer = [UInt8](repeating: 0, count: 65_536)

  /// `firstKey`: from here on the poll's keys are ours. The socket's mode must let others connect (0o666): who may change anything is decided by who calls.
  init(
    _ service: ControlService, socket: ControlSocket, poll: EventPoll, firstKey: UInt64,
    mayChange: @escaping (PeerCredentials) -> Bool = ControlService.mayChange
  ) throws(SystemCallError) {
    self.service = service
    self.socket = socket
    self.poll = poll
    self.mayChange = mayChange
    self.firstKey = firstKey
    nextKey = firstKey
    try poll.add(socket.descriptor, key: firstKey)
    service.connectionCounters = { [weak self] in
      [("control.connections", UInt64(self?.count ?? 0)), ("control.turned-away", self?.turnedAway ?? 0)]
    }
  }

  var count: Int { clients.count }
  /// Connections closed at once for want of room.
  private(set) var turnedAway: UInt64 = 0

  /// A report of the poll; those with keys below ours are not.
  func handle(_ ready: EventPoll.Ready) {
    guard ready.key >= firstKey else { return }
    if ready.key == firstKey { return acceptAll() }
    guard let client = clients[ready.key] else { return }
    if ready.writable { flush(client, ready.key) }
    if ready.readable || ready.failed { read(client, ready.key) }
  }

  private func acceptAll() {
    while let connection = socket.accept() {
      let mayChange = mayChange(connection.peer)
      guard clients.count < Self.most, mayChange || clients.values.count(where: { !$0.mayChange }) < Self.most - Self.reserved else {
        turnedAway &+= 1
        continue
      }
      nextKey += 1
      do throws(SystemCallError) {
        try poll.add(connection.descriptor, key: nextKey)
        clients[nextKey] = Client(connection, version: service.dependencies.version, mayChange: mayChange)
      } catch {
        // No memory for one more watch: the client sees its connection closed.
      }
    }
  }

  private func read(_ client: Client, _ key: UInt64) {
    guard !client.connection.wantsWrite else { return }
    switch client.connection.read(into: &buffer) {
    case .nothing: return
    case .ended: return drop(client, key)
    case .bytes(let count): client.server.receive(buffer[..<count])
    }
    serve(client, key)
  }

  private func serve(_ client: Client, _ key: UInt64) {
    repeat {
      if let next = client.server.nextCall() { client.server.reply(service.answer(next.call, mayChange: client.mayChange, user: client.user)) }
      let output = client.server.takeOutput()
      if output.isEmpty { break }
      do throws(SystemCallError) { try client.connection.write(output) } catch { return drop(client, key) }
    } while !client.connection.wantsWrite
    settle(client, key)
  }

  private func flush(_ client: Client, _ key: UInt64) {
    do throws(SystemCallError) { try client.connection.flush() } catch { return drop(client, key) }
    if client.connection.wantsWrite { return }
    serve(client, key)
  }

  /// Tells the poll what to wait for: room to write while an answer is on its way, else the next call.
  private func settle(_ client: Client, _ key: UInt64) {
    let wantsWrite = client.connection.wantsWrite
    if client.server.isClosing, !wantsWrite { return drop(client, key) }
    guard wantsWrite != client.watchesWrites else { return }
    client.watchesWrites = wantsWrite
    do throws(SystemCallError) { try poll.change(client.connection.descriptor, key: key, readable: !wantsWrite, writable: wantsWrite) } catch {
      drop(client, key)
    }
  }

  private func drop(_ client: Client, _ key: UInt64) {
    poll.remove(client.connection.descriptor)
    clients[key] = nil
  }
}
