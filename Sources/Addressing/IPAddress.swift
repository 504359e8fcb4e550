import Glibc  // inet_pton and inet_ntop only: text to address and back, no I/O

/// An IPv4 or IPv6 address as a plain value. IPv4-mapped IPv6 is a different value from the IPv4 address it maps.
public struct IPAddress: Hashable, Sendable, Comparable {
  public enum Family: UInt8, Sendable { case v4 = 4, v6 = 6 }

  public let family: Family
  /// The address in host order: IPv4 in the low 32 bits of `low` and `high` = 0; IPv6 in both words.
  public let high: UInt64
  public let low: UInt64

  @inlinable public init(v4 address: UInt32) {
    family = .v4
    high = 0
    low = UInt64(address)
  }
  @inlinable public init(v6High: UInt64, low: UInt64) {
    family = .v6
    high = v6High
    self.low = low
  }
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.init(v4: UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d))
  }

  /// Text as RFC 4291 or dotted quad; a bracketed IPv6 address (RFC 3261's `IPv6reference`) is taken too. `nil` if it is no address.
  @inlinable public init?(_ text: some Collection<UInt8>) {
    if let found = text.withContiguousStorageIfAvailable({ IPAddress(bytes: $0) }) {
      guard let found else { return nil }
      self = found
    } else {
      guard let found = Array(text).withUnsafeBufferPointer({ IPAddress(bytes: $0) }) else { return nil }
      self = found
    }
  }

  @usableFromInline init?(bytes: UnsafeBufferPointer<UInt8>) {
    // Nearly all of them.
    if let address = IPAddress.dottedQuad(bytes) {
      self.init(v4: address)
      return
    }
    var body = Array(bytes)
    if body.first == UInt8(ascii: "[") {
      guard body.count > 2, body.last == UInt8(ascii: "]") else { return nil }
      body = Array(body[1..<(body.count - 1)])
      guard body.contains(UInt8(ascii: ":")) else { return nil }
    }
    guard !body.isEmpty, body.count < 64, !body.contains(0) else { return nil }
    body.append(0)
    guard body.contains(UInt8(ascii: ":")) else { return nil }
    var v6 = in6_addr()
    let parsed = body.withUnsafeBytes { raw -> Bool in
      inet_pton(AF_INET6, raw.baseAddress!.assumingMemoryBound(to: CChar.self), &v6) == 1
    }
    guard parsed else { return nil }
    self = withUnsafeBytes(of: &v6) { raw in
      IPAddress(
        v6High: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        low: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }
  }

  /// Four decimal octets without leading zeros, as inet_pton takes them.
  private static func dottedQuad(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32? {
    guard bytes.count >= 7, bytes.count <= 15 else { return nil }
    var address: UInt32 = 0
    var octet: UInt32 = 0
    var digits = 0
    var dots = 0
    for byte in bytes {
      if byte == UInt8(ascii: ".") {
        guard digits > 0, dots < 3 else { return nil }
        address = address << 8 | octet
        dots += 1
        octet = 0
        digits = 0
      } else {
        let digit = UInt32(byte &- UInt8(ascii: "0"))
        guard digit <= 9, digits == 0 || octet != 0 else { return nil }
        octet = octet &* 10 &+ digit
        digits += 1
        guard octet <= 255 else { return nil }
      }
    }
    guard dots == 3, digits > 0 else { return nil }
    return address << 8 | octet
  }
  public init?(_ text: String) { self.init(Array(text.utf8)) }

  /// The canonical text (RFC 5952 for IPv6), without brackets.
  public var text: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(family == .v4 ? 15 : 39)
    appendText(to: &out)
    return out
  }

  /// `text`, written behind what is there.
  public func appendText(to out: inout [UInt8]) {
    if family == .v4 {
      var shift: UInt64 = 32
      while shift > 0 {
        if shift != 32 { out.append(UInt8(ascii: ".")) }
        shift &-= 8
        out.appendDecimal((low >> shift) & 0xff)
      }
      return
    }
    var address = in6_addr()
    withUnsafeMutableBytes(of: &address) { raw in
      raw.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
      raw.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    var buffer = [CChar](repeating: 0, count: 64)
    guard inet_ntop(AF_INET6, &address, &buffer, socklen_t(buffer.count)) != nil else { return }
    for character in buffer.prefix(while: { $0 != 0 }) { out.append(UInt8(bitPattern: character)) }
  }

  public var isUnspecified: Bool { high == 0 && low == 0 }
  public var isLoopback: Bool { family == .v4 ? low >> 24 == 127 : high == 0 && low == 1 }
  public var isMulticast: Bool { family == .v4 ? low >> 28 == 0xE : high >> 56 == 0xFF }

  public static func < (a: IPAddress, b: IPAddress) -> Bool {
    (a.family.rawValue, a.high, a.low) < (b.family.rawValue, b.high, b.low)
  }
}

extension IPAddress: CustomStringConvertible {
  public var description: String { String(decoding: text, as: UTF8.self) }
}
