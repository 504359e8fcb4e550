import Timing

/// The INVITE server transaction: RFC 3261 17.2.1 and figure 7 with the Accepted state of RFC 6026 section 7.1.
///
///     Proceeding ──2xx──▶ Accepted ──timer L──▶ Terminated
///     Proceeding ──300-699──▶ Completed ──ACK──▶ Confirmed ──timer I──▶ Terminated
///                             Completed ──timer H──▶ Terminated
///
/// Each state that answers holds the bytes of its latest response. A repeated 2xx is the transaction user's business: the
/// machine only absorbs repeated INVITEs in Accepted. RFC 6026 section 7.1: a transport error ends none of these states.
struct InviteServerTransaction: Sendable {
  enum Timer: UInt8, CaseIterable, Sendable { case g, h, i, l, trying }

  private enum State: Sendable {
    /// `response`: the 100 Trying until the transaction user gives a better one.
    case proceeding(response: [UInt8])
    case completed(response: [UInt8], retransmitAfter: Gap)
    case confirmed
    /// `answer` is empty once the transaction user needs it no more.
    case accepted(answer: [UInt8])
    case terminated
  }
  private var state: State
  private(set) var timers = TimerTable<Timer>()

  /// `tryingAt`: when the 100 goes out if nothing else did; `nil` = the owner transmits it now.
  init(trying response: [UInt8], tryingAt: Instant?) {
    state = .proceeding(response: response)
    timers[.trying] = tryingAt
  }

  var phase: TransactionPhase {
    switch state {
    case .proceeding: .proceeding
    case .completed: .completed
    case .confirmed: .confirmed
    case .accepted: .accepted
    case .terminated: .terminated
    }
  }
  /// What `.transmit` sends; `nil` in states that send nothing.
  var message: [UInt8]? {
    switch state {
    case .proceeding(let response), .completed(let response, _): response
    case .accepted(let answer): answer.isEmpty ? nil : answer
    case .confirmed, .terminated: nil
    }
  }

  // MARK: From the wire

  /// The INVITE again.
  mutating func receivedInvite() -> ServerActions {
    switch state {
    case .proceeding:
      timers[.trying] = nil
      return .transmit
    case .completed: return .transmit
    case .confirmed, .accepted, .terminated: return []
    }
  }

  mutating func receivedAcknowledgement(at now: Instant, timing: TransactionTiming) -> ServerActions {
    switch state {
    case .completed:
      timers.stopAll()
      state = .confirmed
      timers[.i] = now + timing.lingering
      return []
    case .accepted:
      return .deliverAcknowledgement
    case .proceeding, .confirmed, .terminated:
      return []
    }
  }

  // MARK: From the transaction user

  mutating func sendProvisional(_ response: [UInt8]) -> ServerActions {
    guard case .proceeding = state else { return .countDiscarded }
    timers[.trying] = nil
    state = .proceeding(response: response)
    return .transmit
  }

  /// A 2xx; in Accepted the transaction user's repetition of it (RFC 3261 13.3.1.4), with its bytes possibly made anew.
  mutating func sendSuccess(_ answer: [UInt8], at now: Instant, timing: TransactionTiming) -> ServerActions {
    switch state {
    case .proceeding:
      timers.stopAll()
      timers[.l] = now + timing.lifetime
      state = .accepted(answer: answer)
      return .transmit
    case .accepted:
      state = .accepted(answer: answer)
      return .transmit
    case .completed, .confirmed, .terminated:
      return .countDiscarded
    }
  }

  /// 300-699.
  mutating func sendFailure(_ response: [UInt8], at now: Instant, timing: TransactionTiming) -> ServerActions {
    guard case .proceeding = state else { return .countDiscarded }
    timers.stopAll()
    if !timing.isReliable { timers[.g] = now + timing.t1 }
    timers[.h] = now + timing.lifetime
    state = .completed(response: response, retransmitAfter: timing.t1)
    return .transmit
  }

  /// The kept 2xx once more.
  mutating func repeatAnswer() -> ServerActions {
    guard case .accepted(let answer) = state, !answer.isEmpty else { return .countDiscarded }
    return .transmit
  }

  /// The transaction user got the ACK of its 2xx: the bytes need not be kept.
  mutating func answerAcknowledged() {
    guard case .accepted = state else { return }
    state = .accepted(answer: [])
  }

  // MARK: Timers

  mutating func fire(_ timer: Timer, at now: Instant, timing: TransactionTiming) -> ServerActions {
    switch timer {
    case .g: timerGFired(at: now, timing: timing)
    case .h: timerHFired()
    case .i: timerIFired()
    case .l: timerLFired()
    case .trying: tryingIsDue()
    }
  }
  mutating func takeDueTimer(at now: Instant) -> Timer? { timers.takeDue(at: now) }

  mutating func timerGFired(at now: Instant, timing: TransactionTiming) -> ServerActions {
    guard case .completed(let response, let gap) = state else { return [] }
    let next = min(gap * 2, timing.t2)
    state = .completed(response: response, retransmitAfter: next)
    timers[.g] = now + next
    return .transmit
  }

  mutating func timerHFired() -> ServerActions {
    guard case .completed = state else { return [] }
    terminate()
    return [.reportUnacknowledged, .end]
  }

  mutating func timerIFired() -> ServerActions {
    guard case .confirmed = state else { return [] }
    terminate()
    return .end
  }

  mutating func timerLFired() -> ServerActions {
    guard case .accepted = state else { return [] }
    terminate()
    return .end
  }

  mutating func tryingIsDue() -> ServerActions {
    guard case .proceeding = state else { return [] }
    return .transmit
  }

  private mutating func terminate() {
    state = .terminated
    timers.stopAll()
  }
}
