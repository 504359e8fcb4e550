import Addressing
import Records
import SDP
import SIP
import Timing

// Requests inside the call's dialogs while it is up: re-INVITE from either side (hold, resume, new addresses), glare, ACK.
extension Call {
  mutating func receivedReinvite(_ request: SIPMessage, server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) {
    received(request, leg: leg, environment)
    noteTrying(request, leg: leg, environment)
    guard leg == 0 || leg == active else { return refuse(481, request, server, leg: leg, &environment) }
    // A peer that sends a new INVITE in the confirmed dialog has had our 2xx; its ACK was lost or is late.
    if legs[leg].repetition != nil, legs[leg].client == nil { acknowledged(leg: leg, &environment) }
    if legs[leg].server != nil {
      // RFC 3261 14.2: a second INVITE before the first one's final answer.
      var refusal = answer(500, leg: leg, to: request, body: nil)
      refusal.append(.retryAfter) { $0.appendDecimal(environment.random.next() % 10) }
      respond(refusal, in: server, leg: leg, &environment)
      return
    }
    guard phase == .up, let other = other(than: leg), legs[leg].client == nil,
      renegotiation == nil ? legs[other].isQuiet || awaitsAcknowledgement(other) : givesWay(to: leg)
    else {
      return refuse(phase == .over ? 481 : 491, request, server, leg: leg, &environment)
    }
    let offer: SessionDescription
    do throws(Unfit) {
      offer = try self.offer(in: request, leg: leg)
    } catch {
      var refusal = answer(error.status, leg: leg, to: request, body: nil)
      if error.status == 415 { LegMessages.appendAcceptable(insteadOf: request, to: &refusal) }
      respond(refusal, in: server, leg: leg, &environment)
      return
    }
    // Ours that waits to be tried again makes room; its offerer meets the offer that came now.
    if renegotiation != nil { giveUpOffer(status: 491, &environment) }
    do throws(OfferAnswer.Violation) {
      try legs[leg].offerAnswer.received(offer: offer)
    } catch {
      return refuse(488, request, server, leg: leg, &environment)
    }
    legs[leg].offerBase = legs[leg].offerAnswer
    legs[leg].dialog.refreshTarget(from: request)
    legs[leg].request = request
    legs[leg].server = server
    environment.served[server] = CallEnvironment.Owner(call: id, leg: leg)
    renegotiation = Renegotiation(from: leg, to: other, offer: offer, endsAt: environment.now + CallLimits.offer)
    // A called side that changes its media at once (many do) is not refused because the caller's ACK is still on its way: the offer waits for it.
    if legs[other].isQuiet { sendOffer(&environment) }
  }

  /// Nothing but the ACK of our 2xx keeps this leg from taking an offer; it comes, or the call ends after 64*T1.
  private func awaitsAcknowledgement(_ leg: Int) -> Bool {
    legs[leg].state == .confirmed && legs[leg].client == nil && legs[leg].server == nil && legs[leg].repetition != nil
  }

  /// Why a re-INVITE's body is no offer to us.
  private struct Unfit: Error { var status: Int }

  private func offer(in request: SIPMessage, leg: Int) throws(Unfit) -> SessionDescription {
    // RFC 3261 8.2.3
    if LegMessages.isEncoded(request) || (!request.body.isEmpty && !isSDP(request)) { throw Unfit(status: 415) }
    if request.body.isEmpty { throw Unfit(status: 488) }
    let offer: SessionDescription
    do throws(SessionDescription.ParseFailure) {
      offer = try SessionDescription(parsing: request.body)
    } catch {
      throw Unfit(status: error.status)
    }
    guard !offer.relayableStreams.isEmpty || offer.media.contains(where: { $0.port == 0 }), fits(offer, leg: leg) else { throw Unfit(status: 488) }
    return offer
  }

  /// Whether the offer under way only waits to be sent to `leg` once more: that leg's own offer then comes first (RFC 3261 14.1: after a 491 both sides wait,
  /// and whoever's time is over first is served; 14.2 refuses only while our INVITE is under way).
  private func givesWay(to leg: Int) -> Bool {
    guard let change = renegotiation, change.to == leg, change.retryAt != nil, legs[leg].isQuiet, let other = other(than: leg) else { return false }
    return legs[other].state == .confirmed && legs[other].client == nil && legs[other].repetition == nil
  }

  func isSDP(_ message: SIPMessage) -> Bool {
    guard let type = message.value(.contentType) else { return false }
    let wanted = Array("application/sdp".utf8)
    let name = type.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
    return name.count == wanted.count && zip(name, wanted).allSatisfy { ($0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0) == $1 }
  }

  mutating func refuse(_ status: Int, _ request: SIPMessage, _ server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) {
    respond(answer(status, leg: leg, to: request, body: nil), in: server, leg: leg, &environment)
  }

  /// Sends the offer under way as re-INVITE on the other leg.
  mutating func sendOffer(_ environment: inout CallEnvironment) {
    guard let change = renegotiation else { return }
    let to = change.to
    guard legs[to].isQuiet else { return giveUpOffer(status: 491, &environment) }
    let body: SessionDescription
    do throws(OfferAnswer.Violation) {
      body = try legs[to].offerAnswer.send(offer: crossing(change.offer, to: to), origin: originAddress(to, environment))
    } catch {
      return giveUpOffer(status: 488, &environment)
    }
    legs[to].offerBase = legs[to].offerAnswer
    var message = legs[to].dialog.makeRequest(.invite)
    message.append(.contact, legs[to].contact)
    message.append(.allow, text: LegMessages.allow)
    message.setBody(body.encoded(), type: "application/sdp")
    legs[to].inviteSequence = legs[to].dialog.localSequence
    legs[to].heardProvisional = false
    switch send(message, leg: to, &environment) {
    case .sent(let client): legs[to].client = client
    case .refused(let status):
      legs[to].offerAnswer.rollBack()
      giveUpOffer(status: Call.crossing(status: status), &environment)
    }
  }

  /// The offer goes no further: both legs are as before, and whoever offered is told.
  private mutating func giveUpOffer(status: Int, _ environment: inout CallEnvironment) {
    guard let change = renegotiation else { return }
    renegotiation = nil
    guard let from = change.from else { return }
    legs[from].offerAnswer.rollBack()
    legs[from].offerBase = nil
    if let request = legs[from].request, let server = legs[from].server {
      legs[from].request = nil
      legs[from].server = nil
      refuse(status, request, server, leg: from, &environment)
    }
  }

  mutating func receivedReinviteResponse(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    received(response, leg: leg, environment)
    guard response.status >= 200 else { return }
    legs[leg].client = nil
    guard let change = renegotiation, change.to == leg, phase == .up else {
      // The call or the change ended meanwhile; a 2xx is still acknowledged.
      if response.status < 300 { acknowledge(leg: leg, sequence: legs[leg].inviteSequence, &environment) }
      return
    }
    switch response.status {
    case 200...299:
      legs[leg].dialog.refreshTarget(from: response)
      acknowledge(leg: leg, sequence: legs[leg].inviteSequence, &environment)
      finishOffer(change, response, leg: leg, &environment)
    case 491 where change.retries < CallLimits.glareRetries && (change.from != nil || restores(change)):
      // RFC 3261 14.1: 2.1-4 s for the owner of the Call-ID, 0-2 s for the other, in steps of 10 ms.
      legs[leg].offerAnswer.rollBack()
      let steps = leg == 0 ? Int(environment.random.next() % 201) : 210 + Int(environment.random.next() % 191)
      renegotiation?.retries += 1
      renegotiation?.retryAt = environment.now + .milliseconds(10 * steps)
    case 408, 481:
      // RFC 3261 12.2.1.2, 14.1: ended with BYE there as well. Behind a 408 the far side may still be up; one that is gone answers 481 again.
      end(.answered, status: status, cause: 41, reason: "\(legs[leg].trunkName) no longer knew the call (\(response.status))", by: nil, &environment)
    default:
      legs[leg].offerAnswer.rollBack()
      legs[leg].offerBase = nil
      giveUpOffer(status: Call.crossing(status: response.status), &environment)
    }
  }

  private mutating func finishOffer(_ change: Renegotiation, _ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    renegotiation = nil
    guard let answer = acceptAnswer(response, leg: leg) else {
      return end(.answered, status: status, cause: 65, reason: "the answer of \(legs[leg].trunkName) does not fit the offer", by: nil, &environment)
    }
    guard let from = change.from else {
      // Its offerer took the offer back (CANCEL crossed this 2xx): put the other side back to what holds.
      if let other = other(than: leg), let held = legs[other].offerAnswer.remote, held != change.offer {
        renegotiation = Renegotiation(from: nil, to: leg, offer: held, endsAt: environment.now + CallLimits.offer)
        sendOffer(&environment)
      } else {
        programMedia(&environment)
      }
      return
    }
    guard let server = legs[from].server, let request = legs[from].request, let body = makeAnswer(answer, for: from, environment) else {
      return end(.answered, status: status, cause: 65, reason: "the answer of \(legs[leg].trunkName) does not fit the offer", by: nil, &environment)
    }
    legs[from].offerBase = nil
    legs[leg].offerBase = nil
    sendAnswer(body, leg: from, request, server, &environment)
    programMedia(&environment)
  }

  /// CANCEL of a re-INVITE.
  mutating func cancelledReinvite(leg: Int, _ environment: inout CallEnvironment) {
    guard let change = renegotiation, change.from == leg else { return }
    withdrawOffer(status: 487, &environment)
  }

  /// The offer under way is taken back: its offerer is told, our re-INVITE is cancelled, and how that ends is waited for.
  mutating func withdrawOffer(status: Int, _ environment: inout CallEnvironment) {
    guard let change = renegotiation else { return }
    giveUpOffer(status: status, &environment)
    guard let client = legs[change.to].client else { return }
    renegotiation = Renegotiation(from: nil, to: change.to, offer: change.offer)
    environment.transactions.cancel(client, reason: nil, at: environment.now)
  }

  /// An offer of ours alone that says what the other side last said: the far side must hear it, a withdrawn one it need not.
  private func restores(_ change: Renegotiation) -> Bool {
    change.from == nil && other(than: change.to).map { legs[$0].offerAnswer.remote == change.offer } ?? false
  }

  /// The ACK for our 2xx (the exchange has matched dialog and CSeq).
  mutating func receivedAcknowledgement(_ ack: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    guard let answer = legs[leg].answer, answer.cseqNumber == ack.cseqNumber else { return }
    received(ack, leg: leg, environment)
    acknowledged(leg: leg, &environment)
  }

  private mutating func acknowledged(leg: Int, _ environment: inout CallEnvironment) {
    if let server = legs[leg].answerServer { environment.transactions.answerAcknowledged(in: server) }
    legs[leg].repetition = nil
    legs[leg].answer = nil
    legs[leg].answerServer = nil
    if legs[leg].leaveWhenAcknowledged {
      legs[leg].leaveWhenAcknowledged = false
      sendBye(leg: leg, cause: cause, &environment)
    } else if let waiting = renegotiation, waiting.to == leg, waiting.retryAt == nil, legs[leg].isQuiet {
      sendOffer(&environment)
    }
  }

  mutating func repeatAnswer(leg: Int, _ environment: inout CallEnvironment) {
    guard let server = legs[leg].answerServer else { return }
    environment.transactions.repeatAnswer(in: server)
  }

  mutating func answerNeverAcknowledged(leg: Int, _ environment: inout CallEnvironment) {
    legs[leg].repetition = nil
    legs[leg].answer = nil
    legs[leg].answerServer = nil
    if legs[leg].leaveWhenAcknowledged {
      legs[leg].leaveWhenAcknowledged = false
      sendBye(leg: leg, cause: cause, &environment)
    } else if phase == .up {
      // RFC 3261 13.3.1.4: the dialog is confirmed, but the session should be ended.
      end(.answered, status: status, cause: 102, reason: "\(legs[leg].trunkName) never acknowledged the answer", by: nil, &environment)
    }
  }
}
