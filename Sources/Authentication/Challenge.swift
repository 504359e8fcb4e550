/// A digest challenge that can be answered (RFC 7616 3.3, RFC 3261 22.4, RFC 8760).
///
/// Other schemes, unknown algorithms and unknown qualities of protection are passed over, as the RFCs ask: what is left, in the order in which it
/// stands, is the list from which the first one is answered (RFC 8760 2.4). A field that is malformed anywhere yields nothing.
public struct Challenge: Sendable, Equatable {
  /// Who asks: the server itself (401, WWW-Authenticate, Authorization) or a proxy on the way (407, Proxy-...).
  public enum Origin: UInt8, Sendable { case server, proxy }
  /// What the digest covers.
  public enum Protection: UInt8, Sendable {
    /// No `qop`: RFC 2069's form, without nonce count.
    case legacy
    case auth
    /// The body too.
    case authInt
  }
  public var origin: Origin
  public var realm: [UInt8]
  public var nonce: [UInt8]
  public var opaque: [UInt8]?
  public var algorithm: DigestAlgorithm
  /// `-sess`: the secret is hashed once with the nonces.
  public var isSession: Bool
  /// The nonce of what we sent was too old; the password was right.
  public var isStale: Bool
  /// Of those offered, `auth` before `auth-int`.
  public var protection: Protection

  public init(
    origin: Origin, realm: [UInt8], nonce: [UInt8], opaque: [UInt8]? = nil, algorithm: DigestAlgorithm = .md5, isSession: Bool = false,
    isStale: Bool = false, protection: Protection = .auth
  ) {
    self.origin = origin
    self.realm = realm
    self.nonce = nonce
    self.opaque = opaque
    self.algorithm = algorithm
    self.isSession = isSession
    self.isStale = isStale
    self.protection = protection
  }

  /// Those of one WWW-Authenticate or Proxy-Authenticate field that we can answer, in order.
  public static func all(in field: ArraySlice<UInt8>, origin: Origin) -> [Challenge] {
    (ParameterList.all(in: field) ?? []).compactMap { Challenge($0, origin: origin) }
  }

  private init?(_ list: ParameterList, origin: Origin) {
    guard list.isDigest, let realm = list.value("realm", quoted: true), let nonce = list.value("nonce", quoted: true), !nonce.isEmpty else { return nil }
    let opaque = list.value("opaque", quoted: true)
    // One that is no quoted string is none of ours to echo.
    guard opaque != nil || !list.has("opaque"),
      [realm, nonce, opaque ?? []].allSatisfy({ $0.count <= AuthenticationLimits.valueBytes })
    else { return nil }
    // RFC 7616 3.3: absent means MD5. In quotes: wrong and common.
    guard let algorithm = list.has("algorithm") ? list.value("algorithm").flatMap({ DigestAlgorithm.named($0) }) : (.md5, false) else { return nil }
    guard let protection = Self.protection(list) else { return nil }
    self.init(
      origin: origin, realm: Array(realm), nonce: Array(nonce), opaque: opaque.map { Array($0) }, algorithm: algorithm.algorithm,
      isSession: algorithm.isSession, isStale: list.value("stale")?.matches("true") ?? false, protection: protection)
  }

  private static func protection(_ list: ParameterList) -> Protection? {
    guard let text = list.value("qop") else { return .legacy }
    let offered = text.split { $0 == UInt8(ascii: ",") || $0 == 0x20 || $0 == 0x09 }
    if offered.contains(where: { $0.matches("auth") }) { return .auth }
    return offered.contains { $0.matches("auth-int") } ? .authInt : nil
  }

  /// As a header value.
  public var encoded: [UInt8] {
    var out: [UInt8] = []
    out.append("Digest realm=\"")
    out += realm
    out.append("\", nonce=\"")
    out += nonce
    out.append("\"")
    if let opaque {
      out.append(", opaque=\"")
      out += opaque
      out.append("\"")
    }
    out.append(", algorithm=")
    out.append(algorithm.name)
    if isSession { out.append("-sess") }
    switch protection {
    case .legacy: break
    case .auth: out.append(", qop=\"auth\"")
    case .authInt: out.append(", qop=\"auth-int\"")
    }
    if isStale { out.append(", stale=true") }
    return out
  }
}
