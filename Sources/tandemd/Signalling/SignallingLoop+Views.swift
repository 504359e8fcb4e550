import Addressing
import Configuration
import Linux
import TLS
import Timing

/// What is told of a connection.
struct ConnectionView: Sendable {
  var listener: String
  var transport: Transport
  var remote: TransportAddress
  var isOurs: Bool
  /// `connecting`, `handshaking`, `open`, `leaving`.
  var state: String
  /// By its certificate.
  var peer: String?
  /// `TLSv1.3 TLS_AES_256_GCM_SHA384`.
  var cipher: String?
  /// When the other end's certificate runs out; seconds since 1970.
  var certificateEnds: Int64?
  var age: Gap
  var quiet: Gap
}

extension SignallingLoop {
  /// All connections, the oldest first.
  var connectionViews: [ConnectionView] {
    streams.all.map { connection in
      let state = connection.thrownAway != nil ? "leaving" : connection.stream.isConnecting ? "connecting" : connection.isHandshaking ? "handshaking" : "open"
      let session = connection.isHandshaking ? nil : connection.session
      return ConnectionView(
        listener: connection.endpoint.listener.name, transport: connection.transport, remote: connection.stream.remote, isOurs: connection.isOurs,
        state: state, peer: connection.peer, cipher: session.map { "\($0.version) \($0.cipher)" }, certificateEnds: session?.peer?.notAfter,
        age: now.since(connection.began), quiet: now.since(connection.heardAt))
    }
  }
}
