import Addressing

/// A map from address blocks to values that finds the narrowest block containing an address.
///
/// Open addressing with linear probing, at most half full, one probe sequence for each length in use. The hash has no key: only the operator's and
/// the resolver's addresses are ever entered, so a sender can not make sequences longer. Built at commit, then read; nothing is ever taken out.
struct PrefixTable<Value: Sendable>: Sendable {
  fileprivate struct Entry: Sendable {
    var block: IPPrefix
    var value: Value
  }
  private var entries: [Entry]
  /// Index into `entries` plus one; 0 is free. A power of two long, or empty.
  private var slots: [Int32]
  /// Lengths in use, descending.
  private var lengths4: [Int]
  private var lengths6: [Int]

  init() { self.init(entries: [], slots: [], lengths4: [], lengths6: []) }
  fileprivate init(entries: [Entry], slots: [Int32], lengths4: [Int], lengths6: [Int]) {
    self.entries = entries
    self.slots = slots
    self.lengths4 = lengths4
    self.lengths6 = lengths6
  }

  /// The value of exactly this block.
  subscript(block: IPPrefix) -> Value? {
    let block = block.masked
    return find(block.address, block.length).map { entries[$0].value }
  }

  /// Enters or replaces.
  mutating func insert(_ block: IPPrefix, _ value: Value) {
    let block = block.masked
    if let index = find(block.address, block.length) {
      entries[index].value = value
      return
    }
    entries.append(Entry(block: block, value: value))
    if entries.count * 2 > slots.count { rebuild() } else { place(entries.count - 1) }
    if block.address.family == .v4 { Self.note(block.length, in: &lengths4) } else { Self.note(block.length, in: &lengths6) }
  }

  /// Asks `body` about the blocks that contain the address, the narrowest first, until it answers.
  func search<Answer>(_ address: IPAddress, _ body: (Value) -> Answer?) -> Answer? {
    for length in address.family == .v4 ? lengths4 : lengths6 {
      if let index = find(address.masked(to: length), length), let answer = body(entries[index].value) { return answer }
    }
    return nil
  }
  /// The same blocks with other values, asked for in the order of entry.
  func mapValues<Other>(_ body: (Value) -> Other) -> PrefixTable<Other> {
    PrefixTable<Other>(entries: entries.map { .init(block: $0.block, value: body($0.value)) }, slots: slots, lengths4: lengths4, lengths6: lengths6)
  }

  /// `address` is masked already.
  private func find(_ address: IPAddress, _ length: Int) -> Int? {
    guard !slots.isEmpty else { return nil }
    var slot = Self.hash(address, length) & (slots.count - 1)
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if entries[index].block.length == length, entries[index].block.address == address { return index }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }
  private mutating func place(_ index: Int) {
    var slot = Self.hash(entries[index].block.address, entries[index].block.length) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = Int32(index + 1)
  }
  private mutating func rebuild() {
    slots = Array(repeating: 0, count: max(8, slots.count * 4))
    for index in entries.indices { place(index) }
  }
  private static func note(_ length: Int, in lengths: inout [Int]) {
    guard !lengths.contains(length) else { return }
    lengths.append(length)
    lengths.sort(by: >)
  }
  private static func hash(_ address: IPAddress, _ length: Int) -> Int {
    var mixed = address.low ^ (address.high &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(truncatingIfNeeded: length) << 56
    mixed = (mixed ^ (mixed >> 32)) &* 0xD6E8_FEB8_6659_FD93
    return Int(truncatingIfNeeded: (mixed ^ (mixed >> 32)) >> 1)
  }
}

extension IPAddress {
  /// The first `length` bits, the rest zero. `length` fits the family.
  func masked(to length: Int) -> IPAddress {
    // Smart shifts: by 64 or more gives 0.
    if family == .v4 { return IPAddress(v4: UInt32(truncatingIfNeeded: low) & ~(UInt32.max >> UInt32(truncatingIfNeeded: length))) }
    return IPAddress(v6High: high & ~(UInt64.max >> length), low: length <= 64 ? 0 : low & ~(UInt64.max >> (length - 64)))
  }
  /// The block of this address alone.
  var wholePrefix: IPPrefix? { IPPrefix(self, length: family == .v4 ? 32 : 128) }
}

extension IPPrefix {
  /// The same block without host bits.
  var masked: IPPrefix { IPPrefix(address.masked(to: length), length: length) ?? self }
}
