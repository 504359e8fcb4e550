import Addressing

/// What the source of a request adds to its top Via, and where its responses go: RFC 3261 18.2.1 and 18.2.2, RFC 3581.
enum ResponseRouting {
  static func sentByPort(_ via: Via, transport: Transport) -> UInt16 {
    guard let port = via.port, port != 0 else { return transport.defaultPort }
    return port
  }

  /// Streams: the connection the request came by. UDP: the source address, at the source port if `rport` was asked for and at
  /// sent-by's port if not. `maddr` is not obeyed: it would let a request aim our answers at a third party.
  static func flow(answering via: Via, receivedBy flow: Flow) -> Flow {
    guard flow.transport == .udp, via.rport == .absent else { return flow }
    var answering = flow
    answering.remote.port = sentByPort(via, transport: .udp)
    return answering
  }

  /// The top Via with `received` and `rport` as they must stand; `nil` when it is right as it came.
  ///
  /// RFC 3581 4: both are set when `rport` was asked for. RFC 3261 18.2.1: `received` is set when sent-by's host is not the source
  /// address. What the sender wrote there itself is dropped: only we know the source.
  static func marked(_ via: Via, source: TransportAddress) -> [UInt8]? {
    let value = via.bytes
    let wantsPort = via.rport != .absent
    let differs = IPAddress(via.host) != source.ip
    guard wantsPort || differs || via.received != nil else { return nil }
    var marked: [UInt8] = []
    marked.reserveCapacity(value.count + 64)
    appendWithoutSource(value, to: &marked)
    if wantsPort || differs {
      marked.append(contentsOf: Array(";received=".utf8))
      marked.append(contentsOf: source.ip.text)
    }
    if wantsPort {
      marked.append(contentsOf: Array(";rport=".utf8))
      marked.appendDecimal(UInt64(source.port))
    }
    return marked
  }

  /// Copies a Via value without its `received` and `rport` parameters.
  private static func appendWithoutSource(_ value: ArraySlice<UInt8>, to out: inout [UInt8]) {
    var rest = value
    var isFirst = true
    while !rest.isEmpty || isFirst {
      let end = parameterEnd(of: rest)
      let part = rest[rest.startIndex..<end]
      if isFirst || !namesSource(part) {
        if !isFirst { out.append(UInt8(ascii: ";")) }
        out.append(contentsOf: part)
      }
      isFirst = false
      rest = end < rest.endIndex ? rest[(end + 1)...] : rest[rest.endIndex...]
    }
  }

  /// The first `;` outside quotes, or the end.
  private static func parameterEnd(of bytes: ArraySlice<UInt8>) -> Int {
    var isQuoted = false
    var isEscaped = false
    for (index, byte) in zip(bytes.indices, bytes) {
      if isEscaped {
        isEscaped = false
      } else if isQuoted, byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if byte == UInt8(ascii: ";"), !isQuoted {
        return index
      }
    }
    return bytes.endIndex
  }

  private static func namesSource(_ parameter: ArraySlice<UInt8>) -> Bool {
    let name = parameter.prefix { $0 != UInt8(ascii: "=") }.filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
      .map { $0 | 0x20 }
    return name == Array("received".utf8) || name == Array("rport".utf8)
  }
}
