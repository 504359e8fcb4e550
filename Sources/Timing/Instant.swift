/// A moment on the monotonic clock, handed into every state machine; nothing below the daemon reads a clock.
///
/// Counts nanoseconds from an arbitrary start (boot, or the beginning of a simulation). Never negative in practice.
public struct Instant: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64

  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }

  /// `self` moved by `gap`, saturating at the ends of the range.
  @inlinable public func advanced(by gap: Gap) -> Instant {
    let (sum, overflow) = nanoseconds.addingReportingOverflow(gap.nanoseconds)
    return Instant(nanoseconds: overflow ? (gap.nanoseconds < 0 ? .min : .max) : sum)
  }
  @inlinable public static func + (a: Instant, gap: Gap) -> Instant { a.advanced(by: gap) }

  /// The time from `earlier` to `self`.
  @inlinable public func since(_ earlier: Instant) -> Gap { Gap(nanoseconds: nanoseconds &- earlier.nanoseconds) }
}

/// A length of time. A plain 64-bit count: `Duration` is 128 bits wide and shows in profiles of per-message code.
public struct Gap: Comparable, Hashable, Sendable {
  public var nanoseconds: Int64
  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  @inlinable public static func milliseconds(_ n: Int) -> Gap { Gap(nanoseconds: Int64(n) * 1_000_000) }
  @inlinable public static func seconds(_ n: Int) -> Gap { Gap(nanoseconds: Int64(n) * 1_000_000_000) }
  @inlinable public static func < (a: Gap, b: Gap) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: Gap, b: Gap) -> Gap { Gap(nanoseconds: a.nanoseconds + b.nanoseconds) }
  @inlinable public static func * (a: Gap, n: Int) -> Gap { Gap(nanoseconds: a.nanoseconds * Int64(n)) }
  /// Whole milliseconds, rounded down.
  @inlinable public var milliseconds: Int { Int(nanoseconds / 1_000_000) }
}
