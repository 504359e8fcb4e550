/// The names that were noted last, at most `capacity`; the oldest gives way. Looked up, never iterated; not kept over a restart.
struct RecentNames: Sendable {
  private let capacity: Int
  private var names: Set<[UInt8]> = []
  private var order: [[UInt8]] = []
  private var oldest = 0

  init(capacity: Int) { self.capacity = capacity }

  /// False when the name is there already.
  @discardableResult
  mutating func note(_ name: [UInt8]) -> Bool {
    guard names.insert(name).inserted else { return false }
    if order.count < capacity {
      order.append(name)
    } else {
      names.remove(order[oldest])
      order[oldest] = name
      oldest = (oldest + 1) % order.count
    }
    return true
  }

  func contains(_ name: [UInt8]) -> Bool { names.contains(name) }
}
