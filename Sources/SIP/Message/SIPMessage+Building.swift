extension SIPMessage {
  // MARK: New messages
  /// A request without header fields; the caller appends them in the order they shall stand.
  @inlinable public init(request method: Method, uri: some Collection<UInt8>) {
    self.init(emptyWith: method, status: 0)
    setRequestURI(uri)
  }

  /// A response without header fields. `status` must be 100...699.
  @inlinable public init(status: Int, reason: some Collection<UInt8>) {
    precondition((100...699).contains(status), "SIPMessage: a status outside 100...699")
    self.init(emptyWith: .other([]), status: UInt16(status))
    setStatus(status, reason: reason)
  }

  @usableFromInline init(emptyWith method: Method, status: UInt16) {
    self.init(arena: [], method: method, statusCode: status)
    // One allocation each for nearly all messages.
    arena.reserveCapacity(1_024)
    index.reserveCapacity(24)
  }

  /// RFC 3261 8.2.6: Via (all), From, To (with `toTag` added when it has none and `toTag` is given), Call-ID, CSeq are
  /// copied; Timestamp into a 100. `reason` nil = the RFC's default phrase.
  public init(responding status: Int, to request: SIPMessage, toTag: [UInt8]? = nil, reason: StaticString? = nil) {
    precondition((100...699).contains(status), "SIPMessage: a status outside 100...699")
    self.init(emptyWith: request.method, status: UInt16(status))
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
    value.withBytes { append(name, bytes: $0) }
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
  @inlinable public mutating func append(named name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    name.withBytes { name in value.withBytes { append(named: name, bytes: $0) } }
  }

  /// Before the first field of that name (Via); before all others when there is none.
  @inlinable public mutating func prepend(_ name: HeaderName, _ value: some Collection<UInt8>) {
    value.withBytes { prepend(name, bytes: $0) }
  }

  /// Replaces the first field of that name or appends it; others of the name are removed.
  @inlinable public mutating func set(_ name: HeaderName, _ value: some Collection<UInt8>) {
    value.withBytes { set(name, bytes: $0) }
  }

  @inlinable public mutating func set(named name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
    name.withBytes { name in value.withBytes { set(named: name, bytes: $0) } }
  }

  public mutating func remove(_ name: HeaderName) {
    index.removeAll { $0.name == name }
    refresh(name)
  }

  @inlinable public mutating func remove(named name: some Collection<UInt8>) {
    name.withBytes { remove(named: $0) }
  }

  /// Replaces the first value of a list header (the top Via, the first Route) and leaves the others; appends when there is none.
  @inlinable public mutating func replaceFirstValue(of name: HeaderName, with value: some Collection<UInt8>) {
    value.withBytes { replaceFirstValue(of: name, bytes: $0) }
  }

  /// Nothing happens on a response. Bytes that would end the URI or the line are written as `%20`.
  @inlinable public mutating func setRequestURI(_ uri: some Collection<UInt8>) {
    uri.withBytes { setRequestURI(bytes: $0) }
  }

  /// Nothing happens on a request, or with a status outside 100...699.
  @inlinable public mutating func setStatus(_ status: Int, reason: some Collection<UInt8>) {
    reason.withBytes { setStatus(status, bytes: $0) }
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
