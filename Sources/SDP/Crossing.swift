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
    var writer = Writer(capacity: text.count + 64)
    // Direct: the first kept stream's address is the session's, others write their own where it differs. No address of a dropped stream passes.
    var shared = anchor?.address
    text.withUnsafeBufferPointer { bytes in
      for index in streams.indices {
        let head = head(of: index, in: bytes)
        let port = anchor.map { $0.ports.indices.contains(index) ? $0.ports[index] : 0 } ?? streams[index].port
        guard port != 0, let formats = PayloadTypes(of: streams[index], head) else {
          writer.switchedOff(head)
          continue
        }
        var own: IPAddress?
        if anchor == nil {
          own = address(of: index, in: bytes)
          if shared == nil { shared = own }
          if own == shared { own = nil }
        }
        cross(index, head, formats, port: port, connection: own, isDirect: anchor == nil, in: bytes, to: &writer)
      }
    }
    let placeholder = Origin(sessionID: 0, version: 0, address: shared ?? IPAddress(v4: 0))
    return SessionDescription(origin: placeholder, connection: shared, text: writer.text, streams: writer.streams)
  }

  /// Streams that `crossing` keeps: RTP/AVP audio with a non-zero port and a payload type.
  public var relayableStreams: [Int] {
    text.withUnsafeBufferPointer { bytes in streams.indices.filter { PayloadTypes(of: streams[$0], head(of: $0, in: bytes)) != nil } }
  }

  private func cross(
    _ index: Int, _ head: MediaHead, _ formats: PayloadTypes, port: UInt16, connection: IPAddress?, isDirect: Bool, in bytes: Bytes, to writer: inout Writer
  ) {
    writer.open(kind: head.kind, port: port, proto: head.proto)
    formats.forEach { writer.format($0) }
    writer.endFormats(connection: connection)
    // Each line is read once, however many formats there are.
    let given = AllowedLines(of: streams[index], in: bytes)
    formats.forEach { payloadType in
      if let map = given.mapped.first(where: { $0.payloadType == payloadType && $0.isMap }) { writer.attribute("rtpmap:", payloadType, map.rest) }
      for parameters in given.mapped where parameters.payloadType == payloadType && !parameters.isMap {
        writer.attribute("fmtp:", payloadType, parameters.rest)
      }
    }
    if let time = given.packetTime { writer.attribute([UInt8]("ptime"), time) }
    if let time = given.longestPacketTime { writer.attribute([UInt8]("maxptime"), time) }
    writer.attribute(line: direction(of: index, in: bytes).attribute)
    if isDirect, let rtcp = rtcpAttribute(of: index, in: bytes) { writer.rtcp(rtcp.port, rtcp.address) }
    writer.close()
  }
}

/// The payload types of a stream that may cross, in order of preference, each once.
private struct PayloadTypes {
  private let formats: Bytes

  /// `nil` when the stream may not cross.
  init?(of place: StreamPlace, _ head: MediaHead) {
    guard place.port != 0, head.kind.equals("audio"), head.proto.equals("RTP/AVP") else { return nil }
    formats = head.formats
    var isEmpty = true
    forEach { _ in isEmpty = false }
    if isEmpty { return nil }
  }

  @inline(__always) func forEach(_ body: (UInt8) -> Void) {
    var seen: (UInt64, UInt64) = (0, 0)
    var at = 0
    while let format = formats.takeField(&at) {
      guard let payloadType = format.payloadType else { continue }
      let bit = UInt64(1) &<< UInt64(payloadType & 63)
      if payloadType < 64 {
        if seen.0 & bit != 0 { continue }
        seen.0 |= bit
      } else {
        if seen.1 & bit != 0 { continue }
        seen.1 |= bit
      }
      body(payloadType)
    }
  }
}

/// The attribute lines of a stream that may cross, checked.
private struct AllowedLines {
  struct Mapped {
    var isMap: Bool
    var payloadType: UInt8
    /// Behind the payload type, without blanks before it.
    var rest: Bytes
  }
  private(set) var mapped: [Mapped] = []
  private(set) var packetTime: Bytes?
  private(set) var longestPacketTime: Bytes?

  init(of place: StreamPlace, in bytes: Bytes) {
    mapped.reserveCapacity(8)
    var lines = AttributeLines(bytes, Int(place.attributes), Int(place.end))
    while let line = lines.next() {
      if let value = line.value(behind: "rtpmap") {
        if let map = Self.rtpmap(value) { mapped.append(map) }
      } else if let value = line.value(behind: "fmtp") {
        if let parameters = Self.fmtp(value) { mapped.append(parameters) }
      } else if packetTime == nil, let value = line.value(behind: "ptime"), Self.isPacketTime(value) {
        packetTime = value
      } else if longestPacketTime == nil, let value = line.value(behind: "maxptime"), Self.isPacketTime(value) {
        longestPacketTime = value
      }
    }
  }

  /// `rtpmap:<payload type> <name>/<clock>[/<channels>]`
  private static func rtpmap(_ value: Bytes) -> Mapped? {
    var at = 0
    guard let payloadType = value.takeField(&at)?.payloadType, let encoding = value.takeField(&at), value.takeField(&at) == nil,
      let slash = encoding.place(of: UInt8(ascii: "/")), encoding.part(0, slash).isToken
    else { return nil }
    let clock = encoding.part(slash &+ 1, encoding.count)
    let end = clock.place(of: UInt8(ascii: "/")) ?? clock.count
    guard clock.part(0, end).decimal != nil, end == clock.count || clock.part(end &+ 1, clock.count).isToken else { return nil }
    return Mapped(isMap: true, payloadType: payloadType, rest: encoding)
  }

  /// `fmtp:<payload type> <parameters>`. The parameters belong to the format and are not understood here: printable bytes pass.
  private static func fmtp(_ value: Bytes) -> Mapped? {
    var at = 0
    guard let payloadType = value.takeField(&at)?.payloadType else { return nil }
    while at < value.count, value[at] == UInt8(ascii: " ") { at &+= 1 }
    let parameters = value.part(at, value.count)
    guard !parameters.isEmpty, parameters.isPrintable else { return nil }
    return Mapped(isMap: false, payloadType: payloadType, rest: parameters)
  }

  /// `ptime:20`; RFC 8866 6.4 allows a decimal fraction.
  private static func isPacketTime(_ value: Bytes) -> Bool {
    func isNumber(_ digits: Bytes) -> Bool { digits.count <= 6 && digits.decimal != nil }
    guard let point = value.place(of: UInt8(ascii: ".")) else { return isNumber(value) }
    return isNumber(value.part(0, point)) && isNumber(value.part(point &+ 1, value.count))
  }
}
