import Addressing
import SIP
import Timing

/// The session timer of one leg (RFC 4028): who refreshes the session and when it counts as dead. Each leg has its own; a refresh never crosses.
///
/// ```
/// ours     half of the interval ─▶ refresh (UPDATE, else re-INVITE) ─▶ 2xx: from the start;  the interval is over: the call ends
/// theirs   a refresh of theirs ─▶ from the start;  the interval less min(32 s, a third) is over: the call ends (RFC 4028 10)
/// asking   half of the interval ─▶ OPTIONS ─▶ any answer but 408 and 481: from the start (decided: the far side has no timers, and we want to know)
/// ```
/// A pure value; `SessionRefresh` carries out what is due. What the two sides agree on is in `SessionTerms`.
struct SessionTimer: Sendable, Equatable {
  enum Mode: UInt8, Sendable { case ours, theirs, asking }
  private(set) var mode: Mode
  /// Seconds.
  private(set) var interval: Int
  /// When we refresh or ask; `nil`: not our turn, or under way.
  private(set) var actAt: Instant?
  /// When the call ends unless a refresh came; `nil` in `asking`.
  private(set) var endsAt: Instant?

  init(_ mode: Mode, interval: Int, at now: Instant) {
    // Whatever a peer says: no more than a day, and never nothing.
    let interval = min(max(interval, 1), SessionTerms.longest)
    self.mode = mode
    self.interval = interval
    switch mode {
    case .ours:
      actAt = now + .milliseconds(interval * 500)
      endsAt = now + .seconds(interval)
    case .theirs:
      // RFC 4028 10: BYE slightly before the end.
      endsAt = now + .seconds(interval - min(32, interval / 3))
    case .asking:
      actAt = now + .milliseconds(interval * 500)
    }
  }

  /// All fields, as read back.
  init(mode: Mode, interval: Int, actAt: Instant?, endsAt: Instant?) {
    self.mode = mode
    self.interval = interval
    self.actAt = actAt
    self.endsAt = endsAt
  }

  var nextDeadline: Instant? {
    guard let actAt else { return endsAt }
    return endsAt.map { min($0, actAt) } ?? actAt
  }

  enum Event: Sendable, Equatable { case refresh, ask, expired }

  /// What is due; an act is not due again until `retry` or a new timer.
  mutating func advance(to now: Instant) -> Event? {
    if let endsAt, endsAt <= now {
      self.endsAt = nil
      actAt = nil
      return .expired
    }
    guard let at = actAt, at <= now else { return nil }
    actAt = nil
    return mode == .asking ? .ask : .refresh
  }

  /// The refresh did not come about: once more then.
  mutating func retry(at moment: Instant) { actAt = moment }

  /// A refresh that was refused for no reason of the session's is tried again this much later.
  var pause: Gap { .milliseconds(max(1, interval) * 125) }
}

/// A Session-Expires value (RFC 4028 4).
struct SessionExpires: Sendable, Equatable {
  enum Refresher: UInt8, Sendable { case uac, uas }
  /// Seconds.
  var seconds: Int
  var refresher: Refresher?

  init(seconds: Int, refresher: Refresher? = nil) {
    self.seconds = seconds
    self.refresher = refresher
  }

  /// `nil` when there is no number of at most ten digits in front.
  init?(parsing value: ArraySlice<UInt8>) {
    var parts = value.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)[...]
    guard let first = parts.popFirst(), let seconds = SessionExpires.seconds(first) else { return nil }
    self.init(seconds: seconds)
    for part in parts {
      let plain = part.filter { $0 != 0x20 && $0 != 0x09 }.map(\.asLowerCase)
      if plain == Array("refresher=uac".utf8) { refresher = .uac } else if plain == Array("refresher=uas".utf8) { refresher = .uas }
    }
  }

  /// A number of seconds with parameters or blanks around it.
  static func seconds(_ value: ArraySlice<UInt8>) -> Int? {
    let digits = value.prefix { $0 != UInt8(ascii: ";") }.filter { $0 != 0x20 && $0 != 0x09 }
    guard !digits.isEmpty, digits.count <= 10 else { return nil }
    var number = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      number = number * 10 + Int(digit - 0x30)
    }
    return number
  }

  func append(to out: inout [UInt8]) {
    out.appendDecimal(UInt64(max(0, seconds)))
    switch refresher {
    case .uac: LegMessages.append(";refresher=uac", to: &out)
    case .uas: LegMessages.append(";refresher=uas", to: &out)
    case nil: break
    }
  }
}

/// What a request of the far side says of session timers, kept until it is answered.
struct SessionAsk: Sendable, Equatable {
  var expires: SessionExpires?
  /// 90 when it does not say (RFC 4028 5).
  var minimum: Int
  var knowsTimers: Bool

  init(expires: SessionExpires?, minimum: Int, knowsTimers: Bool) {
    self.expires = expires
    self.minimum = minimum
    self.knowsTimers = knowsTimers
  }

  init(_ request: SIPMessage) {
    self.init(
      expires: request.value(.sessionExpires).flatMap { SessionExpires(parsing: $0) },
      minimum: min(request.value(.minSE).flatMap { SessionExpires.seconds($0) } ?? SessionTerms.minimum, SessionTerms.longest),
      knowsTimers: request.lists("timer", in: .supported))
  }
}

/// What we want on a leg, and what comes of it together with the far side's wish.
struct SessionTerms: Sendable, Equatable {
  /// RFC 4028 5: the least there may be, unless both sides say less.
  static let minimum = 90
  /// More than a day is as good as none, and no use to a peer that wants to be asked for it.
  static let longest = 86_400

  /// We ask for a timer; else we only take part.
  var isWanted: Bool
  /// Seconds.
  var interval: Int
  var minimum: Int

  // MARK: As UAS (RFC 4028 9)

  /// The interval is too short for us: 422. Not to a peer that would not know what that is.
  func refuses(_ ask: SessionAsk) -> Bool {
    guard ask.knowsTimers, let asked = ask.expires else { return false }
    return asked.seconds < minimum
  }

  /// What the 2xx says, and what holds from then on. `nil`: no session timer.
  func answer(_ ask: SessionAsk) -> SessionExpires? {
    guard let asked = ask.expires else {
      // A peer that has no timers is asked by OPTIONS.
      return isWanted && ask.knowsTimers ? SessionExpires(seconds: max(interval, ask.minimum), refresher: .uac) : nil
    }
    // Put in by a proxy that its own client knows nothing of, and shorter than we take: as if it were not there.
    guard asked.seconds >= minimum else { return nil }
    var seconds = min(asked.seconds, SessionTerms.longest)
    // It may be made shorter, never longer, and not below what the far side takes.
    if isWanted { seconds = min(seconds, max(interval, ask.minimum)) }
    return SessionExpires(seconds: seconds, refresher: ask.knowsTimers ? asked.refresher ?? .uac : .uas)
  }

  /// Seen from us, who answered.
  func timer(answering ask: SessionAsk, at now: Instant) -> SessionTimer? {
    guard let agreed = answer(ask) else { return isWanted ? SessionTimer(.asking, interval: interval, at: now) : nil }
    return SessionTimer(agreed.refresher == .uas ? .ours : .theirs, interval: agreed.seconds, at: now)
  }

  // MARK: As UAC (RFC 4028 7)

  /// Session-Expires of a request of ours. `current`: the dialog's timer; `floor`: the Min-SE that a 422 asked for, 0 when none did.
  func ask(current: SessionTimer?, floor: Int, isFirst: Bool) -> SessionExpires? {
    if isFirst { return isWanted || floor > 0 ? SessionExpires(seconds: max(interval, floor)) : nil }
    switch current?.mode {
    case .ours: return SessionExpires(seconds: max(current?.interval ?? interval, floor), refresher: .uac)
    case .theirs: return SessionExpires(seconds: max(current?.interval ?? interval, floor), refresher: .uas)
    case .asking, nil: return nil
    }
  }

  /// After a 2xx to a request of ours.
  func timer(answeredWith response: SIPMessage, at now: Instant) -> SessionTimer? {
    guard let agreed = response.value(.sessionExpires).flatMap({ SessionExpires(parsing: $0) }) else {
      return isWanted ? SessionTimer(.asking, interval: interval, at: now) : nil
    }
    // It must not be shorter than our Min-SE; whoever says so does not make us refresh all the time.
    let seconds = min(max(agreed.seconds, minimum), SessionTerms.longest)
    return SessionTimer(agreed.refresher == .uas ? .theirs : .ours, interval: seconds, at: now)
  }
}
