extension SIPMessage {
  // MARK: New messages
  /// A request without header fields; the caller appends them in the order they shall stand.
  public init(request method: Method, uri: some Collection<UInt8>) {
    self.init(arena: [], method: method, statusCode: 0)
    arena.reserveCapacity(1_024)
    index.reserveCapacity(24)
    setRequestURI(uri)
  }

  /// A response without header fields. `status` must be 100...699.
  public init(status: Int, reason: some Collection<UInt8>) {
    precondition((100...699).contains(status), "SIPMessage: a status outside 100...699")
    self.init(arena: [], method: .other([]), statusCode: UInt16(status))
    arena.reserveCapacity(1_024)
    index.reserveCapacity(24)
    setStatus(status, reason: reason)
  }

  /// RFC 3261 8.2.6: Via (all), From, To (with `toTag` added when it has none and `toTag` is given), Call-ID, CSeq are
  /// copied; Timestamp into a 100. `reason` nil = the RFC's default phrase.
  public init(responding status: Int, to request: SIPMessage, toTag: [UInt8]? = nil, reason: StaticString? = nil) {
    precondition((100...699).contains(status), "SIPMessage: a status outside 100...699")
    self.init(arena: [], method: request.method, statusCode: UInt16(status))
    arena.reserveCapacity(1_024)
    index.reserveCapacity(16)
    arena.append(reason ?? SIPMessage.defaultReason(status))
    target = Extent(0, arena.count)
    for field in request.index where field.name == .via { copy(field, of: request) }
    for name in [HeaderName.from, .to, .callID, .cseq] {
      guard let field = request.index.first(where: { $0.name == name }) else { continue }
      copy(field, of: request, tag: name == .to && request.essentials.to.tag.isEmpty ? toTag : nil)
    }
    if status == 100, let field = request.index.first(where: { $0.name == .timestamp }) { copy(field, of: request) }
  }

  // MARK: Edits. Content-Length can not be edited: `encoded()` writes it.
  @inlinable public mutating func append(_ name: HeaderName, _ value: some Collection<UInt8>) {
    if value.withContiguousStorageIfAvailable({ append(name, bytes: $0) }) == nil {
      Array(value).withUnsafeBufferPointer { append(name, bytes: $0) }
    }
  }

  public mutating func append(_ name: HeaderName, text: StaticString) {
    append(name, bytes: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// A header whose value is written in place, without an array of its own: the closure appends to the bytes it is given.
  public mutating func append(_ name: HeaderName, writing: (inout [UInt8]) -> Void) {
    guard let field = write(name, writing) else { return }
    index.append(field)
    refresh(name)
  }

  /// A header by its spelling, which is kept. Nothing happens when `name` is no token or longer than `SIPLimits.headerNameBytes`.
  public mutating func append(named name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    guard let field = write(named: name, value) else { return }
    index.append(field)
    refresh(field.name)
  }

  /// Before the first field of that name (Via); before all others when there is none.
  public mutating func prepend(_ name: HeaderName, _ value: some Collection<UInt8>) {
    guard let field = write(name, { $0.append(contentsOf: value) }) else { return }
    index.insert(field, at: index.firstIndex { $0.name == name } ?? 0)
    refresh(name)
  }

  /// Replaces the first field of that name or appends it; others of the name are removed.
  public mutating func set(_ name: HeaderName, _ value: some Collection<UInt8>) {
    guard let field = write(name, { $0.append(contentsOf: value) }) else { return }
    replace(field) { candidate, _ in candidate.name == name }
  }

  public mutating func set(named name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    guard let field = write(named: name, value) else { return }
    guard field.name == .other else { return replace(field) { candidate, _ in candidate.name == field.name } }
    replace(field) { candidate, message in message.isOther(candidate, named: name) }
  }

  public mutating func remove(_ name: HeaderName) {
    index.removeAll { $0.name == name }
    refresh(name)
  }

  public mutating func remove(named name: some Collection<UInt8>) {
    let known = HeaderName(spelling: name)
    guard known == .other else { return remove(known) }
    let doomed = index.indices.filter { isOther(index[$0], named: name) }
    for i in doomed.reversed() { index.remove(at: i) }
  }

  /// Replaces the first value of a list header (the top Via, the first Route) and leaves the others; appends when there is none.
  public mutating func replaceFirstValue(of name: HeaderName, with value: some Collection<UInt8>) {
    guard let place = index.firstIndex(where: { $0.name == name }) else { return append(name, value) }
    var rest = index[place].value.slice(of: arena)
    _ = name.isList ? rest.popListElement() : rest.popAll()
    rest = rest.trimmed
    let field = write(name) { out in
      out.append(contentsOf: value)
      guard !rest.isEmpty else { return }
      out.append(", ")
      out.append(contentsOf: rest)
    }
    guard let field else { return }
    index[place] = field
    refresh(name)
  }

  /// Takes the first value of a list header away (the top Via, the first Route).
  public mutating func removeFirstValue(of name: HeaderName) {
    guard let place = index.firstIndex(where: { $0.name == name }) else { return }
    var rest = index[place].value.slice(of: arena)
    _ = name.isList ? rest.popListElement() : rest.popAll()
    rest = rest.trimmed
    // A field whose value begins later than its line could not be written line by line: it moves to a line of its own.
    if !rest.isEmpty, let field = write(name, { $0.append(contentsOf: rest) }) {
      index[place] = field
    } else {
      index.remove(at: place)
    }
    refresh(name)
  }

  /// Nothing happens on a response. Bytes that would end the URI or the line are written as `%20`.
  public mutating func setRequestURI(_ uri: some Collection<UInt8>) {
    guard statusCode == 0 else { return }
    let start = arena.count
    for byte in uri {
      if byte <= 0x20 || byte == 0x7f { arena.append("%20") } else { arena.append(byte) }
    }
    target = Extent(start, arena.count)
  }

  /// Nothing happens on a request, or with a status outside 100...699.
  public mutating func setStatus(_ status: Int, reason: some Collection<UInt8>) {
    guard statusCode != 0, (100...699).contains(status) else { return }
    statusCode = UInt16(status)
    let start = arena.count
    arena.append(contentsOf: reason)
    blankControls(from: start)
    target = Extent(start, arena.count)
  }

  /// Sets body and Content-Type; an empty body removes Content-Type. Content-Length is always written by `encoded()`.
  public mutating func setBody(_ body: [UInt8], type: StaticString) {
    index.removeAll { $0.name == .contentLength }
    if body.isEmpty {
      remove(.contentType)
    } else {
      set(.contentType, UnsafeBufferPointer(start: type.utf8Start, count: type.utf8CodeUnitCount))
    }
    let start = arena.count
    arena.append(contentsOf: body)
    content = Extent(start, arena.count)
  }
}

// MARK: - How a field comes into the arena
extension SIPMessage {
  @usableFromInline mutating func append(_ name: HeaderName, bytes: UnsafeBufferPointer<UInt8>) {
    guard let field = write(name, { $0.append(contentsOf: bytes) }) else { return }
    index.append(field)
    refresh(name)
  }

  /// Writes `Name: value` CRLF behind the arena.
  @inline(__always) private mutating func write(_ name: HeaderName, _ body: (inout [UInt8]) -> Void) -> HeaderField? {
    precondition(name != .other, "SIPMessage: a header of no name; use append(named:)")
    guard name != .contentLength else { return nil }
    let nameStart = arena.count
    arena.append(name.spelling)
    let nameLength = arena.count - nameStart
    arena.append(": ")
    let valueStart = arena.count
    body(&arena)
    return HeaderField(
      nameStart: UInt32(truncatingIfNeeded: nameStart), nameLength: UInt8(truncatingIfNeeded: nameLength), name: name,
      value: finishValue(from: valueStart))
  }

  private mutating func write(named name: some Collection<UInt8>, _ value: some Collection<UInt8>) -> HeaderField? {
    let known = HeaderName(spelling: name)
    guard known != .contentLength, !name.isEmpty, name.count <= SIPLimits.headerNameBytes,
      name.allSatisfy({ ByteClass.token.contains($0) })
    else { return nil }
    let nameStart = arena.count
    arena.append(contentsOf: name)
    let nameLength = arena.count - nameStart
    arena.append(": ")
    let valueStart = arena.count
    arena.append(contentsOf: value)
    return HeaderField(
      nameStart: UInt32(truncatingIfNeeded: nameStart), nameLength: UInt8(truncatingIfNeeded: nameLength), name: known,
      value: finishValue(from: valueStart))
  }

  /// Blanks out what could end a line, trims, ends the line.
  private mutating func finishValue(from start: Int) -> Extent {
    precondition(start <= arena.count, "SIPMessage: a closure that shortened the bytes it was to append to")
    blankControls(from: start)
    var low = start
    var high = arena.count
    while low < high, arena[low].isBlank { low += 1 }
    while high > low, arena[high - 1].isBlank { high -= 1 }
    arena.removeLast(arena.count - high)
    arena.append("\r\n")
    return Extent(low, high)
  }

  private mutating func blankControls(from start: Int) {
    arena.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let reader = ByteReader(UnsafePointer(base), from: 0, to: buffer.count)
      var at = reader.nextControl(from: start)
      while at < buffer.count {
        if buffer[at] != UInt8(ascii: "\t") { buffer[at] = UInt8(ascii: " ") }
        at = reader.nextControl(from: at + 1)
      }
    }
  }

  private mutating func replace(_ field: HeaderField, where isOld: (HeaderField, SIPMessage) -> Bool) {
    var kept: [HeaderField] = []
    kept.reserveCapacity(index.count + 1)
    var isPlaced = false
    for candidate in index {
      if !isOld(candidate, self) {
        kept.append(candidate)
      } else if !isPlaced {
        kept.append(field)
        isPlaced = true
      }
    }
    if !isPlaced { kept.append(field) }
    index = kept
    refresh(field.name)
  }

  /// Copies a field of another message; what was read from it there moves along.
  private mutating func copy(_ field: HeaderField, of other: SIPMessage, tag: [UInt8]? = nil) {
    let isFirst = !index.contains { $0.name == field.name }
    let copied = write(field.name) { out in
      out.append(contentsOf: field.value.slice(of: other.arena))
      guard let tag else { return }
      out.append(";tag=")
      out.append(contentsOf: tag)
    }
    guard let copied else { return }
    index.append(copied)
    if isFirst { refresh(field.name) }
  }

  /// Reads again what `essentials` keeps of a header that was edited.
  mutating func refresh(_ name: HeaderName) {
    switch name {
    case .via, .from, .to, .callID, .cseq, .maxForwards: break
    default: return
    }
    let first = index.first { $0.name == name }
    var essentials = essentials
    var method = method
    let isResponse = statusCode != 0
    arena.withUnsafeBufferPointer { buffer in
      let value = first?.value ?? Extent()
      guard let base = buffer.baseAddress, Int(value.end) <= buffer.count else { return }
      var reader = ByteReader(base, from: Int(value.start), to: Int(value.end))
      if let sequence = essentials.read(name, &reader), isResponse { method = sequence.method(reader) }
    }
    self.essentials = essentials
    self.method = method
  }
}

extension Essentials {
  /// Reads the first field of a name again; what is absent or malformed becomes empty. Gives the CSeq if it was that.
  mutating func read(_ name: HeaderName, _ reader: inout ByteReader) -> CSeq? {
    var reason: StaticString = ""
    switch name {
    case .via:
      let layout = ViaLayout(&reader, reason: &reason)
      via = layout ?? ViaLayout()
      note(.via, layout != nil)
    case .from:
      let layout = AddressLayout(&reader, reason: &reason)
      from = layout ?? AddressLayout()
      note(.from, layout != nil)
    case .to:
      let layout = AddressLayout(&reader, reason: &reason)
      to = layout ?? AddressLayout()
      note(.to, layout != nil)
    case .callID:
      let whole = Extent(reader.at, reader.end)
      let isSound = reader.skipCallID()
      callID = isSound ? whole : Extent()
      note(.callID, isSound)
    case .cseq:
      let sequence = CSeq(&reader)
      cseqNumber = sequence?.number ?? 0
      note(.cseq, sequence != nil)
      return sequence
    case .maxForwards:
      let hops = reader.number(upTo: 255)
      maxForwards = reader.isAtEnd ? hops.map { Int16(truncatingIfNeeded: $0) } ?? -1 : -1
    default: break
    }
    return nil
  }

  private mutating func note(_ header: Found, _ isSound: Bool) {
    if isSound { sound.insert(header) } else { sound.remove(header) }
  }
}

extension ArraySlice<UInt8> {
  fileprivate mutating func popAll() -> ArraySlice<UInt8>? {
    defer { self = dropFirst(count) }
    return self
  }
}
