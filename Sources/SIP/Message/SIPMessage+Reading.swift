extension SIPMessage {
  /// The first value of a header, white space trimmed, unfolded: for a comma list (`HeaderName.isList`) its first element, as in `values`.
  public func value(_ name: HeaderName) -> ArraySlice<UInt8>? {
    for field in index where field.name == name {
      let whole = field.value.slice(of: arena)
      guard name.isList else { return whole }
      var rest = whole
      if let first = rest.popListElement() { return first }
    }
    return nil
  }

  /// Every value in order; comma lists are split where the grammar allows (`HeaderName.isList`: Via, Route, Record-Route, Contact, Supported,
  /// Require, Allow, P-Asserted-Identity, Diversion, History-Info ...), quoted strings and <> respected.
  public func values(_ name: HeaderName) -> [ArraySlice<UInt8>] {
    var out: [ArraySlice<UInt8>] = []
    forEachValue(name) { out.append($0) }
    return out
  }

  /// How many values `values` would give.
  public func count(of name: HeaderName) -> Int {
    var count = 0
    forEachValue(name) { _ in count &+= 1 }
    return count
  }

  /// `values` without the array.
  @inline(__always) func forEachValue(_ name: HeaderName, _ body: (ArraySlice<UInt8>) -> Void) {
    for field in index where field.name == name {
      var rest = field.value.slice(of: arena)
      guard name.isList else {
        body(rest)
        continue
      }
      while let element = rest.popListElement() { body(element) }
    }
  }

  /// Whether there is a field of this name, with or without a value.
  public func has(_ name: HeaderName) -> Bool { index.contains { $0.name == name } }

  /// The first whole value of a header by its spelling, any case, full or compact; meant for headers outside `HeaderName`.
  @inlinable public func value(named name: some Collection<UInt8>) -> ArraySlice<UInt8>? {
    name.withBytes { value(named: $0) }
  }

  @usableFromInline func value(named name: UnsafeBufferPointer<UInt8>) -> ArraySlice<UInt8>? {
    let known = HeaderName(spelling: name)
    let field = index.first { known == .other ? isOther($0, named: name) : $0.name == known }
    return field?.value.slice(of: arena)
  }

  /// Every whole value of a header by its spelling, in order; as `value(named:)` finds the first.
  @inlinable public func values(named name: some Collection<UInt8>) -> [ArraySlice<UInt8>] {
    name.withBytes { values(named: $0) }
  }

  @usableFromInline func values(named name: UnsafeBufferPointer<UInt8>) -> [ArraySlice<UInt8>] {
    let known = HeaderName(spelling: name)
    return index.filter { known == .other ? isOther($0, named: name) : $0.name == known }.map { $0.value.slice(of: arena) }
  }

  /// Whether a comma-list header of tokens (Supported, Require, Allow) holds this token, ignoring case.
  public func lists(_ token: StaticString, in name: HeaderName) -> Bool {
    var found = false
    forEachValue(name) { element in
      guard !found, element.count == token.utf8CodeUnitCount else { return }
      found = zip(element, UnsafeBufferPointer(start: token.utf8Start, count: token.utf8CodeUnitCount))
        .allSatisfy { $0.lowercased == $1.lowercased }
    }
    return found
  }

  /// All fields in order: known name, name as written, whole value.
  public var fields: [(name: HeaderName, spelling: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] {
    index.map { ($0.name, $0.spelling.slice(of: arena), $0.value.slice(of: arena)) }
  }

  func isOther(_ field: HeaderField, named name: UnsafeBufferPointer<UInt8>) -> Bool {
    guard field.name == .other, Int(field.nameLength) == name.count else { return false }
    return zip(field.spelling.slice(of: arena), name).allSatisfy { $0.lowercased == $1.lowercased }
  }
}

extension ArraySlice<UInt8> {
  /// Takes the first element off a comma list, blanks trimmed; commas in quotes and between `<` and `>` belong to the element.
  /// Empty elements are passed over; `nil` when nothing is left.
  mutating func popListElement() -> ArraySlice<UInt8>? {
    while !isEmpty {
      let whole = self
      let length = whole.withUnsafeBufferPointer { SIPMessage.elementLength($0) }
      let element = whole.prefix(length).trimmed
      self = whole.dropFirst(length &+ 1)
      if !element.isEmpty { return element }
    }
    return nil
  }
}

extension SIPMessage {
  /// Bytes up to the comma that ends the first element of a list.
  static func elementLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    var reader = ByteReader(base, from: 0, to: bytes.count)
    while !reader.isAtEnd {
      while !reader.isAtEnd, !ByteClass.listDelimiter.contains(reader.base[reader.at]) { reader.at &+= 1 }
      switch reader.current {
      case UInt8(ascii: ",") where !reader.isAtEnd: return reader.at
      case UInt8(ascii: "\""):
        var ignored = false
        if !reader.skipQuoted(sawEscape: &ignored) { return bytes.count }
      case UInt8(ascii: "<"):
        // Between brackets a quote is no delimiter: no URI may hold one.
        while !reader.isAtEnd, reader.base[reader.at] != UInt8(ascii: ">") { reader.at &+= 1 }
      default: reader.at &+= 1
      }
    }
    return bytes.count
  }
}
