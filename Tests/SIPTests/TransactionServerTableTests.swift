import Testing
import Timing

@testable import SIP

@Suite("Server transactions, every state and event")
struct TransactionServerTableTests {
  // MARK: INVITE

  /// `waiting`: Proceeding before the 100 that is only sent if the transaction user is slow.
  enum InviteSituation: CaseIterable { case waiting, proceeding, completed, confirmed, accepted, terminated }
  enum InviteEvent: CaseIterable {
    case invite, acknowledgement, sendProvisional, sendSuccess, sendFailure, repeatAnswer, timerG, timerH, timerI, timerL, tryingDue
  }

  /// RFC 3261 figure 7 as changed by RFC 6026 figure 2. The transport error of those figures changes no state and so is no event here.
  static func cell(_ situation: InviteSituation, _ event: InviteEvent, reliable: Bool) -> Cell<ServerActions> {
    let unset = Cell<ServerActions>.cannot("the timer is not set in this state")
    switch situation {
    case .waiting, .proceeding:
      switch event {
      case .invite: return .goes(.proceeding, .transmit)
      case .acknowledgement: return .goes(.proceeding, [])
      case .sendProvisional: return .goes(.proceeding, .transmit)
      case .sendSuccess: return .goes(.accepted, .transmit)
      case .sendFailure: return .goes(.completed, .transmit)
      case .repeatAnswer: return .goes(.proceeding, .countDiscarded)
      case .tryingDue: return situation == .waiting ? .goes(.proceeding, .transmit) : .cannot("the 100 was sent at once")
      case .timerG, .timerH, .timerI, .timerL: return unset
      }
    case .completed:
      switch event {
      case .invite: return .goes(.completed, .transmit)
      case .acknowledgement: return reliable ? .goes(.terminated, .end) : .goes(.confirmed, [])
      case .sendProvisional, .sendSuccess, .sendFailure, .repeatAnswer: return .goes(.completed, .countDiscarded)
      case .timerG: return reliable ? .cannot("a reliable transport repeats by itself") : .goes(.completed, .transmit)
      case .timerH: return .goes(.terminated, [.reportUnacknowledged, .end])
      case .timerI, .timerL, .tryingDue: return unset
      }
    case .confirmed:
      if reliable { return .cannot("timer I is zero: the state is left at once") }
      switch event {
      case .invite, .acknowledgement: return .goes(.confirmed, [])
      case .sendProvisional, .sendSuccess, .sendFailure, .repeatAnswer: return .goes(.confirmed, .countDiscarded)
      case .timerI: return .goes(.terminated, .end)
      case .timerG, .timerH, .timerL, .tryingDue: return unset
      }
    case .accepted:
      switch event {
      case .invite: return .goes(.accepted, [])
      case .acknowledgement: return .goes(.accepted, .deliverAcknowledgement)
      case .sendSuccess, .repeatAnswer: return .goes(.accepted, .transmit)
      case .sendProvisional, .sendFailure: return .goes(.accepted, .countDiscarded)
      case .timerL: return .goes(.terminated, .end)
      case .timerG, .timerH, .timerI, .tryingDue: return unset
      }
    case .terminated:
      switch event {
      case .invite, .acknowledgement: return .goes(.terminated, [])
      case .sendProvisional, .sendSuccess, .sendFailure, .repeatAnswer: return .goes(.terminated, .countDiscarded)
      case .timerG, .timerH, .timerI, .timerL, .tryingDue: return unset
      }
    }
  }

  static func machine(_ situation: InviteSituation, _ timing: TransactionTiming) -> InviteServerTransaction {
    var machine = InviteServerTransaction(trying: [100], tryingAt: situation == .waiting ? start + .milliseconds(200) : nil)
    switch situation {
    case .waiting, .proceeding: break
    case .completed: _ = machine.sendFailure([4], at: start, timing: timing)
    case .confirmed:
      _ = machine.sendFailure([4], at: start, timing: timing)
      _ = machine.receivedAcknowledgement(at: start, timing: timing)
      settle(&machine, timing)
    case .accepted: _ = machine.sendSuccess([2], at: start, timing: timing)
    case .terminated:
      _ = machine.sendSuccess([2], at: start, timing: timing)
      _ = machine.timerLFired()
    }
    return machine
  }

  @discardableResult
  static func settle(_ machine: inout InviteServerTransaction, _ timing: TransactionTiming) -> ServerActions {
    var all: ServerActions = []
    while let timer = machine.takeDueTimer(at: start) { all.formUnion(machine.fire(timer, at: start, timing: timing)) }
    return all
  }

  static func apply(_ event: InviteEvent, to machine: inout InviteServerTransaction, _ timing: TransactionTiming) -> ServerActions {
    switch event {
    case .invite: machine.receivedInvite()
    case .acknowledgement: machine.receivedAcknowledgement(at: start, timing: timing)
    case .sendProvisional: machine.sendProvisional([180])
    case .sendSuccess: machine.sendSuccess([200], at: start, timing: timing)
    case .sendFailure: machine.sendFailure([250], at: start, timing: timing)
    case .repeatAnswer: machine.repeatAnswer()
    case .timerG: machine.timerGFired(at: start, timing: timing)
    case .timerH: machine.timerHFired()
    case .timerI: machine.timerIFired()
    case .timerL: machine.timerLFired()
    case .tryingDue: machine.tryingIsDue()
    }
  }

  static func timer(_ event: InviteEvent) -> InviteServerTransaction.Timer? {
    switch event {
    case .timerG: .g
    case .timerH: .h
    case .timerI: .i
    case .timerL: .l
    case .tryingDue: .trying
    case .invite, .acknowledgement, .sendProvisional, .sendSuccess, .sendFailure, .repeatAnswer: nil
    }
  }

  @Test("INVITE server — RFC 3261 figure 7, RFC 6026 7.1", arguments: [false, true], InviteSituation.allCases)
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
        if actions.contains(.transmit) { #expect(machine.message != nil, "\(situation) \(event)") }
      case .cannot(let why):
        #expect(isSet != true, "\(situation) \(event): \(why)")
        if reliable, situation == .confirmed { #expect(before == .terminated, "\(why)") }
        // A timer that fires although stopped must do no harm; the 100's is stopped without leaving its state, so it must not be fired.
        guard !reliable, event != .tryingDue else { continue }
        #expect(Self.apply(event, to: &machine, timing) == [], "\(situation) \(event): \(why)")
        #expect(machine.phase == before, "\(situation) \(event): \(why)")
      }
      if machine.phase == .terminated { #expect(machine.timers.earliest == nil, "\(situation) \(event): nothing runs after the end") }
    }
  }

  @Test("Each state repeats its latest response and no other")
  func inviteMessages() {
    let timing = timing(reliable: false)
    let held = InviteSituation.allCases.map { Self.machine($0, timing).message }
    #expect(held == [[100], [100], [4], nil, [2], nil])
    var machine = Self.machine(InviteSituation.proceeding, timing)
    _ = machine.sendProvisional([180])
    #expect(machine.message == [180])
  }

  @Test("Once acknowledged, the 2xx is kept no longer and can't be repeated")
  func answerLetGo() {
    var machine = Self.machine(InviteSituation.accepted, timing(reliable: false))
    machine.answerAcknowledged()
    #expect(machine.message == nil)
    #expect(machine.repeatAnswer() == .countDiscarded)
    #expect(machine.phase == .accepted)
  }

  @Test("A repeated INVITE brings the waiting 100 forward, and it is sent once", arguments: [InviteEvent.invite, .sendProvisional])
  func waitingTrying(event: InviteEvent) {
    let timing = timing(reliable: false)
    var machine = Self.machine(InviteSituation.waiting, timing)
    #expect(machine.timers[.trying] == start + .milliseconds(200))
    #expect(Self.apply(event, to: &machine, timing) == .transmit)
    #expect(machine.timers[.trying] == nil)
  }

  // MARK: Other methods

  enum OtherSituation: CaseIterable { case trying, proceeding, completed, terminated }
  enum OtherEvent: CaseIterable { case request, sendProvisional, sendFinal, transportError, timerJ }

  /// RFC 3261 figure 8.
  static func cell(_ situation: OtherSituation, _ event: OtherEvent, reliable: Bool) -> Cell<ServerActions> {
    let unset = Cell<ServerActions>.cannot("the timer is not set in this state")
    let answered: Cell<ServerActions> = reliable ? .goes(.terminated, [.transmit, .end]) : .goes(.completed, .transmit)
    switch situation {
    case .trying:
      switch event {
      case .request: return .goes(.trying, [])
      case .sendProvisional: return .goes(.proceeding, .transmit)
      case .sendFinal: return answered
      case .transportError: return .goes(.trying, [])
      case .timerJ: return unset
      }
    case .proceeding:
      switch event {
      case .request: return .goes(.proceeding, .transmit)
      case .sendProvisional: return .goes(.proceeding, .transmit)
      case .sendFinal: return answered
      case .transportError: return .goes(.terminated, .end)
      case .timerJ: return unset
      }
    case .completed:
      if reliable { return .cannot("timer J is zero: the state is left at once") }
      switch event {
      case .request: return .goes(.completed, .transmit)
      case .sendProvisional, .sendFinal: return .goes(.completed, .countDiscarded)
      case .transportError: return .goes(.terminated, .end)
      case .timerJ: return .goes(.terminated, .end)
      }
    case .terminated:
      switch event {
      case .request, .transportError: return .goes(.terminated, [])
      case .sendProvisional, .sendFinal: return .goes(.terminated, .countDiscarded)
      case .timerJ: return unset
      }
    }
  }

  static func machine(_ situation: OtherSituation, _ timing: TransactionTiming) -> NonInviteServerTransaction {
    var machine = NonInviteServerTransaction()
    switch situation {
    case .trying: break
    case .proceeding: _ = machine.sendProvisional([1])
    case .completed:
      _ = machine.sendFinal([2], at: start, timing: timing)
      settle(&machine)
    case .terminated:
      _ = machine.sendProvisional([1])
      _ = machine.transportFailed()
    }
    return machine
  }

  @discardableResult
  static func settle(_ machine: inout NonInviteServerTransaction) -> ServerActions {
    var all: ServerActions = []
    while machine.takeDueTimer(at: start) != nil { all.formUnion(machine.timerJFired()) }
    return all
  }

  static func apply(_ event: OtherEvent, to machine: inout NonInviteServerTransaction, _ timing: TransactionTiming) -> ServerActions {
    switch event {
    case .request: machine.receivedRequest()
    case .sendProvisional: machine.sendProvisional([1])
    case .sendFinal: machine.sendFinal([2], at: start, timing: timing)
    case .transportError: machine.transportFailed()
    case .timerJ: machine.timerJFired()
    }
  }

  @Test("Non-INVITE server — RFC 3261 figure 8", arguments: [false, true], OtherSituation.allCases)
  func other(reliable: Bool, situation: OtherSituation) {
    let timing = timing(reliable: reliable)
    for event in OtherEvent.allCases {
      var machine = Self.machine(situation, timing)
      let before = machine.phase
      let isSet = event == .timerJ ? machine.timers[.j] != nil : nil
      switch Self.cell(situation, event, reliable: reliable) {
      case .goes(let next, let actions):
        #expect(isSet != false, "\(situation) \(event): the timer must be set for it to fire")
        let done = Self.apply(event, to: &machine, timing)
        if actions.contains(.transmit) { #expect(machine.message != nil, "\(situation) \(event)") }
        #expect(done.union(Self.settle(&machine)) == actions, "\(situation) \(event)")
        #expect(machine.phase == next, "\(situation) \(event)")
      case .cannot(let why):
        #expect(isSet != true, "\(situation) \(event): \(why)")
        if reliable, situation == .completed { #expect(before == .terminated, "\(why)") }
        guard !reliable else { continue }
        #expect(Self.apply(event, to: &machine, timing) == [], "\(situation) \(event): \(why)")
        #expect(machine.phase == before, "\(situation) \(event): \(why)")
      }
      if machine.phase == .terminated { #expect(machine.timers.earliest == nil, "\(situation) \(event): nothing runs after the end") }
    }
  }
}
