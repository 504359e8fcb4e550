import Addressing
import Configuration
import Linux
import SIP
import Timing

// Connection reuse, RFC 5923: requests to a far side that has opened a connection, and asked for it, go over that connection.
extension SignallingLoop {
  /// The first request of a connection that others opened may ask for it: `alias` in its top Via. It speaks for the port of sent-by at the address it comes from, and
  /// nowhere else; with TLS only once its certificate has said who it is.
  func learnAlias(of connection: SignallingConnection, from bytes: [UInt8]) {
    guard !connection.isOurs, !connection.hasCarriedMessage, connection.transport != .tls || connection.peer != nil else { return }
    guard let message = try? SIPMessage(parsing: bytes), message.isRequest else { return }
    let via = message.topVia
    guard via.parameter("alias") != nil else { return }
    streams.alias(connection, as: TransportAddress(connection.stream.remote.ip, via.port ?? connection.transport.defaultPort))
  }

  /// RFC 5923 8.2: only when the certificate of the connection is for whoever is to be reached.
  func reusable(to remote: TransportAddress, of endpoint: SignallingEndpoint) -> SignallingConnection? {
    guard let connection = streams.connection(aliased: remote, of: endpoint), connection.isOpen else { return nil }
    if connection.transport == .tls {
      let wanted = candidates(at: remote, of: endpoint, isOurs: true)
      guard let peer = connection.peer, wanted.contains(where: { $0.peer == peer }) else { return nil }
    }
    streams.reused &+= 1
    return connection
  }
}
