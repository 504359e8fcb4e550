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

// A transfer carried out: the attempts towards its target, the two that stay joined, the one that goes told; and the way back when it fails.
extension Call {
  /// The leg that stays.
  func staying(_ transfer: Transfer) -> Int { transfer.leaving == near ? active ?? 0 : near }
  func side(of leg: Int) -> MediaSide { leg == near ? .incoming : .outgoing }

  // MARK: Attempts

  /// The next trunk that takes the target's call; none left = the transfer has failed.
  mutating func tryNextCandidate(_ environment: inout CallEnvironment) {
    while let transfer, transfer.next < transfer.attempts.count {
      let attempt = transfer.attempts[transfer.next]
      self.transfer?.next += 1
      guard !environment.trunks.isDown(attempt.trunk, at: environment.now),
        let flow = environment.trunks.route(of: attempt.trunk, at: environment.now, using: &environment.random)?.first
      else {
        self.transfer?.lastStatus = 503
        continue
      }
      guard legs.count < CallLimits.legs, environment.load.admit(trunk: attempt.trunk, at: environment.now) == .admitted else {
        self.transfer?.lastStatus = 503
        continue
      }
      places.append(attempt.trunk)
      let leg = makeLeg(attempt, flow, &environment)
      self.transfer?.coming = leg
      if prepareMedia(coming: leg, &environment) {
        if self.transfer?.opening.isEmpty ?? false { inviteTarget(&environment) }
        return
      }
      self.transfer?.lastStatus = 488
      dropTarget(&environment)
    }
    failTransfer(transfer?.lastStatus ?? 503, &environment)
  }

  /// The path of the new pair, and the ports it needs.
  mutating func prepareMedia(coming leg: Int, _ environment: inout CallEnvironment) -> Bool {
    guard let transfer, let offer = legs[staying(transfer)].offerAnswer.remote else { return false }
    let stays = staying(transfer)
    let mayBeDirect = mediaPath == .direct || environment.settings(of: legs[transfer.leaving].trunk).referSupport == .thirdParty
    let trunks = (legs[stays].trunk, legs[leg].trunk)
    guard trunks.0 >= 0, trunks.1 >= 0 else { return false }
    if mayBeDirect, environment.routing.bypass(incoming: trunks.0, outgoing: trunks.1).allowed {
      self.transfer?.mediaPath = .direct
      return true
    }
    self.transfer?.mediaPath = .relay
    if legs[stays].anchor == nil {
      self.transfer?.openedStaying = true
      guard openForTransfer(side(of: stays), leg: stays, offer, &environment) else { return false }
    }
    return openForTransfer(.standby, leg: leg, offer, &environment)
  }

  private mutating func openForTransfer(_ side: MediaSide, leg: Int, _ offer: SessionDescription, _ environment: inout CallEnvironment) -> Bool {
    guard let realm = environment.configuration.trunks[legs[leg].trunk].mediaRealm,
      let anchor = environment.anchors.take(realm: realm, offer: offer, family: legs[leg].flow.remote.ip.family, at: environment.now)
    else {
      environment.counters.mediaRefused += 1
      return false
    }
    legs[leg].anchor = anchor
    sessionOpen = true
    transfer?.opening.append(side)
    environment.actions.append(.media(.open(session: id.rawValue, side: side, anchor: anchor)))
    return true
  }

  /// True: it was the transfer's.
  mutating func transferMediaOpened(_ side: MediaSide, _ environment: inout CallEnvironment) -> Bool {
    guard let index = transfer?.opening.firstIndex(of: side) else { return false }
    transfer?.opening.remove(at: index)
    guard let transfer, transfer.opening.isEmpty else { return true }
    if transfer.stage == .trying { inviteTarget(&environment) } else if transfer.stage == .joining { joinStaying(&environment) }
    return true
  }

  mutating func transferMediaRefused(_ side: MediaSide, _ environment: inout CallEnvironment) -> Bool {
    guard let transfer, transfer.opening.contains(side) else { return false }
    environment.counters.mediaRefused += 1
    self.transfer?.opening.removeAll { $0 == side }
    self.transfer?.lastStatus = 503
    if transfer.stage == .trying {
      dropTarget(&environment)
      tryNextCandidate(&environment)
    } else {
      failTransfer(503, &environment)
    }
    return true
  }

  private mutating func inviteTarget(_ environment: inout CallEnvironment) {
    guard let transfer, let leg = transfer.coming, let offer = legs[staying(transfer)].offerAnswer.remote else { return }
    guard let body = try? legs[leg].offerAnswer.send(offer: crossing(offer.lifted, to: leg), origin: originAddress(leg, environment)) else {
      return failTransfer(500, &environment)
    }
    legs[leg].offerBase = legs[leg].offerAnswer
    var message = LegMessages.invite(leg: legs[leg], maxForwards: 69, body: body.encoded())
    if !transfer.referredBy.isEmpty { message.append(.referredBy, transfer.referredBy) }
    switch send(message, leg: leg, &environment) {
    case .sent(let client): legs[leg].client = client
    case .refused(let status): return targetRefused(status, leg: leg, &environment)
    }
    let settings = environment.settings(of: legs[leg].trunk)
    if settings.fastFailover, settings.progressTimeout > 0 { self.transfer?.progressAt = environment.now + .seconds(settings.progressTimeout) }
    self.transfer?.endsAt = environment.now + CallLimits.ringing
  }

  // MARK: Its answers

  mutating func receivedTargetResponse(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    received(response, leg: leg, environment)
    switch response.status {
    case 100, 199: legs[leg].heardProvisional = true
    case 101...198:
      legs[leg].heardProvisional = true
      transfer?.progressAt = nil
      if !legs[leg].hasDialog { legs[leg].adopt(response) }
      if response.status == 180 || response.status == 183 { tellTransferor(response.status, &environment) }
    case 200...299: targetAnswered(response, leg: leg, &environment)
    default:
      legs[leg].client = nil
      targetRefused(response.status, leg: leg, cause: response.q850Cause, &environment)
    }
  }

  private mutating func targetAnswered(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    transfer?.progressAt = nil
    legs[leg].client = nil
    legs[leg].status = response.status
    guard response.to.tag != nil else {
      legs[leg].abandoned = true
      legs[leg].state = .gone
      return failTransfer(502, &environment)
    }
    legs[leg].adopt(response)
    legs[leg].dialog.state = .confirmed
    legs[leg].state = .confirmed
    acknowledge(leg: leg, sequence: legs[leg].inviteSequence, &environment)
    guard acceptAnswer(response, leg: leg) != nil else { return failTransfer(488, &environment) }
    legs[leg].offerBase = nil
    transfer?.stage = .joining
    transfer?.endsAt = environment.now + CallLimits.offer
    joinStaying(&environment)
  }

  private mutating func targetRefused(_ received: Int, leg: Int, cause: Int? = nil, _ environment: inout CallEnvironment) {
    legs[leg].status = received
    if legs[leg].client == nil { legs[leg].state = .gone }
    let status = environment.translated(status: received, cause: cause, on: legs[leg].trunk)
    let codes = environment.settings(of: legs[leg].trunk).failoverCodes
    let failsOver = transfer?.saidStatus ?? 0 <= 100 && status < 600 && codes.contains { Int($0.first) <= status && status <= Int($0.last) }
    transfer?.lastStatus = Call.crossing(status: status)
    guard failsOver else { return failTransfer(Call.crossing(status: status), &environment) }
    dropTarget(&environment)
    tryNextCandidate(&environment)
  }

  /// Timer B, or it could not be sent.
  mutating func targetUnanswered(leg: Int, status: Int, _ environment: inout CallEnvironment) {
    legs[leg].client = nil
    legs[leg].state = .gone
    environment.failed(legs[leg].trunk, target: legs[leg].flow.remote, reason: "no answer to INVITE")
    transfer?.lastStatus = status
    dropTarget(&environment)
    tryNextCandidate(&environment)
  }

  /// Gives back what the attempt held.
  private mutating func dropTarget(_ environment: inout CallEnvironment) {
    guard let leg = transfer?.coming else { return }
    transfer?.coming = nil
    transfer?.progressAt = nil
    transfer?.opening = []
    if legs[leg].state == .confirmed {
      sendBye(leg: leg, cause: 16, &environment)
    } else if legs[leg].client != nil {
      abandon(leg: leg, cause: nil, &environment)
    } else if legs[leg].state == .inviting, legs[leg].server == nil {
      legs[leg].state = .gone
    }
    if let index = places.lastIndex(of: legs[leg].trunk) {
      places.remove(at: index)
      environment.release(legs[leg].trunk)
    }
    environment.tell(.ended, id, trunk: legs[leg].trunk)
    releaseMedia(leg: leg, side: .standby, &environment)
    if let transfer, transfer.openedStaying {
      self.transfer?.openedStaying = false
      releaseMedia(leg: staying(transfer), side: side(of: staying(transfer)), &environment)
    }
  }

  // MARK: Joining

  /// Offers the party that stays what the one that comes says.
  mutating func joinStaying(_ environment: inout CallEnvironment) {
    guard let transfer, transfer.stage == .joining, let coming = transfer.coming, let description = legs[coming].offerAnswer.remote else { return }
    self.transfer?.retryAt = nil
    let stays = staying(transfer)
    guard legs[stays].isQuiet, offer == nil else {
      self.transfer?.retryAt = environment.now + CallLimits.joinPause
      return
    }
    if !offerOwn(description, .join, leg: stays, &environment) { failTransfer(500, &environment) }
  }

  /// re-INVITE of ours with a description that comes from no offer of the other leg.
  private mutating func offerOwn(_ description: SessionDescription, _ purpose: Leg.OwnOffer, leg: Int, _ environment: inout CallEnvironment) -> Bool {
    guard let body = try? legs[leg].offerAnswer.send(offer: crossing(description, to: leg), origin: originAddress(leg, environment)) else { return false }
    legs[leg].offerBase = legs[leg].offerAnswer
    var message = legs[leg].dialog.makeRequest(.invite)
    message.append(.contact, legs[leg].contact)
    message.setBody(body.encoded(), type: "application/sdp")
    legs[leg].inviteSequence = legs[leg].dialog.localSequence
    legs[leg].heardProvisional = false
    guard case .sent(let client) = send(message, leg: leg, &environment) else {
      legs[leg].offerAnswer.rollBack()
      legs[leg].offerBase = nil
      return false
    }
    legs[leg].client = client
    legs[leg].ownOffer = purpose
    return true
  }

  /// The answer to a re-INVITE of a transfer.
  mutating func receivedJoinAnswer(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    received(response, leg: leg, environment)
    guard response.status >= 200 else { return }
    let purpose = legs[leg].ownOffer
    legs[leg].client = nil
    legs[leg].ownOffer = .none
    if response.status < 300 { acknowledge(leg: leg, sequence: legs[leg].inviteSequence, &environment) }
    guard phase == .up, transfer != nil else {
      legs[leg].offerAnswer.rollBack()
      legs[leg].offerBase = nil
      return
    }
    switch response.status {
    case 200...299:
      legs[leg].dialog.refreshTarget(from: response)
      guard acceptAnswer(response, leg: leg) != nil else {
        return end(.answered, status: status, cause: 65, reason: "the answer of \(legs[leg].trunkName) does not fit the offer", by: nil, &environment)
      }
      legs[leg].offerBase = nil
      if purpose == .join { transferDone(&environment) } else { synced(leg, &environment) }
    case 408, 481:
      end(.answered, status: status, cause: 41, reason: "\(legs[leg].trunkName) no longer knew the call (\(response.status))", by: nil, &environment)
    case 491 where (transfer?.retries ?? 0) < CallLimits.glareRetries:
      legs[leg].offerAnswer.rollBack()
      transfer?.retries += 1
      let pause = glarePause(leg: leg, &environment)
      transfer?.retryAt = environment.now + pause
    default:
      legs[leg].offerAnswer.rollBack()
      legs[leg].offerBase = nil
      if purpose == .join { failTransfer(Call.crossing(status: response.status), &environment) } else { synced(nil, &environment) }
    }
  }

  // MARK: The end of it

  /// Both that stay have agreed: the pair changes, and the third goes.
  private mutating func transferDone(_ environment: inout CallEnvironment) {
    guard let transfer, let coming = transfer.coming else { return }
    let stays = staying(transfer)
    if let server = legs[coming].server, let request = legs[coming].request {
      // INVITE with Replaces: its 200 was waiting for this.
      guard let answer = legs[stays].offerAnswer.remote, let body = makeAnswer(answer, for: coming, environment) else { return failTransfer(488, &environment) }
      legs[coming].state = .confirmed
      legs[coming].dialog.state = .confirmed
      legs[coming].offerBase = nil
      sendAnswer(body, leg: coming, request, server, &environment)
    }
    environment.counters.transfersDone += 1
    let wasDirectionOf = legs[coming].offerAnswer.local
    takePlace(of: transfer.leaving, coming, mediaPath: transfer.mediaPath, .standby, session: id.rawValue, &environment)
    tellTransferor(200, &environment)
    self.transfer = nil
    dismissLeaving(transfer, &environment)
    // Whoever stays may want to send or hear less than was offered for him.
    if let said = legs[stays].offerAnswer.remote, let told = wasDirectionOf, !crossing(said, to: coming).hasDirections(of: told) {
      var sync = Transfer(leaving: transfer.leaving)
      sync.stage = .syncing
      sync.coming = coming
      sync.endsAt = environment.now + CallLimits.offer
      self.transfer = sync
      syncNext(&environment)
    }
  }

  /// `coming` is one of the pair from now on, with the media side that stood by in `session`.
  mutating func takePlace(
    of leaving: Int, _ coming: Int, mediaPath path: MediaPath, _ standby: MediaSide, session: UInt64, _ environment: inout CallEnvironment
  ) {
    let place = side(of: leaving)
    let stays = leaving == near ? active ?? 0 : near
    if path == .relay {
      if let anchor = legs[leaving].anchor {
        legs[leaving].anchor = nil
        environment.anchors.release(anchor, at: environment.now)
      }
      environment.actions.append(.media(.move(session: session, side: standby, to: id.rawValue, as: place)))
    } else {
      releaseMedia(leg: leaving, side: place, &environment)
      releaseMedia(leg: stays, side: side(of: stays), &environment)
    }
    mediaPath = path
    if leaving == near { near = coming } else { active = coming }
    if let index = places.firstIndex(of: legs[leaving].trunk) {
      places.remove(at: index)
      environment.release(legs[leaving].trunk)
    }
    environment.tell(.ended, id, trunk: legs[leaving].trunk)
    environment.tell(.answered, id, trunk: legs[coming].trunk)
    programMedia(&environment)
    watch = nil
    watchAt = nil
    watchMedia(&environment)
  }

  /// The leg that goes gets its BYE: after the NOTIFY that says 200, if one is on its way.
  private mutating func dismissLeaving(_ transfer: Transfer, _ environment: inout CallEnvironment) {
    let leg = transfer.leaving
    guard legs[leg].state == .confirmed, !transfer.notifies else { return }
    if legs[leg].repetition != nil {
      legs[leg].leaveWhenAcknowledged = true
      legs[leg].state = .leaving
    } else {
      sendBye(leg: leg, cause: 16, &environment)
    }
  }

  /// It comes to nothing: the call is as it was before.
  mutating func failTransfer(_ status: Int, _ environment: inout CallEnvironment) {
    guard let transfer, transfer.stage != .syncing else { return self.transfer = nil }
    environment.counters.transfersFailed += 1
    if let coming = transfer.coming, let server = legs[coming].server, let request = legs[coming].request {
      legs[coming].server = nil
      legs[coming].request = nil
      legs[coming].status = status
      refuse(status, request, server, leg: coming, &environment)
      legs[coming].state = .gone
    }
    dropTarget(&environment)
    tellTransferor(status, &environment)
    self.transfer = nil
    guard legs[transfer.leaving].state != .confirmed else { return }
    end(
      .answered, status: self.status, cause: 16, reason: "the transfer failed (\(status)) and \(legs[transfer.leaving].trunkName) had hung up", by: nil,
      &environment)
  }

  /// The leaving side hung up, as it may once the REFER is accepted.
  mutating func leftDuringTransfer(leg: Int) -> Bool {
    guard let transfer, transfer.leaving == leg, transfer.stage != .syncing, transfer.notifies || transfer.sequence > 0 else { return false }
    self.transfer?.notifies = false
    legs[leg].state = .gone
    return true
  }

  // MARK: Time

  mutating func advanceTransfer(_ environment: inout CallEnvironment) {
    guard phase == .up, let transfer else { return }
    let now = environment.now
    if let at = transfer.endsAt, at <= now {
      self.transfer?.endsAt = nil
      return failTransfer(408, &environment)
    }
    if let at = transfer.progressAt, at <= now {
      self.transfer?.progressAt = nil
      self.transfer?.lastStatus = 408
      if let leg = transfer.coming { environment.failed(legs[leg].trunk, target: legs[leg].flow.remote, reason: "no progress in time") }
      dropTarget(&environment)
      return tryNextCandidate(&environment)
    }
    if let at = transfer.retryAt, at <= now {
      self.transfer?.retryAt = nil
      if transfer.stage == .syncing { syncNext(&environment) } else { joinStaying(&environment) }
    }
  }

  // MARK: Syncing

  /// Tells a leg of the new pair what the other one says.
  mutating func syncNext(_ environment: inout CallEnvironment) {
    guard let transfer, transfer.stage == .syncing, let leg = transfer.coming, let other = other(than: leg), let said = legs[other].offerAnswer.remote else {
      return self.transfer = nil
    }
    guard legs[leg].isQuiet, offer == nil else {
      self.transfer?.retryAt = environment.now + CallLimits.joinPause
      return
    }
    if !offerOwn(transfer.tellsOther ? said.lifted : said, .sync, leg: leg, &environment) { self.transfer = nil }
  }

  private mutating func synced(_ leg: Int?, _ environment: inout CallEnvironment) {
    programMedia(&environment)
    guard let transfer, transfer.tellsOther, let leg, let other = other(than: leg), let said = legs[leg].offerAnswer.remote else { return self.transfer = nil }
    self.transfer?.tellsOther = false
    self.transfer?.coming = other
    self.transfer?.retries = 0
    // It knows already.
    if let told = legs[other].offerAnswer.local, crossing(said, to: other).isSame(as: told) { return self.transfer = nil }
    syncNext(&environment)
  }
}

extension SessionDescription {
  /// The same streams, none on hold: whoever was put on hold to be transferred is to be heard again.
  var lifted: SessionDescription {
    var list = media
    for index in list.indices where list[index].port != 0 { list[index].lift() }
    var copy = self
    copy.media = list
    return copy
  }

  func hasDirections(of other: SessionDescription) -> Bool {
    let streams = media
    return streams.indices.prefix(other.media.count).allSatisfy { streams[$0].port == 0 || direction(of: $0) == other.direction(of: $0) }
  }
}

extension SessionDescription.Media {
  fileprivate mutating func lift() {
    let all: [SessionDescription.Direction] = [.sendrecv, .sendonly, .recvonly, .inactive]
    attributes.removeAll { attribute in attribute.value == nil && all.contains { $0.name == attribute.name } }
    attributes.append(SessionDescription.Attribute(name: SessionDescription.Direction.sendrecv.name))
  }
}
