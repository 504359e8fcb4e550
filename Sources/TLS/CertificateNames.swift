public import Addressing

/// The SIP domains that a certificate stands for: RFC 5922 section 7, and one wildcard (decided).
///
/// - A subject alternative name `sip:HOST` without a user names HOST. Only when there is none of those do the DNS names count (7.1).
/// - A DNS name may have `*` as its whole left-most label in front of at least two more; it stands for exactly one label. `strict` turns that off (RFC 5922 7.2 knows no wildcards).
/// - IP addresses match `iPAddress` names only, byte for byte.
/// - The common name is never looked at; nor are names with bytes that no host name has: a NUL, a blank, anything beyond ASCII. Internationalised names are their A-labels
///   on both sides (7.2), and letters compare without case.
public struct CertificateNames: Sendable, Equatable {
  /// A subject alternative name as the certificate has it.
  public enum Alternative: Sendable, Equatable {
    case dns([UInt8])
    case uri([UInt8])
    /// Four or sixteen bytes.
    case ip([UInt8])
  }
  /// Names looked at; a certificate of a hosting service has a hundred.
  public static let most = 1_024

  /// In lower case, without a dot at the end.
  public private(set) var domains: [String] = []
  public private(set) var addresses: [IPAddress] = []
  /// Whether `domains` were DNS names, in which a wildcard may stand.
  private var areDNS = true

  public init(_ alternatives: [Alternative]) {
    var sip: [String] = []
    var dns: [String] = []
    for name in alternatives.prefix(CertificateNames.most) {
      switch name {
      case .uri(let bytes): if let host = Self.domain(ofURI: bytes) { sip.append(host) }
      case .dns(let bytes): if let host = Self.host(bytes, mayHaveWildcard: true) { dns.append(host) }
      case .ip(let bytes): if let address = IPAddress(network: bytes) { addresses.append(address) }
      }
    }
    areDNS = sip.isEmpty
    domains = areDNS ? dns : sip
  }

  /// Whether the certificate stands for a host, given as a name or as an address.
  public func match(_ host: String, isStrict: Bool = false) -> Bool {
    if let address = IPAddress(host) { return addresses.contains(address) }
    guard let wanted = Self.host(Array(host.utf8), mayHaveWildcard: false) else { return false }
    return domains.contains { $0 == wanted || (!isStrict && areDNS && Self.wildcard($0, stands: wanted)) }
  }

  /// What the certificate says it is, for people.
  public var texts: [String] { domains + addresses.map(\.description) }

  private static func wildcard(_ pattern: String, stands host: String) -> Bool {
    guard pattern.hasPrefix("*."), let dot = host.firstIndex(of: "."), dot != host.startIndex else { return false }
    return host[dot...] == pattern.dropFirst()
  }

  /// A host name in lower case; `nil` for anything else.
  static func host(_ bytes: [UInt8], mayHaveWildcard: Bool) -> String? {
    var bytes = bytes[...]
    if bytes.last == UInt8(ascii: ".") { bytes = bytes.dropLast() }
    guard !bytes.isEmpty, bytes.count <= 253 else { return nil }
    let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    var rest = labels[...]
    if mayHaveWildcard, labels[0].elementsEqual("*".utf8) {
      rest = labels.dropFirst()
      // `*.com` would stand for everybody.
      guard rest.count >= 2 else { return nil }
    }
    for label in rest {
      let isPlain = label.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
          UInt8(ascii: "_"):
          true
        default: false
        }
      }
      guard isPlain, (1...63).contains(label.count) else { return nil }
    }
    return String(decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }

  /// RFC 5922 7.1: the host part of a `sip` URI without a user; `sips` is not accepted.
  private static func domain(ofURI bytes: [UInt8]) -> String? {
    guard bytes.count > 4, bytes[..<4].elementsEqual("sip:".utf8, by: { $0 | 0x20 == $1 || $0 == $1 }), !bytes.contains(UInt8(ascii: "@")) else { return nil }
    let rest = bytes.dropFirst(4).prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "?") }
    return host(Array(rest), mayHaveWildcard: false)
  }
}

extension IPAddress {
  /// As it stands on the wire, 4 or 16 bytes.
  init?(network bytes: [UInt8]) {
    func word(_ slice: ArraySlice<UInt8>) -> UInt64 { slice.reduce(0) { $0 << 8 | UInt64($1) } }
    switch bytes.count {
    case 4: self.init(v4: UInt32(truncatingIfNeeded: word(bytes[...])))
    case 16: self.init(v6High: word(bytes[..<8]), low: word(bytes[8...]))
    default: return nil
    }
  }
}
