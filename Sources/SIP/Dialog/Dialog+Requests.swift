import Addressing

// MARK: - Requests inside a dialog (RFC 3261 12.2.1.1)
extension Dialog {
  /// The next request inside the dialog (12.2.1.1): Request-URI, Route (loose and strict), To, From, Call-ID, CSeq, Max-Forwards 70. Not ACK, not CANCEL.
  public mutating func makeRequest(_ method: Method) -> SIPMessage {
    precondition(method != .ack && method != .cancel, "ACK takes its INVITE's number, CANCEL is made by the transaction")
    localSequence &+= 1
    return request(method, sequence: localSequence)
  }

  /// The ACK of a 2xx (13.2.2.4): `sequence` is its INVITE's.
  public func makeAcknowledgement(sequence: UInt32) -> SIPMessage { request(.ack, sequence: sequence) }

  /// Where the next request goes: the first Route's URI, else the remote target. With a strict router the Request-URI says the same.
  public var nextHop: ArraySlice<UInt8> {
    guard let first = routeSet.first, let route = try? NameAddress(parsing: first[...]) else { return remoteTarget[...] }
    return route.uri.bytes
  }

  private func request(_ method: Method, sequence: UInt32) -> SIPMessage {
    var message: SIPMessage
    if let first = routeSet.first, let strict = Self.strictURI(of: first) {
      // The strict router's URI becomes the Request-URI, the target moves to the end of the route.
      message = SIPMessage(request: method, uri: RequestURIForm.of(strict))
      for route in routeSet.dropFirst() { message.append(.route, route) }
      message.append(.route) { out in
        out.append(UInt8(ascii: "<"))
        out.append(contentsOf: remoteTarget)
        out.append(UInt8(ascii: ">"))
      }
    } else {
      message = SIPMessage(request: method, uri: RequestURIForm.of(remoteTarget[...]))
      for route in routeSet { message.append(.route, route) }
    }
    message.append(.maxForwards, text: "70")
    append(.from, localAddress, tag: localTag, to: &message)
    append(.to, remoteAddress, tag: remoteTag, to: &message)
    message.append(.callID, callID)
    message.append(.cseq) { out in
      out.appendDecimal(UInt64(sequence))
      out.append(UInt8(ascii: " "))
      method.append(to: &out)
    }
    return message
  }

  /// The URI of a route without `lr`; `nil` for a loose router.
  private static func strictURI(of route: [UInt8]) -> ArraySlice<UInt8>? {
    guard let address = try? NameAddress(parsing: route[...]), address.uri.parameter("lr") == nil else { return nil }
    return address.uri.bytes
  }

  private func append(_ name: HeaderName, _ address: [UInt8], tag: [UInt8], to message: inout SIPMessage) {
    message.append(name) { out in
      out.append(contentsOf: address)
      guard !tag.isEmpty else { return }
      (";tag=" as StaticString).withUTF8Buffer { out.append(contentsOf: $0) }
      out.append(contentsOf: tag)
    }
  }
}

/// A URI as it may stand in a request line: without the `method` parameter and header fields (RFC 3261 19.1.1, table 1).
enum RequestURIForm {
  static func of(_ uri: ArraySlice<UInt8>) -> [UInt8] {
    guard isSIP(uri), mayHoldWhatIsTakenOut(uri) else { return Array(uri) }
    // User parts may hold `?` and `;`: what is looked for stands behind the `@`.
    let hostStart = uri.firstIndex(of: UInt8(ascii: "@")).map { $0 + 1 } ?? uri.startIndex
    let tail = uri[hostStart...]
    let kept = tail[..<(tail.firstIndex(of: UInt8(ascii: "?")) ?? tail.endIndex)]
    var form = Array(uri[..<hostStart])
    for (index, part) in kept.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).enumerated() {
      if index > 0 {
        if part.prefix(7).map({ $0 | 0x20 }) == Array("method=".utf8) { continue }
        form.append(UInt8(ascii: ";"))
      }
      form.append(contentsOf: part)
    }
    return form
  }

  /// A `?`, or a parameter that begins with an m; nearly all targets have neither.
  private static func mayHoldWhatIsTakenOut(_ uri: ArraySlice<UInt8>) -> Bool {
    uri.withUnsafeBufferPointer { bytes in
      for index in bytes.indices {
        if bytes[index] == UInt8(ascii: "?") { return true }
        if bytes[index] == UInt8(ascii: ";"), index + 1 < bytes.count, bytes[index + 1] | 0x20 == UInt8(ascii: "m") { return true }
      }
      return false
    }
  }

  private static func isSIP(_ uri: ArraySlice<UInt8>) -> Bool {
    guard let colon = uri.firstIndex(of: UInt8(ascii: ":")) else { return false }
    let scheme = uri[..<colon]
    return scheme.elementsEqual("sip".utf8) { $0 | 0x20 == $1 } || scheme.elementsEqual("sips".utf8) { $0 | 0x20 == $1 }
  }
}
