/// Places for values that come and go, in chunks that never move; a place is used again under a new generation, so that a
/// handle to its former holder is recognised as old.
///
/// Growing costs one chunk and copies nothing: no message waits while a large table is moved. Freed places are taken again last
/// in, first out. It never shrinks; its owner bounds the number of live values.
///
/// A value is reached in place: reading one field of a large one copies nothing else, which an array of optionals can not promise. So the chunks
/// are memory of a class, and a copy of this value shares it until either is changed.
struct SlotArray<Value: Sendable>: Sendable {
  private static var chunkBits: Int { 8 }
  private static var chunkSize: Int { 1 << chunkBits }

  /// The memory. A value is there exactly where the generation is odd.
  private final class Storage: @unchecked Sendable {  // changed only by its single holder: see `own`
    // Each access of a class's property is checked at run time otherwise; the struct around it is checked already.
    @exclusivity(unchecked) var values: [UnsafeMutablePointer<Value>] = []
    @exclusivity(unchecked) var generations: [UnsafeMutablePointer<UInt32>] = []

    func addChunk(firstGeneration: UInt32) {
      values.append(.allocate(capacity: chunkSize))
      let numbers = UnsafeMutablePointer<UInt32>.allocate(capacity: chunkSize)
      // Even: free.
      numbers.initialize(repeating: firstGeneration &- 1, count: chunkSize)
      generations.append(numbers)
    }
    func copy() -> Storage {
      let copy = Storage()
      for chunk in values.indices {
        copy.addChunk(firstGeneration: 1)
        for offset in 0..<chunkSize {
          copy.generations[chunk][offset] = generations[chunk][offset]
          if generations[chunk][offset] & 1 == 1 { (copy.values[chunk] + offset).initialize(to: values[chunk][offset]) }
        }
      }
      return copy
    }
    deinit {
      for chunk in values.indices {
        for offset in 0..<chunkSize where generations[chunk][offset] & 1 == 1 { (values[chunk] + offset).deinitialize(count: 1) }
        values[chunk].deallocate()
        generations[chunk].deallocate()
      }
    }
  }

  private var storage = Storage()
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
  mutating func insert(_ value: consuming Value) {
    let place = next
    own()
    if free.popLast() == nil {
      if Int(endIndex) >> Self.chunkBits == storage.values.count { storage.addChunk(firstGeneration: firstGeneration) }
      endIndex += 1
    }
    let (chunk, offset) = Self.position(place.index)
    (storage.values[chunk] + offset).initialize(to: value)
    storage.generations[chunk][offset] = place.generation
    count += 1
  }

  func holds(_ index: UInt32, generation: UInt32) -> Bool {
    guard index < endIndex else { return false }
    return self.generation(at: index) == generation && generation & 1 == 1
  }

  func generation(at index: UInt32) -> UInt32 {
    precondition(index < endIndex, "SlotArray: a place that was never used")
    let (chunk, offset) = Self.position(index)
    return storage.generations[chunk][offset]
  }

  func isInUse(_ index: UInt32) -> Bool { index < endIndex && generation(at: index) & 1 == 1 }

  /// The place must be in use.
  subscript(index: UInt32) -> Value {
    _read {
      precondition(isInUse(index), "SlotArray: a free place")
      let (chunk, offset) = Self.position(index)
      yield storage.values[chunk][offset]
    }
    _modify {
      precondition(isInUse(index), "SlotArray: a free place")
      own()
      let (chunk, offset) = Self.position(index)
      yield &storage.values[chunk][offset]
    }
  }

  mutating func remove(_ index: UInt32) {
    precondition(isInUse(index), "SlotArray: a free place")
    own()
    let (chunk, offset) = Self.position(index)
    (storage.values[chunk] + offset).deinitialize(count: 1)
    storage.generations[chunk][offset] &+= 1
    free.append(index)
    count -= 1
  }

  private mutating func own() {
    if !isKnownUniquelyReferenced(&storage) { storage = storage.copy() }
  }

  private static func position(_ index: UInt32) -> (chunk: Int, offset: Int) {
    (Int(index) >> chunkBits, Int(index) & (chunkSize - 1))
  }
}
