import Timing

/// A server transaction in its slot: the machine of its kind, what it is matched by, and where its responses go.
struct ServerTransaction: Sendable {
  enum Machine: Sendable {
    case invite(InviteServerTransaction)
    case nonInvite(NonInviteServerTransaction)
  }
  var machine: Machine
  let matching: RequestKey
  /// Of `matching.transaction` and `matching.merge`.
  let transactionHash: UInt64
  let mergeHash: UInt64
  /// Where responses go (RFC 3261 18.2.2, RFC 3581).
  var flow: Flow
  /// The port to open a new connection to when the request's is gone (18.2.2).
  let sentByPort: UInt16
  /// The To tag of our responses, kept so that the 200 to a CANCEL carries the same (9.2); empty until there is one.
  var localTag: [UInt8] = []
  var isCancelled = false
  /// Entered among those a merged request is looked for (8.2.2.2).
  var isMergeable = true
  /// The earliest entry of this transaction in the deadline queue.
  var enteredAt = Instant.never

  var isInvite: Bool { if case .invite = machine { true } else { false } }

  var phase: TransactionPhase {
    switch machine {
    case .invite(let machine): machine.phase
    case .nonInvite(let machine): machine.phase
    }
  }
  var message: [UInt8]? {
    switch machine {
    case .invite(let machine): machine.message
    case .nonInvite(let machine): machine.message
    }
  }
  var nextDeadline: Instant? {
    switch machine {
    case .invite(let machine): machine.timers.earliest
    case .nonInvite(let machine): machine.timers.earliest
    }
  }

  mutating func receivedAgain() -> ServerActions {
    switch machine {
    case .invite(var invite):
      defer { machine = .invite(invite) }
      return invite.receivedInvite()
    case .nonInvite(var other):
      defer { machine = .nonInvite(other) }
      return other.receivedRequest()
    }
  }

  mutating func receivedAcknowledgement(at now: Instant, timing: TransactionTiming) -> ServerActions {
    guard case .invite(var invite) = machine else { return [] }
    defer { machine = .invite(invite) }
    return invite.receivedAcknowledgement(at: now, timing: timing)
  }

  mutating func send(_ response: [UInt8], status: Int, at now: Instant, timing: TransactionTiming) -> ServerActions {
    switch machine {
    case .invite(var invite):
      defer { machine = .invite(invite) }
      if status < 200 { return invite.sendProvisional(response) }
      if status < 300 { return invite.sendSuccess(response, at: now, timing: timing) }
      return invite.sendFailure(response, at: now, timing: timing)
    case .nonInvite(var other):
      defer { machine = .nonInvite(other) }
      return status < 200 ? other.sendProvisional(response) : other.sendFinal(response, at: now, timing: timing)
    }
  }

  mutating func repeatAnswer() -> ServerActions {
    guard case .invite(var invite) = machine else { return .countDiscarded }
    defer { machine = .invite(invite) }
    return invite.repeatAnswer()
  }

  mutating func answerAcknowledged() {
    guard case .invite(var invite) = machine else { return }
    invite.answerAcknowledged()
    machine = .invite(invite)
  }

  mutating func transportFailed() -> ServerActions {
    guard case .nonInvite(var other) = machine else { return [] }
    defer { machine = .nonInvite(other) }
    return other.transportFailed()
  }

  /// Fires the earliest due timer; `nil` when none is due.
  mutating func fireDue(at now: Instant, timing: TransactionTiming) -> ServerActions? {
    switch machine {
    case .invite(var invite):
      guard let timer = invite.takeDueTimer(at: now) else { return nil }
      defer { machine = .invite(invite) }
      return invite.fire(timer, at: now, timing: timing)
    case .nonInvite(var other):
      guard other.takeDueTimer(at: now) != nil else { return nil }
      defer { machine = .nonInvite(other) }
      return other.timerJFired()
    }
  }
}
