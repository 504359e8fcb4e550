import Timing

/// A client transaction in its slot: the machine of its kind, and what its owner needs to send, recognise and report.
struct ClientTransaction: Sendable {
  enum Machine: Sendable {
    case invite(InviteClientTransaction)
    case nonInvite(NonInviteClientTransaction)
  }
  var machine: Machine
  let method: Method
  /// The request as sent; ACK and CANCEL are made from it. Let go once the final response has been handed up and looked at.
  var request: SIPMessage?
  /// Our host[:port] in the top Via.
  let sentBy: [UInt8]
  /// The random part of its branch.
  let random: UInt64
  var flow: Flow
  /// It goes over TCP for its size alone, and may still go over UDP.
  var isMoved = false
  /// The earliest entry of this transaction in the deadline queue.
  var enteredAt = Instant.never
  /// The Reason value of a CANCEL that waits for a provisional response.
  var cancelReason: [UInt8]?
  /// On an INVITE: the slot of its CANCEL while that lives.
  var cancellation: UInt32?
  /// On a CANCEL: the slot of its INVITE. Its course is absorbed here, and it ends with the INVITE at the latest.
  var cancelled: UInt32?

  var phase: TransactionPhase {
    switch machine {
    case .invite(let machine): machine.phase
    case .nonInvite(let machine): machine.phase
    }
  }
  var isCancelWanted: Bool { if case .invite(let machine) = machine { machine.isCancelWanted } else { false } }
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

  mutating func receivedProvisional(at now: Instant, timing: TransactionTiming) -> ClientActions {
    switch machine {
    case .invite(var invite):
      defer { machine = .invite(invite) }
      return invite.receivedProvisional(at: now, timing: timing)
    case .nonInvite(var other):
      defer { machine = .nonInvite(other) }
      return other.receivedProvisional()
    }
  }

  /// `acknowledgement` builds the ACK, if this event needs one.
  mutating func receivedFinal(
    status: Int, at now: Instant, timing: TransactionTiming, acknowledgement: () -> [UInt8]
  ) -> ClientActions {
    switch machine {
    case .invite(var invite):
      defer { machine = .invite(invite) }
      guard status >= 300 else { return invite.receivedSuccess(at: now, timing: timing) }
      return invite.receivedFailure(at: now, timing: timing, acknowledgement: acknowledgement)
    case .nonInvite(var other):
      defer { machine = .nonInvite(other) }
      return other.receivedFinal(at: now, timing: timing)
    }
  }

  mutating func transportFailed() -> ClientActions {
    switch machine {
    case .invite(var invite):
      defer { machine = .invite(invite) }
      return invite.transportFailed()
    case .nonInvite(var other):
      defer { machine = .nonInvite(other) }
      return other.transportFailed()
    }
  }

  mutating func cancel(at now: Instant, timing: TransactionTiming) -> ClientActions {
    guard case .invite(var invite) = machine else { return [] }
    defer { machine = .invite(invite) }
    return invite.cancel(at: now, timing: timing)
  }

  /// Fires the earliest due timer; `nil` when none is due.
  mutating func fireDue(at now: Instant, timing: TransactionTiming) -> ClientActions? {
    switch machine {
    case .invite(var invite):
      guard let timer = invite.takeDueTimer(at: now) else { return nil }
      defer { machine = .invite(invite) }
      return invite.fire(timer, at: now, timing: timing)
    case .nonInvite(var other):
      guard let timer = other.takeDueTimer(at: now) else { return nil }
      defer { machine = .nonInvite(other) }
      return other.fire(timer, at: now, timing: timing)
    }
  }
}
