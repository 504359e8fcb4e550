import Timing

/// A rate with a burst of one second's worth, in one number: the moment at which the bucket would be full again (the virtual scheduling form of the leaky bucket,
/// ITU-T I.371). Exact in nanoseconds; an unused bucket needs no timer.
struct TokenBucket: Sendable {
  /// Time one token takes to grow; 0 = no limit.
  private let interval: Int64
  /// How far `fullAt` may lie ahead before a take: all tokens but one are gone.
  private let slack: Int64
  private var fullAt = Instant(nanoseconds: .min)

  init(perSecond: Int) {
    interval = perSecond > 0 ? max(1, 1_000_000_000 / Int64(perSecond)) : 0
    slack = perSecond > 0 ? interval * (min(Int64(perSecond), 1_000_000_000) - 1) : 0
  }

  /// Takes a token if there is one.
  mutating func take(at now: Instant) -> Bool {
    guard interval > 0 else { return true }
    let start = max(fullAt, now)
    guard start.since(now).nanoseconds <= slack else { return false }
    fullAt = start + Gap(nanoseconds: interval)
    return true
  }
}
