import CPCRE2
import Synchronization

/// What one match needs besides the pattern: PCRE2's match data (the group offsets) and the limits. Belongs to one thread while it is borrowed.
struct MatchBlock: ~Copyable {
  let data: OpaquePointer
  /// Shared and only read while matching.
  let limits: OpaquePointer
  let limitHits: LimitCounter

  /// The bytes of a group after a match; empty if the group took no part.
  func group(_ number: Int) -> Range<Int> {
    guard number >= 0, number < Int(pcre2_get_ovector_count_8(data)), let offsets = pcre2_get_ovector_pointer_8(data) else { return 0..<0 }
    let start = offsets[2 * number]
    let end = offsets[2 * number + 1]
    // A group that took no part holds PCRE2_UNSET; `\K` may put a start behind its end.
    guard start <= end, end <= RoutingLimits.numberBytes else { return 0..<0 }
    return Int(start)..<Int(end)
  }
}

/// Matches that were given up at a limit, counted from any thread.
final class LimitCounter: Sendable {
  let hits = Atomic<Int>(0)
}

/// Match blocks of one routing table, lent for the length of one decision.
///
/// A table is shared by all shards, so the blocks can not sit in it unguarded. Making one for each decision costs an allocation (and, without JIT, the
/// interpreter's frames); a small rack of atomic slots costs one exchange each way. When the rack is empty a block is made, when it is full one is freed.
final class MatchBlockRack: Sendable {
  private final class Slot: Sendable {
    let held = Atomic<UInt>(0)
  }
  private let slots: [Slot]
  /// Written only in `init`; PCRE2 reads it while matching.
  private nonisolated(unsafe) let limits: OpaquePointer
  private let pairs: UInt32
  let limitHits = LimitCounter()

  /// `groups`: the most groups any pattern of the table has.
  init(groups: Int) {
    guard let context = pcre2_match_context_create_8(nil) else { fatalError("out of memory") }
    _ = pcre2_set_match_limit_8(context, RoutingLimits.matchSteps)
    _ = pcre2_set_depth_limit_8(context, RoutingLimits.matchDepth)
    _ = pcre2_set_heap_limit_8(context, RoutingLimits.matchHeapKiB)
    limits = context
    pairs = UInt32(clamping: groups + 1)
    slots = (0..<RoutingLimits.idleMatchBlocks).map { _ in Slot() }
  }
  deinit {
    for slot in slots {
      if let data = OpaquePointer(bitPattern: slot.held.load(ordering: .acquiring)) { pcre2_match_data_free_8(data) }
    }
    pcre2_match_context_free_8(limits)
  }

  func lend<Result>(_ body: (borrowing MatchBlock) -> Result) -> Result {
    let block = MatchBlock(data: take(), limits: limits, limitHits: limitHits)
    let result = body(block)
    giveBack(block.data)
    return result
  }
  private func take() -> OpaquePointer {
    for slot in slots {
      if let data = OpaquePointer(bitPattern: slot.held.exchange(0, ordering: .acquiring)) { return data }
    }
    guard let data = pcre2_match_data_create_8(pairs, nil) else { fatalError("out of memory") }
    return data
  }
  private func giveBack(_ data: OpaquePointer) {
    let bits = UInt(bitPattern: data)
    for slot in slots where slot.held.compareExchange(expected: 0, desired: bits, ordering: .releasing).exchanged { return }
    pcre2_match_data_free_8(data)
  }
}
