public import Timing

/// Our 2xx to an INVITE, sent again at T1, doubling to T2, until its ACK arrives or 64*T1 have passed (RFC 3261 13.3.1.4).
public struct AnswerRepetition: Sendable, Equatable {
  public enum Event: Sendable, Equatable { case repeatAnswer, giveUp }
  /// The instants are kept so that the value can be written to the journal.
  public var nextAt: Instant
  public var interval: Gap
  public var endsAt: Instant

  public init(sentAt now: Instant, t1: Gap = .milliseconds(500)) {
    nextAt = now + t1
    interval = t1
    endsAt = now + t1 * 64
  }

  public var nextDeadline: Instant { min(nextAt, endsAt) }

  /// What is due at `now`, if anything.
  public mutating func advance(to now: Instant, t2: Gap = .seconds(4)) -> Event? {
    if now >= endsAt { return .giveUp }
    guard now >= nextAt else { return nil }
    interval = min(interval * 2, t2)
    nextAt = now + interval
    return .repeatAnswer
  }
}
