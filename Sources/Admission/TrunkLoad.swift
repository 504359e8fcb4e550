public import Configuration
public import Timing

/// Calls and call rate per trunk against `max-calls` and `max-call-rate`. A call holds one place on each of its trunks; places are returned exactly once.
///
/// The rate is a token bucket: it fills with `max-call-rate` tokens a second up to one second's worth, and each admitted call takes one. So a burst of a second's
/// calls passes at once and then one call each 1/rate second. A refused call takes neither a place nor a token. A limit of 0 is no limit; calls are counted all the same.
/// Lowering `max-calls` below what is up ends nothing: the trunk is full until enough calls have gone.
public struct TrunkLoad: Sendable {
  public enum Verdict: Sendable, Equatable { case admitted, full, tooFast }

  private struct Load: Sendable {
    var calls = 0
    var maxCalls: Int
    var bucket: TokenBucket
    init(_ trunk: Configuration.Trunk) {
      maxCalls = trunk.maxCalls
      bucket = TokenBucket(perSecond: trunk.maxCallRate)
    }
    var isFull: Bool { maxCalls > 0 && calls >= maxCalls }
  }
  /// By trunk index.
  private var loads: [Load]

  public init(_ configuration: Configuration) { loads = configuration.trunks.map(Load.init) }

  /// Takes a place, or says why there is none.
  public mutating func admit(trunk: Int, at now: Instant) -> Verdict {
    if loads[trunk].isFull { return .full }
    if !loads[trunk].bucket.take(at: now) { return .tooFast }
    loads[trunk].calls += 1
    return .admitted
  }
  /// Returns a place that `admit` gave.
  public mutating func release(trunk: Int) {
    precondition(loads[trunk].calls > 0, "a place was returned twice")
    loads[trunk].calls -= 1
  }
  public func calls(on trunk: Int) -> Int { loads[trunk].calls }
  public func isFull(_ trunk: Int) -> Bool { loads[trunk].isFull }

  /// Carries the counts of trunks that still exist (by name) into a new configuration. A bucket whose rate is unchanged goes on where it was.
  ///
  /// Returns the new index of each old trunk. A call on a trunk that is gone (`nil`) has no place to return any more.
  @discardableResult
  public mutating func reconfigure(from old: Configuration, to new: Configuration) -> [Int?] {
    let moved = old.trunks.map { trunk in new.trunks.firstIndex { $0.name == trunk.name } }
    var next = new.trunks.map(Load.init)
    for (before, after) in moved.enumerated() {
      guard let after else { continue }
      next[after].calls = loads[before].calls
      if old.trunks[before].maxCallRate == new.trunks[after].maxCallRate { next[after].bucket = loads[before].bucket }
    }
    loads = next
    return moved
  }
}
