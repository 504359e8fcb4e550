public import Addressing

// What one stream of a description says. An index outside the description reads as a stream that is off.
extension SessionDescription {
  /// How many m-lines there are.
  public var streamCount: Int { streams.count }
  /// 0 when the stream is refused or switched off.
  public func port(of index: Int) -> UInt16 { streams.indices.contains(index) ? streams[index].port : 0 }
  /// Whether a stream is refused or switched off.
  public var hasStreamOff: Bool { streams.contains { $0.port == 0 } }
  /// Every stream has a `c=` of its own.
  var namesEveryAddress: Bool { streams.allSatisfy(\.hasConnection) }

  /// The direction of stream `index` as its sender sees it: its own attribute, else the session's, else sendrecv (RFC 8866 6.7).
  ///
  /// With an old-style hold (RFC 2543, RFC 3264 8.4: `c=0.0.0.0`) the sender wants to receive nothing, whatever the attribute says:
  /// `sendrecv` then reads as `sendonly` and `recvonly` as `inactive`, so that the hold crosses to the other leg as a modern one.
  public func direction(of index: Int) -> Direction {
    guard streams.indices.contains(index) else { return .inactive }
    return text.withUnsafeBufferPointer { direction(of: index, in: $0) }
  }

  func direction(of index: Int, in bytes: Bytes) -> Direction {
    let place = streams[index]
    let written = direction(in: bytes, Int(place.attributes), Int(place.end)) ?? direction(in: bytes, 0, sessionEnd) ?? .sendrecv
    guard let address = address(of: index, in: bytes), address.isUnspecified else { return written }
    switch written {
    case .sendrecv: return .sendonly
    case .recvonly: return .inactive
    case .sendonly, .inactive: return written
    }
  }

  private func direction(in bytes: Bytes, _ start: Int, _ end: Int) -> Direction? {
    var lines = AttributeLines(bytes, start, end)
    while let line = lines.next() {
      if let direction = Direction(attribute: line.whole) { return direction }
    }
    return nil
  }

  /// The sender does not want to receive on this stream now: `sendonly`, `inactive` or `c=0.0.0.0`. A stream that is off is not held.
  public func isHeld(_ index: Int) -> Bool {
    guard port(of: index) != 0 else { return false }
    let direction = direction(of: index)
    return direction == .sendonly || direction == .inactive
  }

  /// Where RTP for stream `index` should be sent; `nil` when the port is 0 or no address is given (or it is unspecified: old-style hold).
  /// The direction is not looked at: a peer that is `sendonly` has an address too.
  public func rtpDestination(of index: Int) -> TransportAddress? {
    let port = port(of: index)
    guard port != 0, let address = address(of: index), !address.isUnspecified else { return nil }
    return TransportAddress(address, port)
  }

  /// Where RTCP for stream `index` should be sent: a=rtcp (RFC 3605), else RTP port + 1; `nil` as for RTP.
  ///
  /// `multiplexed`: `a=rtcp-mux` stood in the offer *and* in the answer; then the RTP port (RFC 5761 5.1.1). An offer alone changes nothing, and we never write one.
  public func rtcpDestination(of index: Int, multiplexed: Bool = false) -> TransportAddress? {
    guard let rtp = rtpDestination(of: index) else { return nil }
    if multiplexed { return rtp }
    if let signalled = text.withUnsafeBufferPointer({ rtcpAttribute(of: index, in: $0) }) {
      let address = signalled.address ?? rtp.ip
      return signalled.port == 0 || address.isUnspecified || address.isMulticast ? nil : TransportAddress(address, signalled.port)
    }
    return rtp.port == .max ? nil : TransportAddress(rtp.ip, rtp.port + 1)
  }

  /// The address that holds for stream `index`: its own, else the session's.
  func address(of index: Int) -> IPAddress? {
    streams[index].hasConnection ? text.withUnsafeBufferPointer { ownAddress(of: index, in: $0) } : connection
  }
  func address(of index: Int, in bytes: Bytes) -> IPAddress? { ownAddress(of: index, in: bytes) ?? connection }

  /// `a=rtcp:53020 [IN IP4 126.16.64.4]`. `nil` when absent or unreadable; a name instead of an address leaves the RTP address to hold.
  func rtcpAttribute(of index: Int, in bytes: Bytes) -> (port: UInt16, address: IPAddress?)? {
    guard let value = value(of: "rtcp", stream: index, in: bytes) else { return nil }
    var at = 0
    guard let port = value.takeField(&at)?.port else { return nil }
    guard let network = value.takeField(&at), let type = value.takeField(&at), let text = value.takeField(&at), network.equals("IN") else { return (port, nil) }
    guard let address = IPAddress(text), type.equals(address.family == .v4 ? "IP4" : "IP6") else { return (port, nil) }
    return (port, address)
  }

  /// The value of a stream's first attribute of this name; `nil` when there is none or it has no value.
  private func value(of name: StaticString, stream index: Int, in bytes: Bytes) -> Bytes? {
    var lines = AttributeLines(bytes, Int(streams[index].attributes), Int(streams[index].end))
    while let line = lines.next() {
      if line.name.equals(name) { return line.value }
    }
    return nil
  }
}

extension SessionDescription {
  /// Ticks of the RTP timestamp in a second for stream `index`, by its first format: from its rtpmap, else as RFC 3551 assigns it.
  /// `nil` when neither says.
  public func clockRate(of index: Int) -> UInt32? {
    guard streams.indices.contains(index) else { return nil }
    return text.withUnsafeBufferPointer { clockRate(of: index, in: $0) }
  }

  private func clockRate(of index: Int, in bytes: Bytes) -> UInt32? {
    var first = 0
    guard let payloadType = head(of: index, in: bytes).formats.takeField(&first)?.payloadType else { return nil }
    var lines = AttributeLines(bytes, Int(streams[index].attributes), Int(streams[index].end))
    while let line = lines.next() {
      var at = 0
      guard let value = line.value(behind: "rtpmap"), value.takeField(&at)?.payloadType == payloadType, let encoding = value.takeField(&at) else { continue }
      let slash = encoding.place(of: UInt8(ascii: "/")) ?? encoding.count
      let clock = encoding.part(slash &+ 1, encoding.count)
      guard let rate = clock.part(0, clock.place(of: UInt8(ascii: "/")) ?? clock.count).decimal, (1...1_000_000).contains(rate) else { return nil }
      return UInt32(rate)
    }
    // RFC 3551 tables 4 and 5.
    switch payloadType {
    case 0, 3, 4, 5, 7, 8, 9, 12, 13, 15, 18: return 8000
    case 6: return 16_000
    case 10, 11: return 44_100
    case 16: return 11_025
    case 17: return 22_050
    case 14, 25, 26, 28, 31...34: return 90_000
    default: return nil
    }
  }
}

extension SessionDescription.Direction {
  /// The attribute's name.
  public var name: [UInt8] { [UInt8](attribute) }
  var attribute: StaticString {
    switch self {
    case .sendrecv: "sendrecv"
    case .sendonly: "sendonly"
    case .recvonly: "recvonly"
    case .inactive: "inactive"
    }
  }
  /// From a property attribute's line.
  init?(attribute line: Bytes) {
    guard line.count == 8 else { return nil }
    for direction in [Self.sendrecv, .sendonly, .recvonly, .inactive] where line.equals(direction.attribute) {
      self = direction
      return
    }
    return nil
  }
}
