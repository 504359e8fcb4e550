import Addressing

/// `host [ ":" port ]` of RFC 3261 section 25.1, shared by URIs and Via.
///
/// One liberty, from RFC 1123: a last label may begin with a digit (container and machine names do) unless it is all digits, for then
/// the host must be an IPv4 address. No name is longer than 255 bytes by DNS's own rule.
struct Host {
  var extent: Extent
  /// 0 when none is written.
  var port: UInt16

  /// Reads a host; blanks around the port's colon only where `blanks` allows (Via does, URIs do not). `nil` when it is malformed.
  @inline(__always) init?(_ reader: inout ByteReader, blanks: Bool) {
    let start = reader.at
    guard Host.skipName(&reader) else { return nil }
    extent = Extent(start, reader.at)
    port = 0
    let end = reader.at
    if blanks { reader.skipBlanks() }
    guard reader.take(UInt8(ascii: ":")) else {
      reader.at = end
      return
    }
    if blanks { reader.skipBlanks() }
    guard let number = reader.number(upTo: 65_535), number > 0 else { return nil }
    port = UInt16(truncatingIfNeeded: number)
  }

  @inline(__always) static func skipName(_ reader: inout ByteReader) -> Bool {
    if reader.current == UInt8(ascii: "[") { return skipIPv6Reference(&reader) }
    let start = reader.at
    var label = start
    while true {
      label = reader.at
      // A label begins and ends with a letter or digit.
      guard reader.skip(.alphanumeric) > 0 else { return false }
      while reader.current == UInt8(ascii: "-") {
        while reader.current == UInt8(ascii: "-") { reader.at &+= 1 }
        guard reader.skip(.alphanumeric) > 0 else { return false }
      }
      guard reader.take(UInt8(ascii: ".")) else { break }
      // One dot may end the name.
      if !ByteClass.alphanumeric.contains(reader.current) {
        guard reader.current != UInt8(ascii: "."), reader.current != UInt8(ascii: "-") else { return false }
        break
      }
    }
    guard reader.at &- start <= 255 else { return false }
    guard reader.byte(label).isDigit else { return true }
    return isNumericOnlyAsIPv4(reader, start, label)
  }

  private static func isNumericOnlyAsIPv4(_ reader: ByteReader, _ start: Int, _ label: Int) -> Bool {
    var i = label
    while i < reader.at, reader.byte(i).isDigit { i &+= 1 }
    if i < reader.at, reader.byte(i) != UInt8(ascii: ".") { return true }
    var octets = ByteReader(reader.base, from: start, to: reader.at)
    return octets.skipIPv4() && octets.isAtEnd
  }

  /// `[` IPv6address `]` (RFC 4291 text, no zone).
  static func skipIPv6Reference(_ reader: inout ByteReader) -> Bool {
    guard reader.take(UInt8(ascii: "[")), reader.skipIPv6() else { return false }
    return reader.take(UInt8(ascii: "]"))
  }
}

extension ByteReader {
  /// Four decimal octets.
  mutating func skipIPv4() -> Bool {
    for part in 0..<4 {
      if part > 0, !take(UInt8(ascii: ".")) { return false }
      let start = at
      guard number(upTo: 255) != nil, at &- start <= 3 else { return false }
    }
    return true
  }

  /// Eight groups of up to four hexadecimal digits, `::` once for a run of zeros, the last two groups as IPv4 if so written.
  mutating func skipIPv6() -> Bool {
    var groups = 0
    var compressed = false
    if current == UInt8(ascii: ":") {
      guard byte(at &+ 1) == UInt8(ascii: ":") else { return false }
      at &+= 2
      compressed = true
      if current.hexadecimalValue == nil { return true }
    }
    while groups < 8 {
      let start = at
      while current.hexadecimalValue != nil, at &- start < 5 { at &+= 1 }
      guard at > start, at &- start <= 4 else { return false }
      if current == UInt8(ascii: ".") {
        at = start
        guard groups <= 6, skipIPv4() else { return false }
        groups &+= 2
        break
      }
      groups &+= 1
      guard current == UInt8(ascii: ":") else { break }
      if byte(at &+ 1) == UInt8(ascii: ":") {
        guard !compressed else { return false }
        compressed = true
        at &+= 2
        if current.hexadecimalValue == nil { break }
      } else {
        at &+= 1
      }
    }
    return compressed ? groups < 8 : groups == 8
  }
}
