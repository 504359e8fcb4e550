import Timing

/// Whether one server of a trunk is alive, as OPTIONS and calls tell: a state machine without clock or socket.
///
/// ```
///             an answer                      5 misses in a row
///   alive ◀───────────────▶ doubted ─────────────────────────────▶ down ──an answer──▶ alive, at once
///   asked every interval     asked every 2 s                        asked every 60 s, and when the peer sends a request
/// ```
/// A miss is an OPTIONS that got no answer within 2 s, got 408 or 503, or could not be sent, and an INVITE that got none; every other final answer, to whatever
/// request, is a sign of life. 503 with Retry-After (RFC 3261 21.5.4) is a wish to be left alone: nothing that begins something is sent until then, no OPTIONS either;
/// what was known before holds meanwhile.
///
/// With an interval of 0 nothing is ever asked and nothing is ever down; Retry-After still counts.
/// The owner calls `advance` when `due` has come and sends an OPTIONS when it says so. Bounds and times: `TrunkLimits`.
struct TargetHealth {
  /// What became of the target; for the log.
  enum Change: Equatable {
    case down, alive(after: Gap)
    case resting(Gap), rested
  }
  /// Misses in a row.
  private(set) var misses = 0
  private(set) var downSince: Instant?
  /// Of the last miss.
  private(set) var reason: StaticString = ""
  private(set) var restsUntil: Instant?
  /// When the next OPTIONS is due; `nil`: none is, for now.
  private var askAt: Instant?
  private var askedAt: Instant?
  /// When the one under way counts as a miss.
  private var missAt: Instant?
  /// 0 until it has begun.
  private(set) var interval = Gap.seconds(0)

  var isDown: Bool { downSince != nil }
  /// Whether nothing new may be sent to it now.
  func isOut(at now: Instant) -> Bool { isDown || isResting(at: now) }
  func isResting(at now: Instant) -> Bool { restsUntil.map { now < $0 } ?? false }
  /// When `advance` wants to be called; `nil`: never.
  var due: Instant? { [askAt, missAt, restsUntil].compactMap { $0 }.min() }

  /// `interval`: between two OPTIONS, 0 = none. `delay`: until the first. Called again with another interval by a commit.
  mutating func begin(interval: Gap, delay: Gap, at now: Instant) {
    self.interval = interval
    misses = 0
    downSince = nil
    missAt = nil
    askAt = interval.nanoseconds > 0 ? max(now + delay, restsUntil ?? now) : nil
  }

  // MARK: Inputs

  /// Every final answer but 408 and 503, to any request.
  mutating func answered(at now: Instant) -> Change? {
    misses = 0
    missAt = nil
    if interval.nanoseconds > 0, !isResting(at: now) { askAt = max(now, (askedAt ?? now) + interval) }
    defer { downSince = nil }
    return downSince.map { .alive(after: now.since($0)) }
  }

  /// No answer to a request that began something.
  mutating func missed(_ why: StaticString, at now: Instant) -> Change? {
    guard interval.nanoseconds > 0 else { return nil }
    missAt = nil
    reason = why
    misses = min(misses + 1, TrunkLimits.missesUntilDown)
    guard !isDown else { return nil }
    if misses < TrunkLimits.missesUntilDown {
      if !isResting(at: now) { askAt = soonest(now) }
      return nil
    }
    downSince = now
    if !isResting(at: now) { askAt = now + TrunkLimits.probeIntervalDown }
    return .down
  }

  /// The OPTIONS under way was refused, or could not be sent; of one before it, that is no news.
  mutating func refused(_ why: StaticString, at now: Instant) -> Change? { missAt == nil ? nil : missed(why, at: now) }

  /// 503 with Retry-After.
  mutating func rest(for gap: Gap, at now: Instant) -> Change? {
    let end = now + min(gap, TrunkLimits.restCeiling)
    missAt = nil
    let isNew = !isResting(at: now)
    restsUntil = end
    if askAt != nil { askAt = end }
    return isNew ? .resting(end.since(now)) : nil
  }

  /// The peer sent a request: when it is down it may be back.
  mutating func wake(at now: Instant) {
    if isDown { ask(at: now) }
  }

  /// To be asked at once; no more often than every 2 s, and not while it wants to be left alone.
  mutating func ask(at now: Instant) {
    guard let askAt, !isResting(at: now) else { return }
    self.askAt = min(askAt, soonest(now))
  }

  /// `asks`: an OPTIONS is to be sent now.
  mutating func advance(to now: Instant) -> (asks: Bool, change: Change?) {
    var change: Change?
    if let end = restsUntil, end <= now {
      restsUntil = nil
      change = isDown ? nil : .rested
    }
    if let at = missAt, at <= now { change = missed("no answer to OPTIONS", at: now) ?? change }
    guard let at = askAt, at <= now else { return (false, change) }
    askedAt = now
    missAt = now + TrunkLimits.probePatience
    askAt = now + (isDown ? TrunkLimits.probeIntervalDown : misses > 0 ? TrunkLimits.probePatience : interval)
    return (true, change)
  }

  private func soonest(_ now: Instant) -> Instant { max(now, askedAt.map { $0 + TrunkLimits.probePatience } ?? now) }

  /// Why it is not to be tried; `nil`: it is.
  func trouble(at now: Instant) -> String? {
    if let restsUntil, now < restsUntil { return "503, wants to be left alone for \(seconds(restsUntil.since(now))) s" }
    return downSince.map { "\(reason), down for \(now.since($0).milliseconds / 1000) s" }
  }
  private func seconds(_ gap: Gap) -> Int64 { (gap.nanoseconds &+ 999_999_999) / 1_000_000_000 }
}
