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
  /// What the message will be made of.
  var index: [HeaderField] = []
  var method = Method.invite
  var statusCode: UInt16 = 0
  var target = Extent()
  var content = Extent()
  var essentials = Essentials()
  /// Where the first Via and each single field stands in the index; -1 when absent.
  var via = -1
  var cseq = -1
  var callID = -1
  var from = -1
  var to = -1
  var maxForwards = -1
  var contentLength = -1
  var hasContentType = false
  var bodyStart = 0

  @inline(never) mutating func fail(_ status: Int, _ reason: StaticString) {
    if let defect, defect.status == 505 || (status != 505 && defect.status != 416) { return }
    defect = Defect(status: status, reason: reason)
  }

  // MARK: Lines
  mutating func readHead(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress else { return fail(400, "an empty message") }
    index.reserveCapacity(32)
    var reader = ByteReader(base, from: 0, to: bytes.count)
    while reader.current == UInt8(ascii: "\r"), reader.byte(reader.at &+ 1) == UInt8(ascii: "\n") { reader.at &+= 2 }
    guard readStartLine(&reader) else { return }
    readFields(&reader)
    bodyStart = reader.at
  }

  /// `false` when there is no line to go on from.
  private mutating func readStartLine(_ reader: inout ByteReader) -> Bool {
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
      readStatusLine(&line)
      return true
    }
    isRequest = true
    return readRequestLine(&line)
  }

  /// Request-Line = Method SP Request-URI SP SIP-Version
  private mutating func readRequestLine(_ line: inout ByteReader) -> Bool {
    let start = line.at
    line.skip(.token)
    let methodEnd = line.at
    guard methodEnd > start, line.take(UInt8(ascii: " ")) else {
      fail(400, "a start line that begins with no method")
      return false
    }
    method =
      Method(known: line, start, methodEnd)
      ?? .other(Array(UnsafeBufferPointer(start: line.base + start, count: methodEnd &- start)))
    let uriStart = line.at
    let uriEnd = line.next(0x2020_2020_2020_2020, upTo: line.end)
    target = Extent(uriStart, uriEnd)
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
  private mutating func readStatusLine(_ line: inout ByteReader) {
    guard readVersion(&line), line.take(UInt8(ascii: " ")) else {
      fail(400, "a status line that does not begin with SIP/2.0 SP")
      return
    }
    let digits = line.at
    guard let code = line.number(upTo: 699), code >= 100, line.at &- digits == 3, line.take(UInt8(ascii: " ")) else {
      fail(400, "a status line without a status of 100...699 and a space behind it")
      return
    }
    statusCode = UInt16(truncatingIfNeeded: code)
    target = Extent(line.at, line.end)
  }

  /// Header lines up to the empty line; the reader is left behind that.
  private mutating func readFields(_ reader: inout ByteReader) {
    while true {
      let nameStart = reader.at
      guard let (name, nameLength) = readName(&reader) else {
        if reader.at == nameStart, reader.current == UInt8(ascii: "\r"), reader.byte(nameStart &+ 1) == UInt8(ascii: "\n") {
          reader.at &+= 2
          return
        }
        guard !reader.isAtEnd else { return fail(400, "a message that ends before the empty line") }
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
      guard index.count < SIPLimits.headerFields else {
        reader.at = reader.end
        return fail(400, "more than 256 header fields")
      }
      note(name, at: index.count)
      index.append(
        HeaderField(
          nameStart: UInt32(truncatingIfNeeded: nameStart), nameLength: UInt8(truncatingIfNeeded: nameLength), name: name,
          value: Extent(valueStart, valueEnd)))
    }
  }

  /// A name and its colon. The colon is looked for first: a name we know needs no look at its characters one by one.
  @inline(__always) private func readName(_ reader: inout ByteReader) -> (HeaderName, Int)? {
    let start = reader.at
    // No name of ours is longer than 20 characters; three words hold it and its colon.
    let colon = reader.next(0x3a3a_3a3a_3a3a_3a3a, upTo: start &+ 24)
    if reader.byte(colon) == UInt8(ascii: ":") {
      let name = HeaderName(reader.base + start, count: colon &- start)
      if name != .other {
        reader.at = colon &+ 1
        return (name, colon &- start)
      }
    }
    let length = reader.skip(.token)
    guard length > 0, length <= SIPLimits.headerNameBytes, reader.take(UInt8(ascii: ":")) else { return nil }
    return (HeaderName(reader.base + start, count: length), length)
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
    case .via: if via < 0 { via = position }
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

  /// RFC 3261 7.3.1: a line end before a blank means no more than a blank, so it becomes two.
  mutating func unfold(_ arena: inout [UInt8]) {
    for i in index.indices {
      var low = Int(index[i].value.start)
      var high = min(Int(index[i].value.end), arena.count)
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

extension ByteReader {
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

  /// The first place from here on, and before `limit`, of the byte that `pattern` repeats; `limit` when there is none.
  @inline(__always) func next(_ pattern: UInt64, upTo limit: Int) -> Int {
    let raw = UnsafeRawPointer(base)
    let last = min(limit, end)
    var i = at
    while i &+ 8 <= last {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: i, as: UInt64.self)) ^ pattern
      let hits = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if hits != 0 { return i &+ (hits.trailingZeroBitCount &>> 3) }
      i &+= 8
    }
    while i < last, base[i] != UInt8(truncatingIfNeeded: pattern) { i &+= 1 }
    return i
  }
}
