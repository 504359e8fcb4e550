// What the reader, the crossing and the accessors share: fields, numbers and character classes of RFC 8866 section 9.

extension ArraySlice<UInt8> {
  /// Takes the next field, skipping the spaces before it; `nil` at the end. Real peers write two spaces, or one at the end of the line.
  mutating func takeField() -> ArraySlice<UInt8>? {
    let place = withUnsafeBufferPointer { bytes -> Range<Int>? in
      var start = 0
      while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start &+= 1 }
      guard start < bytes.count else { return nil }
      var end = start
      while end < bytes.count, bytes[end] != UInt8(ascii: " ") { end &+= 1 }
      return start..<end
    }
    guard let place else {
      self = self[endIndex...]
      return nil
    }
    let first = startIndex
    let field = self[(first &+ place.lowerBound)..<(first &+ place.upperBound)]
    self = self[(first &+ place.upperBound)...]
    return field
  }

  /// Digits only and within 64 bits, else `nil`.
  var decimal: UInt64? {
    guard !isEmpty else { return nil }
    var value: UInt64 = 0
    for index in indices {
      let byte = self[index]
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }

  /// A port as text, 0...65535.
  var port: UInt16? { decimal.flatMap { UInt16(exactly: $0) } }
  /// A payload type of RTP/AVP as text, 0...127.
  var payloadType: UInt8? { decimal.flatMap { $0 <= 127 ? UInt8($0) : nil } }

  var isToken: Bool { !isEmpty && withUnsafeBufferPointer { $0.allSatisfy { $0.isTokenCharacter } } }
  /// `RTP/AVP`: tokens with slashes between them.
  var isProto: Bool {
    !isEmpty && first != UInt8(ascii: "/") && last != UInt8(ascii: "/") && allSatisfy { $0.isTokenCharacter || $0 == UInt8(ascii: "/") }
  }
  var isPrintable: Bool { withUnsafeBufferPointer { $0.allSatisfy { $0 >= 0x20 && $0 <= 0x7e } } }
  /// Could be a domain name. Underscores are no host name's, but occur.
  var looksLikeName: Bool {
    !isEmpty && count <= 255 && allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }

  func equals(_ text: StaticString) -> Bool {
    withUnsafeBufferPointer { $0.equals(text) }
  }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    for index in 0..<count where self[index] != text.utf8Start[index] { return false }
    return true
  }
}

extension [UInt8] {
  func equals(_ text: StaticString) -> Bool { withUnsafeBufferPointer { $0.equals(text) } }
  mutating func append(_ text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
  init(_ text: StaticString) {
    self.init(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

extension UInt8 {
  var isAlphanumeric: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
    default: false
    }
  }
  // RFC 8866 section 9: token-char.
  var isTokenCharacter: Bool {
    switch self {
    case 0x21, 0x23...0x27, 0x2A...0x2B, 0x2D...0x2E, 0x30...0x39, 0x41...0x5A, 0x5E...0x7E: true
    default: false
    }
  }
}
