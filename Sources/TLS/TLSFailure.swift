/// Why a session did not come about or broke.
public enum TLSFailure: Error, Sendable, Equatable {
  /// Of the other end's certificate. Seconds since 1970.
  case expired(Int64)
  case notYetValid(from: Int64)
  /// No chain leads to an authority that is trusted.
  case unknownAuthority(issuer: String)
  case selfSigned
  /// It stands for others: none of `names` is one that was asked for.
  case wrongName(names: [String])
  /// Its extended key usage allows neither server nor client.
  case wrongUse
  /// A key or signature that is too easily broken.
  case weak(String)
  /// Otherwise not to be trusted, in OpenSSL's words.
  case untrusted(String)
  /// None was shown, and one is required.
  case missing
  /// Nothing older than TLS 1.2 is spoken.
  case protocolVersion
  case noSharedCipher
  /// What came is no TLS.
  case notTLS
  /// The other end refused, in the words of its alert.
  case refused(String)
  /// The other end closed before the handshake was done.
  case closed
  /// The handshake took too long.
  case tooSlow
  /// We have no certificate to present.
  case withoutIdentity
  case other(String)

  /// For counters, in a fixed order.
  public static let kinds: [StaticString] = [
    "expired", "not-yet-valid", "unknown-authority", "self-signed", "wrong-name", "wrong-use", "weak", "untrusted", "no-certificate", "protocol-version",
    "no-shared-cipher", "not-tls", "refused-by-peer", "closed", "too-slow", "without-identity", "other",
  ]
  /// Index into `kinds`.
  public var kind: Int {
    switch self {
    case .expired: 0
    case .notYetValid: 1
    case .unknownAuthority: 2
    case .selfSigned: 3
    case .wrongName: 4
    case .wrongUse: 5
    case .weak: 6
    case .untrusted: 7
    case .missing: 8
    case .protocolVersion: 9
    case .noSharedCipher: 10
    case .notTLS: 11
    case .refused: 12
    case .closed: 13
    case .tooSlow: 14
    case .withoutIdentity: 15
    case .other: 16
    }
  }

  /// `certificate of peer acme expired on 2026-01-01`. `who`: the other end, `peer acme`.
  public func text(_ who: String) -> String {
    switch self {
    case .expired(let when): "certificate of \(who) expired on \(day(when))"
    case .notYetValid(let from): "certificate of \(who) is not valid before \(day(from)); is the clock right?"
    case .unknownAuthority(let issuer): "certificate of \(who) is from an authority that is not trusted: \(issuer)"
    case .selfSigned: "certificate of \(who) is signed by nobody but itself; to trust it put it into the trust-file"
    case .wrongName(let names):
      "certificate of \(who) is for another name: "
        + (names.isEmpty ? "it has none" : names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " ..." : ""))
    case .wrongUse: "certificate of \(who) is not meant for TLS (extended key usage)"
    case .weak(let why): "certificate of \(who) is too weak: \(why)"
    case .untrusted(let why): "certificate of \(who) is not trusted: \(why)"
    case .missing: "\(who) showed no certificate"
    case .protocolVersion: "\(who) speaks no TLS 1.2 or newer"
    case .noSharedCipher: "\(who) has no cipher in common with us"
    case .notTLS: "\(who) does not speak TLS there"
    case .refused(let alert): "\(who) refused the TLS handshake: \(alert)"
    case .closed: "\(who) closed the connection in the TLS handshake"
    case .tooSlow: "\(who) did not finish the TLS handshake in time"
    case .withoutIdentity: "there is no certificate of ours for \(who)"
    case .other(let why): "TLS with \(who) failed: \(why)"
    }
  }
}
