extension MessageReading {
  /// The grammar of what every message must have, and the body's length.
  mutating func readValues(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress else { return }
    readVias(base)
    if let layout = readAddress(base, from, missing: "no From") {
      essentials.from = layout
      essentials.sound.insert(.from)
    }
    if let layout = readAddress(base, to, missing: "no To") {
      essentials.to = layout
      essentials.sound.insert(.to)
    }
    readCallID(base)
    readCSeq(base)
    readMaxForwards(base)
    readBody(base, total: bytes.count)
  }

  /// A reader over the value of a field; `nil` when there is no such field.
  @inline(__always) private func reader(_ base: UnsafePointer<UInt8>, _ position: Int) -> ByteReader? {
    guard position >= 0, position < index.count else { return nil }
    return ByteReader(base, from: Int(index[position].value.start), to: Int(index[position].value.end))
  }

  private mutating func readVias(_ base: UnsafePointer<UInt8>) {
    var count = 0
    var reason: StaticString = "a Via"
    var position = via
    while position >= 0, position < index.count {
      guard index[position].name == .via, var reader = reader(base, position) else {
        position &+= 1
        continue
      }
      repeat {
        guard let layout = ViaLayout(&reader, reason: &reason) else { return fail(400, reason) }
        if count == 0 { essentials.via = layout }
        count &+= 1
      } while reader.take(UInt8(ascii: ","))
      position &+= 1
    }
    if count == 0 { return fail(400, "no Via") }
    if count > SIPLimits.routeValues { fail(400, "more than 70 Via values") }
    essentials.sound.insert(.via)
  }

  @inline(__always) private mutating func readAddress(_ base: UnsafePointer<UInt8>, _ position: Int, missing: StaticString) -> AddressLayout? {
    guard var reader = reader(base, position) else {
      fail(400, missing)
      return nil
    }
    var reason: StaticString = "something behind an address"
    guard let layout = AddressLayout(&reader, reason: &reason), reader.isAtEnd else {
      fail(400, reason)
      return nil
    }
    return layout
  }

  private mutating func readCallID(_ base: UnsafePointer<UInt8>) {
    guard var reader = reader(base, callID) else { return fail(400, "no Call-ID") }
    let whole = Extent(reader.at, reader.end)
    guard reader.skipCallID() else { return fail(400, "a Call-ID that is not word[@word]") }
    essentials.callID = whole
    essentials.sound.insert(.callID)
  }

  private mutating func readCSeq(_ base: UnsafePointer<UInt8>) {
    guard var reader = reader(base, cseq) else { return fail(400, "no CSeq") }
    guard let sequence = CSeq(&reader) else { return fail(400, "a CSeq that is not a number below 2^31 and a method") }
    essentials.cseqNumber = sequence.number
    essentials.sound.insert(.cseq)
    let named = sequence.method(reader)
    if !isRequest {
      method = named
    } else if named != method {
      fail(400, "a CSeq with another method than the request")
    }
  }

  private mutating func readMaxForwards(_ base: UnsafePointer<UInt8>) {
    guard var reader = reader(base, maxForwards) else { return }
    guard let hops = reader.number(upTo: 255), reader.isAtEnd else { return fail(400, "a Max-Forwards that is not 0...255") }
    essentials.maxForwards = Int16(truncatingIfNeeded: hops)
  }

  /// RFC 3261 18.3: what is beyond Content-Length is cut off; without one a datagram's rest is the body.
  private mutating func readBody(_ base: UnsafePointer<UInt8>, total: Int) {
    var end = total
    if var reader = reader(base, contentLength) {
      guard let length = reader.number(upTo: UInt32.max), reader.isAtEnd else { return fail(400, "a Content-Length that is no number") }
      guard Int(length) <= total &- bodyStart else { return fail(400, "a Content-Length beyond the end of the message") }
      end = bodyStart &+ Int(length)
    }
    guard bodyStart > 0, bodyStart <= end else { return }
    content = Extent(bodyStart, end)
  }
}

/// `1*DIGIT LWS Method` (RFC 3261 20.16).
struct CSeq {
  var number: UInt32
  private var token: Extent

  init?(_ reader: inout ByteReader) {
    // 8.1.1.5: less than 2^31.
    guard let number = reader.number(upTo: 0x7fff_ffff) else { return nil }
    let blank = reader.at
    reader.skipBlanks()
    let start = reader.at
    guard start > blank, reader.skip(.token) > 0, reader.isAtEnd else { return nil }
    self.number = number
    token = Extent(start, reader.at)
  }

  func method(_ reader: ByteReader) -> Method {
    Method(known: reader, Int(token.start), Int(token.end))
      ?? .other(Array(UnsafeBufferPointer(start: reader.base + Int(token.start), count: token.count)))
  }
}

extension ByteReader {
  /// `word [ "@" word ]`, to the end.
  mutating func skipCallID() -> Bool {
    guard skip(.word) > 0 else { return false }
    if take(UInt8(ascii: "@")) { guard skip(.word) > 0 else { return false } }
    return isAtEnd
  }
}
