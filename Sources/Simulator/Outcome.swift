public import Timing

/// How one run ended.
public struct Outcome: Sendable {
  public var seed: UInt64
  /// Over everything that crossed the exchange's border.
  public var hash: UInt64
  public var events: Int
  /// The rule that was broken and how; `nil`: none was.
  public var violation: Violation?
  /// Oldest first.
  public var lastEvents: [TraceEvent]
  public var tally: Tally
}

public struct Violation: Sendable, Equatable {
  public var checker: String
  public var text: String
  public var at: Instant
}

/// What happened in a run, or in many: so that a reader sees that the faults were on.
public struct Tally: Sendable {
  /// In the order they were counted first.
  public private(set) var counts: [(name: String, count: Int)] = []
  public var virtualSeconds = 0.0
  public init() {}

  public mutating func add(_ name: String, _ count: Int) {
    if let index = counts.firstIndex(where: { $0.name == name }) { counts[index].count += count } else { counts.append((name, count)) }
  }
  public mutating func add(_ other: Tally) {
    for (name, count) in other.counts { add(name, count) }
    virtualSeconds += other.virtualSeconds
  }
  public func count(_ name: String) -> Int { counts.first { $0.name == name }?.count ?? 0 }
}
