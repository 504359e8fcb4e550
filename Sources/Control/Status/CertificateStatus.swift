/// One line of `show certificates`: what is in the files of a certificate, as it is used now.
public struct CertificateStatus: Codable, Sendable, Equatable {
  public var name: String
  /// `good`, `ends soon`, `expired`, `early`, `failed`.
  public var state: String
  public var reason: String
  /// Host names and addresses it is for.
  public var names: [String]
  public var issuer: String?
  public var ends: Double?
  /// Authorities in its trust-file; `nil`: the system's.
  public var authorities: Int?
  public init(
    name: String, state: String, reason: String = "", names: [String] = [], issuer: String? = nil, ends: Double? = nil, authorities: Int? = nil
  ) {
    self.name = name
    self.state = state
    self.reason = reason
    self.names = names
    self.issuer = issuer
    self.ends = ends
    self.authorities = authorities
  }
}

public struct CertificateList: Answer {
  public var certificates: [CertificateStatus]
  public init(certificates: [CertificateStatus]) { self.certificates = certificates }
  public func text(width: Int) -> String {
    if certificates.isEmpty { return "No certificate is configured: `set certificate NAME chain-file F key-file K trust-file T`.\n" }
    var table = TextTable("CERTIFICATE", "STATE", "ENDS", "ISSUER", "AUTHORITIES", "NAMES", "REASON")
    for one in certificates {
      table.add(
        one.name, one.state, one.ends.map { String(moment($0).prefix(10)) } ?? "", one.issuer ?? "", one.authorities.map(String.init) ?? "system's",
        one.names.joined(separator: " "), one.reason)
    }
    return table.text(width: width)
  }
}
