/// The `tag` parameter of a From or To value as text.
enum HeaderTag {
  /// The value without its tag: everything else stays as it was written.
  static func removed(from value: ArraySlice<UInt8>?) -> [UInt8] {
    guard let value else { return [] }
    var out: [UInt8] = []
    out.reserveCapacity(value.count)
    var index = value.startIndex
    let parameters = parametersStart(of: value)
    out.append(contentsOf: value[index..<parameters])
    index = parameters
    while index < value.endIndex {
      var end = value.index(after: index)
      var isQuoted = false
      while end < value.endIndex, isQuoted || value[end] != UInt8(ascii: ";") {
        if value[end] == UInt8(ascii: "\\"), isQuoted, end + 1 < value.endIndex {
          end += 1
        } else if value[end] == UInt8(ascii: "\"") {
          isQuoted.toggle()
        }
        end += 1
      }
      let parameter = value[index..<end]
      if !isTag(parameter) { out.append(contentsOf: parameter) }
      index = end
    }
    while let last = out.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") { out.removeLast() }
    return out
  }

  /// The first `;` that begins a header parameter: behind `>`, or without angle brackets the first one (RFC 3261 20: then URI parameters can't be).
  private static func parametersStart(of value: ArraySlice<UInt8>) -> Int {
    var isQuoted = false
    var isBracketed = false
    var index = value.startIndex
    while index < value.endIndex {
      let byte = value[index]
      if isQuoted {
        if byte == UInt8(ascii: "\\") { index += 1 } else if byte == UInt8(ascii: "\"") { isQuoted = false }
      } else if byte == UInt8(ascii: "\""), !isBracketed {
        isQuoted = true
      } else if byte == UInt8(ascii: "<") {
        isBracketed = true
      } else if byte == UInt8(ascii: ">") {
        isBracketed = false
      } else if byte == UInt8(ascii: ";"), !isBracketed {
        return index
      }
      index += 1
    }
    return value.endIndex
  }

  private static func isTag(_ parameter: ArraySlice<UInt8>) -> Bool {
    let name = parameter.dropFirst().prefix { $0 != UInt8(ascii: "=") }
      .filter { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }.map { $0 | 0x20 }
    return name == Array("tag".utf8)
  }
}
