import Timing

/// The client transaction of every method but INVITE and ACK: RFC 3261 17.1.2 and figure 6.
///
///     Trying ──1xx──▶ Proceeding        Trying, Proceeding ──200-699──▶ Completed ──timer K──▶ Terminated
///     Trying, Proceeding ──timer F, transport error──▶ Terminated
///
/// Trying and Proceeding hold the request: over UDP it is sent again at T1 doubling to T2, and each T2 once a provisional
/// response came. Completed absorbs repeated answers for T4.
struct NonInviteClientTransaction: Sendable {
  enum Timer: UInt8, CaseIterable, Sendable { case e, f, k }

  private enum State: Sendable {
    case trying(request: [UInt8], retransmitAfter: Gap)
    case proceeding(request: [UInt8])
    case completed
    case terminated
  }
  private var state: State
  private(set) var timers = TimerTable<Timer>()

  /// The owner transmits `request` now.
  init(request: [UInt8], at now: Instant, timing: TransactionTiming) {
    state = .trying(request: request, retransmitAfter: timing.t1)
    if !timing.isReliable { timers[.e] = now + timing.t1 }
    timers[.f] = now + timing.lifetime
  }

  var phase: TransactionPhase {
    switch state {
    case .trying: .trying
    case .proceeding: .proceeding
    case .completed: .completed
    case .terminated: .terminated
    }
  }
  /// What `.transmit` sends; `nil` in states that send nothing.
  var message: [UInt8]? {
    switch state {
    case .trying(let request, _), .proceeding(let request): request
    case .completed, .terminated: nil
    }
  }

  // MARK: From the wire

  mutating func receivedProvisional() -> ClientActions {
    switch state {
    case .trying(let request, _):
      // 17.1.2.2: E and F run on; from now on E is set to T2 each time it fires.
      state = .proceeding(request: request)
      return .deliver
    case .proceeding:
      return .deliver
    case .completed, .terminated:
      return []
    }
  }

  /// 200-699.
  mutating func receivedFinal(at now: Instant, timing: TransactionTiming) -> ClientActions {
    switch state {
    case .trying, .proceeding:
      timers.stopAll()
      state = .completed
      timers[.k] = now + timing.lingering
      return .deliver
    case .completed, .terminated:
      return []
    }
  }

  mutating func transportFailed() -> ClientActions {
    switch state {
    case .trying, .proceeding:
      terminate()
      return [.reportTransportFailure, .end]
    case .completed, .terminated:
      return []
    }
  }

  // MARK: Timers

  mutating func fire(_ timer: Timer, at now: Instant, timing: TransactionTiming) -> ClientActions {
    switch timer {
    case .e: timerEFired(at: now, timing: timing)
    case .f: timerFFired()
    case .k: timerKFired()
    }
  }
  mutating func takeDueTimer(at now: Instant) -> Timer? { timers.takeDue(at: now) }

  mutating func timerEFired(at now: Instant, timing: TransactionTiming) -> ClientActions {
    switch state {
    case .trying(let request, let gap):
      let next = min(gap * 2, timing.t2)
      state = .trying(request: request, retransmitAfter: next)
      timers[.e] = now + next
      return .transmit
    case .proceeding:
      timers[.e] = now + timing.t2
      return .transmit
    case .completed, .terminated:
      return []
    }
  }

  mutating func timerFFired() -> ClientActions {
    switch state {
    case .trying, .proceeding:
      terminate()
      return [.reportTimeout, .end]
    case .completed, .terminated:
      return []
    }
  }

  mutating func timerKFired() -> ClientActions {
    guard case .completed = state else { return [] }
    terminate()
    return .end
  }

  private mutating func terminate() {
    state = .terminated
    timers.stopAll()
  }
}
