// MARK: - The same, not generic: what other modules call has nothing left to specialise
extension SIPMessage {
  @usableFromInline mutating func append(_ name: HeaderName, bytes: UnsafeBufferPointer<UInt8>) {
    guard let field = write(name, { $0.append(contentsOf: bytes) }) else { return }
    index.append(field)
    refresh(name)
  }

  @usableFromInline mutating func append(named name: UnsafeBufferPointer<UInt8>, bytes: UnsafeBufferPointer<UInt8>) {
    guard let field = write(named: name, bytes) else { return }
    index.append(field)
    refresh(field.name)
  }

  @usableFromInline mutating func prepend(_ name: HeaderName, bytes: UnsafeBufferPointer<UInt8>) {
    guard let field = write(name, { $0.append(contentsOf: bytes) }) else { return }
    index.insert(field, at: index.firstIndex { $0.name == name } ?? 0)
    refresh(name)
  }

  @usableFromInline mutating func set(_ name: HeaderName, bytes: UnsafeBufferPointer<UInt8>) {
    guard let field = write(name, { $0.append(contentsOf: bytes) }) else { return }
    replace(field) { candidate, _ in candidate.name == name }
  }

  @usableFromInline mutating func set(named name: UnsafeBufferPointer<UInt8>, bytes: UnsafeBufferPointer<UInt8>) {
    guard let field = write(named: name, bytes) else { return }
    guard field.name == .other else { return replace(field) { candidate, _ in candidate.name == field.name } }
    replace(field) { candidate, message in message.isOther(candidate, named: name) }
  }

  @usableFromInline mutating func remove(named name: UnsafeBufferPointer<UInt8>) {
    let known = HeaderName(spelling: name)
    guard known == .other else { return remove(known) }
    let doomed = index.indices.filter { isOther(index[$0], named: name) }
    for i in doomed.reversed() { index.remove(at: i) }
  }

  @usableFromInline mutating func replaceFirstValue(of name: HeaderName, bytes: UnsafeBufferPointer<UInt8>) {
    guard let place = index.firstIndex(where: { $0.name == name }) else { return append(name, bytes: bytes) }
    let rest = valuesBehindFirst(of: index[place])
    let field = write(name) { out in
      out.append(contentsOf: bytes)
      guard !rest.isEmpty else { return }
      out.append(", ")
      out.append(contentsOf: rest)
    }
    guard let field else { return }
    index[place] = field
    refresh(name)
  }

  @usableFromInline mutating func setRequestURI(bytes: UnsafeBufferPointer<UInt8>) {
    guard statusCode == 0 else { return }
    let start = arena.count
    arena.append(contentsOf: bytes)
    if bytes.contains(where: { $0 <= 0x20 || $0 == 0x7f }) {
      arena.removeLast(bytes.count)
      for byte in bytes {
        if byte <= 0x20 || byte == 0x7f { arena.append("%20") } else { arena.append(byte) }
      }
    }
    target = Extent(start, arena.count)
  }

  @usableFromInline mutating func setStatus(_ status: Int, bytes: UnsafeBufferPointer<UInt8>) {
    guard statusCode != 0, (100...699).contains(status) else { return }
    statusCode = UInt16(status)
    let start = arena.count
    arena.append(contentsOf: bytes)
    blankControls(from: start)
    target = Extent(start, arena.count)
  }

  /// What follows the first value of a field. A copy: a slice would share the arena, and the next edit would copy all of it.
  func valuesBehindFirst(of field: HeaderField) -> [UInt8] {
    guard field.name.isList else { return [] }
    var rest = field.value.slice(of: arena)
    _ = rest.popListElement()
    return Array(rest.trimmed)
  }
}

// MARK: - How a field comes into the arena
extension SIPMessage {
  /// Writes `Name: value` CRLF behind the arena.
  @inline(__always) mutating func write(_ name: HeaderName, _ body: (inout [UInt8]) -> Void) -> HeaderField? {
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

  private mutating func write(named name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) -> HeaderField? {
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
  mutating func copy(_ field: HeaderField, of other: SIPMessage, tag: [UInt8]? = nil) {
    let isFirst = !index.contains { $0.name == field.name }
    let copied = write(field.name) { out in
      out.append(contentsOf: field.value.slice(of: other.arena))
      guard let tag else { return }
      out.append(";tag=")
      out.append(contentsOf: tag)
    }
    guard let copied else { return }
    index.append(copied)
    guard isFirst else { return }
    // What the other message knows of it holds here as well, if it is the same field to the byte.
    if tag == nil, copied.value.count == field.value.count, other.index.first(where: { $0.name == field.name })?.value == field.value,
      essentials.adopt(field.name, of: other.essentials, shift: copied.value.start &- field.value.start)
    {
      return
    }
    refresh(field.name)
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

extension Collection where Element == UInt8 {
  /// The bytes in one piece, copied only when they are not.
  @inlinable func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    withContiguousStorageIfAvailable(body) ?? Array(self).withUnsafeBufferPointer(body)
  }
}
