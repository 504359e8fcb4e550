/// The bytes every number must begin with to match a pattern like `^\+1425\d{7}$`: `+1425`.
///
/// A table has thousands of routes and a number matches a few; comparing these bytes first leaves nearly all of them without a call into PCRE2. Only what is
/// plain is taken: digits and escaped `+`, `*`, `#` after a leading `^`, up to the first byte that may mean more. An alternative outside of all groups, or
/// syntax that hides bytes from this reading (`\Q`, `\E`, comments), gives no prefix. Empty is always right.
enum LiteralPrefix {
  static func of(_ pattern: [UInt8]) -> [UInt8] {
    guard pattern.first == UInt8(ascii: "^"), !hasOuterAlternative(pattern) else { return [] }
    var prefix: [UInt8] = []
    var rest = pattern.dropFirst()
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): prefix.append(byte)
      case UInt8(ascii: "\\"):
        guard let escaped = rest.popFirst(), escapable.contains(escaped) else { return prefix }
        prefix.append(escaped)
      case UInt8(ascii: "?"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "{"):
        // A quantifier: the byte before it may be missing or be repeated.
        return prefix.dropLast()
      default: return prefix
      }
    }
    return prefix
  }
  private static let escapable = Array("+*#".utf8)

  /// Whether `|` may stand outside of groups. Errs towards yes: classes and special syntax are not read, so a `|` together with any of them counts.
  private static func hasOuterAlternative(_ pattern: [UInt8]) -> Bool {
    if contains(pattern, #"\Q"#) || contains(pattern, #"\E"#) || contains(pattern, "(?#") { return true }
    guard pattern.contains(UInt8(ascii: "|")) else { return false }
    if pattern.contains(UInt8(ascii: "[")) { return true }
    var depth = 0
    var isEscaped = false
    for byte in pattern {
      if isEscaped {
        isEscaped = false
        continue
      }
      switch byte {
      case UInt8(ascii: "\\"): isEscaped = true
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: "|") where depth <= 0: return true
      default: break
      }
    }
    return false
  }
  private static func contains(_ pattern: [UInt8], _ text: String) -> Bool {
    let wanted = Array(text.utf8)
    return pattern.indices.contains { pattern[$0...].starts(with: wanted) }
  }
}
