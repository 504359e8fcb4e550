import Addressing
import Configuration
import Media
import Records
import Routing
import SDP
import SIP
import Timing

// Media beside the call: which path, whose ports, where each side's packets go.
extension Call {
  /// Chooses the path for an attempt and takes ports if it is relayed. What the caller is told when that can not be; `nil`: it could.
  mutating func planMedia(_ attempt: Attempt, _ environment: inout CallEnvironment) -> (status: Int, cause: Int?)? {
    guard let active, let offer = legs[0].offerAnswer.remote else { return (503, 47) }
    // The caller's trunk went with a commit: there is nothing left to say whose ports these would be.
    guard legs[0].trunk >= 0 else { return (503, 47) }
    if environment.routing.bypass(incoming: legs[0].trunk, outgoing: attempt.trunk).allowed {
      mediaPath = .direct
      releaseMedia(leg: 0, side: .incoming, &environment)
      return nil
    }
    mediaPath = .relay
    // An address family that a realm does not have, or two in one offer: RFC 3261 21.4.26.
    guard offer.isSent(to: family(of: 0, offer)), hasFamily(0, offer, environment), hasFamily(active, offer, environment) else { return (488, 65) }
    if legs[0].anchor == nil, !openSide(.incoming, leg: 0, offer, &environment) { return (503, 47) }
    return openSide(.outgoing, leg: active, offer, &environment) ? nil : (503, 47)
  }

  /// What our address on a leg must be of: the caller said where it listens; of the called side only the signalling is known yet.
  private func family(of leg: Int, _ offer: SessionDescription) -> IPAddress.Family {
    (leg == 0 ? offer.firstFamily : nil) ?? legs[leg].flow.remote.ip.family
  }
  private func hasFamily(_ leg: Int, _ offer: SessionDescription, _ environment: CallEnvironment) -> Bool {
    guard legs[leg].trunk >= 0, let realm = environment.configuration.trunks[legs[leg].trunk].mediaRealm else { return true }
    return environment.configuration.mediaRealms[realm].addresses.contains { $0.family == family(of: leg, offer) }
  }
  /// Whether our ports on a leg can send to where a description of its peer says.
  func fits(_ description: SessionDescription, leg: Int) -> Bool {
    guard path(of: leg) == .relay, let anchor = legs[leg].anchor else { return true }
    return description.isSent(to: anchor.bind.family)
  }

  private mutating func openSide(_ side: MediaSide, leg: Int, _ offer: SessionDescription, _ environment: inout CallEnvironment) -> Bool {
    guard legs[leg].trunk >= 0, let realm = environment.configuration.trunks[legs[leg].trunk].mediaRealm,
      let anchor = environment.anchors.take(realm: realm, offer: offer, family: family(of: leg, offer), at: environment.now)
    else {
      environment.counters.mediaRefused += 1
      return false
    }
    legs[leg].anchor = anchor
    sessionOpen = true
    opening.append(side)
    environment.actions.append(.media(.open(session: id.rawValue, side: side, anchor: anchor)))
    return true
  }

  mutating func mediaOpened(_ side: MediaSide, _ environment: inout CallEnvironment) {
    if transferMediaOpened(side, &environment) { return }
    guard let index = opening.firstIndex(of: side) else { return }
    opening.remove(at: index)
    guard opening.isEmpty, phase == .opening else { return }
    programMedia(&environment)
    invite(&environment)
  }

  /// Ports that could not be bound: other ones, a few times; then this attempt has failed.
  mutating func mediaRefused(_ side: MediaSide, reason: String, _ environment: inout CallEnvironment) {
    if transferMediaRefused(side, &environment) { return }
    environment.counters.mediaRefused += 1
    guard phase == .opening, let active, let offer = legs[0].offerAnswer.remote else { return }
    let leg = side == .incoming ? 0 : active
    opening.removeAll { $0 == side }
    releaseMedia(leg: leg, side: side, &environment)
    if portRetries < CallLimits.portRetries {
      portRetries += 1
      if openSide(side, leg: leg, offer, &environment) { return }
    }
    environment.note(.warning, "media ports refused: \(reason)", [("TANDEM_CALL", id.text)])
    end(.failed, status: 503, cause: 47, reason: "no media ports: \(reason)", by: nil, &environment)
  }

  mutating func mediaClosed(_ counts: [StreamStatistics], _ environment: inout CallEnvironment) {
    streams = counts
    countsAwaited = false
    settle(&environment)
  }

  mutating func releaseMedia(leg: Int, side: MediaSide, _ environment: inout CallEnvironment) {
    guard let anchor = legs[leg].anchor else { return }
    legs[leg].anchor = nil
    opening.removeAll { $0 == side }
    environment.anchors.release(anchor, at: environment.now)
    environment.actions.append(.media(.release(session: id.rawValue, side: side)))
  }

  mutating func closeMedia(_ environment: inout CallEnvironment) {
    guard sessionOpen else { return }
    sessionOpen = false
    countsAwaited = true
    for leg in legs.indices {
      guard let anchor = legs[leg].anchor else { continue }
      environment.anchors.release(anchor, at: environment.now)
    }
    environment.actions.append(.media(.close(session: id.rawValue)))
  }

  /// Tells the media plane where each side's streams go now.
  mutating func programMedia(_ environment: inout CallEnvironment) {
    guard mediaPath == .relay, phase != .over else { return }
    for (side, leg) in [(MediaSide.incoming, near), (.outgoing, active ?? near)] {
      guard side == .incoming || active != nil, let anchor = legs[leg].anchor, let remote = legs[leg].offerAnswer.remote, legs[leg].trunk >= 0 else { continue }
      let peer = environment.configuration.peers[environment.configuration.trunks[legs[leg].trunk].peer]
      for stream in anchor.ports.indices where anchor.ports[stream] != 0 && stream < remote.streamCount {
        let program = FlowProgram(
          remote: remote, stream: stream, mediaNAT: peer.mediaNAT, mediaSources: peer.mediaSources, signallingSource: legs[leg].flow.remote.ip,
          check: peer.mediaSourceCheck == .tuple ? .tuple : peer.mediaSourceCheck == .address ? .address : .prefix)
        environment.actions.append(.media(.program(session: id.rawValue, side: side, stream: stream, program)))
      }
    }
  }

  // MARK: Descriptions that cross

  /// Where a leg's media go, or will go when the transfer under way is done.
  func path(of leg: Int) -> MediaPath? {
    guard let transfer, transfer.stage != .syncing, leg == transfer.coming || (transfer.stage == .joining && transfer.coming != nil && leg == staying(transfer))
    else { return mediaPath }
    return transfer.mediaPath
  }

  /// A description rebuilt for `leg`: our address and ports there, or, on a direct call, what necessarily passes.
  func crossing(_ description: SessionDescription, to leg: Int) -> SessionDescription {
    if path(of: leg) == .direct { return description.crossing(to: nil) }
    // A relayed leg without ports: every stream is declined; the far side's own address never stands in for ours.
    guard let anchor = legs[leg].anchor else { return description.crossing(to: (address: legs[leg].flow.remote.ip, ports: [])) }
    // A stream added later than the ports were taken is declined.
    var ports = anchor.ports
    while ports.count < description.streamCount { ports.append(0) }
    return description.crossing(to: (address: anchor.advertised, ports: ports))
  }

  func originAddress(_ leg: Int, _ environment: CallEnvironment) -> IPAddress {
    if let anchor = legs[leg].anchor { return anchor.advertised }
    let listeners = environment.configuration.listeners
    let index = Int(legs[leg].flow.listener)
    guard listeners.indices.contains(index) else { return legs[leg].flow.remote.ip }
    return listeners[index].publicAddress ?? listeners[index].address.ip
  }

  /// The answer in a response on `leg`, taken from the state the offer was sent in (each fork's answer starts there). `nil` when there is none that fits.
  mutating func acceptAnswer(_ response: SIPMessage, leg: Int) -> SessionDescription? {
    guard !response.body.isEmpty, isSDP(response), var base = legs[leg].offerBase,
      let answer = try? SessionDescription(parsing: response.body), fits(answer, leg: leg)
    else { return nil }
    do throws(OfferAnswer.Violation) { try base.received(answer: answer) } catch { return nil }
    legs[leg].offerAnswer = base
    return answer
  }

  /// Our answer on `leg` made from the other side's.
  mutating func makeAnswer(_ answer: SessionDescription, for leg: Int, _ environment: CallEnvironment) -> [UInt8]? {
    guard let base = legs[leg].offerBase else { return nil }
    var answering = legs[leg].offerAnswer
    answering.resume(base)
    do throws(OfferAnswer.Violation) {
      let ours = try answering.send(answer: crossing(answer, to: leg), origin: originAddress(leg, environment))
      legs[leg].offerAnswer = answering
      return ours.encoded()
    } catch {
      return nil
    }
  }

  /// The answer in a provisional or final response to the first INVITE, ready for the caller. A 2xx without a description confirms the one that came before.
  mutating func takeAnswer(_ response: SIPMessage, from leg: Int, _ environment: inout CallEnvironment) -> [UInt8]? {
    if response.body.isEmpty {
      guard response.status >= 200, legs[leg].offerAnswer.state == .stable, legs[0].offerAnswer.state == .stable else { return nil }
      return legs[0].offerAnswer.local?.encoded()
    }
    guard let answer = acceptAnswer(response, leg: leg), let body = makeAnswer(answer, for: 0, environment) else { return nil }
    programMedia(&environment)
    return body
  }
}

extension SessionDescription {
  /// Of the first relayable stream that names an address; `nil`: all are held the old way (0.0.0.0).
  fileprivate var firstFamily: IPAddress.Family? { relayableStreams.lazy.compactMap { self.rtpDestination(of: $0)?.ip.family }.first }
  /// Whether no relayable stream names an address of the other family.
  fileprivate func isSent(to family: IPAddress.Family) -> Bool {
    relayableStreams.allSatisfy { rtpDestination(of: $0).map { $0.ip.family == family } ?? true }
  }
}
