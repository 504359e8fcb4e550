/// Where the parts of a URI stand, as offsets into the bytes it was read from: the whole grammar of RFC 3261 section 19.1.1 in one pass.
struct URILayout: Sendable {
  var scheme: SIPURI.Scheme = .other
  var userHasEscape = false
  /// 0 when none is written.
  var port: UInt16 = 0
  var whole = Extent()
  var user = Extent()
  var host = Extent()
  /// From the first `;` to the `?` or the end.
  var parameters = Extent()
  /// From the `?`.
  var headers = Extent()

  init() {}

  /// Reads a URI and leaves the reader behind it. `bare`: an addr-spec outside `<>`, whose `;` begins the header's own
  /// parameters and which may hold no `?` or `,` (RFC 3261 20.10).
  @inline(__always) init?(_ reader: inout ByteReader, bare: Bool, reason: inout StaticString) {
    let start = reader.at
    guard let scheme = URILayout.readScheme(&reader) else {
      reason = "a URI without a scheme"
      return nil
    }
    self.scheme = scheme
    let isSound: Bool
    switch scheme {
    case .sip, .sips: isSound = readSIP(&reader, bare: bare, reason: &reason)
    case .tel: isSound = readTelephone(&reader, bare: bare, reason: &reason)
    case .urn, .other: isSound = readOpaque(&reader, bare: bare, reason: &reason)
    }
    guard isSound else { return nil }
    whole = Extent(start, reader.at)
  }

  @inline(__always) private static func readScheme(_ reader: inout ByteReader) -> SIPURI.Scheme? {
    let start = reader.at
    // Nearly all are `sip:`; four bytes tell.
    if reader.byte(start) | 0x20 == UInt8(ascii: "s"), reader.byte(start &+ 1) | 0x20 == UInt8(ascii: "i"),
      reader.byte(start &+ 2) | 0x20 == UInt8(ascii: "p"), reader.byte(start &+ 3) == UInt8(ascii: ":")
    {
      reader.at = start &+ 4
      return .sip
    }
    guard reader.current.isLetter else { return nil }
    reader.skip(.scheme)
    let end = reader.at
    guard reader.take(UInt8(ascii: ":")) else { return nil }
    if reader.matches(start, end, "sips") { return .sips }
    if reader.matches(start, end, "tel") { return .tel }
    if reader.matches(start, end, "urn") { return .urn }
    return .other
  }

  @inline(__always) private mutating func readSIP(_ reader: inout ByteReader, bare: Bool, reason: inout StaticString) -> Bool {
    guard readUser(&reader, reason: &reason) else { return false }
    guard let host = Host(&reader, blanks: false) else {
      reason = "a URI's host or port"
      return false
    }
    self.host = host.extent
    port = host.port
    if bare { return true }
    guard readParameters(&reader, reason: &reason) else { return false }
    return readHeaders(&reader, reason: &reason)
  }

  /// `user [ ":" password ] "@"`, if there is one. An at-sign can stand nowhere else unescaped, so it decides.
  @inline(__always) private mutating func readUser(_ reader: inout ByteReader, reason: inout StaticString) -> Bool {
    let start = reader.at
    var sawEscape = false
    guard let length = reader.skipEscaped(.user, sawEscape: &sawEscape) else {
      reason = "an escape in a URI's user part"
      return false
    }
    let end = reader.at
    if reader.current == UInt8(ascii: ":") {
      reader.at &+= 1
      guard reader.skipEscaped(.password) != nil else {
        reason = "an escape in a URI's password"
        return false
      }
    }
    guard reader.take(UInt8(ascii: "@")) else {
      reader.at = start
      return true
    }
    guard length > 0 else {
      reason = "an empty user part before @"
      return false
    }
    user = Extent(start, end)
    userHasEscape = sawEscape
    return true
  }

  @inline(__always) private mutating func readParameters(_ reader: inout ByteReader, reason: inout StaticString) -> Bool {
    let start = reader.at
    while reader.take(UInt8(ascii: ";")) {
      guard let name = reader.skipEscaped(.uriParameter), name > 0 else {
        reason = "a URI parameter's name"
        return false
      }
      guard reader.take(UInt8(ascii: "=")) else { continue }
      guard let value = reader.skipEscaped(.uriParameter), value > 0 else {
        reason = "a URI parameter's value"
        return false
      }
    }
    parameters = Extent(start, reader.at)
    return true
  }

  private mutating func readHeaders(_ reader: inout ByteReader, reason: inout StaticString) -> Bool {
    let start = reader.at
    guard reader.take(UInt8(ascii: "?")) else { return true }
    repeat {
      guard let name = reader.skipEscaped(.uriHeader), name > 0, reader.take(UInt8(ascii: "=")),
        reader.skipEscaped(.uriHeader) != nil
      else {
        reason = "a header in a URI"
        return false
      }
    } while reader.take(UInt8(ascii: "&"))
    headers = Extent(start, reader.at)
    return true
  }

  /// RFC 3966 section 3. `phone-context` is not demanded of local numbers: many senders leave it out.
  private mutating func readTelephone(_ reader: inout ByteReader, bare: Bool, reason: inout StaticString) -> Bool {
    let start = reader.at
    _ = reader.take(UInt8(ascii: "+"))
    guard reader.skip(.telephone) > 0 else {
      reason = "a tel URI without a number"
      return false
    }
    user = Extent(start, reader.at)
    return bare || readParameters(&reader, reason: &reason)
  }

  private mutating func readOpaque(_ reader: inout ByteReader, bare: Bool, reason: inout StaticString) -> Bool {
    let start = reader.at
    // 20.10: a comma, question mark or semicolon needs the brackets, so without them they end the URI.
    guard reader.skipEscaped(bare ? .bareURI : .uri) != nil else {
      reason = "an escape in a URI"
      return false
    }
    guard reader.at > start else {
      reason = "a URI with nothing behind its scheme"
      return false
    }
    return true
  }
}
