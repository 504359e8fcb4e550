import Glibc
public import Timing

/// CLOCK_MONOTONIC, the clock of every deadline. One read a turn is enough for a loop.
public enum MonotonicClock {
  public static func now() -> Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
  }
}

/// CLOCK_REALTIME, for records and logs only: it may jump.
public enum WallClock {
  /// Seconds since 1970 UTC.
  public static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  /// Seconds since 1970 UTC at monotonic instant 0, as of now: what turns an `Instant` into a date.
  public static func atInstantZero() -> Double { now() - Double(MonotonicClock.now().nanoseconds) / 1e9 }
}
