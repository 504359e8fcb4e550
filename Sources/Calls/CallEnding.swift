import Addressing
import Admission
import Configuration
import Media
import Records
import Routing
import SIP
import Timing
import Trunks

// How calls end: BYE, CANCEL, failures, the operator; and the record.
extension Call {
  mutating func receivedBye(_ request: SIPMessage, server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) {
    received(request, leg: leg, environment)
    respond(answer(200, leg: leg, to: request, body: nil), in: server, leg: leg, &environment)
    environment.endedDialogs.note(legs[leg].dialog)
    legs[leg].repetition = nil
    legs[leg].leaveWhenAcknowledged = false
    // An attempt that was given up and answered late: its BYE crosses ours and is nobody else's business.
    if leftDuringTransfer(leg: leg) { return settle(&environment) }
    guard isPaired(leg) else {
      if legs[leg].farewell == nil, !legs[leg].abandoned { legs[leg].state = .gone }
      return settle(&environment)
    }
    let wasOver = phase == .over
    let cause = request.q850Cause ?? 16
    if phase == .up {
      // Both sides' BYEs may cross: the answer to ours still comes.
      end(.answered, status: status, cause: cause, reason: "\(legs[leg].trunkName) hung up", by: leg, &environment)
    } else if !wasOver {
      end(
        leg == 0 ? .cancelled : .failed, status: leg == 0 ? 487 : 480, cause: cause, reason: "\(legs[leg].trunkName) hung up before the answer", by: leg,
        &environment)
    }
    // A BYE on an early dialog of the called side (RFC 3261 15 forbids it) does not end its INVITE: a 2xx may still come.
    if legs[leg].farewell == nil, !legs[leg].abandoned { legs[leg].state = .gone }
    settle(&environment)
  }

  /// CANCEL matched an INVITE of this leg (it has been answered 200 already).
  mutating func cancelled(leg: Int, _ environment: inout CallEnvironment) {
    if leg == 0, phase != .up, phase != .over {
      end(.cancelled, status: 487, cause: 16, reason: "the caller gave up", by: nil, &environment)
    } else if phase == .up, transfer?.coming == leg, legs[leg].server != nil {
      failTransfer(487, &environment)
    } else if phase == .up {
      cancelledReinvite(leg: leg, &environment)
    }
  }

  /// The outcome is known. Whoever is still there is told: the caller by a final answer or BYE, every other leg by CANCEL or BYE.
  /// `by`: the leg that ended it and needs no word.
  mutating func end(_ outcome: CallRecord.Outcome, status: Int, cause: Int?, reason: String, by: Int?, _ environment: inout CallEnvironment) {
    guard phase != .over else { return }
    let wasUp = phase == .up
    phase = .over
    self.outcome = wasUp ? .answered : outcome
    if !wasUp { self.status = status }
    self.cause = cause
    self.reason = reason
    ended = environment.wallTime
    recordAt = environment.now + CallLimits.recordPatience
    progressAt = nil
    routingAt = nil
    ringingAt = nil
    durationAt = nil
    watch = nil
    watchAt = nil
    offer = nil
    answerPassedRequests(&environment)
    for leg in legs.indices { dismiss(leg: leg, by: by, wasUp: wasUp, &environment) }
    for trunk in places { environment.release(trunk) }
    places = []
    environment.tell(.ended, id, trunk: legs[near].trunk)
    if let coming = transfer?.coming, !isPaired(coming) { environment.tell(.ended, id, trunk: legs[coming].trunk) }
    transfer = nil
    passedRefer = nil
    if let active { environment.tell(.ended, id, trunk: legs[active].trunk) }
    closeMedia(&environment)
    if !wasUp { environment.counters.callsRefused += 1 }
    settle(&environment)
  }

  private mutating func dismiss(leg: Int, by: Int?, wasUp: Bool, _ environment: inout CallEnvironment) {
    // An INVITE of theirs that waits for its final answer.
    if let server = legs[leg].server, let request = legs[leg].request {
      legs[leg].server = nil
      legs[leg].request = nil
      let final = leg == 0 && !wasUp ? self.status : 487
      var answer = self.answer(final, leg: leg, to: request, body: nil)
      if leg == 0, !wasUp {
        legs[leg].status = final
        appendReason(to: &answer)
        if final == 415 { Capabilities.appendAcceptable(insteadOf: request, to: &answer) }
        if legs[leg].state == .inviting { legs[leg].state = .gone }
      }
      respond(answer, in: server, leg: leg, &environment)
    }
    // A re-INVITE of ours that is still open: with a provisional only it would stay open for ever.
    if legs[leg].state == .confirmed, let client = legs[leg].client {
      environment.transactions.cancel(client, reason: nil, at: environment.now)
    }
    switch legs[leg].state {
    case .inviting:
      if leg == 0 { legs[leg].state = .gone } else if legs[leg].client != nil { abandon(leg: leg, cause: cause, &environment) } else { legs[leg].state = .gone }
    case .confirmed where leg == by:
      legs[leg].state = .gone
    case .confirmed where legs[leg].repetition != nil:
      legs[leg].leaveWhenAcknowledged = true
      legs[leg].state = .leaving
    case .confirmed:
      sendBye(leg: leg, cause: cause, &environment)
    case .leaving, .gone:
      break
    }
  }

  /// RFC 3261 15: the called side sends no BYE before the ACK of its 2xx, or the end of waiting for it. Who stops can not wait 64*T1.
  mutating func hurry(_ environment: CallEnvironment) {
    for leg in legs.indices {
      guard let endsAt = legs[leg].repetition?.endsAt else { continue }
      legs[leg].repetition?.endsAt = min(endsAt, environment.now + CallLimits.stopping)
    }
  }

  /// Decided: diagnostics (12000 range) travel in Reason; the Q.850 cause beside it (RFC 6432).
  private func appendReason(to answer: inout SIPMessage) {
    if let cause { answer.append(.reason, Reason(.q850, cause: cause).value) }
    if diagnostic != 0 { answer.append(.reason, Reason(.other, cause: diagnostic).value) }
  }

  mutating func sendBye(leg: Int, cause: Int?, _ environment: inout CallEnvironment) {
    guard legs[leg].farewell == nil, legs[leg].state != .gone else { return }
    var request = legs[leg].dialog.makeRequest(.bye)
    if let cause { request.append(.reason, Reason(.q850, cause: cause).value) }
    legs[leg].state = .leaving
    environment.endedDialogs.note(legs[leg].dialog)
    if case .sent(let client) = send(request, leg: leg, &environment) { legs[leg].farewell = client }
  }

  /// Any final answer to our BYE, or none: the leg is gone (RFC 3261 15.1.1).
  mutating func farewellEnded(leg: Int, _ environment: inout CallEnvironment) {
    legs[leg].state = .gone
    legs[leg].dialog.state = .terminated
    settle(&environment)
  }

  /// A client transaction of this leg ended without a final answer.
  /// `status`: what a caller who waits for it is told.
  mutating func unanswered(_ client: TransactionLayer.ClientID, leg: Int, status: Int, because why: String, _ environment: inout CallEnvironment) {
    if legs[leg].farewell == client { return farewellEnded(leg: leg, &environment) }
    if requestUnanswered(client, leg: leg, status: status, &environment) { return }
    guard legs[leg].client == client else { return }
    if legs[leg].state == .inviting, transfer?.coming == leg { return targetUnanswered(leg: leg, status: status, &environment) }
    if legs[leg].state == .inviting || legs[leg].abandoned { return attemptUnanswered(leg: leg, status: status, because: why, &environment) }
    // A re-INVITE nobody answered: the dialog is gone (RFC 3261 12.2.1.2).
    legs[leg].client = nil
    guard phase == .up else { return settle(&environment) }
    environment.failed(legs[leg].trunk, target: legs[leg].flow.remote, reason: "no answer to re-INVITE")
    end(.answered, status: self.status, cause: 41, reason: "\(legs[leg].trunkName) did not answer a re-INVITE: \(why)", by: nil, &environment)
  }

  /// A response on a leg whose INVITE has its 2xx already: the same one again, or another fork's (RFC 3261 13.2.2.4).
  mutating func receivedRepeatedAnswer(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    guard (200...299).contains(response.status), let tag = response.to.tag else { return }
    if tag.elementsEqual(legs[leg].dialog.remoteTag), legs[leg].acknowledgedSequence != 0 {
      return repeatAcknowledgement(sequence: response.cseqNumber, leg: leg, &environment)
    }
    // Only the first INVITE of a leg that we opened can fork.
    guard leg > 0,
      let fork = try? Dialog(fork: legs[leg].dialog, sequence: response.cseqNumber, requestURI: legs[leg].dialog.remoteTarget, response: response)
    else { return }
    let flow = route(fork, leg, environment)
    environment.decline(fork, sequence: response.cseqNumber, trunk: legs[leg].trunk, trial: legs[leg].trial, on: flow, sentBy: legs[leg].sentBy)
  }

  /// Writes the record once the outcome is known, the media counts are in, and every leg has ended or had its time to.
  mutating func settle(_ environment: inout CallEnvironment) {
    guard phase == .over, !isRecorded, !countsAwaited, recordAt == nil || hasOnlyGoneLegs else { return }
    recordAt = nil
    isRecorded = true
    if environment.configuration.system.callRecords { environment.actions.append(.record(record(environment), ladder)) }
  }

  private func record(_ environment: CallEnvironment) -> CallRecord {
    let attempt = attempts.indices.contains(nextAttempt - 1) ? attempts[nextAttempt - 1] : nil
    return CallRecord(
      id: id.text, began: began, answered: answered, ended: ended ?? environment.wallTime, outcome: outcome, status: status, cause: cause,
      diagnostic: diagnostic, reason: reason,
      route: attempt?.route, usage: attempt?.usage,
      media: mediaPath == .direct ? "direct" : mediaPath == .relay ? "relay" : "none",
      legs: legs.indices.map { leg in
        CallRecord.Leg(
          trunk: legs[leg].trunkName, callID: String(decoding: legs[leg].dialog.callID, as: UTF8.self),
          remote: "\(legs[leg].flow.transport.name) \(legs[leg].flow.remote)", called: String(decoding: legs[leg].called, as: UTF8.self),
          calling: String(decoding: legs[leg].calling, as: UTF8.self), status: legs[leg].status)
      },
      streams: streams.map { counts in
        var stream = CallRecord.Stream()
        stream.packets = counts.packets
        stream.bytes = counts.bytes
        stream.lost = counts.lost
        stream.jitterMilliseconds = counts.jitterMilliseconds
        stream.strangers = counts.strangers
        return stream
      })
  }
}
