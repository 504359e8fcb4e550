import Testing
import Timing

@testable import SIP

/// One cell of a state x event table.
enum Cell<Actions: Sendable>: Sendable {
  /// The next state and what is done on the way.
  case goes(TransactionPhase, Actions)
  /// Why it can not happen. For a timer the test sees that it is not set, and that it would do nothing.
  case cannot(String)
}

let start = Instant(nanoseconds: 1_000_000_000)
func timing(reliable: Bool) -> TransactionTiming { TransactionTiming(.init(), isReliable: reliable) }

@Suite("Client transactions, every state and event")
struct TransactionClientTableTests {
  // MARK: INVITE

  enum InviteSituation: CaseIterable { case calling, callingCancelWanted, proceeding, proceedingCancelled, completed, accepted, terminated }
  enum InviteEvent: CaseIterable { case provisional, success, failure, transportError, cancel, timerA, timerB, timerD, timerM }

  /// RFC 3261 figure 5 as changed by RFC 6026 figure 3, and 9.1 for CANCEL.
  static func cell(_ situation: InviteSituation, _ event: InviteEvent, reliable: Bool) -> Cell<ClientActions> {
    let failed: Cell<ClientActions> = reliable ? .goes(.terminated, [.transmit, .deliver, .end]) : .goes(.completed, [.transmit, .deliver])
    let unset = Cell<ClientActions>.cannot("the timer is not set in this state")
    switch situation {
    case .calling:
      switch event {
      case .provisional: return .goes(.proceeding, .deliver)
      case .success: return .goes(.accepted, .deliver)
      case .failure: return failed
      case .transportError: return .goes(.terminated, [.reportTransportFailure, .end])
      case .cancel: return .goes(.calling, [])
      case .timerA: return reliable ? .cannot("a reliable transport repeats by itself") : .goes(.calling, .transmit)
      case .timerB: return .goes(.terminated, [.reportTimeout, .end])
      case .timerD, .timerM: return unset
      }
    case .callingCancelWanted:
      switch event {
      case .provisional: return .goes(.proceeding, [.deliver, .sendCancel])
      case .success: return .goes(.accepted, .deliver)
      case .failure: return failed
      case .transportError: return .goes(.terminated, [.reportTransportFailure, .end])
      case .cancel: return .goes(.calling, [])
      case .timerA: return reliable ? .cannot("a reliable transport repeats by itself") : .goes(.calling, .transmit)
      case .timerB: return .goes(.terminated, [.reportTimeout, .end])
      case .timerD, .timerM: return unset
      }
    case .proceeding:
      switch event {
      case .provisional: return .goes(.proceeding, .deliver)
      case .success: return .goes(.accepted, .deliver)
      case .failure: return failed
      case .transportError: return .goes(.proceeding, [])
      case .cancel: return .goes(.proceeding, .sendCancel)
      case .timerA, .timerB, .timerD, .timerM: return unset
      }
    case .proceedingCancelled:
      switch event {
      case .provisional: return .goes(.proceeding, .deliver)
      case .success: return .goes(.accepted, .deliver)
      case .failure: return failed
      case .transportError: return .goes(.proceeding, [])
      case .cancel: return .goes(.proceeding, [])
      case .timerB: return .goes(.terminated, [.reportTimeout, .end])
      case .timerA, .timerD, .timerM: return unset
      }
    case .completed:
      if reliable { return .cannot("timer D is zero: the state is left at once") }
      switch event {
      case .provisional: return .goes(.completed, [])
      case .success: return .goes(.completed, [])
      case .failure: return .goes(.completed, .transmit)
      case .transportError: return .goes(.terminated, [.reportTransportFailure, .end])
      case .cancel: return .goes(.completed, [])
      case .timerD: return .goes(.terminated, .end)
      case .timerA, .timerB, .timerM: return unset
      }
    case .accepted:
      switch event {
      case .provisional: return .goes(.accepted, [])
      case .success: return .goes(.accepted, .deliver)
      case .failure: return .goes(.accepted, [])
      case .transportError: return .goes(.accepted, [])
      case .cancel: return .goes(.accepted, [])
      case .timerM: return .goes(.terminated, .end)
      case .timerA, .timerB, .timerD: return unset
      }
    case .terminated:
      switch event {
      case .provisional, .success, .failure, .transportError, .cancel: return .goes(.terminated, [])
      case .timerA, .timerB, .timerD, .timerM: return unset
      }
    }
  }

  static func machine(_ situation: InviteSituation, _ timing: TransactionTiming) -> InviteClientTransaction {
    var machine = InviteClientTransaction(request: [1], at: start, timing: timing)
    switch situation {
    case .calling: break
    case .callingCancelWanted: _ = machine.cancel(at: start, timing: timing)
    case .proceeding: _ = machine.receivedProvisional(at: start, timing: timing)
    case .proceedingCancelled:
      _ = machine.receivedProvisional(at: start, timing: timing)
      _ = machine.cancel(at: start, timing: timing)
    case .completed:
      _ = machine.receivedFailure(at: start, timing: timing) { [2] }
      settle(&machine, timing)
    case .accepted: _ = machine.receivedSuccess(at: start, timing: timing)
    case .terminated: _ = machine.transportFailed()
    }
    return machine
  }

  /// Timers of zero length fire in the same breath, as the owner has them do.
  @discardableResult
  static func settle(_ machine: inout InviteClientTransaction, _ timing: TransactionTiming) -> ClientActions {
    var all: ClientActions = []
    while let timer = machine.takeDueTimer(at: start) { all.formUnion(machine.fire(timer, at: start, timing: timing)) }
    return all
  }

  static func apply(_ event: InviteEvent, to machine: inout InviteClientTransaction, _ timing: TransactionTiming) -> ClientActions {
    switch event {
    case .provisional: machine.receivedProvisional(at: start, timing: timing)
    case .success: machine.receivedSuccess(at: start, timing: timing)
    case .failure: machine.receivedFailure(at: start, timing: timing) { [3] }
    case .transportError: machine.transportFailed()
    case .cancel: machine.cancel(at: start, timing: timing)
    case .timerA: machine.timerAFired(at: start)
    case .timerB: machine.timerBFired()
    case .timerD: machine.timerDFired()
    case .timerM: machine.timerMFired()
    }
  }

  static func timer(_ event: InviteEvent) -> InviteClientTransaction.Timer? {
    switch event {
    case .timerA: .a
    case .timerB: .b
    case .timerD: .d
    case .timerM: .m
    case .provisional, .success, .failure, .transportError, .cancel: nil
    }
  }

  @Test("INVITE client — RFC 3261 figure 5, RFC 6026 7.2", arguments: [false, true], InviteSituation.allCases)
  func invite(reliable: Bool, situation: InviteSituation) {
    let timing = timing(reliable: reliable)
    for event in InviteEvent.allCases {
      var machine = Self.machine(situation, timing)
      let before = machine.phase
      let isSet = Self.timer(event).map { machine.timers[$0] != nil }
      switch Self.cell(situation, event, reliable: reliable) {
      case .goes(let next, let actions):
        #expect(isSet != false, "\(situation) \(event): the timer must be set for it to fire")
        var done = Self.apply(event, to: &machine, timing)
        done.formUnion(Self.settle(&machine, timing))
        #expect(machine.phase == next, "\(situation) \(event)")
        #expect(done == actions, "\(situation) \(event)")
      case .cannot(let why):
        #expect(isSet != true, "\(situation) \(event): \(why)")
        if reliable, situation == .completed { #expect(before == .terminated, "\(why)") }
        // A timer that fires although stopped must do no harm.
        guard !reliable else { continue }
        #expect(Self.apply(event, to: &machine, timing) == [], "\(situation) \(event): \(why)")
        #expect(machine.phase == before, "\(situation) \(event): \(why)")
      }
      if machine.phase == .terminated { #expect(machine.timers.earliest == nil, "\(situation) \(event): nothing runs after the end") }
    }
  }

  @Test("A state that repeats a message holds it, the others hold none")
  func inviteMessages() {
    let timing = timing(reliable: false)
    let held = InviteSituation.allCases.map { Self.machine($0, timing).message }
    #expect(held == [[1], [1], nil, nil, [2], nil, nil])
  }

  @Test("The ACK is built once and the same one is sent for each repetition — RFC 3261 17.1.1.2")
  func acknowledgementOnce() {
    let timing = timing(reliable: false)
    var machine = InviteClientTransaction(request: [1], at: start, timing: timing)
    var built = 0
    for _ in 0..<3 {
      let actions = machine.receivedFailure(at: start, timing: timing) {
        built += 1
        return [7]
      }
      #expect(actions.contains(.transmit))
      #expect(machine.message == [7])
    }
    #expect(built == 1)
  }

  // MARK: Other methods

  enum OtherSituation: CaseIterable { case trying, proceeding, completed, terminated }
  enum OtherEvent: CaseIterable { case provisional, final, transportError, timerE, timerF, timerK }

  /// RFC 3261 figure 6.
  static func cell(_ situation: OtherSituation, _ event: OtherEvent, reliable: Bool) -> Cell<ClientActions> {
    let answered: Cell<ClientActions> = reliable ? .goes(.terminated, [.deliver, .end]) : .goes(.completed, .deliver)
    let unset = Cell<ClientActions>.cannot("the timer is not set in this state")
    switch situation {
    case .trying:
      switch event {
      case .provisional: return .goes(.proceeding, .deliver)
      case .final: return answered
      case .transportError: return .goes(.terminated, [.reportTransportFailure, .end])
      case .timerE: return reliable ? .cannot("a reliable transport repeats by itself") : .goes(.trying, .transmit)
      case .timerF: return .goes(.terminated, [.reportTimeout, .end])
      case .timerK: return unset
      }
    case .proceeding:
      switch event {
      case .provisional: return .goes(.proceeding, .deliver)
      case .final: return answered
      case .transportError: return .goes(.terminated, [.reportTransportFailure, .end])
      case .timerE: return reliable ? .cannot("a reliable transport repeats by itself") : .goes(.proceeding, .transmit)
      case .timerF: return .goes(.terminated, [.reportTimeout, .end])
      case .timerK: return unset
      }
    case .completed:
      if reliable { return .cannot("timer K is zero: the state is left at once") }
      switch event {
      case .provisional, .final, .transportError: return .goes(.completed, [])
      case .timerK: return .goes(.terminated, .end)
      case .timerE, .timerF: return unset
      }
    case .terminated:
      switch event {
      case .provisional, .final, .transportError: return .goes(.terminated, [])
      case .timerE, .timerF, .timerK: return unset
      }
    }
  }

  static func machine(_ situation: OtherSituation, _ timing: TransactionTiming) -> NonInviteClientTransaction {
    var machine = NonInviteClientTransaction(request: [1], at: start, timing: timing)
    switch situation {
    case .trying: break
    case .proceeding: _ = machine.receivedProvisional()
    case .completed:
      _ = machine.receivedFinal(at: start, timing: timing)
      settle(&machine, timing)
    case .terminated: _ = machine.transportFailed()
    }
    return machine
  }

  @discardableResult
  static func settle(_ machine: inout NonInviteClientTransaction, _ timing: TransactionTiming) -> ClientActions {
    var all: ClientActions = []
    while let timer = machine.takeDueTimer(at: start) { all.formUnion(machine.fire(timer, at: start, timing: timing)) }
    return all
  }

  static func apply(_ event: OtherEvent, to machine: inout NonInviteClientTransaction, _ timing: TransactionTiming) -> ClientActions {
    switch event {
    case .provisional: machine.receivedProvisional()
    case .final: machine.receivedFinal(at: start, timing: timing)
    case .transportError: machine.transportFailed()
    case .timerE: machine.timerEFired(at: start, timing: timing)
    case .timerF: machine.timerFFired()
    case .timerK: machine.timerKFired()
    }
  }

  static func timer(_ event: OtherEvent) -> NonInviteClientTransaction.Timer? {
    switch event {
    case .timerE: .e
    case .timerF: .f
    case .timerK: .k
    case .provisional, .final, .transportError: nil
    }
  }

  @Test("Non-INVITE client — RFC 3261 figure 6", arguments: [false, true], OtherSituation.allCases)
  func other(reliable: Bool, situation: OtherSituation) {
    let timing = timing(reliable: reliable)
    for event in OtherEvent.allCases {
      var machine = Self.machine(situation, timing)
      let before = machine.phase
      let isSet = Self.timer(event).map { machine.timers[$0] != nil }
      switch Self.cell(situation, event, reliable: reliable) {
      case .goes(let next, let actions):
        #expect(isSet != false, "\(situation) \(event): the timer must be set for it to fire")
        var done = Self.apply(event, to: &machine, timing)
        done.formUnion(Self.settle(&machine, timing))
        #expect(machine.phase == next, "\(situation) \(event)")
        #expect(done == actions, "\(situation) \(event)")
      case .cannot(let why):
        #expect(isSet != true, "\(situation) \(event): \(why)")
        if reliable, situation == .completed { #expect(before == .terminated, "\(why)") }
        // A timer that fires although stopped must do no harm.
        guard !reliable else { continue }
        #expect(Self.apply(event, to: &machine, timing) == [], "\(situation) \(event): \(why)")
        #expect(machine.phase == before, "\(situation) \(event): \(why)")
      }
      if machine.phase == .terminated { #expect(machine.timers.earliest == nil, "\(situation) \(event): nothing runs after the end") }
    }
    let message = Self.machine(situation, timing).message
    #expect(message == (situation == .trying || situation == .proceeding ? [1] : nil))
  }
}
