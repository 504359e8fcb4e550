import Addressing

/// A `sip`, `sips` or `tel` URI, or any other absolute URI as opaque (RFC 3261 section 19, RFC 3966). Slices share the bytes it was read from.
///
/// Reading is strict: every character is checked against the grammar, escapes are two hexadecimal digits, ports are 1...65535, an IPv6 host is an
/// address in brackets. What is kept is a handful of offsets, so a URI inside a message costs no allocation. Header parameters (`?Name=value`)
/// are checked and passed over; nothing here acts on them.
public struct SIPURI: Sendable {
  public enum Scheme: Sendable, Hashable { case sip, sips, tel, urn, other }

  let storage: ArraySlice<UInt8>
  let layout: URILayout

  @inline(__always) init(storage: ArraySlice<UInt8>, layout: URILayout) {
    self.storage = storage
    self.layout = layout
  }

  public struct Malformed: Error, Sendable {
    public let reason: StaticString
    public init(reason: StaticString) { self.reason = reason }
  }

  /// Reads a whole URI; anything behind it is an error.
  public init(parsing bytes: ArraySlice<UInt8>) throws(Malformed) {
    var reason: StaticString = "an empty URI"
    let read: URILayout?? = bytes.read { reader in
      guard let layout = URILayout(&reader, bare: false, reason: &reason) else { return nil }
      guard reader.isAtEnd else {
        reason = "a character that no URI may hold"
        return nil
      }
      return layout
    }
    guard let layout = read ?? nil else { throw Malformed(reason: reason) }
    self.init(storage: bytes, layout: layout)
  }

  public var scheme: Scheme { layout.scheme }
  /// The URI as written.
  public var bytes: ArraySlice<UInt8> { layout.whole.slice(of: storage) }
  /// Percent-decoded where needed; `nil` when there is none. For `tel` the number as written. Without a password.
  public var user: ArraySlice<UInt8>? {
    guard !layout.user.isEmpty else { return nil }
    let written = layout.user.slice(of: storage)
    return layout.userHasEscape ? SIPURI.unescaped(written)[...] : written
  }
  /// Empty for `tel` and opaque URIs. An IPv6 host keeps its brackets.
  public var host: ArraySlice<UInt8> { layout.host.slice(of: storage) }
  public var port: UInt16? { layout.port == 0 ? nil : layout.port }
  /// All parameters, from the first `;`; empty when there are none.
  public var parameters: ArraySlice<UInt8> { layout.parameters.slice(of: storage) }

  /// `;name=value` parameters; an empty slice for a flag, `nil` when absent. Name ignores case (give it in lower case).
  public func parameter(_ name: StaticString) -> ArraySlice<UInt8>? {
    guard !layout.parameters.isEmpty else { return nil }
    return storage.uriParameterExtent(name, from: layout.parameters)?.slice(of: storage)
  }

  /// The telephone number in the user part: digits with an optional leading `+`, visual separators and RFC 3966
  /// parameters removed; the user part itself (up to `;`) if it is no number; `nil` without a user.
  public var number: [UInt8]? {
    guard let user else { return nil }
    let plain = user.prefix { $0 != UInt8(ascii: ";") }
    guard !plain.isEmpty else { return nil }
    var digits: [UInt8] = []
    digits.reserveCapacity(plain.count)
    for (offset, byte) in plain.enumerated() {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "#"): digits.append(byte)
      case UInt8(ascii: "+") where offset == 0: digits.append(byte)
      case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "("), UInt8(ascii: ")"): break
      default: return Array(plain)
      }
    }
    return digits.count > (digits.first == UInt8(ascii: "+") ? 1 : 0) ? digits : Array(plain)
  }

  /// `%HH` resolved. A `%` that begins no escape stays.
  static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var rest = bytes
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let high = rest[rest.startIndex].hexadecimalValue,
        let low = rest[rest.startIndex + 1].hexadecimalValue
      {
        out.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        out.append(byte)
      }
    }
    return out
  }

  /// Appends `user` as a user part: bytes the grammar does not allow there are written as `%HH`.
  @inlinable public static func appendEscaped(user: some Collection<UInt8>, to out: inout [UInt8]) {
    user.withBytes { appendEscaped(user: $0, to: &out) }
  }

  @usableFromInline static func appendEscaped(user: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
    for byte in user {
      if ByteClass.user.contains(byte) {
        out.append(byte)
      } else {
        out.append(UInt8(ascii: "%"))
        out.appendHexadecimal(UInt64(byte), digits: 2)
      }
    }
  }
}
