import CTandemTrunk
import SIP

/// A name-addr value taken apart at its delimiters and put together again (RFC 3261 section 20.10 and 25.1): what a plugin's
/// `part` and `set_part` work on. Everything that is not replaced keeps its bytes.
struct AddressEdit {
  /// As written, quotes included; empty when there is none.
  private var display: ArraySlice<UInt8>
  var uri: URIEdit
  /// Header parameters with their leading `;` (the tag among them).
  private let parameters: ArraySlice<UInt8>
  /// A request-URI: it has no display name and no brackets.
  let isBareURI: Bool

  init(_ requestURI: URIEdit) {
    (display, uri, parameters, isBareURI) = ([], requestURI, [], true)
  }
  init?(_ value: ArraySlice<UInt8>) {
    isBareURI = false
    guard let open = Self.angle(in: value) else {
      // addr-spec form: what follows the first ";" belongs to the header, not to the URI.
      let end = value.firstIndex(of: UInt8(ascii: ";")) ?? value.endIndex
      guard let uri = URIEdit(value[..<end].trimmed) else { return nil }
      (display, self.uri, parameters) = ([], uri, value[end...])
      return
    }
    guard let close = value[open...].firstIndex(of: UInt8(ascii: ">")), let uri = URIEdit(value[(open + 1)..<close]) else { return nil }
    (display, self.uri, parameters) = (value[..<open].trimmed, uri, value[(close + 1)...])
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

  var bytes: [UInt8] {
    var out: [UInt8] = []
    if !display.isEmpty { out += display + [UInt8(ascii: " ")] }
    return out + [UInt8(ascii: "<")] + uri.bytes + [UInt8(ascii: ">")] + parameters
  }

  /// Without quotes, escapes resolved; `nil` when there is none.
  var displayName: [UInt8]? {
    guard !display.isEmpty else { return nil }
    guard display.first == UInt8(ascii: "\""), display.last == UInt8(ascii: "\""), display.count > 1 else { return Array(display) }
    var out: [UInt8] = []
    var isEscaped = false
    for byte in display.dropFirst().dropLast() {
      if byte == UInt8(ascii: "\\"), !isEscaped {
        isEscaped = true
        continue
      }
      isEscaped = false
      out.append(byte)
    }
    return out
  }

  mutating func setDisplayName(_ name: [UInt8]) {
    guard !name.isEmpty else { return display = [] }
    var out = [UInt8(ascii: "\"")]
    for byte in name {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { out.append(UInt8(ascii: "\\")) }
      out.append(byte)
    }
    display = (out + [UInt8(ascii: "\"")])[...]
  }
}

/// A URI split into what a plugin may replace: `scheme:` user `@` host `:port` `;parameters` `?headers` (RFC 3261 section 19.1.1); a
/// `tel` URI (RFC 3966) is a user and parameters; any other URI can only be read and replaced whole.
struct URIEdit {
  private var scheme: ArraySlice<UInt8>
  private(set) var user: [UInt8]?
  private(set) var host: [UInt8]?
  private var port: ArraySlice<UInt8> = []
  private var parameters: [ArraySlice<UInt8>] = []
  private var headers: ArraySlice<UInt8> = []
  private var opaque: ArraySlice<UInt8> = []

  init?(_ uri: ArraySlice<UInt8>) {
    guard let parsed = try? SIPURI(parsing: uri), let colon = uri.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    scheme = uri[...colon]
    var rest = uri[(colon + 1)...]
    switch parsed.scheme {
    case .sip, .sips:
      // The user part may hold ";" and "?" itself: cut at the "@" first.
      if let at = rest.firstIndex(of: UInt8(ascii: "@")) {
        user = Array(rest[..<at])
        rest = rest[(at + 1)...]
      }
      if let question = rest.firstIndex(of: UInt8(ascii: "?")) {
        headers = rest[question...]
        rest = rest[..<question]
      }
      let pieces = rest.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      let hostPort = pieces.first ?? []
      let hostEnd = hostPort.first == UInt8(ascii: "[")
        ? (hostPort.firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 } ?? hostPort.endIndex)
        : (hostPort.firstIndex(of: UInt8(ascii: ":")) ?? hostPort.endIndex)
      host = Array(hostPort[..<hostEnd])
      port = hostPort[hostEnd...]
      parameters = Array(pieces.dropFirst())
    case .tel:
      let pieces = rest.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
      user = Array(pieces.first ?? [])
      parameters = Array(pieces.dropFirst())
    case .urn, .other:
      opaque = rest
    }
  }

  var isEditable: Bool { user != nil || host != nil }

  var bytes: [UInt8] {
    var out = Array(scheme)
    if let user {
      out += user
      if host != nil { out.append(UInt8(ascii: "@")) }
    }
    if let host { out += host }
    out += port
    for parameter in parameters { out += [UInt8(ascii: ";")] + parameter }
    return out + headers + opaque
  }

  /// Empty takes the user part away. False when a byte can not stand there, or the URI has no such part.
  mutating func setUser(_ value: [UInt8]) -> Bool {
    guard isEditable, value.allSatisfy({ $0.isAlphanumeric || "-_.!~*'()%&=+$,;?/:".utf8.contains($0) }) else { return false }
    guard !value.isEmpty || host != nil else { return false }
    user = value.isEmpty ? nil : value
    return true
  }
  mutating func setHost(_ value: [UInt8]) -> Bool {
    guard host != nil, !value.isEmpty else { return false }
    let isReference = value.first == UInt8(ascii: "[") && value.last == UInt8(ascii: "]")
    let body = isReference ? value.dropFirst().dropLast() : value[...]
    guard body.allSatisfy({ $0.isAlphanumeric || "-._".utf8.contains($0) || (isReference && $0 == UInt8(ascii: ":")) }) else { return false }
    host = value
    return true
  }

  /// Empty for a flag.
  func parameter(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    parameters.first { Self.name(of: $0, is: name) }.map { piece in
      piece.firstIndex(of: UInt8(ascii: "=")).map { piece[($0 + 1)...] } ?? []
    }
  }
  mutating func setParameter(_ name: ArraySlice<UInt8>, _ value: [UInt8]) -> Bool {
    guard isEditable, name.isToken, value.allSatisfy({ $0.isAlphanumeric || "[]/:&+$-_.!~*'()%".utf8.contains($0) }) else { return false }
    let piece = (Array(name) + (value.isEmpty ? [] : [UInt8(ascii: "=")] + value))[...]
    if let index = parameters.firstIndex(where: { Self.name(of: $0, is: name) }) { parameters[index] = piece } else { parameters.append(piece) }
    return true
  }
  mutating func removeParameter(_ name: ArraySlice<UInt8>) -> Bool {
    let before = parameters.count
    parameters.removeAll { Self.name(of: $0, is: name) }
    return parameters.count != before
  }

  private static func name(of piece: ArraySlice<UInt8>, is name: ArraySlice<UInt8>) -> Bool {
    piece.prefix { $0 != UInt8(ascii: "=") }.elementsEqual(name, by: { $0.lowercase == $1.lowercase })
  }
}

extension UInt8 {
  fileprivate var isAlphanumeric: Bool {
    (0x30...0x39).contains(self) || (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
  }
  fileprivate var lowercase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension ArraySlice<UInt8> {
  /// Without white space at both ends.
  fileprivate var trimmed: ArraySlice<UInt8> {
    let blank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
    guard let first = firstIndex(where: { !blank($0) }), let last = lastIndex(where: { !blank($0) }) else { return [] }
    return self[first...last]
  }
  func isSameToken(as other: [UInt8]) -> Bool { elementsEqual(other, by: { $0.lowercase == $1.lowercase }) }
  /// RFC 3261 section 25.1 `token`.
  var isToken: Bool {
    !isEmpty && allSatisfy { $0.isAlphanumeric || "-.!%*_+`'~".utf8.contains($0) }
  }
}
