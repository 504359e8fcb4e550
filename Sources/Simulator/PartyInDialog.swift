import Addressing
import SIP
import Timing

// Inside a dialog: offers both ways, their collisions, BYE, OPTIONS; and requests that belong to none.
extension SimulatedParty {
  mutating func received(_ request: SIPMessage, server: TransactionLayer.ServerID, from flow: Flow, at now: Instant) {
    guard admits(request, server, at: now) else { return }
    guard request.to.tag != nil else {
      if request.method == .invite { return receivedInvite(request, server: server, at: now) }
      let status = request.method == .options ? answerToOptions() : 405
      return layer.respond(response(status, to: request, tag: bytes(token()), call: nil), in: server, at: now)
    }
    guard let index = find(request) else {
      return layer.respond(response(481, to: request, tag: nil, call: nil), in: server, at: now)
    }
    var call = calls[index]
    defer { calls[index] = call }
    guard call.dialog?.received(request) != .outOfOrder else {
      return layer.respond(response(500, to: request, tag: nil, call: call), in: server, at: now)
    }
    switch request.method {
    case .bye: receivedBye(request, server, &call, at: now)
    case .invite: receivedOffer(request, server, &call, at: now)
    case .notify: receivedNotify(request, server, &call, at: now)
    case .refer: receivedRefer(request, server, &call, at: now)
    case .update where call.takesUpdate: receivedUpdate(request, server, &call, at: now)
    default: layer.respond(response(request.method == .options ? 200 : 405, to: request, tag: nil, call: call), in: server, at: now)
    }
  }

  /// What asks whether we are alive.
  private mutating func answerToOptions() -> Int {
    guard !isCalm, health.chance(knobs.optionsRefused) else { return 200 }
    return health.pick([503, 503, 408, 404, 480, 501])
  }

  private mutating func receivedBye(_ request: SIPMessage, _ server: TransactionLayer.ServerID, _ call: inout PartyCall, at now: Instant) {
    layer.respond(response(200, to: request, tag: nil, call: call), in: server, at: now)
    if call.byeClient != nil { tally.byesCrossed += 1 }
    if call.offerServer != nil { answerOffer(&call, status: 487, at: now) }
    if call.state == .inviting, let first = call.server, let invite = call.invite {
      layer.respond(response(487, to: invite, tag: call.localTag, call: call), in: first, at: now)
    }
    call.state = .over
  }

  /// A refresh; without a description.
  private mutating func receivedUpdate(_ request: SIPMessage, _ server: TransactionLayer.ServerID, _ call: inout PartyCall, at now: Instant) {
    tally.updates += 1
    call.dialog?.refreshTarget(from: request)
    let status = isCalm || !random.chance(manners.refusesOffers) ? 200 : random.pick([405, 491, 500, 481, 422])
    var message = response(status, to: request, tag: nil, call: call)
    if status == 200 { stampTimer(&message, answering: request, &call, at: now) }
    layer.respond(message, in: server, at: now)
  }

  // MARK: Their offers

  private mutating func receivedOffer(_ request: SIPMessage, _ server: TransactionLayer.ServerID, _ call: inout PartyCall, at now: Instant) {
    // RFC 3261 14.2.
    if call.offerClient != nil {
      tally.glares += 1
      return layer.respond(response(491, to: request, tag: nil, call: call), in: server, at: now)
    }
    guard call.state == .up, call.offerServer == nil else {
      return layer.respond(response(call.state == .up ? 500 : 481, to: request, tag: nil, call: call), in: server, at: now)
    }
    call.offerServer = server
    call.offerRequest = request
    call.dialog?.refreshTarget(from: request)
    if isCalm { return answerOffer(&call, status: 200, at: now) }
    if random.chance(manners.ignoresOffers) { return }
    let status = random.chance(manners.refusesOffers) ? random.pick([488, 500, 491, 503, 606, 415, 408, 481]) : 200
    if random.chance(50) {
      answerOffer(&call, status: status, at: now)
    } else {
      wish(in: random.milliseconds(1, 4_000), .answerOffer(call: call.number, status: status), now)
    }
  }

  mutating func answerOffer(_ call: inout PartyCall, status: Int, at now: Instant) {
    guard let server = call.offerServer, let request = call.offerRequest else { return }
    call.offerServer = nil
    call.offerRequest = nil
    var message = response(status, to: request, tag: nil, call: call)
    guard status == 200 else { return layer.respond(message, in: server, at: now) }
    tally.offersAnswered += 1
    call.version += 1
    learnMedia(&call, from: request)
    message.setBody(description(&call, answering: request), type: "application/sdp")
    stampTimer(&message, answering: request, &call, at: now)
    sendAnswer(&call, message, in: server, at: now)
  }

  // MARK: Ours

  mutating func offer(_ call: inout PartyCall, at now: Instant) {
    guard call.state == .up, call.offersLeft > 0, !isCalm, var dialog = call.dialog else { return }
    call.offersLeft -= 1
    if call.offersLeft > 0 { wishOnBeat(in: random.milliseconds(200, 6_000), .offer(call: call.number), now) }
    guard call.offerClient == nil, call.offerServer == nil, call.repetition == nil, call.isAcknowledged else { return }
    tally.offers += 1
    var request = dialog.makeRequest(.invite)
    call.dialog = dialog
    decorate(&request, call)
    if !random.chance(manners.offersNothing) {
      call.version += 1
      call.direction = random.pick(["sendrecv", "sendonly", "inactive", "recvonly", "old-inactive", "sendrecv"])
      if random.chance(40) { call.port = newPort() }
      request.setBody(description(&call, answering: nil), type: "application/sdp")
    }
    call.offerClient = layer.send(request, on: route(dialog), sentBy: sentBy, at: now)
    moveToSecondNode(call)
    if random.chance(manners.cancelsOffers) { wish(in: random.milliseconds(0, 2_500), .cancelOffer(call: call.number), now) }
  }

  mutating func cancelOffer(_ call: inout PartyCall, at now: Instant) {
    guard let client = call.offerClient else { return }
    tally.cancelledOffers += 1
    layer.cancel(client, reason: nil, at: now)
  }

  mutating func receivedOfferResponse(_ response: SIPMessage, _ call: inout PartyCall, at now: Instant) {
    guard response.status >= 200, let dialog = call.dialog else { return }
    switch response.status {
    case 200...299:
      call.dialog?.refreshTarget(from: response)
      learnMedia(&call, from: response)
      learnTimer(response, &call, at: now)
      sendAcknowledgement(&call, dialog, sequence: response.cseqNumber)
      // Repeated answers are acknowledged while the transaction lives: its client stays named.
      if call.state == .up { call.client = call.offerClient }
      call.offerClient = nil
    case 408, 481:
      call.offerClient = nil
      call.state = .over
    default:
      if response.status == 491 { tally.glares += 1 }
      call.offerClient = nil
    }
  }

  mutating func ask(_ call: inout PartyCall, at now: Instant) {
    guard call.state == .up, var dialog = call.dialog else { return }
    var request = dialog.makeRequest(.options)
    call.dialog = dialog
    decorate(&request, call)
    _ = layer.send(request, on: route(dialog), sentBy: sentBy, at: now)
  }

  // MARK: The end

  mutating func hangUp(_ call: inout PartyCall, at now: Instant) {
    guard call.byeClient == nil, call.state == .up || (call.state == .inviting && call.isCaller && call.dialog != nil), var dialog = call.dialog else { return }
    tally.hungUp += 1
    var request = dialog.makeRequest(.bye)
    call.dialog = dialog
    decorate(&request, call)
    request.append(.reason, bytes("Q.850;cause=16;text=\"\(markText)\""))
    call.state = .leaving
    call.byeClient = layer.send(request, on: route(dialog), sentBy: sentBy, at: now)
    moveToSecondNode(call)
    if call.offerServer != nil { answerOffer(&call, status: 487, at: now) }
  }

  /// Nobody answered in time.
  mutating func unanswered(_ client: TransactionLayer.ClientID, at now: Instant) {
    guard let index = calls.firstIndex(where: { $0.client == client || $0.offerClient == client || $0.byeClient == client }) else { return }
    var call = calls[index]
    if call.offerClient == client {
      call.offerClient = nil
      hangUp(&call, at: now)
    } else if call.byeClient == client || call.state == .inviting {
      call.state = .over
    }
    calls[index] = call
  }

  // MARK: Outside any dialog

  mutating func sendOddRequest(at now: Instant) {
    tally.oddRequests += 1
    let methods: [Method] = [.options, .options, .register, .message, .info, .subscribe, .update, .bye, .prack, .other(bytes("DANCE"))]
    let method = random.pick(methods)
    var request = SIPMessage(request: method, uri: bytes("sip:\(markText)@\(home)"))
    request.append(.maxForwards, bytes("70"))
    request.append(.from, bytes("<sip:\(markText)@\(party.address.ip)>;tag=\(token())"))
    // Some guess at a dialog of ours.
    request.append(.to, bytes("<sip:x@\(home)>\(random.chance(40) ? ";tag=000000000000000\(random.below(10))00aabbccddeeff" : "")"))
    request.append(.callID, bytes(token()))
    request.append(.cseq, bytes("\(random.below(100)) ") + method.token)
    decorate(&request, nil)
    if random.chance(20) { request.append(.require, bytes("100rel, \(markText)")) }
    _ = layer.send(request, on: flow(to: home), sentBy: sentBy, at: now)
  }
}
