/// One `;name[=value]` of a header (generic-param, RFC 3261 section 25.1): the value is a token, a host or a quoted string.
struct HeaderParameter {
  var name: Extent
  /// Empty for a flag; with its quotes when quoted.
  var value: Extent
  /// Whether there is a value and it is a token.
  var isToken = false

  /// Reads a parameter from its semicolon (blanks before it are passed over); `nil` when none stands here or it is malformed.
  @inline(__always) init?(_ reader: inout ByteReader) {
    reader.skipBlanks()
    guard reader.take(UInt8(ascii: ";")) else { return nil }
    reader.skipBlanks()
    let start = reader.at
    guard reader.skip(.token) > 0 else { return nil }
    let end = reader.at
    name = Extent(start, end)
    value = Extent(end, end)
    reader.skipBlanks()
    guard reader.take(UInt8(ascii: "=")) else {
      reader.at = end
      return
    }
    reader.skipBlanks()
    let valueStart = reader.at
    if reader.current == UInt8(ascii: "\"") {
      var ignored = false
      guard reader.skipQuoted(sawEscape: &ignored) else { return nil }
    } else {
      isToken = reader.skip(.token) > 0
      if reader.skip(.parameterValue) > 0 { isToken = false }
      guard reader.at > valueStart else { return nil }
    }
    value = Extent(valueStart, reader.at)
  }
}

extension ArraySlice<UInt8> {
  /// The value of a parameter in a run of header parameters that was checked before; empty for a flag. Quotes are part of it.
  func parameterExtent(_ name: StaticString, from extent: Extent) -> Extent? {
    let found: Extent?? = withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress, Int(extent.end) <= buffer.count else { return nil }
      var reader = ByteReader(base, from: Int(extent.start), to: Int(extent.end))
      while let parameter = HeaderParameter(&reader) {
        if reader.matches(Int(parameter.name.start), Int(parameter.name.end), name) { return parameter.value }
      }
      return nil
    }
    return found ?? nil
  }

  /// The same for a URI's parameters, whose characters are others.
  func uriParameterExtent(_ name: StaticString, from extent: Extent) -> Extent? {
    let found: Extent?? = withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress, Int(extent.end) <= buffer.count else { return nil }
      var reader = ByteReader(base, from: Int(extent.start), to: Int(extent.end))
      while reader.take(UInt8(ascii: ";")) {
        let start = reader.at
        guard reader.skipEscaped(.uriParameter) != nil else { return nil }
        let end = reader.at
        var value = Extent(end, end)
        if reader.take(UInt8(ascii: "=")) {
          guard reader.skipEscaped(.uriParameter) != nil else { return nil }
          value = Extent(end &+ 1, reader.at)
        }
        if reader.matches(start, end, name) { return value }
      }
      return nil
    }
    return found ?? nil
  }

  /// A parameter's value as a reader wants it: a quoted string without its quotes and escapes.
  func plainValue(_ extent: Extent) -> ArraySlice<UInt8> {
    let written = extent.slice(of: self)
    guard written.count >= 2, written.first == UInt8(ascii: "\"") else { return written }
    let inner = written.dropFirst().dropLast()
    return inner.contains(UInt8(ascii: "\\")) ? inner.withoutQuotedPairs[...] : inner
  }

  /// quoted-pairs resolved.
  var withoutQuotedPairs: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(count)
    var rest = self
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), let next = rest.popFirst() { out.append(next) } else { out.append(byte) }
    }
    return out
  }
}
