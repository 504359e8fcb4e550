import Addressing
import Configuration
import Media
import Records
import Routing
import SIP
import Timing

// REFER in a dialog (RFC 3515), and the NOTIFYs that tell its sender what became of it.
extension Call {
  mutating func receivedRefer(_ request: SIPMessage, server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) {
    received(request, leg: leg, environment)
    guard phase == .up, legs[leg].state == .confirmed, isPaired(leg), let other = other(than: leg) else {
      return refuse(481, request, server, leg: leg, &environment)
    }
    // One at a time: a change of media under way would be answered by somebody who is no longer there.
    guard transfer == nil, passedRefer == nil, offer == nil, legs[other].state == .confirmed else {
      return refuse(491, request, server, leg: leg, &environment)
    }
    let target: ReferTarget
    do throws(ReferTarget.Refusal) { target = try ReferTarget(request) } catch { return refuse(error.status, request, server, leg: leg, &environment) }
    if environment.settings(of: legs[leg].trunk).referSupport == .peer, passRefer(target, request, server, leg: leg, to: other, &environment) { return }
    execute(target, request, server, leg: leg, &environment)
  }

  /// Carries the transfer out; the REFER has not been answered yet.
  private mutating func execute(
    _ target: ReferTarget, _ request: SIPMessage, _ server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment
  ) {
    var transfer = Transfer(leaving: leg)
    transfer.sequence = request.cseqNumber
    // RFC 4488: who does not want to be told says so, and hears that we understood.
    transfer.notifies = !(request.value(.referSub).map { $0.prefix(5).elementsEqual("false".utf8) { $0 | 0x20 == $1 } } ?? false)
    if let value = request.value(.referredBy), value.count <= CallLimits.referredByBytes { transfer.referredBy = referrer(leg, environment) }
    if let replaces = target.replaces {
      transfer.stage = .joining
      accept(transfer, request, server, leg: leg, &environment)
      environment.joins.append(CallEnvironment.Join(call: id, replaces: replaces))
      return
    }
    let plan = environment.plan(target.number, calling: transferredNumber(staying(transfer), environment), from: legs[leg].trunk)
    switch plan.outcome {
    case .refused(let refusal):
      environment.counters.transfersRefused += 1
      refuse(refusal.status, request, server, leg: leg, &environment)
    case .attempts(let list):
      transfer.attempts = list.prefix(CallLimits.attempts).map { Attempt($0, environment.configuration) }
      accept(transfer, request, server, leg: leg, &environment)
      tryNextCandidate(&environment)
    }
  }

  private mutating func accept(
    _ transfer: Transfer, _ request: SIPMessage, _ server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment
  ) {
    environment.counters.transfersTaken += 1
    var answer = answer(202, leg: leg, to: request, body: nil)
    if request.has(.referSub) { answer.append(.referSub, text: transfer.notifies ? "true" : "false") }
    self.transfer = transfer
    respond(answer, in: server, leg: leg, &environment)
    tellTransferor(100, &environment)
  }

  /// Who the target sees: the party that is transferred, as its own trunk named it, or as it was dialled.
  private func transferredNumber(_ leg: Int, _ environment: CallEnvironment) -> [UInt8] {
    if leg == 0 { return legs[0].calling }
    if leg == 1, legs[0].trunk >= 0, let dialled = environment.plan(legs[0].called, calling: [], from: legs[0].trunk).normalized { return dialled }
    return legs[leg].called
  }

  /// Of a Referred-By nothing crosses but that there was one, and whose number we know the transferor by.
  private func referrer(_ leg: Int, _ environment: CallEnvironment) -> [UInt8] {
    LegMessages.address(number: leg == 0 ? legs[0].calling : legs[leg].called, host: legs[leg].sentBy, displayName: nil)
  }

  // MARK: NOTIFY

  /// What became of the transfer, as its sender is told (RFC 3515 2.4.5).
  mutating func tellTransferor(_ status: Int, _ environment: inout CallEnvironment) {
    guard let transfer, transfer.notifies, transfer.saidStatus != status, legs[transfer.leaving].state == .confirmed else { return }
    self.transfer?.saidStatus = status
    notify(status, sequence: transfer.sequence, leg: transfer.leaving, isLast: status >= 200, &environment)
  }

  private mutating func notify(_ status: Int, sequence: UInt32, leg: Int, isLast: Bool, _ environment: inout CallEnvironment) {
    guard isLast || legs[leg].requests.count < CallLimits.openRequests else { return }
    var message = legs[leg].dialog.makeRequest(.notify)
    message.append(.contact, legs[leg].contact)
    message.append(.event) { out in
      LegMessages.append("refer;id=", to: &out)
      out.appendDecimal(UInt64(sequence))
    }
    if isLast {
      message.append(.subscriptionState, text: "terminated;reason=noresource")
    } else {
      message.append(.subscriptionState) { out in
        LegMessages.append("active;expires=", to: &out)
        out.appendDecimal(UInt64(CallLimits.ringing.milliseconds / 1000))
      }
    }
    message.setBody(SIPFragment.statusLine(status), type: "message/sipfrag;version=2.0")
    // Refused by the plugin of the trunk: what was to follow it comes without it.
    if sendRequest(message, for: .notify(isLast: isLast && status < 300), leg: leg, &environment) != nil {
      notified(isLast && status < 300, leg: leg, &environment)
    }
  }

  /// The transferor has heard, or is not there to hear: a transfer that came about ends his leg.
  mutating func notified(_ isLast: Bool, leg: Int, _ environment: inout CallEnvironment) {
    guard isLast, phase == .up, legs[leg].state == .confirmed, !isPaired(leg) else { return }
    sendBye(leg: leg, cause: 16, &environment)
  }

  // MARK: refer-support peer

  /// Asks the other party to carry the transfer out itself. False: it has said that it can not.
  private mutating func passRefer(
    _ target: ReferTarget, _ request: SIPMessage, _ server: TransactionLayer.ServerID, leg: Int, to other: Int, _ environment: inout CallEnvironment
  ) -> Bool {
    guard target.replaces == nil, legs[other].far.contains(.refer) || !legs[other].far.contains(.saidMethods) else { return false }
    let plan = environment.plan(target.number, calling: [], from: legs[leg].trunk)
    // Whoever carries it out: the number must be one that this trunk may call.
    guard case .attempts(let list) = plan.outcome, let number = list.first(where: { $0.trunk == legs[other].trunk })?.called ?? plan.normalized else {
      return false
    }
    var message = legs[other].dialog.makeRequest(.refer)
    message.append(.contact, legs[other].contact)
    message.append(.referTo) { out in
      out.append(UInt8(ascii: "<"))
      LegMessages.appendURI(number: number, host: legs[other].flow.remote.text, to: &out)
      out.append(UInt8(ascii: ">"))
    }
    if request.has(.referredBy) { message.append(.referredBy, referrer(leg, environment)) }
    let purpose = OpenRequest.Purpose.passedRefer(from: leg, server: server, request: request)
    return sendRequest(message, for: purpose, leg: other, &environment) == nil
  }

  /// What the other party answered to the REFER that was passed to it.
  mutating func passedReferAnswered(
    _ status: Int, from: Int, _ server: TransactionLayer.ServerID, _ request: SIPMessage, leg: Int, _ environment: inout CallEnvironment
  ) {
    guard phase == .up, legs[from].state == .confirmed else {
      if legs[from].state != .gone { refuse(481, request, server, leg: from, &environment) }
      return
    }
    if (200...299).contains(status) {
      environment.counters.transfersTaken += 1
      passedRefer = PassedRefer(from: from, to: leg, sequence: request.cseqNumber, endsAt: environment.now + CallLimits.ringing)
      refuse(202, request, server, leg: from, &environment)
      return notify(100, sequence: request.cseqNumber, leg: from, isLast: false, &environment)
    }
    // Decided: refused there, it is carried out here.
    guard transfer == nil, offer == nil, isPaired(from), let target = try? ReferTarget(request) else {
      return refuse(491, request, server, leg: from, &environment)
    }
    execute(target, request, server, leg: from, &environment)
  }

  /// NOTIFY: of a REFER that was passed, or of nothing.
  mutating func receivedNotify(_ request: SIPMessage, server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) {
    received(request, leg: leg, environment)
    guard let event = request.value(.event), event.prefix(while: { $0 != UInt8(ascii: ";") }).elementsEqual("refer".utf8, by: { $0 | 0x20 == $1 }) else {
      return refuse(489, request, server, leg: leg, &environment)
    }
    guard let passed = passedRefer, passed.to == leg else { return refuse(481, request, server, leg: leg, &environment) }
    refuse(200, request, server, leg: leg, &environment)
    let status = SIPFragment.status(of: request.body)
    let isOver = request.value(.subscriptionState).map { $0.prefix(10).elementsEqual("terminated".utf8) { $0 | 0x20 == $1 } } ?? false
    guard let status = status ?? (isOver ? 503 : nil) else { return }
    let isLast = status >= 200 || isOver
    if isLast { passedRefer = nil }
    guard legs[passed.from].state == .confirmed else { return }
    notify(isLast && status < 200 ? 503 : status, sequence: passed.sequence, leg: passed.from, isLast: isLast, &environment)
  }

  mutating func advancePassedRefer(_ environment: inout CallEnvironment) {
    guard let passed = passedRefer, passed.endsAt <= environment.now else { return }
    passedRefer = nil
    if phase == .up, legs[passed.from].state == .confirmed { notify(408, sequence: passed.sequence, leg: passed.from, isLast: true, &environment) }
  }
}

/// The body of a NOTIFY for refer (RFC 3420): a status line, which is all we write and read of it.
enum SIPFragment {
  static func statusLine(_ status: Int) -> [UInt8] {
    // As a message of ours would begin.
    let whole = SIPMessage(status: status, reason: phrase(status)).encoded()
    let end = whole.firstIndex(of: 0x0D) ?? whole.endIndex
    return Array(whole[..<end]) + [0x0D, 0x0A]
  }

  private static func phrase(_ status: Int) -> [UInt8] {
    let text: StaticString =
      switch status {
      case 100: "Trying"
      case 180: "Ringing"
      case 183: "Session Progress"
      case 200..<300: "OK"
      case 486, 600: "Busy"
      default: status < 200 ? "Progress" : "Failed"
      }
    return text.withUTF8Buffer { Array($0) }
  }

  /// `SIP/2.0 486 ...`: 486.
  static func status(of body: ArraySlice<UInt8>) -> Int? {
    let line = body.prefix { $0 != 0x0D && $0 != 0x0A }
    guard line.starts(with: "SIP/2.0 ".utf8) else { return nil }
    let digits = line.dropFirst(8).prefix(3)
    guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    let status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return (100...699).contains(status) ? status : nil
  }
}
