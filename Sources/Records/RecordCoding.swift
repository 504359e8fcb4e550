/// Writes state as bytes, as the journal, the simulator and a call at rest have it: byte strings and lists behind their count, and integers in as few bytes as
/// they need. An integer of more than 8 bits is folded to be unsigned (0, -1, 1, -2 ...), raised by one around the end, so that the highest and the lowest
/// value of 64 bits, which stand for "none", are 0; and written seven bits a byte, the lowest first, the top bit telling that another byte follows.
public struct RecordWriter: Sendable {
  public private(set) var bytes: [UInt8] = []
  public init() {}
  public mutating func write(_ value: some FixedWidthInteger) {
    if value.bitWidth == 8 { return bytes.append(UInt8(truncatingIfNeeded: value)) }
    var rest = UInt64(truncatingIfNeeded: value)
    if type(of: value).isSigned { rest = rest &<< 1 ^ (value < 0 ? .max : 0) }
    rest = rest &+ 1
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest &>>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
  public mutating func write(_ value: Bool) { bytes.append(value ? 1 : 0) }
  public mutating func write(_ value: [UInt8]) {
    write(UInt32(value.count))
    bytes.append(contentsOf: value)
  }
  public mutating func write(_ value: some Recordable) { value.write(to: &self) }
  public mutating func write(_ value: (some Recordable)?) {
    write(value != nil)
    if let value { value.write(to: &self) }
  }
  public mutating func write(_ values: [some Recordable]) {
    write(UInt32(values.count))
    for value in values { value.write(to: &self) }
  }
}

/// Reads what `RecordWriter` wrote. Never traps on damaged bytes: it throws.
public struct RecordReader: Sendable {
  public enum Damage: Error, Sendable, Equatable { case truncated, invalid }
  private let bytes: [UInt8]
  private var position = 0
  public init(_ bytes: [UInt8]) { self.bytes = bytes }
  public var isAtEnd: Bool { position == bytes.count }
  public mutating func read<T: FixedWidthInteger>(_: T.Type = T.self) throws(Damage) -> T {
    if T.bitWidth == 8 { return T(truncatingIfNeeded: try byte()) }
    var raised: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let next = try byte()
      // 64 bits are nine groups of seven and one.
      guard shift < 63 || next <= 1 else { throw .invalid }
      raised |= UInt64(next & 0x7F) &<< shift
      if next < 0x80 { break }
      shift += 7
    }
    let folded = raised &- 1
    let value = T.isSigned ? T(exactly: Int64(bitPattern: folded &>> 1 ^ (folded & 1 == 0 ? 0 : .max))) : T(exactly: folded)
    guard let value else { throw .invalid }
    return value
  }
  private mutating func byte() throws(Damage) -> UInt8 {
    guard position < bytes.count else { throw .truncated }
    defer { position += 1 }
    return bytes[position]
  }
  public mutating func read(_: Bool.Type = Bool.self) throws(Damage) -> Bool {
    switch try read(UInt8.self) {
    case 0: return false
    case 1: return true
    default: throw .invalid
    }
  }
  public mutating func read(_: [UInt8].Type = [UInt8].self) throws(Damage) -> [UInt8] {
    let count = Int(try read(UInt32.self))
    guard bytes.count - position >= count else { throw .truncated }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }
  public mutating func read<T: Recordable>(_: T.Type = T.self) throws(Damage) -> T { try T(from: &self) }
  public mutating func read<T: Recordable>(_: T?.Type = T?.self) throws(Damage) -> T? {
    try read(Bool.self) ? try T(from: &self) : nil
  }
  public mutating func read<T: Recordable>(_: [T].Type = [T].self) throws(Damage) -> [T] {
    let count = Int(try read(UInt32.self))
    guard count <= bytes.count - position else { throw .truncated }
    var values: [T] = []
    for _ in 0..<count { values.append(try T(from: &self)) }
    return values
  }
}

/// A part of a call's state that can be written out and read back.
public protocol Recordable: Sendable {
  func write(to writer: inout RecordWriter)
  init(from reader: inout RecordReader) throws(RecordReader.Damage)
}
