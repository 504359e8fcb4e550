import Timing

/// The INVITE client transaction: RFC 3261 17.1.1 and figure 5 with the Accepted state of RFC 6026 section 7.2.
///
///     Calling ──1xx──▶ Proceeding        Calling, Proceeding ──2xx──▶ Accepted ──timer M──▶ Terminated
///     Calling, Proceeding ──300-699, ACK──▶ Completed ──timer D, transport error──▶ Terminated
///     Calling ──timer B, transport error──▶ Terminated        Proceeding ──timer B (only after CANCEL)──▶ Terminated
///
/// Calling holds the request for retransmission, Completed the ACK; the other states hold nothing. CANCEL (9.1) is remembered
/// until the first provisional response allows it, and then gives the INVITE 64*T1 to end by a final response.
struct InviteClientTransaction: Sendable {
  enum Timer: UInt8, CaseIterable, Sendable { case a, b, d, m }

  private enum State: Sendable {
    case calling(request: [UInt8], retransmitAfter: Gap, cancelWanted: Bool)
    case proceeding(cancelled: Bool)
    case completed(acknowledgement: [UInt8])
    case accepted
    case terminated
  }
  private var state: State
  private(set) var timers = TimerTable<Timer>()

  /// The owner transmits `request` now.
  init(request: [UInt8], at now: Instant, timing: TransactionTiming) {
    state = .calling(request: request, retransmitAfter: timing.t1, cancelWanted: false)
    // 17.1.1.2: timer A only over an unreliable transport.
    if !timing.isReliable { timers[.a] = now + timing.t1 }
    timers[.b] = now + timing.lifetime
  }

  var phase: TransactionPhase {
    switch state {
    case .calling: .calling
    case .proceeding: .proceeding
    case .completed: .completed
    case .accepted: .accepted
    case .terminated: .terminated
    }
  }
  /// A CANCEL waits for the first provisional response.
  var isCancelWanted: Bool { if case .calling(_, _, true) = state { true } else { false } }
  /// What `.transmit` sends; `nil` in states that send nothing.
  var message: [UInt8]? {
    switch state {
    case .calling(let request, _, _): request
    case .completed(let acknowledgement): acknowledgement
    case .proceeding, .accepted, .terminated: nil
    }
  }

  // MARK: From the wire

  mutating func receivedProvisional(at now: Instant, timing: TransactionTiming) -> ClientActions {
    switch state {
    case .calling(_, _, let cancelWanted):
      timers.stopAll()
      state = .proceeding(cancelled: cancelWanted)
      guard cancelWanted else { return .deliver }
      timers[.b] = now + timing.lifetime
      return [.deliver, .sendCancel]
    case .proceeding:
      return .deliver
    case .completed, .accepted, .terminated:
      // Overtaken by the final response.
      return []
    }
  }

  /// A 2xx. Every one is handed up: the transaction user acknowledges repeated ones and those of other forks.
  mutating func receivedSuccess(at now: Instant, timing: TransactionTiming) -> ClientActions {
    switch state {
    case .calling, .proceeding:
      timers.stopAll()
      timers[.m] = now + timing.lifetime
      state = .accepted
      return .deliver
    case .accepted:
      return .deliver
    case .completed, .terminated:
      // RFC 6026 7.2 draws no such arrow: the first final response stands.
      return []
    }
  }

  /// 300-699. `acknowledgement` builds the ACK of 17.1.1.3 and is asked only when there is none yet.
  mutating func receivedFailure(
    at now: Instant, timing: TransactionTiming, acknowledgement: () -> [UInt8]
  ) -> ClientActions {
    switch state {
    case .calling, .proceeding:
      timers.stopAll()
      state = .completed(acknowledgement: acknowledgement())
      timers[.d] = now + timing.absorbing
      return [.transmit, .deliver]
    case .completed:
      return .transmit
    case .accepted, .terminated:
      return []
    }
  }

  mutating func transportFailed() -> ClientActions {
    switch state {
    case .calling, .completed:
      terminate()
      return [.reportTransportFailure, .end]
    case .proceeding, .accepted, .terminated:
      // Nothing of ours is on its way; the answer may still come, on a stream by a new connection (18.2.2).
      return []
    }
  }

  // MARK: From the transaction user

  mutating func cancel(at now: Instant, timing: TransactionTiming) -> ClientActions {
    switch state {
    case .calling(let request, let gap, _):
      // 9.1: no CANCEL before a provisional response.
      state = .calling(request: request, retransmitAfter: gap, cancelWanted: true)
      return []
    case .proceeding(cancelled: false):
      state = .proceeding(cancelled: true)
      timers[.b] = now + timing.lifetime
      return .sendCancel
    case .proceeding(cancelled: true), .completed, .accepted, .terminated:
      return []
    }
  }

  // MARK: Timers

  mutating func fire(_ timer: Timer, at now: Instant, timing: TransactionTiming) -> ClientActions {
    switch timer {
    case .a: timerAFired(at: now)
    case .b: timerBFired()
    case .d: timerDFired()
    case .m: timerMFired()
    }
  }
  mutating func takeDueTimer(at now: Instant) -> Timer? { timers.takeDue(at: now) }

  mutating func timerAFired(at now: Instant) -> ClientActions {
    guard case .calling(let request, let gap, let cancelWanted) = state else { return [] }
    state = .calling(request: request, retransmitAfter: gap * 2, cancelWanted: cancelWanted)
    timers[.a] = now + gap * 2
    return .transmit
  }

  mutating func timerBFired() -> ClientActions {
    switch state {
    case .calling, .proceeding(cancelled: true):
      terminate()
      return [.reportTimeout, .end]
    case .proceeding(cancelled: false), .completed, .accepted, .terminated:
      return []
    }
  }

  mutating func timerDFired() -> ClientActions {
    guard case .completed = state else { return [] }
    terminate()
    return .end
  }

  mutating func timerMFired() -> ClientActions {
    guard case .accepted = state else { return [] }
    terminate()
    return .end
  }

  private mutating func terminate() {
    state = .terminated
    timers.stopAll()
  }
}
