import Addressing
import Configuration
import Linux

/// The listeners' sockets over a restart: each is in the service manager's store under its transport and address, and a daemon that starts takes those its configuration still wants.
///
/// So a request that comes while the daemon is dead waits in the socket and is answered by the next one. Accepted connections are not kept: what a peer was saying on one can not be
/// picked up in the middle, and it connects again. Belongs to the signalling thread.
final class KeptSockets {
  private let store: DescriptorStore
  /// In the store now.
  private var kept: [String] = []

  init(_ store: DescriptorStore) { self.store = store }

  /// `udp 192.0.2.1 5060`: the store takes no colon, so those of IPv6 are written as underscores.
  static func name(_ listener: Configuration.Listener) -> String {
    let address = String("\(listener.address.ip)".map { $0 == ":" ? "_" : $0 })
    return "\(listener.transport) \(address) \(listener.address.port)"
  }

  /// The socket this listener had before the restart.
  func take(_ listener: Configuration.Listener) -> SignallingEndpoint.Socket? {
    let name = Self.name(listener)
    guard let descriptor = store.take(name) else { return nil }
    guard let socket = try? Self.socket(listener, descriptor) else {
      store.forget(name)
      return nil
    }
    // The store still holds its copy.
    kept.append(name)
    return socket
  }

  /// A name is only a word: what the socket is bound to decides; `nil` when it is another's.
  private static func socket(_ listener: Configuration.Listener, _ descriptor: Descriptor) throws(SystemCallError) -> SignallingEndpoint.Socket? {
    switch listener.transport {
    case .udp:
      let socket = try DatagramSocket(adopting: descriptor, dscp: listener.dscp)
      return socket.local == listener.address ? .datagram(socket) : nil
    case .tcp, .tls:
      let socket = try StreamListener(adopting: descriptor, dscp: listener.dscp)
      return socket.local == listener.address ? .stream(socket) : nil
    }
  }

  /// A start has failed with those it took: the manager closes its copies, or they would be in the way of the next try.
  func letGo() {
    for name in kept { store.forget(name) }
    kept.removeAll()
  }

  /// Keeps the sockets of these endpoints and forgets all others, those of before the restart too.
  func follow(_ endpoints: [SignallingEndpoint]) {
    let wanted = endpoints.prefix(DescriptorStore.most).map { (name: Self.name($0.listener), descriptor: $0.descriptor) }
    store.closeRest()
    for name in kept where !wanted.contains(where: { $0.name == name }) { store.forget(name) }
    for one in wanted where !kept.contains(one.name) { store.keep(one.descriptor, as: one.name) }
    kept = wanted.map(\.name)
  }
}
