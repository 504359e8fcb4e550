import Records
import Testing
import Timing

/// A part with everything a record may hold.
private struct Sample: Recordable, Equatable {
  var small: UInt8 = 0
  var wide: Int64 = 0
  var flag = false
  var text: [UInt8] = []
  var maybe: Inner?
  var list: [Inner] = []

  struct Inner: Recordable, Equatable {
    var number: UInt16
    var text: [UInt8]
    func write(to w: inout RecordWriter) {
      w.write(number)
      w.write(text)
    }
    init(number: UInt16, text: [UInt8]) {
      self.number = number
      self.text = text
    }
    init(from r: inout RecordReader) throws(RecordReader.Damage) {
      self.init(number: try r.read(), text: try r.read())
    }
  }
  func write(to w: inout RecordWriter) {
    w.write(small)
    w.write(wide)
    w.write(flag)
    w.write(text)
    w.write(maybe)
    w.write(list)
  }
  init() {}
  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    small = try r.read()
    wide = try r.read()
    flag = try r.read()
    text = try r.read()
    maybe = try r.read()
    list = try r.read()
  }

  init(using random: inout RandomSource) {
    func bytes(_ random: inout RandomSource) -> [UInt8] { (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) } }
    small = UInt8(truncatingIfNeeded: random.next())
    wide = Int64(bitPattern: random.next())
    flag = random.next() % 2 == 0
    text = bytes(&random)
    if random.next() % 2 == 0 { maybe = Inner(number: UInt16(truncatingIfNeeded: random.next()), text: bytes(&random)) }
    for _ in 0..<Int(random.next() % 5) { list.append(Inner(number: UInt16(truncatingIfNeeded: random.next()), text: bytes(&random))) }
  }
}

@Suite struct RecordReaderTests {
  private func bytes(_ sample: Sample) -> [UInt8] {
    var writer = RecordWriter()
    writer.write(sample)
    return writer.bytes
  }

  @Test("What was written is read back, to the last byte")
  func roundTrip() throws {
    var random = RandomSource(seed: 1)
    for _ in 0..<500 {
      let sample = Sample(using: &random)
      var reader = RecordReader(bytes(sample))
      #expect(try Sample(from: &reader) == sample)
      #expect(reader.isAtEnd)
    }
  }

  @Test("An integer takes the bytes it needs; what stands for none takes one")
  func layout() {
    var writer = RecordWriter()
    writer.write(UInt8(0xFF))
    writer.write(UInt16(0x0102))
    writer.write(Int32(-2))
    writer.write(UInt64.max)
    writer.write(Int64.min)
    writer.write(true)
    writer.write([7, 8] as [UInt8])
    #expect(writer.bytes == [0xFF, 0x83, 2, 4, 0, 0, 1, 3, 7, 8])
  }

  @Test("An integer that its type can not hold, or that no writer wrote, is refused")
  func outOfRange() {
    for (bytes, damage) in [([0x82, 0x80, 4], .invalid), (Array(repeating: 0x80, count: 9) + [2], .invalid), ([0x80], .truncated)]
      as [([UInt8], RecordReader.Damage)]
    {
      var reader = RecordReader(bytes)
      #expect(throws: damage) { _ = try reader.read(UInt16.self) }
    }
  }

  @Test("The ends of every range come back")
  func extremes() throws {
    var writer = RecordWriter()
    for value in [Int64.min, -1, 0, .max] { writer.write(value) }
    for value in [UInt64.min, .max] { writer.write(value) }
    writer.write([] as [UInt8])
    writer.write(nil as Sample?)
    writer.write([] as [Sample])
    var reader = RecordReader(writer.bytes)
    for value in [Int64.min, -1, 0, .max] { #expect(try reader.read(Int64.self) == value) }
    for value in [UInt64.min, .max] { #expect(try reader.read(UInt64.self) == value) }
    #expect(try reader.read([UInt8].self) == [])
    let nothing: Sample? = try reader.read()
    #expect(nothing == nil)
    let none: [Sample] = try reader.read()
    #expect(none.isEmpty && reader.isAtEnd)
  }

  @Test("Bytes cut anywhere are refused as truncated")
  func truncated() {
    var random = RandomSource(seed: 2)
    for _ in 0..<50 {
      let whole = bytes(Sample(using: &random))
      for length in whole.indices {
        var reader = RecordReader(Array(whole.prefix(length)))
        #expect(throws: RecordReader.Damage.truncated) { _ = try Sample(from: &reader) }
      }
    }
  }

  @Test("Changed bytes are read as something or refused, and never trap")
  func flipped() {
    var random = RandomSource(seed: 3)
    var refused = 0
    for _ in 0..<20_000 {
      var damaged = bytes(Sample(using: &random))
      for _ in 0...Int(random.next() % 4) { damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(truncatingIfNeeded: random.next()) }
      if random.next() % 4 == 0 { damaged.removeLast(Int(random.next() % UInt64(damaged.count))) }
      var reader = RecordReader(damaged)
      if (try? Sample(from: &reader)) == nil { refused += 1 }
    }
    #expect(refused > 0)
  }

  @Test("Rubbish of every length is read as something or refused")
  func rubbish() {
    var random = RandomSource(seed: 4)
    for length in 0..<2_000 {
      var reader = RecordReader((0..<length % 90).map { _ in UInt8(truncatingIfNeeded: random.next() | (length % 2 == 0 ? 0 : 0xF0)) })
      _ = try? Sample(from: &reader)
    }
  }

  @Test("A count larger than what is left is refused before anything is made room for")
  func hugeCounts() {
    var reader = RecordReader([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1])
    #expect(throws: RecordReader.Damage.truncated) { _ = try reader.read([UInt8].self) }
    var lists = RecordReader([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1])
    #expect(throws: RecordReader.Damage.truncated) { _ = try lists.read([Sample].self) }
  }

  @Test("A truth value is 0 or 1 and nothing else")
  func truth() throws {
    for byte in UInt8.min...UInt8.max {
      var reader = RecordReader([byte])
      if byte < 2 {
        #expect(try reader.read(Bool.self) == (byte == 1))
      } else {
        #expect(throws: RecordReader.Damage.invalid) { _ = try reader.read(Bool.self) }
      }
    }
  }
}
