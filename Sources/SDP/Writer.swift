import Addressing

extension SessionDescription {
  /// The description as text, CRLF line ends, in the order of RFC 8866 section 5. `s=-` and `t=0 0` are all we say of name and time (RFC 3264 section 5).
  public func encoded() -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(512)
    out.append("v=0\r\no=")
    out.append(contentsOf: origin.username.isEmpty ? [UInt8(ascii: "-")] : origin.username)
    out.append(UInt8(ascii: " "))
    out.appendDecimal(origin.sessionID)
    out.append(UInt8(ascii: " "))
    out.appendDecimal(origin.version)
    out.append(UInt8(ascii: " "))
    out.append(address: origin.address)
    out.append("\r\ns=-\r\n")
    if let connection { out.append(connection: connection) }
    out.append("t=0 0\r\n")
    for attribute in attributes { out.append(attribute) }
    for stream in media { out.append(stream) }
    return out
  }
}

extension [UInt8] {
  /// `IN IP4 192.0.2.1`
  mutating func append(address: IPAddress) {
    append(address.family == .v4 ? "IN IP4 " : "IN IP6 ")
    append(contentsOf: address.text)
  }

  fileprivate mutating func append(connection: IPAddress) {
    append("c=")
    append(address: connection)
    append("\r\n")
  }

  fileprivate mutating func append(_ attribute: SessionDescription.Attribute) {
    append("a=")
    append(contentsOf: attribute.name)
    if let value = attribute.value {
      append(UInt8(ascii: ":"))
      append(contentsOf: value)
    }
    append("\r\n")
  }

  fileprivate mutating func append(_ stream: SessionDescription.Media) {
    append("m=")
    append(contentsOf: stream.kind)
    append(UInt8(ascii: " "))
    appendDecimal(UInt64(stream.port))
    append(UInt8(ascii: " "))
    append(contentsOf: stream.proto)
    for format in stream.formats {
      append(UInt8(ascii: " "))
      append(contentsOf: format)
    }
    append("\r\n")
    if let connection = stream.connection { append(connection: connection) }
    for attribute in stream.attributes { append(attribute) }
  }
}
