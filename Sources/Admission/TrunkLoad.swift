public import Configuration
public import Timing

/// Calls and call rate per trunk against `max-calls` and `max-call-rate`. A call holds one place on each of its trunks; places are returned exactly once.
public struct TrunkLoad: Sendable {
  public init(_ configuration: Configuration) { fatalError() }
  public enum Verdict: Sendable, Equatable { case admitted, full, tooFast }
  public mutating func admit(trunk: Int, at now: Instant) -> Verdict { fatalError() }
  public mutating func release(trunk: Int) { fatalError() }
  public func calls(on trunk: Int) -> Int { fatalError() }
  public func isFull(_ trunk: Int) -> Bool { fatalError() }
  /// Carries the counts of trunks that still exist (by name) into a new configuration.
  public mutating func reconfigure(from old: Configuration, to new: Configuration) { fatalError() }
}
