public import Addressing

/// How a message came in or goes out (the "flow" of RFC 5626): our listener, the transport, the far address, and on streams the connection.
public struct Flow: Hashable, Sendable {
  /// Index of the listener in the configuration in force.
  public var listener: UInt16
  public var transport: Transport
  public var remote: TransportAddress
  /// The connection the message came by; 0 on UDP, and on a stream that is still to be opened to `remote`.
  public var connection: UInt32

  @inlinable public init(listener: UInt16, transport: Transport, remote: TransportAddress, connection: UInt32 = 0) {
    self.listener = listener
    self.transport = transport
    self.remote = remote
    self.connection = connection
  }
}
