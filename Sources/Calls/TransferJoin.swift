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

extension CallEnvironment {
  /// A transfer that names another of our calls, to be carried out when the event is over: only the exchange has both.
  struct Join: Sendable {
    var call: CallID
    var replaces: Replaces
  }

  /// A leg by its first name: tags name the call and place a leg was made for.
  struct LegName: Hashable, Sendable {
    var call: CallID
    var leg: Int
  }
}

// Dialogs of two calls: attended transfer, and INVITE with Replaces.
extension Exchange {
  /// The call and leg that a tag of ours leads to now.
  func place(of tag: ArraySlice<UInt8>) -> (call: CallID, leg: Int, fork: Int)? {
    guard let name = LegTag.parse(tag) else { return nil }
    if let moved = environment.movedLegs[CallEnvironment.LegName(call: name.call, leg: name.leg)] { return (moved.call, moved.leg, name.fork) }
    return (name.call, name.leg, name.fork)
  }

  mutating func carryOutJoins() {
    while !environment.joins.isEmpty { carryOut(environment.joins.removeFirst()) }
  }

  /// The dialog that a Replaces names, if there is one.
  private func leg(named replaces: Replaces) -> (call: CallID, leg: Int)? {
    guard let place = place(of: replaces.toTag[...]), let call = table.read(place.call), call.legs.indices.contains(place.leg) else { return nil }
    let dialog = call.legs[place.leg].dialog
    guard dialog.callID == replaces.callID, dialog.localTag == replaces.toTag, dialog.remoteTag == replaces.fromTag else { return nil }
    return (place.call, place.leg)
  }

  /// Attended transfer: the far parties of two calls of one transferor become one call.
  private mutating func carryOut(_ join: CallEnvironment.Join) {
    guard let mine = table.read(join.call), let transfer = mine.transfer, mine.phase == .up else { return }
    func fail(_ status: Int, _ exchange: inout Exchange) {
      exchange.withCall(join.call) { $0.failTransfer(status, &$1) }
    }
    guard let named = leg(named: join.replaces), named.call != join.call, let theirs = table.read(named.call) else {
      environment.counters.replacesRefused += 1
      return fail(481, &self)
    }
    guard environment.isSamePeer(theirs.legs[named.leg].trunk, mine.legs[transfer.leaving].trunk) else {
      environment.counters.replacesRefused += 1
      return fail(403, &self)
    }
    let stays = mine.staying(transfer)
    guard theirs.phase == .up, theirs.isPaired(named.leg), let moving = theirs.other(than: named.leg) else { return fail(481, &self) }
    guard theirs.isSettled, theirs.legs[moving].isSettled, mine.legs[stays].isSettled, mine.offer == nil else { return fail(491, &self) }
    guard mine.mediaPath == theirs.mediaPath, let path = mine.mediaPath, mine.legs.count < CallLimits.legs else { return fail(488, &self) }
    // Out of one call ...
    var leg: Leg?
    let side = theirs.side(of: moving)
    withCall(named.call) { call, environment in leg = call.handOver(moving, &environment) }
    guard let leg else { return fail(500, &self) }
    // ... into the other.
    withCall(join.call) { call, environment in
      let place = call.takeOver(leg, from: named.call, number: moving, &environment)
      call.takePlace(of: transfer.leaving, place, mediaPath: path, side, session: named.call.rawValue, &environment)
      call.tellTransferor(200, &environment)
      var sync = Transfer(leaving: transfer.leaving)
      sync.stage = .syncing
      sync.coming = place
      sync.tellsOther = true
      sync.endsAt = environment.now + CallLimits.offer
      call.transfer = sync
      if !transfer.notifies { call.notified(true, leg: transfer.leaving, &environment) }
      environment.counters.transfersDone += 1
      call.syncNext(&environment)
    }
    withCall(named.call) { call, environment in
      call.end(.answered, status: call.status, cause: 16, reason: "transferred to another call", by: nil, &environment)
    }
  }

  // MARK: INVITE with Replaces

  /// A new INVITE that shall take the place of a dialog of ours (RFC 3891 3). What it was refused with; `nil`: it has.
  mutating func receivedReplacing(
    _ request: SIPMessage, server: TransactionLayer.ServerID, flow: SIP.Flow, trunk: Int
  ) -> EarlyRefusal? {
    if environment.stopping { return EarlyRefusal(status: 503, cause: 41, reason: "the appliance is stopping") }
    if LegMessages.isEncoded(request) { return EarlyRefusal(status: 415, cause: 79, reason: "an encoded body") }
    guard request.count(of: .replaces) == 1, let value = request.value(.replaces), let replaces = Replaces(parsing: value) else {
      return EarlyRefusal(status: 400, reason: "a Replaces that could not be read, or several")
    }
    guard let named = leg(named: replaces), let call = table.read(named.call) else {
      // Whoever guesses is seen in the count.
      environment.counters.replacesRefused += 1
      return EarlyRefusal(status: 481, reason: "Replaces names no dialog of ours")
    }
    guard environment.isSamePeer(call.legs[named.leg].trunk, trunk) else {
      environment.counters.replacesRefused += 1
      return EarlyRefusal(status: 403, reason: "Replaces names a dialog of another peer")
    }
    if call.phase == .over || call.legs[named.leg].state == .gone || call.legs[named.leg].state == .leaving {
      return EarlyRefusal(status: 603, reason: "Replaces names a dialog that has ended")
    }
    guard call.phase == .up, call.isPaired(named.leg) else {
      return EarlyRefusal(status: 481, reason: "Replaces names an early dialog, which is not taken over")
    }
    if replaces.isEarlyOnly { return EarlyRefusal(status: 486, reason: "Replaces wants an early dialog and names one that is answered") }
    guard call.transfer == nil, call.offer == nil, call.legs.count < CallLimits.legs else {
      return EarlyRefusal(status: 491, reason: "the call is being changed")
    }
    guard let offer = try? SessionDescription(parsing: request.body), !offer.relayableStreams.isEmpty else {
      return EarlyRefusal(status: 488, cause: 65, reason: "no RTP/AVP audio stream in the offer")
    }
    let number = call.legs.count
    guard let dialog = try? Dialog(answering: request, localTag: LegTag.make(call: named.call, leg: number, environment.transactions)) else {
      return EarlyRefusal(status: 400, reason: "no Contact with a SIP URI")
    }
    guard environment.load.admit(trunk: trunk, at: environment.now) == .admitted else {
      return EarlyRefusal(status: 503, cause: 34, reason: "the trunk is full")
    }
    withCall(named.call) { call, environment in
      call.replace(named.leg, by: request, offer, dialog, server: server, flow: flow, trunk: trunk, &environment)
    }
    return nil
  }
}

extension CallEnvironment {
  func isSamePeer(_ a: Int, _ b: Int) -> Bool {
    guard a >= 0, b >= 0 else { return false }
    return a == b || configuration.trunks[a].peer == configuration.trunks[b].peer
  }
}

extension Leg {
  /// Nothing is open on it.
  var isSettled: Bool { isQuiet && requests.isEmpty }
}

extension Call {
  var isSettled: Bool { transfer == nil && passedRefer == nil && offer == nil }

  /// Gives a leg with its ports and its place to another call. What stays behind of it is its name in the record.
  mutating func handOver(_ number: Int, _ environment: inout CallEnvironment) -> Leg {
    let leg = legs[number]
    legs[number].state = .gone
    legs[number].anchor = nil
    legs[number].repetition = nil
    if let index = places.lastIndex(of: leg.trunk) { places.remove(at: index) }
    return leg
  }

  /// Where it is now. Messages in its dialog are led here, and answers to what it has open.
  mutating func takeOver(_ leg: Leg, from call: CallID, number: Int, _ environment: inout CallEnvironment) -> Int {
    let place = legs.count
    legs.append(leg)
    places.append(leg.trunk)
    environment.tell(.started, id, trunk: leg.trunk)
    if let name = LegTag.parse(leg.dialog.localTag[...]) {
      environment.movedLegs[CallEnvironment.LegName(call: name.call, leg: name.leg)] = CallEnvironment.LegName(call: id, leg: place)
    }
    environment.rename(CallEnvironment.LegName(call: call, leg: number), CallEnvironment.LegName(call: id, leg: place))
    return place
  }

  /// The leg of an INVITE with Replaces; its 200 waits for the party that stays.
  mutating func replace(
    _ leaving: Int, by request: SIPMessage, _ description: SessionDescription, _ dialog: Dialog, server: TransactionLayer.ServerID, flow: SIP.Flow, trunk: Int,
    _ environment: inout CallEnvironment
  ) {
    let number = legs.count
    let host = environment.trunks.ownHost(trunk)
    var leg = Leg(
      state: .inviting, trunk: trunk, trunkName: environment.configuration.trunks[trunk].name, flow: flow, sentBy: host,
      contact: LegMessages.contact(call: id, leg: number, host: host, transport: flow.transport), dialog: dialog, called: legs[leaving].called,
      calling: Exchange.callingNumber(request), sessionID: environment.random.next() >> 2)
    leg.request = request
    leg.server = server
    legs.append(leg)
    places.append(trunk)
    environment.served[server] = CallEnvironment.Owner(call: id, leg: number)
    received(request, leg: number, environment)
    noteTrying(request, leg: number, environment)
    environment.counters.transfersTaken += 1
    environment.tell(.started, id, trunk: trunk)
    var change = Transfer(leaving: leaving)
    change.stage = .joining
    change.coming = number
    change.endsAt = environment.now + CallLimits.offer
    transfer = change
    guard (try? legs[number].offerAnswer.received(offer: description)) != nil else { return failTransfer(488, &environment) }
    legs[number].offerBase = legs[number].offerAnswer
    guard prepareMedia(coming: number, &environment) else { return failTransfer(488, &environment) }
    if transfer?.opening.isEmpty ?? false { joinStaying(&environment) }
  }
}

extension CallEnvironment {
  /// A leg has another place: transactions that are open on it are its.
  mutating func rename(_ old: LegName, _ new: LegName) {
    for (client, owner) in owners where owner.call == old.call && owner.leg == old.leg { owners[client] = Owner(call: new.call, leg: new.leg) }
    for (server, owner) in served where owner.call == old.call && owner.leg == old.leg { served[server] = Owner(call: new.call, leg: new.leg) }
  }
}
