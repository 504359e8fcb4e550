/// From a hash to the slots that carry it: chains through the slots' own numbers, for lookups only.
///
/// The hash is keyed, and what it was made from is compared by the caller before a slot is believed; so chains stay short and a
/// collision is only slow. Nothing ever walks the whole of it except growing, whose order shows nowhere.
struct HashIndex: Sendable {
  private static let none = UInt32.max

  private struct Link: Sendable {
    var hash: UInt64 = 0
    var next: UInt32 = HashIndex.none
  }
  /// A power of two of them.
  private var buckets = [UInt32](repeating: none, count: 1024)
  private var links: [Link] = []
  private(set) var count = 0

  /// The newest slot entered with this hash for which `matches` holds.
  func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> UInt32? {
    var slot = buckets[bucket(of: hash)]
    while slot != Self.none {
      let link = links[Int(slot)]
      if link.hash == hash, matches(slot) { return slot }
      slot = link.next
    }
    return nil
  }

  /// A slot is entered once at a time.
  mutating func insert(_ slot: UInt32, hash: UInt64) {
    if count >= buckets.count { grow() }
    while links.count <= Int(slot) { links.append(Link()) }
    let place = bucket(of: hash)
    links[Int(slot)] = Link(hash: hash, next: buckets[place])
    buckets[place] = slot
    count += 1
  }

  /// Does nothing if the slot is not entered with this hash.
  mutating func remove(_ slot: UInt32, hash: UInt64) {
    let place = bucket(of: hash)
    var previous = Self.none
    var current = buckets[place]
    while current != Self.none {
      let next = links[Int(current)].next
      if current == slot {
        if previous == Self.none { buckets[place] = next } else { links[Int(previous)].next = next }
        count -= 1
        return
      }
      previous = current
      current = next
    }
  }

  private func bucket(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (buckets.count - 1) }

  private mutating func grow() {
    let old = buckets
    buckets = [UInt32](repeating: Self.none, count: old.count * 2)
    for head in old {
      var slot = head
      while slot != Self.none {
        let next = links[Int(slot)].next
        let place = bucket(of: links[Int(slot)].hash)
        links[Int(slot)].next = buckets[place]
        buckets[place] = slot
        slot = next
      }
    }
  }
}
