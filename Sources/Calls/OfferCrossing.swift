import Addressing
import Records
import SDP
import SIP
import Timing

// The offer under way (`OfferUnderWay`): sent on, answered, refused, taken back.
extension Call {
  /// Sends the offer under way as re-INVITE on the other leg.
  mutating func sendOffer(_ environment: inout CallEnvironment) {
    guard let change = offer, let description = change.offer else { return }
    let to = change.to
    guard legs[to].isQuiet else { return giveUpOffer(status: 491, &environment) }
    let body: SessionDescription
    do throws(OfferAnswer.Violation) {
      body = try legs[to].offerAnswer.send(offer: crossing(description, to: to), origin: originAddress(to, environment))
    } catch {
      return giveUpOffer(status: 488, &environment)
    }
    offer?.stage = .sent
    legs[to].offerBase = legs[to].offerAnswer
    var message = legs[to].dialog.makeRequest(.invite)
    message.append(.contact, legs[to].contact)
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
  mutating func giveUpOffer(status: Int, _ environment: inout CallEnvironment) {
    guard let change = offer else { return }
    offer = nil
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
    guard let change = offer, change.to == leg, phase == .up else {
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
      offer?.retries += 1
      offer?.stage = .waiting
      offer?.retryAt = environment.now + .milliseconds(10 * steps)
    case 408, 481:
      // RFC 3261 12.2.1.2, 14.1: ended with BYE there as well. Behind a 408 the far side may still be up; one that is gone answers 481 again.
      end(.answered, status: status, cause: 41, reason: "\(legs[leg].trunkName) no longer knew the call (\(response.status))", by: nil, &environment)
    default:
      legs[leg].offerAnswer.rollBack()
      legs[leg].offerBase = nil
      giveUpOffer(status: Call.crossing(status: response.status), &environment)
    }
  }

  private mutating func finishOffer(_ change: OfferUnderWay, _ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    offer = nil
    guard let answer = acceptAnswer(response, leg: leg) else {
      return end(.answered, status: status, cause: 65, reason: "the answer of \(legs[leg].trunkName) does not fit the offer", by: nil, &environment)
    }
    guard let from = change.from else {
      // Its offerer took the offer back (CANCEL crossed this 2xx): put the other side back to what holds.
      if let other = other(than: leg), let held = legs[other].offerAnswer.remote, held != change.offer {
        offer = OfferUnderWay(from: nil, to: leg, offer: held, endsAt: environment.now + CallLimits.offer)
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
    guard let change = offer, change.from == leg else { return }
    withdrawOffer(status: 487, &environment)
  }

  /// The offer under way is taken back: its offerer is told, our re-INVITE is cancelled, and how that ends is waited for.
  mutating func withdrawOffer(status: Int, _ environment: inout CallEnvironment) {
    guard let change = offer else { return }
    giveUpOffer(status: status, &environment)
    guard let client = legs[change.to].client else { return }
    offer = OfferUnderWay(from: nil, to: change.to, offer: change.offer)
    environment.transactions.cancel(client, reason: nil, at: environment.now)
  }

  /// An offer of ours alone that says what the other side last said: the far side must hear it, a withdrawn one it need not.
  private func restores(_ change: OfferUnderWay) -> Bool {
    change.from == nil && other(than: change.to).map { legs[$0].offerAnswer.remote == change.offer } ?? false
  }
}
