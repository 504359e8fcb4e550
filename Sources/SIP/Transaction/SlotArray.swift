/// Places for values that come and go, in chunks that never move; a place is used again under a new generation, so that a
/// handle to its former holder is recognised as old.
///
/// Growing costs one chunk and copies nothing: no message waits while a large table is moved. Freed places are taken again last
/// in, first out. It never shrinks; its owner bounds the number of live values.
struct SlotArray<Value: Sendable>: Sendable {
  private struct Slot: Sendable {
    var value: Value?
    /// Odd while in use.
    var generation: UInt32
  }
  private static var chunkBits: Int { 8 }
  private static var chunkSize: Int { 1 << chunkBits }

  private var chunks: [[Slot]] = []
  private var free: [UInt32] = []
  private(set) var count = 0
  /// One more than the highest index ever used.
  private(set) var endIndex: UInt32 = 0
  private let firstGeneration: UInt32

  /// The generation of every slot's first holder, made odd.
  init(firstGeneration: UInt32) { self.firstGeneration = firstGeneration | 1 }

  /// The index and generation the next `insert` will use.
  var next: (index: UInt32, generation: UInt32) {
    guard let index = free.last else { return (endIndex, firstGeneration) }
    return (index, self.generation(at: index) &+ 1)
  }

  /// Puts the value at `next`.
  mutating func insert(_ value: Value) {
    let place = next
    if free.popLast() == nil {
      if Int(endIndex) >> Self.chunkBits == chunks.count {
        var chunk: [Slot] = []
        chunk.reserveCapacity(Self.chunkSize)
        chunks.append(chunk)
      }
      chunks[chunks.count - 1].append(Slot(value: nil, generation: place.generation))
      endIndex += 1
    }
    let (chunk, offset) = Self.position(place.index)
    chunks[chunk][offset] = Slot(value: value, generation: place.generation)
    count += 1
  }

  func holds(_ index: UInt32, generation: UInt32) -> Bool {
    guard index < endIndex else { return false }
    let (chunk, offset) = Self.position(index)
    return chunks[chunk][offset].generation == generation && generation & 1 == 1
  }

  func generation(at index: UInt32) -> UInt32 {
    let (chunk, offset) = Self.position(index)
    return chunks[chunk][offset].generation
  }

  func isInUse(_ index: UInt32) -> Bool { index < endIndex && generation(at: index) & 1 == 1 }

  /// The place must be in use.
  subscript(index: UInt32) -> Value {
    _read {
      let (chunk, offset) = Self.position(index)
      yield chunks[chunk][offset].value!
    }
    _modify {
      let (chunk, offset) = Self.position(index)
      yield &chunks[chunk][offset].value!
    }
  }

  mutating func remove(_ index: UInt32) {
    let (chunk, offset) = Self.position(index)
    chunks[chunk][offset].value = nil
    chunks[chunk][offset].generation &+= 1
    free.append(index)
    count -= 1
  }

  private static func position(_ index: UInt32) -> (chunk: Int, offset: Int) {
    (Int(index) >> chunkBits, Int(index) & (chunkSize - 1))
  }
}

