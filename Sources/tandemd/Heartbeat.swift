import Linux
import Synchronization
import Timing

/// When a thread last went round its loop, for whoever feeds the watchdog. A loop without work still beats every `interval`.
final class Heartbeat: Sendable {
  /// A quarter of the shortest watchdog we ship (2 s), so that one late beat is no death.
  static let interval = Gap.milliseconds(500)

  private let at = Atomic<Int64>(MonotonicClock.now().nanoseconds)

  /// What may take longer than the watchdog's limit, for which nobody is killed: taking over a commit of 10,000 trunks, which takes a second on a slow machine.
  static let longest = Gap.seconds(10)
  /// The end of such work at the latest, in nanoseconds; 0 = none is going on.
  private let excused = Atomic<Int64>(0)

  /// Runs what may take up to `longest`.
  func working<Failure: Error>(since now: Instant, _ work: () throws(Failure) -> Void) throws(Failure) {
    excused.store((now + Self.longest).nanoseconds, ordering: .relaxed)
    defer {
      beat(at: MonotonicClock.now())
      excused.store(0, ordering: .releasing)
    }
    try work()
  }

  /// False: it hangs.
  func isBeating(at now: Instant, within limit: Gap) -> Bool {
    // In this order: work that ends meanwhile has beaten before its excuse is taken away.
    now.nanoseconds < excused.load(ordering: .acquiring) || now.since(last) < limit
  }

  func beat(at now: Instant) { at.store(now.nanoseconds, ordering: .relaxed) }
  var last: Instant { Instant(nanoseconds: at.load(ordering: .relaxed)) }
}
