extension SIPMessage {
  /// Why bytes are no message, and whether anybody can be told.
  public struct ParseFailure: Error, Sendable {
    /// What the peer should be told (400, 413, 414, 416 (unknown scheme), 505 ...).
    public let status: Int
    /// The rule that was broken, for the log; a full stop would end it.
    public let reason: StaticString
    /// The message as far as it could be read; not `nil` only for a request whose Via, From, To, Call-ID and CSeq are sound, so that
    /// it can be answered (never an ACK). Otherwise: silence.
    public let answerable: SIPMessage?
  }

  /// Parses one whole datagram, or one framed stream message. After success all of the accessors below that are not
  /// optional are valid: From, To, Call-ID, CSeq, every Via (and Max-Forwards' syntax) have been checked strictly.
  public init(parsing bytes: [UInt8]) throws(ParseFailure) {
    guard bytes.count <= SIPLimits.messageBytes else {
      throw ParseFailure(status: 413, reason: "a message of more than 65535 bytes", answerable: nil)
    }
    self.init(arena: bytes, method: .other([]), statusCode: 0)
    var reading = MessageReading()
    reading.readHead(&self)
    if reading.isFolded { unfold() }
    reading.readValues(&self)
    guard let defect = reading.defect else { return }
    let isAnswerable = reading.isRequest && method != .ack && essentials.sound == .all
    throw ParseFailure(status: defect.status, reason: defect.reason, answerable: isAnswerable ? self : nil)
  }

  /// What a reader of the wire would find wrong with the message as it stands, or `nil`: for messages edited by others (trunk plugins).
  public var defect: StaticString? {
    do {
      _ = try SIPMessage(parsing: encoded())
      return nil
    } catch {
      return error.reason
    }
  }

  /// RFC 3261 7.3.1: a line end before a blank means no more than a blank, so it becomes two.
  private mutating func unfold() {
    for i in index.indices {
      let value = index[i].value
      var low = Int(value.start)
      var high = min(Int(value.end), arena.count)
      guard low < high else { continue }
      for at in low..<high where arena[at] == UInt8(ascii: "\r") || arena[at] == UInt8(ascii: "\n") {
        arena[at] = UInt8(ascii: " ")
      }
      while low < high, arena[low].isBlank { low &+= 1 }
      while high > low, arena[high &- 1].isBlank { high &-= 1 }
      index[i].value = Extent(low, high)
    }
  }
}

/// One pass over received bytes: lines into the index, then the grammar of what every message must have.
///
/// The first defect found is the one told, except that a wrong version (505) goes before everything and an unknown scheme (416) behind
/// everything. Reading goes on after a defect, because an answer needs Via, From, To, Call-ID and CSeq.
struct MessageReading {
  struct Defect {
    var status: Int
    var reason: StaticString
  }
  var defect: Defect?
  var isRequest = false
  var isFolded = false
  private var seen: UInt8 = 0
  /// Where each single field stands in the index; -1 when absent.
  private var cseq = -1
  private var callID = -1
  private var from = -1
  private var to = -1
  private var maxForwards = -1
  private var contentLength = -1
  private var hasContentType = false
  private var bodyStart = 0

  mutating func fail(_ status: Int, _ reason: StaticString) {
    if let defect, defect.status == 505 || (status != 505 && defect.status != 416) { return }
    defect = Defect(status: status, reason: reason)
  }

  // MARK: Lines
  mutating func readHead(_ message: inout SIPMessage) {
    message.index.reserveCapacity(32)
    let arena = message.arena
    arena.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        fail(400, "an empty message")
        return
      }
      var reader = ByteReader(base, from: 0, to: buffer.count)
      while reader.current == UInt8(ascii: "\r"), reader.byte(reader.at &+ 1) == UInt8(ascii: "\n") { reader.at &+= 2 }
      guard readStartLine(&reader, &message) else { return }
      readFields(&reader, &message)
      bodyStart = reader.at
    }
  }

  /// `false` when there is no line to go on from.
  private mutating func readStartLine(_ reader: inout ByteReader, _ message: inout SIPMessage) -> Bool {
    let start = reader.at
    var end = reader.nextControl(from: start)
    // A reason phrase may hold HTAB; in a request line the grammar refuses it.
    while reader.byte(end) == UInt8(ascii: "\t") { end = reader.nextControl(from: end &+ 1) }
    guard reader.byte(end) == UInt8(ascii: "\r"), reader.byte(end &+ 1) == UInt8(ascii: "\n") else {
      fail(400, "a start line that does not end in CRLF or holds a control byte")
      return false
    }
    var line = ByteReader(reader.base, from: start, to: end)
    reader.at = end &+ 2
    if line.matches(start, min(start &+ 4, end), "sip/") {
      readStatusLine(&line, &message)
      return true
    }
    isRequest = true
    return readRequestLine(&line, &message)
  }

  /// Request-Line = Method SP Request-URI SP SIP-Version
  private mutating func readRequestLine(_ line: inout ByteReader, _ message: inout SIPMessage) -> Bool {
    let start = line.at
    line.skip(.token)
    let methodEnd = line.at
    guard methodEnd > start, line.take(UInt8(ascii: " ")) else {
      fail(400, "a start line that begins with no method")
      return false
    }
    message.method = Method(known: line, start, methodEnd)
      ?? .other(Array(UnsafeBufferPointer(start: line.base + start, count: methodEnd &- start)))
    let uriStart = line.at
    var uriEnd = uriStart
    while uriEnd < line.end, line.base[uriEnd] != UInt8(ascii: " ") { uriEnd &+= 1 }
    message.target = Extent(uriStart, uriEnd)
    line.at = uriEnd
    guard line.take(UInt8(ascii: " ")), readVersion(&line), line.isAtEnd else {
      fail(400, "a request line that is not METHOD SP URI SP SIP/2.0")
      return true
    }
    guard uriEnd &- uriStart <= SIPLimits.requestURIBytes else {
      fail(414, "a Request-URI of more than 4096 bytes")
      return true
    }
    checkRequestURI(ByteReader(line.base, from: uriStart, to: uriEnd))
    return true
  }

  private mutating func checkRequestURI(_ reader: ByteReader) {
    var reader = reader
    var reason: StaticString = "a Request-URI"
    guard let uri = URILayout(&reader, bare: false, reason: &reason) else {
      fail(400, reason)
      return
    }
    if !reader.isAtEnd {
      fail(400, "a Request-URI with a character that no URI may hold")
    } else if !uri.headers.isEmpty {
      // RFC 3261 19.1.1: headers are not allowed in a Request-URI.
      fail(400, "a Request-URI with headers")
    } else if uri.scheme == .other {
      fail(416, "a Request-URI with a scheme that is not sip, sips, tel or urn")
    }
  }

  /// SIP-Version; another one than 2.0 is a defect but not malformed.
  private mutating func readVersion(_ line: inout ByteReader) -> Bool {
    let start = line.at
    guard line.matches(start, start &+ 4, "sip/") else { return false }
    if line.byte(start &+ 4) == UInt8(ascii: "2"), line.byte(start &+ 5) == UInt8(ascii: "."), line.byte(start &+ 6) == UInt8(ascii: "0"),
      !line.byte(start &+ 7).isDigit
    {
      line.at = start &+ 7
      return true
    }
    line.at = start &+ 4
    let major = line.at
    while line.current.isDigit { line.at &+= 1 }
    guard line.at > major, line.take(UInt8(ascii: ".")) else { return false }
    let minor = line.at
    while line.current.isDigit { line.at &+= 1 }
    guard line.at > minor else { return false }
    fail(505, "a version other than SIP/2.0")
    return true
  }

  /// Status-Line = SIP-Version SP Status-Code SP Reason-Phrase
  private mutating func readStatusLine(_ line: inout ByteReader, _ message: inout SIPMessage) {
    guard readVersion(&line), line.take(UInt8(ascii: " ")) else {
      fail(400, "a status line that does not begin with SIP/2.0 SP")
      return
    }
    let digits = line.at
    guard let code = line.number(upTo: 699), code >= 100, line.at &- digits == 3, line.take(UInt8(ascii: " ")) else {
      fail(400, "a status line without a status of 100...699 and a space behind it")
      return
    }
    message.statusCode = UInt16(truncatingIfNeeded: code)
    message.target = Extent(line.at, line.end)
  }

  /// Header lines up to the empty line; the reader is left behind that.
  private mutating func readFields(_ reader: inout ByteReader, _ message: inout SIPMessage) {
    while true {
      let nameStart = reader.at
      reader.skip(.token)
      let nameLength = reader.at &- nameStart
      if nameLength == 0, reader.current == UInt8(ascii: "\r"), reader.byte(reader.at &+ 1) == UInt8(ascii: "\n") {
        reader.at &+= 2
        return
      }
      guard !reader.isAtEnd else {
        fail(400, "a message that ends before the empty line")
        return
      }
      guard nameLength > 0, nameLength <= SIPLimits.headerNameBytes, reader.take(UInt8(ascii: ":")) else {
        fail(400, "a header line that does not begin with a name and a colon")
        reader.skipBrokenLine()
        continue
      }
      reader.skipBlanks()
      let valueStart = reader.at
      guard skipValue(&reader) else {
        fail(400, "a control byte, or a bare CR or LF, in a header")
        reader.skipBrokenLine()
        continue
      }
      var valueEnd = reader.at &- 2
      while valueEnd > valueStart, reader.base[valueEnd &- 1].isBlank { valueEnd &-= 1 }
      guard message.index.count < SIPLimits.headerFields else {
        fail(400, "more than 256 header fields")
        reader.at = reader.end
        return
      }
      let name = HeaderName(token: reader.base + nameStart, count: nameLength)
      note(name, at: message.index.count)
      message.index.append(
        HeaderField(
          nameStart: UInt32(truncatingIfNeeded: nameStart), nameLength: UInt8(truncatingIfNeeded: nameLength), name: name,
          value: Extent(valueStart, valueEnd)))
    }
  }

  /// Skips a value and its line end, and the lines folded onto it; `false` at a byte that no value may hold.
  @inline(__always) private mutating func skipValue(_ reader: inout ByteReader) -> Bool {
    while true {
      reader.at = reader.nextControl(from: reader.at)
      switch reader.current {
      case UInt8(ascii: "\t") where !reader.isAtEnd:
        reader.at &+= 1
      case UInt8(ascii: "\r") where reader.byte(reader.at &+ 1) == UInt8(ascii: "\n"):
        reader.at &+= 2
        guard reader.current.isBlank else { return true }
        isFolded = true
      default: return false
      }
    }
  }

  @inline(__always) private mutating func note(_ name: HeaderName, at position: Int) {
    switch name {
    case .from: if from < 0 { from = position } else { failDuplicate() }
    case .to: if to < 0 { to = position } else { failDuplicate() }
    case .callID: if callID < 0 { callID = position } else { failDuplicate() }
    case .cseq: if cseq < 0 { cseq = position } else { failDuplicate() }
    case .maxForwards: if maxForwards < 0 { maxForwards = position } else { failDuplicate() }
    case .contentLength: if contentLength < 0 { contentLength = position } else { failDuplicate() }
    case .contentType:
      if hasContentType { fail(400, "a second Content-Type") }
      hasContentType = true
    default: break
    }
  }

  private mutating func failDuplicate() {
    fail(400, "a second From, To, Call-ID, CSeq, Max-Forwards or Content-Length")
  }

  // MARK: Values
  mutating func readValues(_ message: inout SIPMessage) {
    let arena = message.arena
    let index = message.index
    arena.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      index.withUnsafeBufferPointer { fields in
        readVias(base, fields, &message.essentials)
        readAddresses(base, fields, &message.essentials)
        readIdentifiers(base, fields, &message)
        readBody(base, fields, &message, total: buffer.count)
      }
    }
  }

  @inline(__always) private func reader(_ base: UnsafePointer<UInt8>, _ field: HeaderField) -> ByteReader {
    ByteReader(base, from: Int(field.value.start), to: Int(field.value.end))
  }

  private mutating func readVias(_ base: UnsafePointer<UInt8>, _ fields: UnsafeBufferPointer<HeaderField>, _ essentials: inout Essentials) {
    var count = 0
    var isSound = true
    var reason: StaticString = "a Via"
    for field in fields where field.name == .via && isSound {
      var reader = reader(base, field)
      repeat {
        guard let via = ViaLayout(&reader, reason: &reason) else {
          isSound = false
          fail(400, reason)
          break
        }
        if count == 0 { essentials.via = via }
        count &+= 1
      } while reader.take(UInt8(ascii: ","))
    }
    if count == 0, isSound { fail(400, "no Via") }
    if count > SIPLimits.routeValues { fail(400, "more than 70 Via values") }
    if count > 0, isSound { essentials.sound.insert(.via) }
  }

  private mutating func readAddresses(_ base: UnsafePointer<UInt8>, _ fields: UnsafeBufferPointer<HeaderField>, _ essentials: inout Essentials) {
    if let layout = readAddress(base, fields, from, missing: "no From") {
      essentials.from = layout
      essentials.sound.insert(.from)
    }
    if let layout = readAddress(base, fields, to, missing: "no To") {
      essentials.to = layout
      essentials.sound.insert(.to)
    }
  }

  @inline(__always) private mutating func readAddress(
    _ base: UnsafePointer<UInt8>, _ fields: UnsafeBufferPointer<HeaderField>, _ position: Int, missing: StaticString
  ) -> AddressLayout? {
    guard position >= 0, position < fields.count else {
      fail(400, missing)
      return nil
    }
    var reader = reader(base, fields[position])
    var reason: StaticString = "an address"
    guard let layout = AddressLayout(&reader, reason: &reason), reader.isAtEnd else {
      fail(400, reason)
      return nil
    }
    return layout
  }

  private mutating func readIdentifiers(
    _ base: UnsafePointer<UInt8>, _ fields: UnsafeBufferPointer<HeaderField>, _ message: inout SIPMessage
  ) {
    if callID >= 0, callID < fields.count {
      var reader = reader(base, fields[callID])
      if reader.skipCallID() {
        message.essentials.callID = fields[callID].value
        message.essentials.sound.insert(.callID)
      } else {
        fail(400, "a Call-ID")
      }
    } else {
      fail(400, "no Call-ID")
    }
    readCSeq(base, fields, &message)
    if maxForwards >= 0, maxForwards < fields.count {
      var reader = reader(base, fields[maxForwards])
      if let hops = reader.number(upTo: 255), reader.isAtEnd {
        message.essentials.maxForwards = Int16(truncatingIfNeeded: hops)
      } else {
        fail(400, "a Max-Forwards that is not 0...255")
      }
    }
  }

  private mutating func readCSeq(_ base: UnsafePointer<UInt8>, _ fields: UnsafeBufferPointer<HeaderField>, _ message: inout SIPMessage) {
    guard cseq >= 0, cseq < fields.count else {
      fail(400, "no CSeq")
      return
    }
    var reader = reader(base, fields[cseq])
    guard let sequence = CSeq(&reader) else {
      fail(400, "a CSeq that is not a number below 2^31 and a method")
      return
    }
    message.essentials.cseqNumber = sequence.number
    message.essentials.sound.insert(.cseq)
    let method = sequence.method(reader)
    if !isRequest {
      message.method = method
    } else if method != message.method {
      fail(400, "a CSeq with another method than the request")
    }
  }

  /// RFC 3261 18.3: what is beyond Content-Length is cut off; without one a datagram's rest is the body.
  private mutating func readBody(
    _ base: UnsafePointer<UInt8>, _ fields: UnsafeBufferPointer<HeaderField>, _ message: inout SIPMessage, total: Int
  ) {
    var end = total
    if contentLength >= 0, contentLength < fields.count {
      var reader = reader(base, fields[contentLength])
      guard let length = reader.number(upTo: UInt32.max), reader.isAtEnd else {
        fail(400, "a Content-Length that is no number")
        return
      }
      guard Int(length) <= total &- bodyStart else {
        fail(400, "a Content-Length beyond the end of the message")
        return
      }
      end = bodyStart &+ Int(length)
    }
    guard bodyStart > 0, bodyStart <= end else { return }
    message.content = Extent(bodyStart, end)
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

  /// The first control byte (below 32, or DEL) from `start` on, HTAB included; `end` when there is none. Eight bytes at a time.
  @inline(__always) func nextControl(from start: Int) -> Int {
    var i = start
    let raw = UnsafeRawPointer(base)
    while i &+ 8 <= end {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt64.self))
      // A borrow can only spoil bytes above a true hit, and the lowest hit is what we take.
      let low = (word &- 0x2020_2020_2020_2020) & ~word
      let delete = word ^ 0x7f7f_7f7f_7f7f_7f7f
      let hits = (low | ((delete &- 0x0101_0101_0101_0101) & ~delete)) & 0x8080_8080_8080_8080
      if hits != 0 { return i &+ (hits.trailingZeroBitCount &>> 3) }
      i &+= 8
    }
    while i < end, base[i] >= 0x20, base[i] != 0x7f { i &+= 1 }
    return min(i, end)
  }

  /// From inside a line that can not be read to behind the next CRLF.
  mutating func skipBrokenLine() {
    while at < end {
      if base[at] == UInt8(ascii: "\n"), at > 0, base[at &- 1] == UInt8(ascii: "\r") {
        at &+= 1
        return
      }
      at &+= 1
    }
  }
}
