import Addressing
import SIP
import Timing

// Calls a party places: INVITE, CANCEL, ACK.
extension SimulatedParty {
  mutating func place(at now: Instant) {
    tally.placed += 1
    let tag = bytes(token())
    let callID = bytes("\(token())\(token())@\(party.address.ip)")
    var call = PartyCall(number: newNumber(), isCaller: true, callID: callID, localTag: tag)
    prepare(&call)
    var invite = newInvite(to: destination(), callID: callID, tag: tag)
    decorate(&invite, call)
    stampTimer(first: &invite, call)
    stampReplaces(&invite)
    invite.setBody(description(&call, answering: nil), type: "application/sdp")
    call.inviteSequence = invite.cseqNumber
    call.client = layer.send(invite, on: flow(to: home), sentBy: sentBy, at: now)
    call.withholdsAcknowledgement = random.chance(manners.neverAcknowledges)
    if random.chance(manners.cancelsAtOnce) {
      wish(in: random.milliseconds(0, 300), .cancel(call: call.number), now)
    } else if random.chance(manners.cancels) {
      wish(in: random.milliseconds(100, 12_000), .cancel(call: call.number), now)
    }
    if random.chance(manners.hangsUpBeforeAnswer) { wish(in: random.milliseconds(500, 6_000), .hangUp(call: call.number), now) }
    if knobs.packetsPerTalk > 0 { wish(in: .milliseconds(500), .talk(call: call.number), now) }
    calls.append(call)
  }

  mutating func prepare(_ call: inout PartyCall) {
    call.sessionID = random.next() >> 4
    call.port = newPort()
    call.packetsLeft = knobs.packetsPerTalk
    call.hasForeignContact = random.chance(manners.foreignContacts)
    call.isRouteRecorded = random.chance(manners.routesRecorded)
    call.usesSecondNode = random.chance(manners.otherNode)
    call.offersLeft = random.below(manners.offers + 1)
    prepareTimer(&call)
  }

  mutating func destination() -> String {
    if random.chance(manners.badNumbers) { return random.pick(["123", "+999999", "+33123456789", "anonymous", "%2B1425", "911"]) }
    if party == .hq { return "9\(random.between(200, 999))555\(1000 + random.below(9000))" }
    return "+1425555\(1000 + random.below(9000))"
  }

  mutating func cancel(_ call: inout PartyCall, at now: Instant) {
    guard call.isCaller, call.state == .inviting, let client = call.client, !call.wantsCancel else { return }
    call.wantsCancel = true
    tally.cancelled += 1
    layer.cancel(client, reason: nil, at: now)
  }

  mutating func received(_ response: SIPMessage, client: TransactionLayer.ClientID, at now: Instant) {
    guard let index = calls.firstIndex(where: { $0.client == client || $0.offerClient == client || $0.byeClient == client || $0.referClient == client }) else {
      return
    }
    var call = calls[index]
    if call.client == client {
      receivedInviteResponse(response, &call, at: now)
    } else if call.offerClient == client {
      receivedOfferResponse(response, &call, at: now)
    } else if call.referClient == client {
      receivedReferAnswer(response, &call, at: now)
    } else if response.status >= 200 {
      call.state = .over
    }
    calls[index] = call
  }

  private mutating func receivedInviteResponse(_ response: SIPMessage, _ call: inout PartyCall, at now: Instant) {
    switch response.status {
    case ..<200:
      learnMedia(&call, from: response)
      if call.dialog == nil, let tag = response.to.tag, let request = call.client.flatMap({ layer.requestMessage(of: $0) }) {
        call.remoteTag = Array(tag)
        call.dialog = try? Dialog(request: request, response: response)
      }
    case 200...299:
      if call.state != .inviting { return repeatAcknowledgement(&call, at: now) }
      guard let request = call.client.flatMap({ layer.requestMessage(of: $0) }), let dialog = try? Dialog(request: request, response: response) else {
        call.state = .over
        return
      }
      call.dialog = dialog
      call.remoteTag = dialog.remoteTag
      call.state = .up
      learnMedia(&call, from: response)
      learnTimer(response, &call, at: now)
      greet(&call, at: now)
    default:
      call.state = .over
    }
  }

  /// What follows the first 2xx.
  private mutating func greet(_ call: inout PartyCall, at now: Instant) {
    if call.wantsCancel {
      acknowledge(&call, at: now)
      hangUp(&call, at: now)
      return
    }
    if call.withholdsAcknowledgement, !isCalm {
      tally.withheldAcknowledgements += 1
    } else if random.chance(manners.acknowledgesLate) {
      wish(in: random.milliseconds(100, 4_000), .acknowledge(call: call.number), now)
    } else {
      acknowledge(&call, at: now)
    }
    if random.chance(manners.hangsUpBeforeAcknowledging) {
      tally.hungUpEarly += 1
      wish(in: random.milliseconds(0, 400), .hangUp(call: call.number), now)
    }
    plan(&call, at: now)
  }

  /// What a call that is up will be used for.
  mutating func plan(_ call: inout PartyCall, at now: Instant) {
    wishOnBeat(in: random.milliseconds(500, knobs.longestTalk * 1000), .hangUp(call: call.number), now)
    if call.offersLeft > 0 { wishOnBeat(in: random.milliseconds(300, 8_000), .offer(call: call.number), now) }
    if random.chance(20) { wish(in: random.milliseconds(300, 10_000), .ask(call: call.number), now) }
    if manners.refers > 0, random.chance(manners.refers) { wish(in: random.milliseconds(300, 8_000), .refer(call: call.number), now) }
  }

  mutating func acknowledge(_ call: inout PartyCall, at now: Instant) {
    guard call.isCaller, !call.isAcknowledged, let dialog = call.dialog else { return }
    call.isAcknowledged = true
    sendAcknowledgement(&call, dialog, sequence: call.inviteSequence)
  }

  mutating func sendAcknowledgement(_ call: inout PartyCall, _ dialog: Dialog, sequence: UInt32) {
    var ack = dialog.makeAcknowledgement(sequence: sequence)
    decorate(&ack, call)
    call.acknowledgement = layer.sendAcknowledgement(ack, on: route(dialog), sentBy: sentBy)
  }

  mutating func repeatAcknowledgement(_ call: inout PartyCall, at now: Instant) {
    guard let ack = call.acknowledgement, let dialog = call.dialog else { return }
    outbox.append(Parcel(bytes: ack, from: party.address, to: route(dialog).remote))
  }
}
