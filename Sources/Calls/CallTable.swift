/// The live calls of one shard, in slots; a slot's generation is part of the call's name, so that a name is never used twice
/// while anybody could still hold it.
struct CallTable {
  private struct Slot {
    var generation: UInt32 = 0
    var call: Call?
  }
  private var slots: [Slot] = []
  /// Where the generations of new slots begin: drawn at start, so that names are not those of before a restart.
  private let firstGeneration: UInt32
  private var free: [UInt32] = []
  private(set) var count = 0
  private var namesWithoutSlot: UInt32 = 0
  let shard: UInt8

  init(shard: UInt8, firstGeneration: UInt32) {
    self.shard = shard
    self.firstGeneration = firstGeneration & 0xFF_FFFF
  }

  /// `nil` when the table is full (`CallLimits.calls`).
  mutating func open(began: Double) -> CallID? {
    guard count < CallLimits.calls else { return nil }
    let index: UInt32
    if let reused = free.popLast() {
      index = reused
    } else {
      index = UInt32(slots.count)
      slots.append(Slot(generation: firstGeneration))
    }
    let id = CallID(shard: shard, generation: slots[Int(index)].generation, slot: index)
    slots[Int(index)].call = Call(id: id, began: began)
    count += 1
    return id
  }

  /// A name for a call that never was one: no slot has it, and no other call of this process.
  mutating func nameWithoutSlot() -> CallID {
    namesWithoutSlot = (namesWithoutSlot &+ 1) & 0x7FFF_FFFF
    return CallID(shard: shard, generation: firstGeneration, slot: 0x8000_0000 | namesWithoutSlot)
  }

  func contains(_ id: CallID) -> Bool {
    slots.indices.contains(id.slot) && slots[id.slot].call?.id == id
  }

  /// The call in place; `nil` when it is gone.
  mutating func with<Result>(_ id: CallID, _ body: (inout Call) -> Result) -> Result? {
    guard contains(id) else { return nil }
    return body(&slots[id.slot].call!)
  }

  func read(_ id: CallID) -> Call? { contains(id) ? slots[id.slot].call : nil }

  mutating func close(_ id: CallID) {
    guard contains(id) else { return }
    slots[id.slot].call = nil
    slots[id.slot].generation = (slots[id.slot].generation &+ 1) & 0xFF_FFFF
    free.append(UInt32(id.slot))
    count -= 1
  }

  /// In the order of the slots.
  var ids: [CallID] { slots.compactMap { $0.call?.id } }
}
