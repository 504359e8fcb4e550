import Addressing

extension SessionDescription {
  /// Reads a description (RFC 8866 section 5).
  ///
  /// Strict: a wrong version, a second `o=` or `c=`, a type letter nobody knows, a port count above one or a stray CR or NUL refuse the whole.
  /// Lenient only where real peers need it and nothing hangs on it: LF alone as line end, no line end after the last line, empty lines after it,
  /// the order of lines within a section, a missing `s=` or `t=`, extra spaces between fields, a host name in `o=`.
  /// `s= i= u= e= p= b= t= r= z= k=` are read and dropped.
  public init(parsing bytes: ArraySlice<UInt8>) throws(ParseFailure) {
    var reader = Reader()
    try reader.read(bytes)
    self = try reader.finish()
  }
}

/// One pass over the lines. The section is the session's until the first `m=`.
private struct Reader {
  typealias Failure = SessionDescription.ParseFailure
  private var origin: SessionDescription.Origin?
  private var connection: IPAddress?
  private var attributes: [SessionDescription.Attribute] = []
  private var media: [SessionDescription.Media] = []
  /// Number of the line being read, from 1.
  private var line = 0
  private var attributeCount = 0

  mutating func read(_ bytes: ArraySlice<UInt8>) throws(Failure) {
    guard bytes.count <= SDPLimits.bytes else { throw .tooLarge }
    var rest = bytes
    while !rest.isEmpty {
      line &+= 1
      let length = rest.withUnsafeBufferPointer { $0.firstIndex(of: UInt8(ascii: "\n")) ?? $0.count }
      let end = rest.startIndex &+ length
      var content = rest[rest.startIndex..<end]
      rest = rest[end...].dropFirst()
      if content.last == UInt8(ascii: "\r") { content = content.dropLast() }
      if content.isEmpty {
        guard rest.allSatisfy({ $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }) else { throw wrong("empty line") }
        return
      }
      try read(line: content)
    }
  }

  private mutating func read(line content: ArraySlice<UInt8>) throws(Failure) {
    let isClean = content.withUnsafeBufferPointer { bytes in bytes.allSatisfy { $0 != UInt8(ascii: "\r") && $0 != 0 } }
    guard isClean else { throw wrong("CR or NUL within a line") }
    guard let type = content.first, content.dropFirst().first == UInt8(ascii: "=") else { throw wrong("not of the form letter=value") }
    let value = content.dropFirst(2)
    if line <= 2 {
      try readOpening(type, value)
      return
    }
    switch type {
    case UInt8(ascii: "m"): try readMedia(value)
    case UInt8(ascii: "a"): try readAttribute(value)
    case UInt8(ascii: "c"): try readConnection(value)
    case UInt8(ascii: "i"), UInt8(ascii: "b"), UInt8(ascii: "k"): break
    case UInt8(ascii: "s"), UInt8(ascii: "u"), UInt8(ascii: "e"), UInt8(ascii: "p"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "z"):
      guard media.isEmpty else { throw wrong("a line of the session within a stream") }
    case UInt8(ascii: "v"): throw wrong("second v=")
    case UInt8(ascii: "o"): throw wrong("second o=")
    // RFC 8866 section 5: a letter that is not understood is ignored or refused with the whole; ignoring would hide what the peer meant.
    default: throw wrong("unknown type letter")
    }
  }

  private mutating func readOpening(_ type: UInt8, _ value: ArraySlice<UInt8>) throws(Failure) {
    if line == 1 {
      guard type == UInt8(ascii: "v"), value.equals("0") else { throw wrong("does not begin with v=0") }
    } else {
      guard type == UInt8(ascii: "o") else { throw wrong("o= does not follow v=0") }
      origin = try readOrigin(value)
    }
  }

  /// `o=<username> <sess-id> <sess-version> IN IP4|IP6 <address>`
  private func readOrigin(_ value: ArraySlice<UInt8>) throws(Failure) -> SessionDescription.Origin {
    var rest = value
    guard let username = rest.takeField(), let id = rest.takeField(), let version = rest.takeField() else { throw wrong("o= is too short") }
    guard let sessionID = id.decimal, let sessionVersion = version.decimal else { throw wrong("o= id or version is no 64-bit number") }
    let address = try readAddress(&rest)
    guard rest.takeField() == nil else { throw wrong("o= is too long") }
    // A name in o= is lawful and nobody sends anything there: it reads as the unspecified address.
    return .init(username: Array(username), sessionID: sessionID, version: sessionVersion, address: address.ip ?? address.unspecified)
  }

  private mutating func readConnection(_ value: ArraySlice<UInt8>) throws(Failure) {
    var rest = value
    let address = try readAddress(&rest)
    guard rest.takeField() == nil else { throw wrong("c= is too long") }
    guard let ip = address.ip, !ip.isMulticast else { throw .unsupportedAddress }
    if media.isEmpty {
      guard connection == nil else { throw wrong("second c= of the session") }
      connection = ip
    } else {
      let last = media.count - 1
      // RFC 8866 5.7: several c= in a stream are for layered multicast only.
      guard media[last].connection == nil else { throw wrong("second c= of a stream") }
      media[last].connection = ip
    }
  }

  /// `IN IP4|IP6 <address>`. `ip` is `nil` for a name, and for an address with a multicast suffix.
  private func readAddress(_ rest: inout ArraySlice<UInt8>) throws(Failure) -> (ip: IPAddress?, unspecified: IPAddress) {
    guard let network = rest.takeField(), let type = rest.takeField(), let text = rest.takeField() else { throw wrong("address is too short") }
    guard network.equals("IN") else { throw wrong("network is not IN") }
    let family: IPAddress.Family
    if type.equals("IP4") {
      family = .v4
    } else if type.equals("IP6") {
      family = .v6
    } else {
      throw wrong("address type is not IP4 or IP6")
    }
    let unspecified = family == .v4 ? IPAddress(v4: 0) : IPAddress(v6High: 0, low: 0)
    if text.first != UInt8(ascii: "["), let ip = IPAddress(text) {
      guard ip.family == family else { throw wrong("address and its type differ") }
      return (ip, unspecified)
    }
    // RFC 6157 section 3.1: an IPv6 peer holds with a name under .invalid where IPv4 has 0.0.0.0.
    if text.looksLikeName { return (text.suffix(8).equals(".invalid") ? unspecified : nil, unspecified) }
    if let slash = text.firstIndex(of: UInt8(ascii: "/")), IPAddress(text[..<slash]) != nil { return (nil, unspecified) }
    throw wrong("not an address")
  }

  private mutating func readAttribute(_ value: ArraySlice<UInt8>) throws(Failure) {
    attributeCount &+= 1
    guard attributeCount <= SDPLimits.attributes else { throw .tooLarge }
    let colon = value.firstIndex(of: UInt8(ascii: ":"))
    let name = value[..<(colon ?? value.endIndex)]
    guard name.isToken else { throw wrong("attribute name is no token") }
    let attribute = SessionDescription.Attribute(name: Array(name), value: colon.map { Array(value[$0...].dropFirst()) })
    if media.isEmpty { attributes.append(attribute) } else { media[media.count - 1].attributes.append(attribute) }
  }

  /// `m=<kind> <port>[/<count>] <proto> <format> ...`
  private mutating func readMedia(_ value: ArraySlice<UInt8>) throws(Failure) {
    guard media.count < SDPLimits.media else { throw .tooLarge }
    var rest = value
    guard let kind = rest.takeField(), let ports = rest.takeField(), let proto = rest.takeField() else { throw wrong("m= is too short") }
    guard kind.isToken, proto.isProto else { throw wrong("m= kind or protocol is no token") }
    let slash = ports.firstIndex(of: UInt8(ascii: "/")) ?? ports.endIndex
    guard let port = ports[..<slash].port else { throw wrong("m= port is not 0...65535") }
    if slash != ports.endIndex, ports[slash...].dropFirst().decimal != 1 { throw wrong("m= asks for more than one port") }
    var formats: [[UInt8]] = []
    while let format = rest.takeField() {
      guard format.isToken else { throw wrong("m= format is no token") }
      guard formats.count < SDPLimits.formats else { throw .tooLarge }
      formats.append(Array(format))
    }
    if formats.isEmpty {
      // Some peers refuse a stream without naming a format; one has to stand there when it is written again.
      guard port == 0 else { throw wrong("m= without a format") }
      formats = [[UInt8(ascii: "0")]]
    }
    media.append(.init(kind: Array(kind), port: port, proto: Array(proto), formats: formats))
  }

  func finish() throws(Failure) -> SessionDescription {
    guard let origin else { throw wrong("no o=") }
    guard !media.isEmpty else { throw .noMedia }
    // RFC 8866 5.7: one c= for the session or one for each stream. Streams that are off need none.
    guard connection != nil || media.allSatisfy({ $0.connection != nil || $0.port == 0 }) else { throw wrong("a stream without c=") }
    return SessionDescription(origin: origin, connection: connection, attributes: attributes, media: media)
  }

  private func wrong(_ reason: StaticString) -> Failure { .syntax(line: line, .init(reason)) }
}
