import Addressing
import Configuration
import Linux

/// One listener of the configuration with its socket. Known by its number for as long as it lives; the configuration's index may change with every commit.
final class SignallingEndpoint {
  enum Socket {
    case datagram(DatagramSocket)
    case stream(StreamListener)
  }
  let number: UInt32
  /// In the configuration in force; `Flow.listener`.
  var index: UInt16
  private(set) var listener: Configuration.Listener
  let socket: Socket
  /// TCP at the address of a UDP listener, where peers send messages that are too large for a packet (RFC 3261 18.1.1, 18.2.1).
  var companion: StreamListener?
  /// For datagrams.
  var outbox = DatagramOutbox()
  /// The kernel would not take more; waiting for writability.
  var isBlocked = false

  /// Takes the socket it had before a restart, else binds it; errors name the listener.
  init(_ listener: Configuration.Listener, number: UInt32, index: UInt16, kept: KeptSockets? = nil) throws(SystemCallError) {
    self.listener = listener
    self.number = number
    self.index = index
    if let socket = kept?.take(listener) {
      self.socket = socket
      return
    }
    let label = "listener \(listener.name)"
    switch listener.transport {
    case .udp:
      var options = DatagramSocket.Options()
      options.dscp = listener.dscp
      socket = .datagram(try DatagramSocket(binding: listener.address, label: label, options: options))
    case .tcp, .tls:
      socket = .stream(try StreamListener(binding: listener.address, label: label, dscp: listener.dscp))
    }
  }

  var descriptor: Descriptor {
    switch socket {
    case .datagram(let socket): socket.descriptor
    case .stream(let socket): socket.descriptor
    }
  }

  /// Whether this socket serves a listener of a new configuration as it is.
  func serves(_ other: Configuration.Listener) -> Bool { listener.address == other.address && listener.transport == other.transport }

  /// Becomes that listener of the new configuration.
  func take(_ other: Configuration.Listener, index: UInt16) {
    if case .datagram(let socket) = socket, other.dscp != listener.dscp { socket.mark(dscp: other.dscp) }
    listener = other
    self.index = index
  }
}
