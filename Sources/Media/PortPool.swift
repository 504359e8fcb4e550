public import Timing

/// RTP ports of one address: even/odd pairs handed out round-robin, none again within `quarantine` of its release.
///
/// The free pairs stand in a queue: taken at its head, put back at its tail, so a pair rests as long as the others last, and the head is always the one
/// that has rested longest. A late packet of an ended call meets a closed port and not the next call (decided: 5 s). Taking and putting back are O(1)
/// but for one binary search.
public struct PortPool: Sendable {
  /// Late packets are gone by then: longer than any jitter buffer, and than the retransmission of a lost BYE (4 s) at a peer that still sends.
  public static let quarantine = Gap.seconds(5)

  private struct Pair: Sendable {
    let port: UInt16
    var isTaken = false
    /// `nil`: never used.
    var releasedAt: Instant?
    /// Neighbours in the queue of free pairs; `none` at its ends.
    var next: Int = none
    var previous: Int = none
  }
  private static let none = -1
  /// Ascending by port.
  private var pairs: [Pair]
  private var head = none
  private var tail = none
  /// Pairs not in use, those in quarantine included.
  public private(set) var free = 0
  public var total: Int { pairs.count }

  /// `ranges` may overlap; a pair lies in one range or it is none.
  /// `previous`: the pool this one replaces (a commit changed the ranges); what is taken or in quarantine there stays so here.
  public init(ranges: [ClosedRange<UInt16>], replacing previous: PortPool? = nil) {
    var isEven = [Bool](repeating: false, count: 32_768)
    for range in ranges {
      var port = Int(range.lowerBound) + Int(range.lowerBound & 1)
      while port + 1 <= Int(range.upperBound) {
        // Port 0 stands for "off" in SDP.
        if port != 0 { isEven[port / 2] = true }
        port += 2
      }
    }
    pairs = isEven.indices.lazy.filter { isEven[$0] }.map { Pair(port: UInt16($0 * 2)) }
    if let previous { inherit(previous) }
    // Never used first, then in the order of their release: the head must be the one that has rested longest.
    let order = pairs.indices.filter { !pairs[$0].isTaken }.sorted { a, b in
      let (first, second) = (pairs[a].releasedAt, pairs[b].releasedAt)
      guard first != second else { return a < b }
      guard let first else { return true }
      guard let second else { return false }
      return first < second
    }
    for index in order { append(index) }
  }

  /// The next pair's even port, or `nil` when all are taken or in quarantine.
  public mutating func take(at now: Instant) -> UInt16? {
    guard head != Self.none, isRested(head, at: now) else { return nil }
    let index = head
    unlink(index)
    pairs[index].isTaken = true
    return pairs[index].port
  }

  /// Whether `count` pairs could be taken now.
  public func canTake(_ count: Int, at now: Instant) -> Bool {
    var index = head
    for _ in 0..<count {
      guard index != Self.none, isRested(index, at: now) else { return false }
      index = pairs[index].next
    }
    return true
  }

  /// Puts a pair back. False, and nothing happens, when it is not taken or not of this pool: a commit may have moved the ranges meanwhile.
  @discardableResult public mutating func release(_ port: UInt16, at now: Instant) -> Bool {
    guard let index = index(of: port), pairs[index].isTaken else { return false }
    pairs[index].isTaken = false
    pairs[index].releasedAt = now
    append(index)
    return true
  }

  /// Takes that very pair, if it is not taken yet. False when it is not of this pool.
  public mutating func hold(_ port: UInt16) -> Bool {
    guard let index = index(of: port) else { return false }
    if !pairs[index].isTaken {
      unlink(index)
      pairs[index].isTaken = true
    }
    return true
  }
  public func has(_ port: UInt16) -> Bool { index(of: port) != nil }

  private func isRested(_ index: Int, at now: Instant) -> Bool {
    guard let released = pairs[index].releasedAt else { return true }
    return now >= released + Self.quarantine
  }

  private mutating func inherit(_ previous: PortPool) {
    for index in pairs.indices {
      guard let old = previous.index(of: pairs[index].port) else { continue }
      pairs[index].isTaken = previous.pairs[old].isTaken
      pairs[index].releasedAt = previous.pairs[old].releasedAt
    }
  }

  private func index(of port: UInt16) -> Int? {
    var low = 0
    var high = pairs.count
    while low < high {
      let middle = (low + high) / 2
      if pairs[middle].port < port { low = middle + 1 } else { high = middle }
    }
    return low < pairs.count && pairs[low].port == port ? low : nil
  }

  private mutating func append(_ index: Int) {
    pairs[index].previous = tail
    pairs[index].next = Self.none
    if tail == Self.none { head = index } else { pairs[tail].next = index }
    tail = index
    free += 1
  }

  private mutating func unlink(_ index: Int) {
    let (previous, next) = (pairs[index].previous, pairs[index].next)
    if previous == Self.none { head = next } else { pairs[previous].next = next }
    if next == Self.none { tail = previous } else { pairs[next].previous = previous }
    free -= 1
  }
}
