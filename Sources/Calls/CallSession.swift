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
    guard isPaired(leg) else { return refuse(481, request, server, leg: leg, &environment) }
    // A peer that sends a new INVITE in the confirmed dialog has had our 2xx; its ACK was lost or is late.
    if legs[leg].repetition != nil, legs[leg].client == nil { acknowledged(leg: leg, &environment) }
    if answersUnchanged(request, server: server, leg: leg, &environment) { return }
    if legs[leg].server != nil {
      // RFC 3261 14.2: a second INVITE before the first one's final answer.
      var refusal = answer(500, leg: leg, to: request, body: nil)
      refusal.append(.retryAfter) { $0.appendDecimal(environment.random.next() % 10) }
      respond(refusal, in: server, leg: leg, &environment)
      return
    }
    guard phase == .up, let other = other(than: leg), legs[leg].client == nil,
      self.offer == nil ? legs[other].isQuiet || awaitsAcknowledgement(other) : givesWay(to: leg)
    else {
      return refuse(phase == .over ? 481 : 491, request, server, leg: leg, &environment)
    }
    let offer: SessionDescription
    do throws(Unfit) {
      offer = try self.offer(in: request, leg: leg)
    } catch {
      var refusal = answer(error.status, leg: leg, to: request, body: nil)
      if error.status == 415 { Capabilities.appendAcceptable(insteadOf: request, to: &refusal) }
      respond(refusal, in: server, leg: leg, &environment)
      return
    }
    // Ours that waits to be tried again makes room; its offerer meets the offer that came now.
    if self.offer != nil { giveUpOffer(status: 491, &environment) }
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
    self.offer = OfferUnderWay(from: leg, to: other, offer: offer, endsAt: environment.now + CallLimits.offer)
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
    guard !offer.relayableStreams.isEmpty || offer.hasStreamOff, fits(offer, leg: leg) else { throw Unfit(status: 488) }
    return offer
  }

  /// Whether the offer under way only waits to be sent to `leg` once more: that leg's own offer then comes first (RFC 3261 14.1: after a 491 both sides wait,
  /// and whoever's time is over first is served; 14.2 refuses only while our INVITE is under way).
  private func givesWay(to leg: Int) -> Bool {
    guard let change = offer, change.to == leg, change.retryAt != nil, legs[leg].isQuiet, let other = other(than: leg) else { return false }
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

  /// The ACK for our 2xx (the exchange has matched dialog and CSeq).
  mutating func receivedAcknowledgement(_ ack: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    guard let answer = legs[leg].answer, answer.cseqNumber == ack.cseqNumber else { return }
    received(ack, leg: leg, environment)
    acknowledged(leg: leg, &environment)
  }

  mutating func acknowledged(leg: Int, _ environment: inout CallEnvironment) {
    if let server = legs[leg].answerServer { environment.transactions.answerAcknowledged(in: server) }
    legs[leg].repetition = nil
    legs[leg].answer = nil
    legs[leg].answerServer = nil
    if legs[leg].leaveWhenAcknowledged {
      legs[leg].leaveWhenAcknowledged = false
      sendBye(leg: leg, cause: cause, &environment)
    } else if let waiting = offer, waiting.to == leg, waiting.retryAt == nil, legs[leg].isQuiet {
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
