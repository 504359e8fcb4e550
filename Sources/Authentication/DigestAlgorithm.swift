import COpenSSL

/// The hash of a digest challenge: RFC 7616 6.1, for SIP RFC 8760 2.1. Each exists with and without `-sess`, which is the challenge's affair.
public enum DigestAlgorithm: UInt8, Sendable, CaseIterable {
  case md5, sha256, sha512Truncated256

  public var name: StaticString {
    switch self {
    case .md5: "MD5"
    case .sha256: "SHA-256"
    case .sha512Truncated256: "SHA-512-256"
    }
  }

  /// `SHA-256`, `md5-sess`; `nil` for one we do not know.
  static func named(_ token: ArraySlice<UInt8>) -> (algorithm: DigestAlgorithm, isSession: Bool)? {
    let isSession = token.suffix(5).matches("-sess")
    let base = isSession ? token.dropLast(5) : token
    return allCases.first { base.matches($0.name) }.map { ($0, isSession) }
  }

  /// Lower-case hexadecimal digits of the hash; `nil` where the library refuses it (MD5 on a machine in FIPS mode).
  func digits(of bytes: [UInt8]) -> [UInt8]? {
    var sum = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    guard EVP_Digest(bytes, bytes.count, &sum, &length, method, nil) == 1 else { return nil }
    return Hexadecimal.digits(of: sum.prefix(Int(length)))
  }

  private var method: OpaquePointer? {
    switch self {
    case .md5: EVP_md5()
    case .sha256: EVP_sha256()
    case .sha512Truncated256: EVP_sha512_256()
    }
  }
}

/// HMAC-SHA-256 (RFC 2104), for nonces that can be recognised without having been kept.
enum KeyedSum {
  static func digits(of bytes: [UInt8], key: [UInt8], bytes count: Int) -> [UInt8]? {
    var sum = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    guard HMAC(EVP_sha256(), key, Int32(clamping: key.count), bytes, bytes.count, &sum, &length) != nil else { return nil }
    return Hexadecimal.digits(of: sum.prefix(min(count, Int(length))))
  }
}

enum Hexadecimal {
  static func digits(of bytes: some Collection<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(2 * bytes.count)
    for byte in bytes { for nibble in [byte >> 4, byte & 0xF] { out.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble) } }
    return out
  }
  static func digits(of word: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
    digits(of: stride(from: word.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) })
  }
  /// `nil` unless all are digits and they fit.
  static func value(_ digits: some Collection<UInt8>) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 16 else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      switch digit {
      case 0x30...0x39: value = value << 4 | UInt64(digit &- 0x30)
      case 0x41...0x46: value = value << 4 | UInt64(digit &- 0x37)
      case 0x61...0x66: value = value << 4 | UInt64(digit &- 0x57)
      default: return nil
      }
    }
    return value
  }
}
