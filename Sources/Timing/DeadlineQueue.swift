/// Deadlines of many machines: a binary heap of (instant, key).
///
/// A machine is entered when its next deadline moves *earlier* than the entry it already has; an entry that comes due
/// too early is simply entered again by its owner. So cancelling costs nothing and each machine has few entries.
/// Entries due at the same instant come out in the order of their keys, so that a run can be repeated.
public struct DeadlineQueue<Key: Comparable & Sendable>: Sendable {
  @usableFromInline struct Entry: Sendable {
    @usableFromInline var at: Instant
    @usableFromInline var key: Key
    @usableFromInline init(at: Instant, key: Key) {
      self.at = at
      self.key = key
    }
    @inlinable func isBefore(_ other: Entry) -> Bool { at != other.at ? at < other.at : key < other.key }
  }
  @usableFromInline var heap: [Entry] = []

  public init() {}

  @inlinable public var count: Int { heap.count }
  /// The earliest entry's instant; `nil` when empty.
  @inlinable public var next: Instant? { heap.first?.at }

  @inlinable public mutating func enter(_ key: Key, at: Instant) {
    heap.append(Entry(at: at, key: key))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].isBefore(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes out the earliest entry if it is due at `now`.
  @inlinable public mutating func popDue(at now: Instant) -> Key? {
    guard let first = heap.first, first.at <= now else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var child = 2 * parent + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
        guard heap[child].isBefore(heap[parent]) else { break }
        heap.swapAt(child, parent)
        parent = child
      }
    }
    return first.key
  }
}
