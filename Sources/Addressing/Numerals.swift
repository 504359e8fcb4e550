// Numbers as the wire writes them, without passing through `String`.

extension [UInt8] {
  /// Appends a number in decimal.
  public mutating func appendDecimal(_ value: UInt64) {
    if value < 10 { return append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value)) }
    // 2^64 has 20 digits.
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var start = 20
    var rest = value
    repeat {
      start &-= 1
      digits[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0
    reserveCapacity(for: 20 &- start)
    for index in start..<20 { append(digits[index]) }
  }

  /// Appends the lowest `digits` (up to 16) hexadecimal digits of a number, in lower case.
  public mutating func appendHexadecimal(_ value: UInt64, digits: Int) {
    var text = InlineArray<16, UInt8>(repeating: 0)
    let count = Swift.min(digits, 16)
    var rest = value
    for place in stride(from: count &- 1, through: 0, by: -1) {
      let digit = UInt8(truncatingIfNeeded: rest) & 0xF
      text[place] = digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10
      rest >>= 4
    }
    text.span.withUnsafeBufferPointer { append(contentsOf: UnsafeBufferPointer(rebasing: $0.prefix(count))) }
  }

  /// Room for so many more, growing as `append` does: `reserveCapacity` alone would grow by just that each time.
  private mutating func reserveCapacity(for more: Int) {
    if capacity < count &+ more { reserveCapacity(Swift.max(count &+ more, 2 &* capacity)) }
  }
}

extension ArraySlice<UInt8> {
  /// The number that the first `digits` (up to 16) bytes write in hexadecimal, of either case; `nil` when they are fewer or write none.
  public func hexadecimal(digits: Int) -> UInt64? {
    guard count >= digits else { return nil }
    var value: UInt64 = 0
    for byte in prefix(digits) {
      guard let digit = byte.hexadecimalValue else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }
}

extension UInt8 {
  /// What this byte stands for as a hexadecimal digit of either case.
  @inlinable public var hexadecimalValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self &- UInt8(ascii: "A") &+ 10
    default: nil
    }
  }
}
