import Timing

/// The server transaction of every method but INVITE, ACK and CANCEL: RFC 3261 17.2.2 and figure 8.
///
///     Trying ──1xx──▶ Proceeding        Trying, Proceeding ──200-699──▶ Completed ──timer J──▶ Terminated
///     Proceeding, Completed ──transport error──▶ Terminated
///
/// Trying has nothing to repeat, so it absorbs repeated requests; the other two hold their latest response.
struct NonInviteServerTransaction: Sendable {
  enum Timer: UInt8, CaseIterable, Sendable { case j }

  private enum State: Sendable {
    case trying
    case proceeding(response: [UInt8])
    case completed(response: [UInt8])
    case terminated
  }
  private var state = State.trying
  private(set) var timers = TimerTable<Timer>()

  init() {}

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
    case .proceeding(let response), .completed(let response): response
    case .trying, .terminated: nil
    }
  }

  // MARK: From the wire

  /// The request again.
  mutating func receivedRequest() -> ServerActions {
    switch state {
    case .proceeding, .completed: .transmit
    case .trying, .terminated: []
    }
  }

  mutating func transportFailed() -> ServerActions {
    switch state {
    case .proceeding, .completed:
      terminate()
      return .end
    case .trying, .terminated:
      return []
    }
  }

  // MARK: From the transaction user

  mutating func sendProvisional(_ response: [UInt8]) -> ServerActions {
    switch state {
    case .trying, .proceeding:
      state = .proceeding(response: response)
      return .transmit
    case .completed, .terminated:
      return .countDiscarded
    }
  }

  /// 200-699.
  mutating func sendFinal(_ response: [UInt8], at now: Instant, timing: TransactionTiming) -> ServerActions {
    switch state {
    case .trying, .proceeding:
      state = .completed(response: response)
      timers[.j] = now + timing.absorbing
      return .transmit
    case .completed, .terminated:
      return .countDiscarded
    }
  }

  // MARK: Timers

  mutating func takeDueTimer(at now: Instant) -> Timer? { timers.takeDue(at: now) }

  mutating func timerJFired() -> ServerActions {
    guard case .completed = state else { return [] }
    terminate()
    return .end
  }

  private mutating func terminate() {
    state = .terminated
    timers.stopAll()
  }
}
