public import Addressing

extension SessionDescription {
  /// What may cross from one leg to the other, built anew from an allow-list (decided: nothing of one leg appears on the other except through it):
  /// kind, formats, rtpmap, fmtp, ptime, maxptime, direction of RTP/AVP audio. Every other stream is kept in its place with port 0.
  ///
  /// `anchor`: our address, and our RTP port for each m-line (0, or none, for a stream we do not relay); `nil` = direct media, then the peer's own
  /// address and ports (and a=rtcp) necessarily pass. rtcp-mux crosses in neither case: nobody answers it.
  ///
  /// Values are checked on the way: payload types are numbers, `rtpmap` and `fmtp` belong to a format that is kept and are printable, packet times are
  /// numbers. What fails is left out. The direction is always written, an old-style hold as a modern one.
  /// The origin is a placeholder; `OfferAnswer.send` stamps it.
  public func crossing(to anchor: (address: IPAddress, ports: [UInt16])?) -> SessionDescription {
    var crossed: [Media] = []
    crossed.reserveCapacity(media.count)
    // Direct: the first kept stream's address is the session's, others write their own where it differs. No address of a dropped stream passes.
    var shared = anchor?.address
    for index in media.indices {
      guard let payloadTypes = payloadTypes(of: index) else {
        crossed.append(media[index].switchedOff)
        continue
      }
      var stream = Media(kind: media[index].kind, port: media[index].port, proto: media[index].proto, formats: payloadTypes.map(\.decimalText))
      stream.attributes = allowedAttributes(of: index, payloadTypes: payloadTypes)
      if let anchor {
        stream.port = anchor.ports.indices.contains(index) ? anchor.ports[index] : 0
        guard stream.port != 0 else {
          crossed.append(media[index].switchedOff)
          continue
        }
      } else {
        let own = address(of: index)
        if shared == nil { shared = own }
        stream.connection = own == shared ? nil : own
        if let rtcp = rebuiltRTCP(of: index) { stream.attributes.append(rtcp) }
      }
      crossed.append(stream)
    }
    let placeholder = Origin(username: [UInt8(ascii: "-")], sessionID: 0, version: 0, address: shared ?? IPAddress(v4: 0))
    return SessionDescription(origin: placeholder, connection: shared, media: crossed)
  }

  /// Streams that `crossing` keeps: RTP/AVP audio with a non-zero port and a payload type.
  public var relayableStreams: [Int] { media.indices.filter { payloadTypes(of: $0) != nil } }

  /// The payload types of a stream that may cross, in order of preference, each once; `nil` when it may not.
  private func payloadTypes(of index: Int) -> [UInt8]? {
    let stream = media[index]
    guard stream.port != 0, stream.kind.equals("audio"), stream.proto.equals("RTP/AVP") else { return nil }
    var kept: [UInt8] = []
    for format in stream.formats {
      guard let payloadType = format[...].payloadType, !kept.contains(payloadType) else { continue }
      kept.append(payloadType)
    }
    return kept.isEmpty ? nil : kept
  }

  private func allowedAttributes(of index: Int, payloadTypes: [UInt8]) -> [Attribute] {
    let given = media[index].attributes
    var out: [Attribute] = []
    out.reserveCapacity(given.count &+ 1)
    // Each is read once, however many formats there are.
    let mapped = given.indices.compactMap { place in given[place].mapped.map { (place: place, isMap: $0.isMap, payloadType: $0.payloadType) } }
    for payloadType in payloadTypes {
      let own = mapped.filter { $0.payloadType == payloadType }
      for found in own where found.isMap {
        guard let map = given[found.place].rtpmap(for: payloadType) else { continue }
        out.append(map)
        break
      }
      for found in own where !found.isMap {
        if let parameters = given[found.place].fmtp(for: payloadType) { out.append(parameters) }
      }
    }
    for wanted in ["ptime", "maxptime"] as [StaticString] {
      if let place = given.indices.first(where: { given[$0].isPacketTime(wanted) }) { out.append(given[place]) }
    }
    out.append(Attribute(name: direction(of: index).name))
    return out
  }

  private func rebuiltRTCP(of index: Int) -> Attribute? {
    guard let signalled = rtcpAttribute(of: index) else { return nil }
    var value = UInt64(signalled.port).decimalText
    if let address = signalled.address {
      value.append(UInt8(ascii: " "))
      value.append(address: address)
    }
    return Attribute(name: [UInt8]("rtcp"), value: value)
  }
}

extension SessionDescription.Direction {
  /// The attribute's name.
  public var name: [UInt8] {
    switch self {
    case .sendrecv: [UInt8]("sendrecv")
    case .sendonly: [UInt8]("sendonly")
    case .recvonly: [UInt8]("recvonly")
    case .inactive: [UInt8]("inactive")
    }
  }
}

extension SessionDescription.Media {
  /// The stream refused in its place (RFC 3264 section 6): kind, protocol and one format, which stand for nothing.
  var switchedOff: Self { .init(kind: kind, port: 0, proto: proto, formats: [formats.first ?? [UInt8(ascii: "0")]]) }
}

extension SessionDescription.Attribute {
  /// Of `rtpmap` and `fmtp`: which of them, and the payload type it belongs to.
  fileprivate var mapped: (isMap: Bool, payloadType: UInt8)? {
    let isMap = name.equals("rtpmap")
    guard isMap || name.equals("fmtp"), var rest = value?[...], let payloadType = rest.takeField()?.payloadType else { return nil }
    return (isMap, payloadType)
  }

  /// `rtpmap:<payload type> <name>/<clock>[/<channels>]`, written anew.
  fileprivate func rtpmap(for payloadType: UInt8) -> Self? {
    guard var rest = value?[...], rest.takeField() != nil, let encoding = rest.takeField(), rest.takeField() == nil else { return nil }
    guard let slash = encoding.firstIndex(of: UInt8(ascii: "/")), encoding[..<slash].isToken else { return nil }
    let clock = encoding[(slash + 1)...]
    let end = clock.firstIndex(of: UInt8(ascii: "/")) ?? clock.endIndex
    guard clock[..<end].decimal != nil, end == clock.endIndex || clock[(end + 1)...].isToken else { return nil }
    return .init(name: name, value: Self.value(payloadType, encoding))
  }

  /// `fmtp:<payload type> <parameters>`. The parameters belong to the format and are not understood here: printable bytes pass.
  fileprivate func fmtp(for payloadType: UInt8) -> Self? {
    guard var rest = value?[...], rest.takeField() != nil else { return nil }
    let parameters = rest.drop { $0 == UInt8(ascii: " ") }
    guard !parameters.isEmpty, parameters.isPrintable else { return nil }
    return .init(name: name, value: Self.value(payloadType, parameters))
  }

  private static func value(_ payloadType: UInt8, _ rest: ArraySlice<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(rest.count &+ 4)
    out.appendDecimal(UInt64(payloadType))
    out.append(UInt8(ascii: " "))
    out.append(contentsOf: rest)
    return out
  }

  /// `ptime:20`; RFC 8866 6.4 allows a decimal fraction.
  fileprivate func isPacketTime(_ wanted: StaticString) -> Bool {
    guard name.equals(wanted), let value else { return false }
    let parts = value.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count <= 2 && parts.allSatisfy { $0.count <= 6 && $0.decimal != nil }
  }
}

extension UnsignedInteger {
  fileprivate var decimalText: [UInt8] {
    var text: [UInt8] = []
    text.appendDecimal(UInt64(self))
    return text
  }
}
