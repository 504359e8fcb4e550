import CTandemTrunk
import SIP

/// A name-addr value, or a bare URI, as the places of its parts (RFC 3261 sections 19.1.1, 20.10, 25.1; RFC 3966 for `tel`): what a plugin's
/// `part` and `set_part` work on.
///
///     "display" <scheme:user@host:port;parameters?headers>;header-parameters
///
/// Reading takes slices of the message and allocates nothing. An edit replaces bytes in a copy of the value, and the copy must
/// read as an address again; all other bytes stay. A URI of another scheme can only be read and replaced whole.
struct AddressEdit {
  private(set) var bytes: ArraySlice<UInt8>
  /// A request-URI: no display name, no brackets.
  private let isBareURI: Bool
  private var display: Range<Int>
  private var uri: Range<Int>
  private var user: Range<Int>?
  private var host: Range<Int>?
  /// From the first `;` to the end of the last; empty at the place where the first would stand. `nil`: the scheme has none.
  private var parameters: Range<Int>?

  init?(_ value: ArraySlice<UInt8>, isBareURI: Bool = false) {
    bytes = value
    self.isBareURI = isBareURI
    let start = value.startIndex
    display = start..<start
    uri = start..<value.endIndex
    if !isBareURI, let open = Self.angle(in: value) {
      guard let close = value[open...].firstIndex(of: UInt8(ascii: ">")) else { return nil }
      display = Self.trimmed(value, start..<open)
      uri = (open + 1)..<close
    } else if !isBareURI {
      // addr-spec form: what follows the first ";" belongs to the header, not to the URI.
      uri = Self.trimmed(value, start..<(value.firstIndex(of: UInt8(ascii: ";")) ?? value.endIndex))
    }
    guard readURI() else { return nil }
  }

  private mutating func readURI() -> Bool {
    guard let parsed = try? SIPURI(parsing: bytes[uri]), let colon = bytes[uri].firstIndex(of: UInt8(ascii: ":")) else { return false }
    let first = colon + 1
    switch parsed.scheme {
    case .sip, .sips:
      host = parsed.host.startIndex..<parsed.host.endIndex
      // With the password, as written: all between the scheme and the "@".
      if parsed.host.startIndex > first { user = first..<(parsed.host.startIndex - 1) }
      var end = parsed.host.endIndex
      while end < uri.upperBound, bytes[end] != UInt8(ascii: ";"), bytes[end] != UInt8(ascii: "?") { end += 1 }
      parameters = end..<(end + parsed.parameters.count)
    case .tel:
      let end = bytes[uri].firstIndex(of: UInt8(ascii: ";")) ?? uri.upperBound
      user = first..<end
      parameters = end..<uri.upperBound
    case .urn, .other: break
    }
    return true
  }

  /// The first `<` outside a quoted string.
  private static func angle(in value: ArraySlice<UInt8>) -> Int? {
    var isQuoted = false
    var index = value.startIndex
    while index < value.endIndex {
      switch value[index] {
      case UInt8(ascii: "\\") where isQuoted: index += 1
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: "<") where !isQuoted: return index
      default: break
      }
      index += 1
    }
    return nil
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>, _ range: Range<Int>) -> Range<Int> {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high, bytes[low] <= 0x20 { low += 1 }
    while high > low, bytes[high - 1] <= 0x20 { high -= 1 }
    return low..<high
  }

  // MARK: Reading
  /// One of TT_PART_...; `nil`: there is none.
  func part(_ part: Int32) -> ArraySlice<UInt8>? {
    switch part {
    case TT_PART_URI: bytes[uri]
    case TT_PART_USER: user.map { bytes[$0] }
    case TT_PART_HOST: host.map { bytes[$0] }
    case TT_PART_DISPLAY: displayName
    default: nil
    }
  }

  /// Without quotes, escapes resolved.
  private var displayName: ArraySlice<UInt8>? {
    guard !display.isEmpty else { return nil }
    let written = bytes[display]
    guard written.count > 1, written.first == UInt8(ascii: "\""), written.last == UInt8(ascii: "\"") else { return written }
    let inner = written.dropFirst().dropLast()
    guard inner.contains(UInt8(ascii: "\\")) else { return inner }
    var out: [UInt8] = []
    var isEscaped = false
    for byte in inner {
      isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
      if !isEscaped { out.append(byte) }
    }
    return out[...]
  }

  /// The value of a URI parameter, empty for a flag.
  func parameter(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let place = place(of: name) else { return nil }
    let piece = bytes[place]
    return piece.firstIndex(of: UInt8(ascii: "=")).map { piece[($0 + 1)...] } ?? piece[piece.endIndex...]
  }

  /// Where a parameter stands, from its `;` on.
  private func place(of name: ArraySlice<UInt8>) -> Range<Int>? {
    guard let parameters else { return nil }
    var start = parameters.lowerBound
    while start < parameters.upperBound {
      let end = bytes[(start + 1)..<parameters.upperBound].firstIndex(of: UInt8(ascii: ";")) ?? parameters.upperBound
      let written = bytes[(start + 1)..<end].prefix { $0 != UInt8(ascii: "=") }
      if written.isSameToken(as: name) { return start..<end }
      start = end
    }
    return nil
  }

  // MARK: Editing; the answers are TT_ codes
  mutating func setPart(_ part: Int32, _ value: [UInt8]) -> Int32 {
    switch part {
    case TT_PART_URI: return replace(uri, with: value, brackets: true)
    case TT_PART_USER: return setUser(value)
    case TT_PART_HOST: return setHost(value)
    case TT_PART_DISPLAY where !isBareURI: return setDisplayName(value)
    default: return TT_ABSENT
    }
  }

  /// Empty takes the user part away.
  private mutating func setUser(_ value: [UInt8]) -> Int32 {
    guard parameters != nil, value.allSatisfy({ $0.isAlphanumeric || "-_.!~*'()%&=+$,;?/:".utf8.contains($0) }) else { return TT_MALFORMED }
    switch (user, host) {
    case (let user?, nil): return replace(user, with: value)
    case (let user?, let host?): return value.isEmpty ? replace(user.lowerBound..<host.lowerBound, with: []) : replace(user, with: value)
    case (nil, let host?): return value.isEmpty ? TT_OK : replace(host.lowerBound..<host.lowerBound, with: value + [UInt8(ascii: "@")])
    case (nil, nil): return TT_MALFORMED
    }
  }
  private mutating func setHost(_ value: [UInt8]) -> Int32 {
    guard let host else { return TT_ABSENT }
    let isReference = value.first == UInt8(ascii: "[") && value.last == UInt8(ascii: "]") && value.count > 2
    let body = isReference ? value.dropFirst().dropLast() : value[...]
    let isHost =
      !body.isEmpty && body.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || (isReference && $0 == UInt8(ascii: ":")) }
    return isHost ? replace(host, with: value) : TT_MALFORMED
  }
  private mutating func setDisplayName(_ name: [UInt8]) -> Int32 {
    guard name.isLine else { return TT_MALFORMED }
    var written: [UInt8] = []
    if !name.isEmpty {
      written.append(UInt8(ascii: "\""))
      for byte in name {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { written.append(UInt8(ascii: "\\")) }
        written.append(byte)
      }
      written += [UInt8(ascii: "\""), UInt8(ascii: " ")]
    }
    // Up to the bracket, which an addr-spec form gets here.
    let isBracketed = uri.lowerBound > bytes.startIndex && bytes[uri.lowerBound - 1] == UInt8(ascii: "<")
    guard isBracketed else { return rebuild(prefix: written, uri: Array(bytes[uri])) }
    return replace(bytes.startIndex..<(uri.lowerBound - 1), with: written)
  }

  /// Empty value = a flag.
  mutating func setParameter(_ name: ArraySlice<UInt8>, _ value: [UInt8]) -> Int32 {
    guard let parameters, name.isToken, value.allSatisfy({ $0.isAlphanumeric || "[]/:&+$-_.!~*'()%".utf8.contains($0) }) else { return TT_MALFORMED }
    var piece = [UInt8(ascii: ";")] + name
    if !value.isEmpty { piece += [UInt8(ascii: "=")] + value }
    return replace(place(of: name) ?? parameters.upperBound..<parameters.upperBound, with: piece, brackets: true)
  }
  mutating func removeParameter(_ name: ArraySlice<UInt8>) -> Int32 {
    place(of: name).map { replace($0, with: []) } ?? TT_ABSENT
  }

  /// `brackets`: what is written may hold a ";", so an addr-spec form must become a name-addr.
  private mutating func replace(_ range: Range<Int>, with new: [UInt8], brackets: Bool = false) -> Int32 {
    let isAddrSpec = !isBareURI && (uri.lowerBound == bytes.startIndex || bytes[uri.lowerBound - 1] != UInt8(ascii: "<"))
    if isAddrSpec {
      return rebuild(prefix: [], uri: Array(bytes[uri.lowerBound..<range.lowerBound]) + new + bytes[range.upperBound..<uri.upperBound])
    }
    return adopt(Array(bytes[..<range.lowerBound]) + new + bytes[range.upperBound...])
  }
  /// Writes an addr-spec form as a name-addr.
  private mutating func rebuild(prefix: [UInt8], uri new: [UInt8]) -> Int32 {
    adopt(prefix + [UInt8(ascii: "<")] + new + [UInt8(ascii: ">")] + bytes[uri.upperBound...])
  }
  private mutating func adopt(_ new: [UInt8]) -> Int32 {
    guard new.isLine, let read = AddressEdit(new[...], isBareURI: isBareURI) else { return TT_MALFORMED }
    // A ">" or ";" smuggled in would move what follows the address.
    guard
      isBareURI || new[read.uri.upperBound...].drop(while: { $0 == UInt8(ascii: ">") }).elementsEqual(bytes[uri.upperBound...].drop { $0 == UInt8(ascii: ">") })
    else {
      return TT_MALFORMED
    }
    self = read
    return TT_OK
  }
}

extension UInt8 {
  fileprivate var isAlphanumeric: Bool {
    (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
  }
  fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension ArraySlice<UInt8> {
  func isSameToken(as other: ArraySlice<UInt8>) -> Bool {
    count == other.count && zip(self, other).allSatisfy { $0.lowercase == $1.lowercase }
  }
  /// RFC 3261 section 25.1 `token`.
  var isToken: Bool {
    !isEmpty && allSatisfy { $0.isAlphanumeric || "-.!%*_+`'~".utf8.contains($0) }
  }
}
