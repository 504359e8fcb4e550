import Addressing
import Admission
import Configuration
import Media
import Records
import Routing
import SDP
import SIP
import Timing
import Trunks

extension Call.Attempt {
  init(_ planned: RoutePlan.Attempt, _ configuration: Configuration) {
    let (routes, usages) = (configuration.voiceRoutes, configuration.pstnUsages)
    self.init(
      trunk: planned.trunk, route: routes.indices.contains(planned.route) ? routes[planned.route].name : "",
      usage: usages.indices.contains(planned.usage) ? usages[planned.usage] : "", called: planned.called, calling: planned.calling,
      isSubstituted: planned.isSubstituted)
  }
}

// From the caller's INVITE to the answer: the attempts, their failures, and what the caller hears of them.
extension Call {
  /// The caller's leg, from a checked INVITE.
  mutating func open(
    _ request: SIPMessage, server: TransactionLayer.ServerID, flow: SIP.Flow, trunk: Int, dialog: Dialog, called: [UInt8], calling: [UInt8],
    _ environment: inout CallEnvironment
  ) {
    let host = environment.trunks.ownHost(trunk)
    var leg = Leg(
      state: .inviting, trunk: trunk, trunkName: environment.configuration.trunks[trunk].name, flow: flow, sentBy: host,
      contact: LegMessages.contact(call: id, leg: 0, host: host, transport: flow.transport, isSecure: LegMessages.wantsSecureContact(request)),
      dialog: dialog, called: called, calling: calling, sessionID: environment.random.next() >> 2)
    leg.request = request
    leg.server = server
    legs = [leg]
    environment.served[server] = CallEnvironment.Owner(call: id, leg: 0)
    maxForwards = request.maxForwards ?? 70
    displayName = request.from.displayName.map { Array($0) } ?? []
    received(request, leg: 0, environment)
    noteTrying(request, leg: 0, environment)
    environment.tell(.started, id, trunk: trunk)
  }

  /// Takes the plan: makes the first attempt, or refuses.
  mutating func follow(_ plan: RoutePlan, offer: SessionDescription, _ environment: inout CallEnvironment) {
    do throws(OfferAnswer.Violation) {
      try legs[0].offerAnswer.received(offer: offer)
      legs[0].offerBase = legs[0].offerAnswer
    } catch {
      return end(.failed, status: 488, cause: 65, reason: "the caller's offer could not be taken", by: nil, &environment)
    }
    switch plan.outcome {
    case .refused(let refusal):
      diagnostic = refusal.diagnostic
      end(.refused, status: refusal.status, cause: refusal.cause, reason: refusal.text, by: nil, &environment)
    case .attempts(let list):
      attempts = list.prefix(CallLimits.attempts).map { Attempt($0, environment.configuration) }
      let seconds = environment.settings(of: legs[0].trunk).routingTimeout
      if seconds > 0 { routingAt = environment.now + .seconds(seconds) }
      tryNext(&environment)
    }
  }

  /// The next trunk of the plan that takes a call; none left = the caller is told the last refusal.
  mutating func tryNext(_ environment: inout CallEnvironment) {
    while nextAttempt < attempts.count {
      let attempt = attempts[nextAttempt]
      nextAttempt += 1
      // It may have gone down since the plan was made.
      guard !environment.trunks.isDown(attempt.trunk, at: environment.now),
        let route = environment.trunks.route(of: attempt.trunk, at: environment.now, using: &environment.random)
      else {
        lastRefusal = (503, 41)
        continue
      }
      guard environment.load.admit(trunk: attempt.trunk, at: environment.now) == .admitted else {
        lastRefusal = (503, 34)  // decided: a full trunk tries the next, then 503 with Q.850 cause 34
        continue
      }
      places.append(attempt.trunk)
      otherTargets = Array(route.others.prefix(CallLimits.targets - 1))
      if make(attempt, towards: route.first, &environment) { return }
      dropAttempt(&environment)
    }
    let refusal = lastRefusal ?? (status: 503, cause: 41)
    let reason = "no trunk of the plan took the call" + (lastFailure.map { "; \($0)" } ?? "")
    end(.failed, status: refusal.status, cause: refusal.cause, reason: reason, by: nil, &environment)
  }

  /// The next target of the trunk that is being tried, on the place the call has there (RFC 3263 4.3); false: none is left. It gets a dialog of its own, as
  /// each attempt does: the one before may still answer.
  private mutating func tryNextTarget(_ environment: inout CallEnvironment) -> Bool {
    guard attempts.indices.contains(nextAttempt - 1), attempts[nextAttempt - 1].trunk >= 0 else { return false }
    let attempt = attempts[nextAttempt - 1]
    while !otherTargets.isEmpty {
      let target = otherTargets.removeFirst()
      // A commit or DNS may have taken it away meanwhile, or it went down.
      guard environment.trunks.leads(attempt.trunk, to: target, at: environment.now) else { continue }
      dropAttempt(keepingPlace: true, &environment)
      if make(attempt, towards: environment.trunks.flow(of: attempt.trunk, to: target), &environment) { return true }
      otherTargets = []
    }
    return false
  }

  /// False: there is no media for it.
  private mutating func make(_ attempt: Attempt, towards flow: SIP.Flow, _ environment: inout CallEnvironment) -> Bool {
    openLeg(attempt, flow, &environment)
    if let refusal = planMedia(attempt, &environment) {
      lastRefusal = refusal
      return false
    }
    if opening.isEmpty { invite(&environment) }
    return true
  }

  private mutating func openLeg(_ attempt: Attempt, _ flow: SIP.Flow, _ environment: inout CallEnvironment) {
    active = makeLeg(attempt, flow, &environment)
    phase = .opening
  }

  /// A leg towards a trunk, before its INVITE.
  mutating func makeLeg(_ attempt: Attempt, _ flow: SIP.Flow, _ environment: inout CallEnvironment) -> Int {
    let number = legs.count
    let host = environment.trunks.ownHost(attempt.trunk)
    var remote = flow.remote.text
    if case .domain(let name) = environment.configuration.peers[environment.configuration.trunks[attempt.trunk].peer].address {
      remote = Array(name.utf8)
    }
    var target: [UInt8] = []
    target.reserveCapacity(64)
    LegMessages.appendURI(number: attempt.called, host: remote, to: &target)
    if flow.transport.isReliable { LegMessages.append(flow.transport == .tcp ? ";transport=tcp" : ";transport=tls", to: &target) }
    var callID: [UInt8] = []
    callID.reserveCapacity(32)
    callID.appendHexadecimal(environment.random.next(), digits: 16)
    callID.appendHexadecimal(environment.random.next() & 0xFFFF_FFFF_FFFF, digits: 12)
    callID.appendHexadecimal(UInt64(id.shard), digits: 2)
    let dialog = Dialog(
      state: .early, callID: callID, localTag: LegTag.make(call: id, leg: number, environment.transactions),
      remoteTag: [], localAddress: LegMessages.address(number: attempt.calling, host: host, displayName: attempt.isSubstituted ? nil : displayName[...]),
      remoteAddress: LegMessages.address(number: attempt.called, host: remote, displayName: nil), remoteTarget: target, routeSet: [],
      localSequence: 1, remoteSequence: nil)
    var leg = Leg(
      state: .inviting, trunk: attempt.trunk, trunkName: environment.configuration.trunks[attempt.trunk].name, flow: flow,
      sentBy: host,
      contact: LegMessages.contact(call: id, leg: number, host: host, transport: flow.transport), dialog: dialog,
      called: attempt.called, calling: attempt.calling, sessionID: environment.random.next() >> 2)
    leg.inviteSequence = 1
    legs.append(leg)
    environment.tell(.started, id, trunk: attempt.trunk)
    return number
  }

  /// Ports are there (or not needed): the INVITE goes out.
  mutating func invite(_ environment: inout CallEnvironment) {
    guard let active, let offer = legs[0].offerAnswer.remote else { return }
    let body: SessionDescription
    do throws(OfferAnswer.Violation) {
      body = try legs[active].offerAnswer.send(offer: crossing(offer, to: active), origin: originAddress(active, environment))
    } catch {
      return end(.failed, status: 500, cause: 41, reason: "the offer could not be built", by: nil, &environment)
    }
    legs[active].offerBase = legs[active].offerAnswer
    var message = LegMessages.invite(leg: legs[active], maxForwards: maxForwards - 1, body: body.encoded())
    passIdentity(to: &message, leg: active, environment)
    passHeaders(to: &message, leg: active, environment)
    phase = .calling
    switch send(message, leg: active, &environment) {
    case .sent(let client): legs[active].client = client
    case .refused(let status):
      return attemptRefused(
        leg: active, status: status, cause: nil, by: "the plugin of \(legs[active].trunkName) refused the call with \(status)", &environment)
    }
    // Whoever said 100 and nothing more must not hold the caller for ever, whatever the other timeouts are set to.
    ringingAt = environment.now + CallLimits.ringing
    let settings = environment.settings(of: legs[active].trunk)
    if settings.fastFailover, settings.progressTimeout > 0 {
      progressAt = environment.now + .seconds(settings.progressTimeout)
    }
  }

  // MARK: Answers to an attempt's INVITE

  mutating func receivedResponse(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    received(response, leg: leg, environment)
    if legs[leg].abandoned || phase == .over { return receivedLate(response, leg: leg, &environment) }
    if transfer?.coming == leg { return receivedTargetResponse(response, leg: leg, &environment) }
    guard leg == active else { return }
    switch response.status {
    // RFC 6228: 199 ends an early dialog of a fork. The caller has one early dialog with us, and that goes on.
    case 100, 199: legs[leg].heardProvisional = true
    case 101...198: receivedProgress(response, leg: leg, &environment)
    case 200...299: receivedAnswer(response, leg: leg, &environment)
    default: receivedRefusal(response, leg: leg, &environment)
    }
  }

  private mutating func receivedProgress(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    legs[leg].heardProvisional = true
    progressAt = nil
    routingAt = nil
    if !legs[leg].hasDialog { legs[leg].adopt(response) }
    if phase == .calling {
      phase = .alerting
      ringingAt = environment.now + CallLimits.ringing
    }
    let body = takeAnswer(response, from: leg, &environment)
    guard let server = legs[0].server, let request = legs[0].request else { return }
    let status = (180...183).contains(response.status) ? response.status : 183
    respond(answer(status, leg: 0, to: request, body: body), in: server, leg: 0, &environment)
  }

  private mutating func receivedAnswer(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    progressAt = nil
    routingAt = nil
    ringingAt = nil
    legs[leg].client = nil
    legs[leg].status = response.status
    // Without a tag there is no dialog to acknowledge in. Without a Contact (12.1.1 wants one) our Request-URI stays the target.
    guard response.to.tag != nil else {
      legs[leg].abandoned = true
      legs[leg].state = .gone
      return end(.failed, status: 502, cause: 38, reason: "the answer of \(legs[leg].trunkName) had no tag", by: leg, &environment)
    }
    legs[leg].adopt(response)
    legs[leg].dialog.state = .confirmed
    legs[leg].state = .confirmed
    acknowledge(leg: leg, sequence: legs[leg].inviteSequence, &environment)
    guard let body = takeAnswer(response, from: leg, &environment), let server = legs[0].server, let request = legs[0].request else {
      return end(.failed, status: 488, cause: 65, reason: "the answer of \(legs[leg].trunkName) does not fit the offer", by: nil, &environment)
    }
    phase = .up
    answered = environment.wallTime
    status = 200
    outcome = .answered
    // The lower of both trunks' limits; 0 is none.
    let limits = [legs[0].trunk, legs[leg].trunk].map { environment.settings(of: $0).maxCallDuration }.filter { $0 > 0 }
    if let seconds = limits.min() { durationAt = environment.now + .seconds(seconds) }
    watchMedia(&environment)
    legs[0].state = .confirmed
    legs[0].dialog.state = .confirmed
    sendAnswer(body, leg: 0, request, server, &environment)
    environment.counters.callsAnswered += 1
    environment.tell(.answered, id, trunk: legs[0].trunk)
    environment.tell(.answered, id, trunk: legs[leg].trunk)
  }

  /// Our 2xx to an INVITE, repeated until its ACK.
  mutating func sendAnswer(_ body: [UInt8], leg: Int, _ request: SIPMessage, _ server: TransactionLayer.ServerID, _ environment: inout CallEnvironment) {
    let message = answer(200, leg: leg, to: request, body: body)
    legs[leg].request = nil
    legs[leg].server = nil
    legs[leg].answerServer = server
    legs[leg].repetition = AnswerRepetition(sentAt: environment.now, t1: environment.transactions.timers.t1)
    legs[leg].status = 200
    legs[leg].answer = respond(message, in: server, leg: leg, &environment)
  }

  private mutating func receivedRefusal(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    if retryWithLongerSession(response, leg: leg, &environment) { return }
    if Redirection.isOne(response.status) { return redirected(by: response, leg: leg, &environment) }
    var why = "\(legs[leg].trunkName) answered \(response.status)"
    if response.status == 401 || response.status == 407, legs[leg].trunk >= 0 { why = environment.trunks.challengeRefusal(of: legs[leg].trunk) ?? why }
    attemptRefused(leg: leg, status: response.status, cause: response.q850Cause, rest: response.retryAfter, by: why, &environment)
  }

  /// `rest`: Retry-After, which ends here.
  private mutating func attemptRefused(
    leg: Int, status received: Int, cause: Int?, rest: Gap? = nil, by why: String, _ environment: inout CallEnvironment
  ) {
    progressAt = nil
    legs[leg].client = nil
    legs[leg].state = .gone
    legs[leg].status = received
    // Response-code translation comes before the decision to try the next trunk.
    let status = environment.translated(status: received, cause: cause, on: legs[leg].trunk)
    lastRefusal = (Call.crossing(status: status), cause)
    // RFC 3263 4.3: a server that says 503 is passed over for the next one of the same peer, whatever makes a call change its trunk.
    if received == 503 { environment.overloaded(legs[leg].trunk, target: legs[leg].flow.remote, rest: rest) }
    if received == 503, phase == .calling {
      if tryNextTarget(&environment) {
        environment.counters.targetFailovers += 1
        return
      }
    }
    let codes = environment.settings(of: legs[leg].trunk).failoverCodes
    let failsOver = codes.contains { Int($0.first) <= status && status <= Int($0.last) }
    if failsOver, phase == .calling, status < 600 {
      environment.counters.failovers += 1
      dropAttempt(&environment)
      tryNext(&environment)
    } else if status < 600, skipToNextContact() {
      dropAttempt(&environment)
      tryNext(&environment)
    } else {
      let outcome: CallRecord.Outcome = status == 486 || status == 600 ? .busy : status == 480 || status == 408 ? .noAnswer : .refused
      end(outcome, status: Call.crossing(status: status), cause: cause, reason: why, by: leg, &environment)
    }
  }

  /// What the caller is told of a refusal from the other side (decided: challenges we can not answer become 403; statuses that speak
  /// to the leg itself end there).
  static func crossing(status: Int) -> Int {
    switch status {
    case 401, 407: 403
    case 300...399: 480
    case 420, 421, 422, 423, 481, 482, 483, 491, 493, 494: 500
    case 405, 414, 415, 416, 417: 500
    case 400...699: status
    default: 500
    }
  }

  /// Timer B (408), or the transport failed (503, RFC 3261 16.9): nobody there.
  mutating func attemptUnanswered(leg: Int, status: Int, because why: String, _ environment: inout CallEnvironment) {
    if status == 503 {
      lastFailure = "\(legs[leg].trunkName): \(why)"
      // Else it was told where it was found, or there is nothing to tell.
      if !environment.failureReasons.isEmpty {
        environment.note(
          .warning, "trunk \(legs[leg].trunkName): a call could not be sent: \(why)", [("TANDEM_CALL", id.text), ("TANDEM_TRUNK", legs[leg].trunkName)])
      }
    }
    legs[leg].client = nil
    legs[leg].state = .gone
    guard leg == active, phase == .calling || phase == .alerting, !legs[leg].abandoned else { return settle(&environment) }
    progressAt = nil
    let cause = status == 408 ? 18 : 27
    lastRefusal = (status, cause)
    if phase == .calling {
      environment.failed(legs[leg].trunk, target: legs[leg].flow.remote, reason: "no answer to INVITE")
      if tryNextTarget(&environment) {
        environment.counters.targetFailovers += 1
        return
      }
      environment.counters.failovers += 1
      dropAttempt(&environment)
      tryNext(&environment)
    } else {
      end(.noAnswer, status: status, cause: cause, reason: "\(legs[leg].trunkName): \(why)", by: leg, &environment)
    }
  }

  /// The attempt shows no progress: on to the next trunk. Its INVITE is cancelled as soon as that is allowed; a late 2xx is acknowledged and ended.
  mutating func giveUpAttempt(because why: StaticString, _ environment: inout CallEnvironment) {
    guard let active, phase == .calling || phase == .opening else { return }
    if legs[active].client != nil {
      environment.failed(legs[active].trunk, target: legs[active].flow.remote, reason: why)
      abandon(leg: active, cause: nil, &environment)
    }
    lastRefusal = (408, 18)
    // Who said 100 is there: what it leads to shows no progress, and its neighbours lead to the same.
    if legs[active].client != nil, !legs[active].heardProvisional, tryNextTarget(&environment) {
      environment.counters.targetFailovers += 1
      return
    }
    environment.counters.failovers += 1
    dropAttempt(&environment)
    tryNext(&environment)
  }

  mutating func routingTimedOut(_ environment: inout CallEnvironment) {
    guard phase == .calling || phase == .opening else { return }
    end(.noAnswer, status: 408, cause: 18, reason: "no trunk showed progress within routing-timeout", by: nil, &environment)
  }

  /// Gives back what the attempt held; its leg stays until its transactions have ended.
  mutating func dropAttempt(keepingPlace: Bool = false, _ environment: inout CallEnvironment) {
    guard let active else { return }
    if legs[active].client == nil { legs[active].state = .gone }
    if !keepingPlace, let index = places.dropFirst().firstIndex(of: legs[active].trunk) {
      places.remove(at: index)
      environment.release(legs[active].trunk)
    }
    environment.tell(.ended, id, trunk: legs[active].trunk)
    releaseMedia(leg: active, side: .outgoing, &environment)
    self.active = nil
  }

  /// CANCEL (held back by the transaction layer until a provisional has come).
  mutating func abandon(leg: Int, cause: Int?, _ environment: inout CallEnvironment) {
    guard let client = legs[leg].client else { return }
    legs[leg].abandoned = true
    legs[leg].state = .leaving
    environment.transactions.cancel(client, reason: cause.map { Reason(.q850, cause: $0).value }, at: environment.now)
  }

  /// A response on a leg that was given up: a 2xx is acknowledged and ended (RFC 3261 9.1, 13.2.2.4).
  mutating func receivedLate(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    guard response.status >= 200 else { return }
    legs[leg].client = nil
    if response.status < 300, response.to.tag != nil {
      legs[leg].adopt(response)
      legs[leg].dialog.state = .confirmed
      acknowledge(leg: leg, sequence: legs[leg].inviteSequence, &environment)
      sendBye(leg: leg, cause: nil, &environment)
    } else {
      legs[leg].state = .gone
    }
    settle(&environment)
  }
}
