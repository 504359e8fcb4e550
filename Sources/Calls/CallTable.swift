import Addressing
import Records
import SIP
import Timing

/// The live calls of one shard, in slots; a slot's generation is part of the call's name, so that a name is never used twice
/// while anybody could still hold it.
///
/// A call in which nothing happens (`Call.canRest`) is put to rest: its state as the bytes that `CallCoding` writes, a quarter of what the value takes. The next
/// event wakes it. Whoever asks for a call gets it either way; what the exchange must know of all calls at every turn is kept beside the bytes.
struct CallTable {
  private struct Slot {
    var generation: UInt32 = 0
    var held = Held.nobody
  }
  private enum Held {
    case nobody
    case awake(Cell)
    case resting(Resting)
  }
  /// A call in place: slots stay small, and nothing moves when the table grows.
  private final class Cell {
    var call: Call
    init(_ call: Call) { self.call = call }
  }
  private struct Resting {
    var record: [UInt8]
    var scheduledAt: Instant?
    /// One of its legs came over a connection that can be lost.
    var isOnStream: Bool
  }
  private var slots: [Slot] = []
  /// Where the generations of new slots begin: drawn at start, so that names are not those of before a restart.
  private let firstGeneration: UInt32
  private var free: [UInt32] = []
  private(set) var count = 0
  /// Calls at rest.
  private(set) var restingCount = 0
  /// What their records take.
  private(set) var restingBytes = 0
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
    let id = name(ofSlot: Int(index))
    slots[Int(index)].held = .awake(Cell(Call(id: id, began: began)))
    count += 1
    return id
  }

  /// A name for a call that never was one: no slot has it, and no other call of this process.
  mutating func nameWithoutSlot() -> CallID {
    namesWithoutSlot = (namesWithoutSlot &+ 1) & 0x7FFF_FFFF
    return CallID(shard: shard, generation: firstGeneration, slot: 0x8000_0000 | namesWithoutSlot)
  }

  func contains(_ id: CallID) -> Bool {
    guard slots.indices.contains(id.slot), slots[id.slot].generation == id.generation, id.shard == shard else { return false }
    if case .nobody = slots[id.slot].held { return false }
    return true
  }

  /// The call in place, woken if it rested; `nil` when it is gone.
  mutating func with<Result>(_ id: CallID, _ body: (inout Call) -> Result) -> Result? {
    guard contains(id) else { return nil }
    switch slots[id.slot].held {
    case .nobody: return nil
    case .awake(let cell): return body(&cell.call)
    case .resting(let resting):
      let cell = Cell(CallTable.read(resting.record))
      restingCount -= 1
      restingBytes -= resting.record.count
      slots[id.slot].held = .awake(cell)
      return body(&cell.call)
    }
  }

  /// A copy; a call at rest goes on resting.
  func read(_ id: CallID) -> Call? {
    guard contains(id) else { return nil }
    switch slots[id.slot].held {
    case .nobody: return nil
    case .awake(let cell): return cell.call
    case .resting(let resting): return CallTable.read(resting.record)
    }
  }

  /// What was entered for the call in the queue of deadlines; without waking it.
  func scheduledAt(_ id: CallID) -> Instant? {
    guard contains(id) else { return nil }
    switch slots[id.slot].held {
    case .nobody: return nil
    case .awake(let cell): return cell.call.scheduledAt
    case .resting(let resting): return resting.scheduledAt
    }
  }

  func isResting(_ id: CallID) -> Bool {
    guard contains(id), case .resting = slots[id.slot].held else { return false }
    return true
  }

  /// Puts a call to rest.
  mutating func rest(_ id: CallID) {
    guard contains(id), case .awake(let cell) = slots[id.slot].held, cell.call.canRest else { return }
    // A 2xx that is still repeated by then gets an ACK made anew.
    for leg in cell.call.legs.indices { cell.call.legs[leg].acknowledgement = nil }
    let isOnStream = cell.call.legs.contains { $0.flow.transport.isReliable }
    var writer = RecordWriter()
    writer.write(cell.call)
    slots[id.slot].held = .resting(Resting(record: writer.bytes.trimmed, scheduledAt: cell.call.scheduledAt, isOnStream: isOnStream))
    restingCount += 1
    restingBytes += writer.bytes.count
  }

  mutating func close(_ id: CallID) {
    guard contains(id) else { return }
    if case .resting(let resting) = slots[id.slot].held {
      restingCount -= 1
      restingBytes -= resting.record.count
    }
    slots[id.slot].held = .nobody
    slots[id.slot].generation = (slots[id.slot].generation &+ 1) & 0xFF_FFFF
    free.append(UInt32(id.slot))
    count -= 1
  }

  /// In the order of the slots.
  var ids: [CallID] { ids { _ in true } }
  /// Those that a lost connection may concern.
  var idsOnStreams: [CallID] {
    ids { held in
      if case .resting(let resting) = held { return resting.isOnStream }
      return true
    }
  }
  var idsAwake: [CallID] {
    ids { held in
      if case .awake = held { return true }
      return false
    }
  }

  private func ids(where isWanted: (Held) -> Bool) -> [CallID] {
    slots.indices.compactMap { index in
      if case .nobody = slots[index].held { return nil }
      return isWanted(slots[index].held) ? name(ofSlot: index) : nil
    }
  }
  private func name(ofSlot index: Int) -> CallID { CallID(shard: shard, generation: slots[index].generation, slot: UInt32(index)) }

  /// Our own bytes, never from outside: what can not be read back is a mistake of ours.
  private static func read(_ record: [UInt8]) -> Call {
    var reader = RecordReader(record)
    guard let call = try? Call(from: &reader), reader.isAtEnd else { preconditionFailure("a call at rest can not be read back") }
    return call
  }
}

extension [UInt8] {
  /// The same in a buffer of just this size; one that grew by doubling is up to half empty, and a slice of all of it would share it.
  fileprivate var trimmed: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in initialized = buffer.initialize(fromContentsOf: self) }
  }
}
