/// Writes state as bytes: fixed-width little-endian integers, length-prefixed byte strings. The journal's and the simulator's form.
public struct RecordWriter: Sendable {
  public private(set) var bytes: [UInt8] = []
  public init() {}
  public mutating func write(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
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
    let size = MemoryLayout<T>.size
    guard bytes.count - position >= size else { throw .truncated }
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: T.self) }
    position += size
    return T(littleEndian: value)
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
