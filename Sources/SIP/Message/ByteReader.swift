import Addressing

/// A place in received bytes that can not be moved outside them: past the end it reads NUL, which no grammar here accepts.
///
/// Positions are offsets from `base`; whoever makes a reader guarantees that `base` covers `end` bytes for the reader's life.
struct ByteReader {
  let base: UnsafePointer<UInt8>
  let end: Int
  var at: Int

  @inline(__always) init(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) {
    self.base = base
    self.end = end
    at = start
  }

  @inline(__always) var current: UInt8 { at < end ? base[at] : 0 }
  @inline(__always) func byte(_ offset: Int) -> UInt8 { offset >= 0 && offset < end ? base[offset] : 0 }
  @inline(__always) var isAtEnd: Bool { at >= end }

  /// Takes `byte` if it stands here.
  @inline(__always) mutating func take(_ byte: UInt8) -> Bool {
    guard at < end, base[at] == byte else { return false }
    at &+= 1
    return true
  }

  /// Skips members of `set`; says how many there were.
  @inline(__always) @discardableResult mutating func skip(_ set: ByteClass) -> Int {
    let start = at
    while at < end, set.contains(base[at]) { at &+= 1 }
    return at &- start
  }

  @inline(__always) mutating func skipBlanks() {
    while at < end, base[at] == UInt8(ascii: " ") || base[at] == UInt8(ascii: "\t") { at &+= 1 }
  }

  /// Skips members of `set` and `%HH` escapes; `nil` when a `%` is not followed by two hexadecimal digits.
  @inline(__always) mutating func skipEscaped(_ set: ByteClass, sawEscape: inout Bool) -> Int? {
    let start = at
    while true {
      skip(set)
      guard current == UInt8(ascii: "%") else { return at &- start }
      guard byte(at &+ 1).hexadecimalValue != nil, byte(at &+ 2).hexadecimalValue != nil else { return nil }
      sawEscape = true
      at &+= 3
    }
  }

  @inline(__always) mutating func skipEscaped(_ set: ByteClass) -> Int? {
    var ignored = false
    return skipEscaped(set, sawEscape: &ignored)
  }

  /// From an opening quote to behind the closing one (RFC 3261 25.1 quoted-string); `false` when it never closes.
  mutating func skipQuoted(sawEscape: inout Bool) -> Bool {
    guard take(UInt8(ascii: "\"")) else { return false }
    while at < end {
      let byte = base[at]
      at &+= 1
      if byte == UInt8(ascii: "\"") { return true }
      if byte == UInt8(ascii: "\\") {
        // quoted-pair: any ASCII follows, but no line end; the scan of the header section let no CR or LF through.
        guard at < end, base[at] < 0x80 else { return false }
        sawEscape = true
        at &+= 1
      }
    }
    return false
  }

  /// Decimal digits with a value of at most `limit`; `nil` when there are none or the value is larger.
  @inline(__always) mutating func number(upTo limit: UInt32) -> UInt32? {
    let start = at
    var value: UInt64 = 0
    while at < end, base[at] &- UInt8(ascii: "0") < 10 {
      // Saturates: a thousand digits must not wrap round to a small number.
      value = min(value &* 10 &+ UInt64(base[at] &- UInt8(ascii: "0")), UInt64(UInt32.max) + 1)
      at &+= 1
    }
    guard at > start, value <= UInt64(limit) else { return nil }
    return UInt32(value)
  }

  /// Whether the bytes of `range` are `text`, ignoring the case of letters. `text` is given in lower case.
  @inline(__always) func matches(_ start: Int, _ stop: Int, _ text: StaticString) -> Bool {
    guard stop &- start == text.utf8CodeUnitCount, start >= 0, stop <= end else { return false }
    let other = text.utf8Start
    for i in 0..<(stop &- start) where base[start &+ i].lowercased != other[i] { return false }
    return true
  }
}

/// A run of bytes by its offsets in the storage it was read from; empty at 0 when there is none.
struct Extent: Sendable, Equatable {
  var start: UInt32 = 0
  var end: UInt32 = 0

  @inline(__always) init() {}
  @inline(__always) init(_ start: Int, _ end: Int) {
    self.start = UInt32(truncatingIfNeeded: start)
    self.end = UInt32(truncatingIfNeeded: end)
  }
  @inline(__always) var isEmpty: Bool { start == end }
  @inline(__always) var count: Int { Int(end) - Int(start) }

  /// The bytes themselves; empty when the extent does not fit `storage`.
  @inline(__always) func slice(of storage: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let low = storage.startIndex + Int(start)
    let high = storage.startIndex + Int(end)
    guard low <= high, high <= storage.endIndex else { return storage[storage.startIndex..<storage.startIndex] }
    return storage[low..<high]
  }
  @inline(__always) func slice(of storage: [UInt8]) -> ArraySlice<UInt8> {
    guard start <= end, Int(end) <= storage.count else { return storage[0..<0] }
    return storage[Int(start)..<Int(end)]
  }
}

extension UInt8 {
  @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
  @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
  /// ASCII only.
  @inline(__always) var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
  @inline(__always) var isBlank: Bool { self == 0x20 || self == 0x09 }
}

extension ArraySlice<UInt8> {
  /// Runs `body` with a reader over the whole slice; offsets count from the slice's first byte.
  @inline(__always) func read<R>(_ body: (inout ByteReader) -> R) -> R? {
    withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return nil }
      var reader = ByteReader(base, from: 0, to: buffer.count)
      return body(&reader)
    }
  }
  /// Without blanks at both ends.
  var trimmed: ArraySlice<UInt8> {
    var rest = self
    while let first = rest.first, first.isBlank { rest.removeFirst() }
    while let last = rest.last, last.isBlank { rest.removeLast() }
    return rest
  }
}
