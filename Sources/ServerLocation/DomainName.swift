import Addressing

/// A domain name as bytes: lower-case, labels joined by dots, no dot at the end. The root is empty.
///
/// RFC 1035 2.3.4: a label has at most 63 bytes, a name 253 as text. A label with a dot in it can not be written so and is no name here.
public struct DomainName: Hashable, Sendable {
  public let bytes: [UInt8]

  public init?(_ text: some Collection<UInt8>) {
    var text = text.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    if text.last == UInt8(ascii: ".") { text.removeLast() }
    guard text.count <= 253 else { return nil }
    if !text.isEmpty {
      for label in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) where label.isEmpty || label.count > 63 { return nil }
    }
    guard text.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    bytes = text
  }
  public init?(_ text: String) { self.init(text.utf8) }

  /// RFC 2782: a target of "." says that the service is decidedly not there.
  public var isRoot: Bool { bytes.isEmpty }

  /// `_sip._udp.example.com` (RFC 3263 4.1); `nil` when that is too long for a name.
  public func service(over transport: Transport) -> DomainName? {
    let prefix =
      switch transport {
      case .udp: "_sip._udp."
      case .tcp: "_sip._tcp."
      case .tls: "_sips._tcp."
      }
    return DomainName(Array(prefix.utf8) + bytes)
  }
}

extension DomainName: CustomStringConvertible {
  public var description: String { String(decoding: bytes, as: UTF8.self) }
}
