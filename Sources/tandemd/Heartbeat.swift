import Linux
import Synchronization
import Timing

/// When a thread last went round its loop, for whoever feeds the watchdog. A loop without work still beats every `interval`.
final class Heartbeat: Sendable {
  /// A quarter of the shortest watchdog we ship (2 s), so that one late beat is no death.
  static let interval = Gap.milliseconds(500)

  private let at = Atomic<Int64>(MonotonicClock.now().nanoseconds)

  func beat(at now: Instant) { at.store(now.nanoseconds, ordering: .relaxed) }
  var last: Instant { Instant(nanoseconds: at.load(ordering: .relaxed)) }
}
