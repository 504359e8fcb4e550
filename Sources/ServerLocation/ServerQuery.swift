public import Addressing

/// What RFC 3263 starts from: where a trunk's requests are to go, as the configuration says it. Trunks that say the same share what is found.
public struct ServerQuery: Hashable, Sendable {
  public enum Host: Hashable, Sendable {
    case address(IPAddress)
    case domain(DomainName)
  }
  public var host: Host
  /// What the trunk's listener carries; servers of other transports are of no use to it.
  public var transport: Transport
  /// The peer's configuration names the transport: NAPTR, which is there to choose one, is not asked.
  public var isTransportNamed: Bool
  /// `nil`: by SRV, else the transport's own.
  public var port: UInt16?
  /// Which addresses can be sent to, the preferred first.
  public var families: [IPAddress.Family]

  public init(_ host: Host, transport: Transport, isTransportNamed: Bool = false, port: UInt16? = nil, families: [IPAddress.Family]) {
    self.host = host
    self.transport = transport
    self.isTransportNamed = isTransportNamed
    self.port = port
    self.families = families
  }
}
