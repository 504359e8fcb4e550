import Addressing

extension SessionDescription {
  /// The description as text, CRLF line ends, in the order of RFC 8866 section 5. `-`, `s=-` and `t=0 0` are all we say of user, name and time (RFC 3264
  /// section 5).
  public func encoded() -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count + 128)
    out.append("v=0\r\no=- ")
    out.appendDecimal(origin.sessionID)
    out.append(UInt8(ascii: " "))
    out.appendDecimal(origin.version)
    out.append(UInt8(ascii: " "))
    out.append(address: origin.address)
    out.append("\r\ns=-\r\n")
    if let connection { out.append(connection: connection) }
    out.append("t=0 0\r\n")
    out.append(contentsOf: text)
    return out
  }
}

/// Writes the text of a description, stream by stream: `open`, `format`..., `endFormats`, `attribute`..., `close`.
struct Writer {
  private(set) var text: [UInt8] = []
  private(set) var streams: [StreamPlace] = []

  init(capacity: Int) { text.reserveCapacity(capacity) }

  mutating func open(kind: some Collection<UInt8>, port: UInt16, proto: some Collection<UInt8>) {
    streams.append(StreamPlace(start: text.count, port: port))
    text.append("m=")
    token(kind)
    text.append(UInt8(ascii: " "))
    text.appendDecimal(UInt64(port))
    text.append(UInt8(ascii: " "))
    token(proto)
  }
  mutating func format(_ format: some Collection<UInt8>) {
    text.append(UInt8(ascii: " "))
    token(format)
  }
  mutating func format(_ payloadType: UInt8) {
    text.append(UInt8(ascii: " "))
    text.appendDecimal(UInt64(payloadType))
  }
  mutating func endFormats(connection: IPAddress?) {
    text.append("\r\n")
    if let connection { text.append(connection: connection) }
    streams[streams.count - 1].hasConnection = connection != nil
    streams[streams.count - 1].attributes = UInt32(truncatingIfNeeded: text.count)
  }
  mutating func attribute(_ name: some Collection<UInt8>, _ value: (some Collection<UInt8>)?) {
    text.append("a=")
    token(name)
    if let value {
      text.append(UInt8(ascii: ":"))
      token(value)
    }
    text.append("\r\n")
  }
  /// A whole attribute line without its end.
  mutating func attribute(line: StaticString) {
    text.append("a=")
    text.append(line)
    text.append("\r\n")
  }
  /// `rtpmap:<payload type> <rest>`, `fmtp:<payload type> <rest>`.
  mutating func attribute(_ name: StaticString, _ payloadType: UInt8, _ rest: Bytes) {
    text.append("a=")
    text.append(name)
    text.appendDecimal(UInt64(payloadType))
    text.append(UInt8(ascii: " "))
    text.append(contentsOf: rest)
    text.append("\r\n")
  }
  mutating func rtcp(_ port: UInt16, _ address: IPAddress?) {
    text.append("a=rtcp:")
    text.appendDecimal(UInt64(port))
    if let address {
      text.append(UInt8(ascii: " "))
      text.append(address: address)
    }
    text.append("\r\n")
  }
  mutating func close() { streams[streams.count - 1].end = UInt32(truncatingIfNeeded: text.count) }

  /// The stream refused in its place (RFC 3264 section 6): kind, protocol and one format, which stand for nothing.
  mutating func switchedOff(_ head: MediaHead) {
    open(kind: head.kind, port: 0, proto: head.proto)
    var at = 0
    if let first = head.formats.takeField(&at) { format(first) } else { format(0) }
    endFormats(connection: nil)
    close()
  }

  /// A stream of another description as it stands there.
  mutating func copy(_ place: StreamPlace, of bytes: Bytes) {
    var copied = place
    let start = UInt32(truncatingIfNeeded: text.count)
    copied.start = start
    copied.attributes = start &+ (place.attributes &- place.start)
    copied.end = start &+ (place.end &- place.start)
    streams.append(copied)
    text.append(contentsOf: bytes.part(Int(place.start), Int(place.end)))
  }
  /// What stands before the first stream of another description.
  mutating func copy(_ attributes: Bytes) { text.append(contentsOf: attributes) }

  /// Nothing that is written can end its line.
  private mutating func token(_ bytes: some Collection<UInt8>) {
    let start = text.count
    text.append(contentsOf: bytes)
    for at in start..<text.count where text[at] == 0x0d || text[at] == 0x0a || text[at] == 0 { text[at] = UInt8(ascii: " ") }
  }
}
