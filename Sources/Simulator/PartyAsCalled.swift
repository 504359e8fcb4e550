import SIP
import Timing

// Calls a party takes: provisional answers, forks, the final answer and its repetition, CANCEL.
extension SimulatedParty {
  mutating func receivedInvite(_ request: SIPMessage, server: TransactionLayer.ServerID, at now: Instant) {
    var call = PartyCall(number: newNumber(), isCaller: false, callID: Array(request.callID), localTag: bytes(token()))
    call.remoteTag = Array(request.from.tag ?? [])
    call.server = server
    call.invite = request
    prepare(&call)
    learnMedia(&call, from: request)
    tally.taken += 1
    planAnswer(&call, request, at: now)
    if knobs.packetsPerTalk > 0 { wish(in: .milliseconds(800), .talk(call: call.number), now) }
    calls.append(call)
  }

  private mutating func planAnswer(_ call: inout PartyCall, _ request: SIPMessage, at now: Instant) {
    let number = call.number
    if hasHungUp { return wish(in: .milliseconds(20), .refuse(call: number, status: 480), now) }
    var at = random.milliseconds(0, 1_500)
    let forks = random.chance(manners.forks) ? 3 : 1
    if forks > 1 { tally.forks += 1 }
    for fork in 0..<forks {
      for _ in 0..<random.below(3) {
        at = at + random.milliseconds(10, 2_000)
        wish(in: at, .progress(call: number, status: random.pick([180, 180, 181, 182, 183, 199]), fork: fork, withSDP: random.chance(manners.earlyMedia)), now)
      }
    }
    at = at + random.milliseconds(0, isCalm ? 2_000 : random.pick([200, 3_000, 15_000]))
    if manners.knowsTimers > 0, request.has(.sessionExpires), request.value(.minSE).map({ !$0.elementsEqual("25".utf8) }) ?? true,
      random.chance(manners.findsTooSmall)
    {
      tally.intervalsTooSmall += 1
      wish(in: at, .refuse(call: number, status: 422), now)
    } else if random.chance(manners.refuses) {
      wish(
        in: at,
        .refuse(
          call: number,
          status: random.pick([302, 400, 401, 403, 404, 407, 408, 415, 422, 480, 482, 483, 486, 487, 488, 491, 500, 501, 503, 504, 580, 600, 603, 606])), now)
    } else if isCalm || !random.chance(manners.neverAnswers) {
      wish(in: at, .answer(call: number), now)
      if random.chance(manners.answersTwice) { wish(in: at + random.milliseconds(1, 4_000), .answerAgain(call: number), now) }
    }
  }

  mutating func progress(_ call: inout PartyCall, status: Int, fork: Int, withSDP: Bool, at now: Instant) {
    guard !call.isCaller, call.state == .inviting, let server = call.server, let invite = call.invite, !call.isCancelled else { return }
    // RFC 3261 16.7: responses of several forks arrive on one transaction, each with its own tag.
    let tag = fork == 0 ? call.localTag : call.localTag + bytes("-fork\(fork)")
    var message = response(status, to: invite, tag: tag, call: call)
    if withSDP { message.setBody(description(&call, answering: invite), type: "application/sdp") }
    layer.respond(message, in: server, at: now)
  }

  mutating func answer(_ call: inout PartyCall, at now: Instant) {
    guard !call.isCaller, call.state == .inviting, let server = call.server, let invite = call.invite else { return }
    if call.isCancelled { tally.lateAnswers += 1 }
    call.localTag += random.chance(manners.forks) ? bytes("-fork\(random.below(3))") : []
    call.version += 1
    var message = response(200, to: invite, tag: call.localTag, call: call)
    message.setBody(description(&call, answering: invite), type: "application/sdp")
    stampTimer(&message, answering: invite, &call, at: now)
    confirm(&call, message, invite, server, at: now)
    tally.answered += 1
    plan(&call, at: now)
  }

  private mutating func confirm(_ call: inout PartyCall, _ message: SIPMessage, _ invite: SIPMessage, _ server: TransactionLayer.ServerID, at now: Instant) {
    guard var dialog = try? Dialog(answering: invite, localTag: call.localTag) else { return }
    dialog.state = .confirmed
    call.dialog = dialog
    call.state = .up
    sendAnswer(&call, message, in: server, at: now)
  }

  mutating func sendAnswer(_ call: inout PartyCall, _ message: SIPMessage, in server: TransactionLayer.ServerID, at now: Instant) {
    call.answer = message
    call.answerServer = server
    call.repetition = AnswerRepetition(sentAt: now, t1: t1)
    wishes.append((call.repetition?.nextDeadline ?? now, .repeatAnswer(call: call.number)))
    layer.respond(message, in: server, at: now)
  }

  mutating func repeatAnswer(_ call: inout PartyCall, at now: Instant) {
    guard call.state != .over, let message = call.answer, let server = call.answerServer, var repetition = call.repetition else { return }
    let event = repetition.advance(to: now)
    call.repetition = repetition
    switch event {
    case .repeatAnswer: layer.respond(message, in: server, at: now)
    case .giveUp:
      call.repetition = nil
      call.answer = nil
      return hangUp(&call, at: now)
    case nil: break
    }
    wishes.append((repetition.nextDeadline, .repeatAnswer(call: call.number)))
  }

  /// Another fork answers too: a second dialog, which is acknowledged and ended by the caller (RFC 3261 13.2.2.4).
  mutating func answerAgain(_ number: Int, at now: Instant) {
    guard let first = calls.first(where: { $0.number == number }), first.state == .up || first.state == .leaving, !first.isCancelled,
      let invite = first.invite, let server = first.server, !isCalm
    else { return }
    tally.secondAnswers += 1
    var call = PartyCall(number: newNumber(), isCaller: false, callID: first.callID, localTag: bytes(token()))
    call.remoteTag = first.remoteTag
    prepare(&call)
    call.offersLeft = 0
    var message = response(200, to: invite, tag: call.localTag, call: call)
    message.setBody(description(&call, answering: invite), type: "application/sdp")
    confirm(&call, message, invite, server, at: now)
    wish(in: .seconds(40), .hangUp(call: call.number), now)
    calls.append(call)
  }

  mutating func refuse(_ call: inout PartyCall, status: Int, at now: Instant) {
    guard !call.isCaller, call.state == .inviting, let server = call.server, let invite = call.invite else { return }
    tally.refused += 1
    call.state = .over
    layer.respond(response(status, to: invite, tag: call.localTag, call: call), in: server, at: now)
  }

  mutating func receivedCancel(_ server: TransactionLayer.ServerID, at now: Instant) {
    if let index = calls.firstIndex(where: { $0.offerServer == server }) {
      var call = calls[index]
      answerOffer(&call, status: 487, at: now)
      calls[index] = call
      return
    }
    guard let index = calls.firstIndex(where: { $0.server == server && $0.state == .inviting }) else { return }
    var call = calls[index]
    call.isCancelled = true
    if random.chance(manners.answersAfterCancel), !isCalm {
      // The answer was on its way already.
      wish(in: random.milliseconds(0, 3_000), .answer(call: call.number), now)
    } else {
      call.state = .over
      if let invite = call.invite { layer.respond(response(487, to: invite, tag: call.localTag, call: call), in: server, at: now) }
    }
    calls[index] = call
  }

  mutating func receivedAcknowledgement(_ ack: SIPMessage) {
    guard let index = find(ack), let answer = calls[index].answer, answer.cseqNumber == ack.cseqNumber else { return }
    calls[index].repetition = nil
    calls[index].answer = nil
    calls[index].isAcknowledged = true
  }

  /// The call whose dialog a request of the exchange is in.
  func find(_ request: SIPMessage) -> Int? {
    guard let to = request.to.tag, let from = request.from.tag else { return nil }
    return calls.firstIndex { call in
      call.state != .over && request.callID.elementsEqual(call.callID) && to.elementsEqual(call.localTag) && from.elementsEqual(call.remoteTag)
    }
  }
}
