import Addressing

extension SessionDescription {
  /// Reads a description (RFC 8866 section 5).
  ///
  /// Strict: a wrong version, a second `o=` or `c=`, a type letter nobody knows, a port count above one or a stray CR or NUL refuse the whole.
  /// Lenient only where real peers need it and nothing hangs on it: LF alone as line end, no line end after the last line, empty lines after it,
  /// the order of lines within a section, a missing `s=` or `t=`, extra spaces between fields, a host name in `o=`.
  /// `s= i= u= e= p= b= t= r= z= k=` are read and dropped.
  public init(parsing bytes: ArraySlice<UInt8>) throws(ParseFailure) {
    guard bytes.count <= SDPLimits.bytes else { throw .tooLarge }
    var reader = Reader(capacity: bytes.count)
    try bytes.withUnsafeBufferPointer { bytes throws(ParseFailure) in try reader.read(bytes) }
    self = try reader.finish()
  }
}

/// One pass over the lines, which writes down what is kept. The section is the session's until the first `m=`.
private struct Reader {
  typealias Failure = SessionDescription.ParseFailure
  private var origin: SessionDescription.Origin?
  private var connection: IPAddress?
  private var text: [UInt8] = []
  private var streams: [StreamPlace] = []
  /// Number of the line being read, from 1.
  private var line = 0
  private var attributeCount = 0

  init(capacity: Int) { text.reserveCapacity(capacity) }

  mutating func read(_ bytes: Bytes) throws(Failure) {
    var at = 0
    while at < bytes.count {
      line &+= 1
      let end = bytes.lineControl(from: at)
      var next = end &+ 1
      if end < bytes.count, bytes[end] == 0x0d {
        // A CR may stand before an LF, or be the last byte of all.
        guard next >= bytes.count || bytes[next] == 0x0a else { throw wrong("CR or NUL within a line") }
        next &+= 1
      } else if end < bytes.count, bytes[end] == 0 {
        throw wrong("CR or NUL within a line")
      }
      let content = bytes.part(at, end)
      if content.isEmpty {
        guard bytes.part(next, bytes.count).allSatisfy({ $0 == 0x0d || $0 == 0x0a }) else { throw wrong("empty line") }
        return
      }
      try read(line: content)
      at = next
    }
  }

  private mutating func read(line content: Bytes) throws(Failure) {
    guard content.count >= 2, content[1] == UInt8(ascii: "=") else { throw wrong("not of the form letter=value") }
    let type = content[0]
    let value = content.part(2, content.count)
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
      guard streams.isEmpty else { throw wrong("a line of the session within a stream") }
    case UInt8(ascii: "v"): throw wrong("second v=")
    case UInt8(ascii: "o"): throw wrong("second o=")
    // RFC 8866 section 5: a letter that is not understood is ignored or refused with the whole; ignoring would hide what the peer meant.
    default: throw wrong("unknown type letter")
    }
  }

  private mutating func readOpening(_ type: UInt8, _ value: Bytes) throws(Failure) {
    if line == 1 {
      guard type == UInt8(ascii: "v"), value.equals("0") else { throw wrong("does not begin with v=0") }
    } else {
      guard type == UInt8(ascii: "o") else { throw wrong("o= does not follow v=0") }
      origin = try readOrigin(value)
    }
  }

  /// `o=<username> <sess-id> <sess-version> IN IP4|IP6 <address>`
  private func readOrigin(_ value: Bytes) throws(Failure) -> SessionDescription.Origin {
    var at = 0
    guard value.takeField(&at) != nil, let id = value.takeField(&at), let version = value.takeField(&at) else { throw wrong("o= is too short") }
    guard let sessionID = id.decimal, let sessionVersion = version.decimal else { throw wrong("o= id or version is no 64-bit number") }
    let address = try readAddress(value, &at)
    guard value.takeField(&at) == nil else { throw wrong("o= is too long") }
    // A name in o= is lawful and nobody sends anything there: it reads as the unspecified address.
    return .init(sessionID: sessionID, version: sessionVersion, address: address.ip ?? address.unspecified)
  }

  private mutating func readConnection(_ value: Bytes) throws(Failure) {
    var at = 0
    let address = try readAddress(value, &at)
    guard value.takeField(&at) == nil else { throw wrong("c= is too long") }
    guard let ip = address.ip, !ip.isMulticast else { throw .unsupportedAddress }
    guard let last = streams.indices.last else {
      guard connection == nil else { throw wrong("second c= of the session") }
      connection = ip
      return
    }
    // RFC 8866 5.7: several c= in a stream are for layered multicast only.
    guard !streams[last].hasConnection else { throw wrong("second c= of a stream") }
    streams[last].hasConnection = true
    let attributes = Array(text[Int(streams[last].attributes)...])
    text.removeLast(attributes.count)
    text.append(connection: ip)
    streams[last].attributes = UInt32(truncatingIfNeeded: text.count)
    text.append(contentsOf: attributes)
  }

  /// `IN IP4|IP6 <address>`. `ip` is `nil` for a name, and for an address with a multicast suffix.
  private func readAddress(_ value: Bytes, _ at: inout Int) throws(Failure) -> (ip: IPAddress?, unspecified: IPAddress) {
    guard let network = value.takeField(&at), let type = value.takeField(&at), let text = value.takeField(&at) else { throw wrong("address is too short") }
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
    if text.looksLikeName { return (text.part(text.count &- 8, text.count).equals(".invalid") ? unspecified : nil, unspecified) }
    if let slash = text.place(of: UInt8(ascii: "/")), IPAddress(text.part(0, slash)) != nil { return (nil, unspecified) }
    throw wrong("not an address")
  }

  private mutating func readAttribute(_ value: Bytes) throws(Failure) {
    attributeCount &+= 1
    guard attributeCount <= SDPLimits.attributes else { throw .tooLarge }
    guard value.part(0, value.place(of: UInt8(ascii: ":")) ?? value.count).isToken else { throw wrong("attribute name is no token") }
    text.append("a=")
    text.append(contentsOf: value)
    text.append("\r\n")
  }

  /// `m=<kind> <port>[/<count>] <proto> <format> ...`
  private mutating func readMedia(_ value: Bytes) throws(Failure) {
    guard streams.count < SDPLimits.media else { throw .tooLarge }
    var at = 0
    guard let kind = value.takeField(&at), let ports = value.takeField(&at), let proto = value.takeField(&at) else { throw wrong("m= is too short") }
    guard kind.isToken, proto.isProto else { throw wrong("m= kind or protocol is no token") }
    let slash = ports.place(of: UInt8(ascii: "/")) ?? ports.count
    guard let port = ports.part(0, slash).port else { throw wrong("m= port is not 0...65535") }
    if slash < ports.count, ports.part(slash &+ 1, ports.count).decimal != 1 { throw wrong("m= asks for more than one port") }
    close()
    var place = StreamPlace(start: text.count, port: port)
    text.append("m=")
    text.append(contentsOf: kind)
    text.append(UInt8(ascii: " "))
    text.appendDecimal(UInt64(port))
    text.append(UInt8(ascii: " "))
    text.append(contentsOf: proto)
    var formats = 0
    while let format = value.takeField(&at) {
      guard format.isToken else { throw wrong("m= format is no token") }
      guard formats < SDPLimits.formats else { throw .tooLarge }
      formats &+= 1
      text.append(UInt8(ascii: " "))
      text.append(contentsOf: format)
    }
    if formats == 0 {
      // Some peers refuse a stream without naming a format; one has to stand there when it is written again.
      guard port == 0 else { throw wrong("m= without a format") }
      text.append(" 0")
    }
    text.append("\r\n")
    place.attributes = UInt32(truncatingIfNeeded: text.count)
    streams.append(place)
  }

  private mutating func close() {
    if let last = streams.indices.last { streams[last].end = UInt32(truncatingIfNeeded: text.count) }
  }

  mutating func finish() throws(Failure) -> SessionDescription {
    guard let origin else { throw wrong("no o=") }
    guard !streams.isEmpty else { throw .noMedia }
    close()
    // RFC 8866 5.7: one c= for the session or one for each stream. Streams that are off need none.
    guard connection != nil || streams.allSatisfy({ $0.hasConnection || $0.port == 0 }) else { throw wrong("a stream without c=") }
    return SessionDescription(origin: origin, connection: connection, text: text, streams: streams)
  }

  private func wrong(_ reason: StaticString) -> Failure { .syntax(line: line, .init(reason)) }
}
