/// What carries SIP (RFC 3261 section 18): the Via names UDP, TCP and TLS.
public enum Transport: UInt8, Sendable, Hashable, CaseIterable {
  case udp, tcp, tls
  /// RFC 3261 section 17: over a reliable transport requests are not retransmitted.
  @inlinable public var isReliable: Bool { self != .udp }
  /// RFC 3261 19.1.2: the port where none is named.
  @inlinable public var defaultPort: UInt16 { self == .tls ? 5061 : 5060 }
}

/// An IP address and a port.
public struct TransportAddress: Hashable, Sendable, Comparable {
  public var ip: IPAddress
  public var port: UInt16

  @inlinable public init(_ ip: IPAddress, _ port: UInt16) {
    self.ip = ip
    self.port = port
  }

  /// `192.0.2.1:5060`, `[2001:db8::1]:5060`.
  public var text: [UInt8] {
    var out: [UInt8] = []
    if ip.family == .v6 { out.append(UInt8(ascii: "[")) }
    out.append(contentsOf: ip.text)
    if ip.family == .v6 { out.append(UInt8(ascii: "]")) }
    out.append(UInt8(ascii: ":"))
    out.appendDecimal(UInt64(port))
    return out
  }

  public static func < (a: TransportAddress, b: TransportAddress) -> Bool {
    a.ip != b.ip ? a.ip < b.ip : a.port < b.port
  }
}

extension TransportAddress: CustomStringConvertible {
  public var description: String { String(decoding: text, as: UTF8.self) }
}
