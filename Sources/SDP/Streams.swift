public import Addressing

// What one stream of a description says. An index outside the description reads as a stream that is off.
extension SessionDescription {
  /// The direction of stream `index` as its sender sees it: its own attribute, else the session's, else sendrecv (RFC 8866 6.7).
  ///
  /// With an old-style hold (RFC 2543, RFC 3264 8.4: `c=0.0.0.0`) the sender wants to receive nothing, whatever the attribute says:
  /// `sendrecv` then reads as `sendonly` and `recvonly` as `inactive`, so that the hold crosses to the other leg as a modern one.
  public func direction(of index: Int) -> Direction {
    guard media.indices.contains(index) else { return .inactive }
    let written = Self.direction(in: media[index].attributes) ?? Self.direction(in: attributes) ?? .sendrecv
    guard let address = address(of: index), address.isUnspecified else { return written }
    switch written {
    case .sendrecv: return .sendonly
    case .recvonly: return .inactive
    case .sendonly, .inactive: return written
    }
  }

  /// The sender does not want to receive on this stream now: `sendonly`, `inactive` or `c=0.0.0.0`. A stream that is off is not held.
  public func isHeld(_ index: Int) -> Bool {
    guard media.indices.contains(index), media[index].port != 0 else { return false }
    let direction = direction(of: index)
    return direction == .sendonly || direction == .inactive
  }

  /// Where RTP for stream `index` should be sent; `nil` when the port is 0 or no address is given (or it is unspecified: old-style hold).
  /// The direction is not looked at: a peer that is `sendonly` has an address too.
  public func rtpDestination(of index: Int) -> TransportAddress? {
    guard media.indices.contains(index), media[index].port != 0, let address = address(of: index), !address.isUnspecified else { return nil }
    return TransportAddress(address, media[index].port)
  }

  /// Where RTCP for stream `index` should be sent: a=rtcp (RFC 3605), else RTP port + 1; `nil` as for RTP.
  ///
  /// `multiplexed`: `a=rtcp-mux` stood in the offer *and* in the answer; then the RTP port (RFC 5761 5.1.1). An offer alone changes nothing, and we never write one.
  public func rtcpDestination(of index: Int, multiplexed: Bool = false) -> TransportAddress? {
    guard let rtp = rtpDestination(of: index) else { return nil }
    if multiplexed { return rtp }
    if let signalled = rtcpAttribute(of: index) {
      let address = signalled.address ?? rtp.ip
      return signalled.port == 0 || address.isUnspecified || address.isMulticast ? nil : TransportAddress(address, signalled.port)
    }
    return rtp.port == .max ? nil : TransportAddress(rtp.ip, rtp.port + 1)
  }

  /// The address that holds for stream `index`: its own, else the session's.
  func address(of index: Int) -> IPAddress? { media[index].connection ?? connection }

  /// `a=rtcp:53020 [IN IP4 126.16.64.4]`. `nil` when absent or unreadable; a name instead of an address leaves the RTP address to hold.
  func rtcpAttribute(of index: Int) -> (port: UInt16, address: IPAddress?)? {
    guard let value = media[index].attributes.first(where: { $0.name.equals("rtcp") })?.value else { return nil }
    var rest = value[...]
    guard let port = rest.takeField()?.port else { return nil }
    guard let network = rest.takeField(), let type = rest.takeField(), let text = rest.takeField(), network.equals("IN") else { return (port, nil) }
    guard let address = IPAddress(text), type.equals(address.family == .v4 ? "IP4" : "IP6") else { return (port, nil) }
    return (port, address)
  }

  private static func direction(in attributes: [Attribute]) -> Direction? {
    for attribute in attributes where attribute.value == nil {
      if attribute.name.equals("sendrecv") { return .sendrecv }
      if attribute.name.equals("sendonly") { return .sendonly }
      if attribute.name.equals("recvonly") { return .recvonly }
      if attribute.name.equals("inactive") { return .inactive }
    }
    return nil
  }
}

extension SessionDescription {
  /// Ticks of the RTP timestamp in a second for stream `index`, by its first format: from its rtpmap, else as RFC 3551 assigns it.
  /// `nil` when neither says.
  public func clockRate(of index: Int) -> UInt32? {
    guard media.indices.contains(index), let payloadType = media[index].formats.first?[...].payloadType else { return nil }
    for attribute in media[index].attributes where attribute.name.equals("rtpmap") {
      guard var rest = attribute.value?[...], rest.takeField()?.payloadType == payloadType, let encoding = rest.takeField() else { continue }
      let parts = encoding.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
      guard parts.count >= 2, let rate = parts[1].decimal, (1...1_000_000).contains(rate) else { return nil }
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
