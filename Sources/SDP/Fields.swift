import Addressing

// What the reader, the crossing and the accessors share: lines, fields, numbers and character classes of RFC 8866 section 9. All of them look at bytes
// in place: a description is read and written anew several times in a call.

typealias Bytes = UnsafeBufferPointer<UInt8>

extension Bytes {
  /// A part of these bytes; empty when the bounds do not fit.
  @inline(__always) func part(_ start: Int, _ end: Int) -> Bytes {
    guard start >= 0, start < end, end <= count, let base = baseAddress else { return Bytes(start: nil, count: 0) }
    return Bytes(start: base + start, count: end &- start)
  }

  /// The first CR, LF or NUL from `start` on; `count` when there is none. Eight bytes at a time.
  @inline(__always) func lineControl(from start: Int) -> Int {
    guard let base = baseAddress else { return count }
    let raw = UnsafeRawPointer(base)
    var at = start
    while at &+ 8 <= count {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
      // A borrow can only spoil bytes above a true hit, and the lowest hit is what is taken.
      let hits = (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
      if hits == 0 {
        at &+= 8
        continue
      }
      at &+= hits.trailingZeroBitCount &>> 3
      if base[at].endsLine { return at }
      at &+= 1
    }
    while at < count, !base[at].endsLine { at &+= 1 }
    return Swift.min(at, count)
  }

  /// Takes the next field from `at` on, skipping the spaces before it; `nil` at the end. Real peers write two spaces, or one at the end of the line.
  @inline(__always) func takeField(_ at: inout Int) -> Bytes? {
    var start = at
    while start < count, self[start] == UInt8(ascii: " ") { start &+= 1 }
    var end = start
    while end < count, self[end] != UInt8(ascii: " ") { end &+= 1 }
    at = end
    return start < end ? part(start, end) : nil
  }

  /// Digits only and within 64 bits, else `nil`.
  var decimal: UInt64? {
    guard !isEmpty else { return nil }
    var value: UInt64 = 0
    for byte in self {
      let digit = byte &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }

  /// A port as text, 0...65535.
  var port: UInt16? { decimal.flatMap { UInt16(exactly: $0) } }
  /// A payload type of RTP/AVP as text, 0...127.
  var payloadType: UInt8? { decimal.flatMap { $0 <= 127 ? UInt8($0) : nil } }

  var isToken: Bool { !isEmpty && allSatisfy { $0.isTokenCharacter } }
  /// `RTP/AVP`: tokens with slashes between them.
  var isProto: Bool {
    !isEmpty && first != UInt8(ascii: "/") && last != UInt8(ascii: "/") && allSatisfy { $0.isTokenCharacter || $0 == UInt8(ascii: "/") }
  }
  var isPrintable: Bool { allSatisfy { $0 >= 0x20 && $0 <= 0x7e } }
  /// Could be a domain name. Underscores are no host name's, but occur.
  var looksLikeName: Bool {
    !isEmpty && count <= 255 && allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }
  func place(of byte: UInt8) -> Int? {
    for at in indices where self[at] == byte { return at }
    return nil
  }

  @inline(__always) func equals(_ text: StaticString) -> Bool { count == text.utf8CodeUnitCount && begins(with: text) }
  @inline(__always) func begins(with text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    for index in 0..<text.utf8CodeUnitCount where self[index] != text.utf8Start[index] { return false }
    return true
  }
}

extension [UInt8] {
  mutating func append(_ text: StaticString) {
    append(contentsOf: Bytes(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
  init(_ text: StaticString) {
    self.init(Bytes(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
  /// `IN IP4 192.0.2.1`
  mutating func append(address: IPAddress) {
    append(address.family == .v4 ? "IN IP4 " : "IN IP6 ")
    address.appendText(to: &self)
  }
  mutating func append(connection: IPAddress) {
    append("c=")
    append(address: connection)
    append("\r\n")
  }
}

extension UInt8 {
  @inline(__always) fileprivate var endsLine: Bool { self == 0x0d || self == 0x0a || self == 0 }
  var isAlphanumeric: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
    default: false
    }
  }
  // RFC 8866 section 9: token-char, 0x21, 0x23-27, 0x2A-2B, 0x2D-2E, 0x30-39, 0x41-5A, 0x5E-7E, a bit for each.
  @inline(__always) var isTokenCharacter: Bool {
    guard self < 128 else { return false }
    let bits: UInt64 = self < 64 ? 0x03FF_6CFA_0000_0000 : 0x7FFF_FFFF_C7FF_FFFE
    return bits &>> UInt64(self & 63) & 1 != 0
  }
}
