/// A challenge or credentials as written: a scheme and its parameters (RFC 3261 25.1 `challenge`, RFC 7235 2.1).
///
/// Quoted values are kept as they stand between their quotes, escapes included: what is hashed and echoed is that (RFC 7616 3.4, `unq`).
struct ParameterList {
  struct Parameter {
    var name: ArraySlice<UInt8>
    var value: ArraySlice<UInt8>
    var isQuoted: Bool
  }
  var scheme: ArraySlice<UInt8>
  var parameters: [Parameter] = []

  var isDigest: Bool { scheme.matches("digest") }

  /// A parameter that may stand once.
  func value(_ name: StaticString, quoted: Bool? = nil) -> ArraySlice<UInt8>? {
    guard let found = parameters.first(where: { $0.name.matches(name) }), quoted.map({ $0 == found.isQuoted }) ?? true else { return nil }
    return found.value
  }
  func has(_ name: StaticString) -> Bool { parameters.contains { $0.name.matches(name) } }

  /// Two readers could take different ones of a parameter that stands twice.
  private var hasTwins: Bool {
    parameters.indices.contains { index in parameters[..<index].contains { $0.name.matches(parameters[index].name) } }
  }

  /// All of one field, several in a row as RFC 7235 allows; `nil` when it is malformed anywhere, for then nobody knows what belongs to what.
  static func all(in field: ArraySlice<UInt8>) -> [ParameterList]? {
    guard field.count <= AuthenticationLimits.fieldBytes else { return nil }
    var reader = Reader(rest: field)
    var lists: [ParameterList] = []
    reader.skipCommas()
    while !reader.isAtEnd {
      guard lists.count < AuthenticationLimits.challenges, let list = reader.list(), !list.hasTwins else { return nil }
      lists.append(list)
    }
    return lists
  }

  private struct Reader {
    var rest: ArraySlice<UInt8>

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skipBlanks() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }
    mutating func skipCommas() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == UInt8(ascii: ",") } }

    mutating func token() -> ArraySlice<UInt8>? {
      let token = rest.prefix { $0.isTokenByte }
      guard !token.isEmpty else { return nil }
      rest = rest.dropFirst(token.count)
      return token
    }

    mutating func quoted() -> ArraySlice<UInt8>? {
      guard rest.first == UInt8(ascii: "\"") else { return nil }
      var at = rest.startIndex + 1
      while at < rest.endIndex {
        switch rest[at] {
        case UInt8(ascii: "\""):
          let value = rest[(rest.startIndex + 1)..<at]
          rest = rest[(at + 1)...]
          return value
        case UInt8(ascii: "\\"):
          guard at + 1 < rest.endIndex, rest[at + 1] >= 0x20, rest[at + 1] < 0x7F else { return nil }
          at += 2
        case 0x20..., 0x09:
          guard rest[at] != 0x7F else { return nil }
          at += 1
        default: return nil
        }
      }
      return nil
    }

    /// After an element: the end, or a comma.
    mutating func endElement() -> Bool {
      skipBlanks()
      guard isAtEnd || rest.first == UInt8(ascii: ",") else { return false }
      skipCommas()
      return true
    }

    mutating func list() -> ParameterList? {
      guard let scheme = token() else { return nil }
      var list = ParameterList(scheme: scheme)
      // A scheme alone: `Negotiate`.
      if isAtEnd || rest.first == UInt8(ascii: ",") { return endElement() ? list : nil }
      guard rest.first == 0x20 || rest.first == 0x09 else { return nil }
      skipBlanks()
      if !list.isDigest, skipTokenOfOtherScheme() { return list }
      while !isAtEnd {
        let start = rest
        guard let name = token() else { return nil }
        skipBlanks()
        guard rest.first == UInt8(ascii: "=") else {
          // No parameter: the next challenge begins here.
          guard !list.parameters.isEmpty else { return nil }
          rest = start
          return list
        }
        rest = rest.dropFirst()
        skipBlanks()
        let isQuoted = rest.first == UInt8(ascii: "\"")
        guard let value = isQuoted ? quoted() : token(), endElement(), list.parameters.count < AuthenticationLimits.parameters else { return nil }
        list.parameters.append(Parameter(name: name, value: value, isQuoted: isQuoted))
      }
      return list
    }

    /// RFC 7235 `token68`: `Negotiate oRQwEqADCgEB==`.
    private mutating func skipTokenOfOtherScheme() -> Bool {
      var ahead = self
      ahead.rest = ahead.rest.drop { $0.isTokenByte || $0 == UInt8(ascii: "/") }
      ahead.rest = ahead.rest.drop { $0 == UInt8(ascii: "=") }
      guard ahead.rest.startIndex > rest.startIndex, ahead.endElement() else { return false }
      self = ahead
      return true
    }
  }
}

extension UInt8 {
  /// RFC 3261 25.1 `token`.
  var isTokenByte: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case 0x2D, 0x2E, 0x21, 0x25, 0x2A, 0x5F, 0x2B, 0x60, 0x27, 0x7E: true
    default: false
    }
  }
  var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
}

extension ArraySlice<UInt8> {
  /// The same ignoring the case of letters.
  func matches(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    return zip(self, UnsafeBufferPointer(start: text.utf8Start, count: count)).allSatisfy { $0.lowercased == $1.lowercased }
  }
  func matches(_ other: ArraySlice<UInt8>) -> Bool { count == other.count && zip(self, other).allSatisfy { $0.lowercased == $1.lowercased } }
}

extension [UInt8] {
  mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }
}
