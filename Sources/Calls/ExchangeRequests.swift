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

// Requests from the wire: which call they belong to, and which get an answer of their own.
extension Exchange {
  mutating func receivedRequest(_ message: SIPMessage, server: TransactionLayer.ServerID, flow: SIP.Flow) {
    var message = message
    let verdict = environment.judge(flow)
    let trunk = trunk(of: message, on: flow, verdict)
    if trunk >= 0 {
      environment.trunks.heard(from: trunk, source: flow.remote, at: environment.now)
      if case .refuse(let status) = environment.trunks.requestIn(&message, trunk: trunk, at: environment.now) {
        let why = "the plugin of \(environment.configuration.trunks[trunk].name) refused the call with \(status)"
        return refuse(EarlyRefusal(status: status, reason: why), message, server, on: flow, trunk: trunk)
      }
    }
    // RFC 3261 8.2: method, URI, Require, in that order.
    let capabilities = environment.capabilities(of: trunk)
    if let status = capabilities.refusal(of: message.method) {
      environment.counters.refusedMethods += 1
      return answer(status, message, server, trunk: trunk)
    }
    let required = capabilities.missing(in: message)
    if !required.isEmpty, message.method != .cancel, message.method != .ack {
      let names = required.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ", ")
      return refuse(EarlyRefusal(status: 420, reason: "requires \(names)"), message, server, on: flow, trunk: trunk) { response in
        for option in required { response.append(.unsupported, option) }
      }
    }
    if message.to.tag != nil { return receivedInDialog(message, server: server, flow: flow) }
    switch message.method {
    case .options:
      answer(environment.stopping ? 503 : 200, message, server, trunk: trunk)
    case .invite:
      guard trunk >= 0 else {
        return refuse(EarlyRefusal(status: 403, reason: withoutTrunk(flow, verdict)), message, server, on: flow, trunk: trunk)
      }
      if message.has(.replaces) {
        guard let refusal = receivedReplacing(message, server: server, flow: flow, trunk: trunk) else { return }
        return refuse(refusal, message, server, on: flow, trunk: trunk)
      }
      receivedCall(message, server: server, flow: flow, trunk: trunk)
    default:
      environment.counters.unknownDialogs += 1
      answer(481, message, server)
    }
  }

  /// A new call. Whatever becomes of it, it gets a record (`RefusedCalls` for those that never become one).
  private mutating func receivedCall(_ request: SIPMessage, server: TransactionLayer.ServerID, flow: SIP.Flow, trunk: Int) {
    guard let id = table.open(began: environment.wallTime) else {
      environment.counters.callLimitHits += 1
      let why = "\(CallLimits.calls) calls are up, which is all there may be"
      return refuse(EarlyRefusal(status: 503, cause: 42, reason: why), request, server, on: flow, trunk: trunk)
    }
    let tag = LegTag.make(call: id, leg: 0, environment.transactions)
    let uri = try? SIPURI(parsing: request.requestURI)
    let called = uri?.number ?? []
    let calling = Exchange.callingNumber(request)
    let dialog: Dialog
    do throws(Dialog.Refusal) {
      dialog = try Dialog(answering: request, localTag: tag)
    } catch {
      table.close(id)
      let why = error == .missingContact ? "no Contact with a SIP URI" : "a Record-Route that could not be read"
      return refuse(EarlyRefusal(status: 400, reason: why), request, server, on: flow, trunk: trunk)
    }
    environment.counters.callsOffered += 1
    withCall(id) { call, environment in
      call.open(request, server: server, flow: flow, trunk: trunk, dialog: dialog, called: called, calling: calling, &environment)
      if let refusal = call.refusal(of: request, scheme: uri?.scheme, environment) {
        return call.end(.refused, status: refusal.status, cause: refusal.cause, reason: refusal.reason, by: nil, &environment)
      }
      let offer: SessionDescription
      do throws(SessionDescription.ParseFailure) {
        offer = try SessionDescription(parsing: request.body)
      } catch {
        let reason =
          switch error {
          case .syntax: "the session description could not be read"
          case .tooLarge: "the offer is larger than any call needs"
          case .noMedia, .unsupportedAddress: "the offer has no stream, or one to a host name or a group"
          }
        return call.end(.refused, status: error.status, cause: error.status == 400 ? 100 : 65, reason: reason, by: nil, &environment)
      }
      guard !offer.relayableStreams.isEmpty else {
        return call.end(.refused, status: 488, cause: 65, reason: "no RTP/AVP audio stream in the offer", by: nil, &environment)
      }
      guard environment.load.admit(trunk: trunk, at: environment.now) == .admitted else {
        return call.end(.refused, status: 503, cause: 34, reason: "\(call.legs[0].trunkName) is full", by: nil, &environment)
      }
      call.places = [trunk]
      environment.turn &+= 1
      let query = RouteQuery(
        incomingTrunk: trunk, called: called, calling: calling, trunkStates: environment.trunkStates(at: environment.now), turn: environment.turn)
      call.follow(environment.routing.plan(query), offer: offer, &environment)
    }
  }

  private func withoutTrunk(_ flow: SIP.Flow, _ verdict: SourceGate.Verdict) -> String {
    guard case .noTrunkHere(let peer) = verdict, environment.configuration.listeners.indices.contains(Int(flow.listener)) else { return "no trunk" }
    return "peer \(environment.configuration.peers[peer].name) has no trunk on listener \(environment.configuration.listeners[Int(flow.listener)].name)"
  }

  /// The transaction layer was full and has answered 503 itself.
  mutating func turnedAway(_ request: SIPMessage, flow: SIP.Flow) {
    var trunk = -1
    if case .trunk(let index) = environment.judge(flow) { trunk = index }
    record(EarlyRefusal(status: 503, cause: 42, reason: "too many transactions are open", hasTransaction: false), request, on: flow, trunk: trunk)
  }

  private mutating func receivedInDialog(_ message: SIPMessage, server: TransactionLayer.ServerID, flow: SIP.Flow) {
    guard let tag = message.to.tag, let name = place(of: tag) else {
      environment.counters.unknownDialogs += 1
      return answer(481, message, server)
    }
    var known = false
    withCall(name.call) { call, environment in
      guard call.names(message, leg: name.leg) else { return }
      guard call.mayCome(from: flow, leg: name.leg, environment) else {
        environment.counters.foreignDialogSources += 1
        return
      }
      known = true
      call.reconnected(leg: name.leg, flow)
      call.receivedInDialog(message, server: server, leg: name.leg, &environment)
    }
    if !known {
      environment.counters.unknownDialogs += 1
      answer(481, message, server)
    }
  }

  /// An answer outside any call.
  mutating func answer(
    _ status: Int, _ request: SIPMessage, _ server: TransactionLayer.ServerID, trunk: Int = -1, _ edit: (inout SIPMessage) -> Void = { _ in }
  ) {
    var response = SIPMessage(responding: status, to: request, toTag: environment.transactions.tag(answering: request))
    edit(&response)
    environment.capabilities(of: trunk).stamp(response: &response)
    environment.transactions.respond(response, in: server, at: environment.now)
  }

  /// From's number, or its user when that is no number (`alice`, as a PBX says it); none when the caller withheld it (RFC 3323 4.1.1.3).
  static func callingNumber(_ request: SIPMessage) -> [UInt8] {
    let uri = request.from.uri
    guard let number = uri.number else { return [] }
    let withheld: [StaticString] = ["anonymous", "unavailable", "restricted", "unknown"]
    let isWithheld = withheld.contains { word in word.withUTF8Buffer { number.elementsEqual($0) { $0 | 0x20 == $1 } } }
    if isWithheld || uri.host.elementsEqual("anonymous.invalid".utf8, by: { $0 | 0x20 == $1 }) { return [] }
    return number
  }
}

extension CallEnvironment {
  /// What routing needs to know of every trunk now.
  func trunkStates(at now: Instant) -> [RouteQuery.TrunkState] {
    var states = trunks.states(at: now)
    for trunk in states.indices where states[trunk] != .down && load.isFull(trunk) { states[trunk] = .full }
    return states
  }
}

extension Call {
  /// What is wrong with a new INVITE before any routing; `nil` when nothing is.
  func refusal(of request: SIPMessage, scheme: SIPURI.Scheme?, _ environment: CallEnvironment) -> (status: Int, cause: Int?, reason: String)? {
    if environment.stopping { return (503, 41, "the appliance is stopping") }
    switch scheme {
    case .sip, .sips, .tel: break
    default: return (416, nil, "the Request-URI's scheme is not sip, sips or tel")
    }
    if request.maxForwards == 0 { return (483, 25, "Max-Forwards was used up") }
    if refusesSession(of: request, leg: 0, environment) { return (422, nil, "a session interval below min-se") }
    if LegMessages.isEncoded(request) { return (415, 79, "an encoded body") }
    if request.body.isEmpty { return (488, 65, "no offer in the INVITE (delayed offers are not supported yet)") }
    if !isSDP(request) { return (415, 79, "the body is not application/sdp") }
    return nil
  }

  /// Whether a message in a dialog is this leg's: our tag, Call-ID and their tag, and a source of this leg's trunk (decided: any of it, no other).
  func owns(_ message: SIPMessage, leg: Int, from flow: SIP.Flow, _ environment: CallEnvironment) -> Bool {
    names(message, leg: leg) && mayCome(from: flow, leg: leg, environment)
  }

  func names(_ message: SIPMessage, leg: Int) -> Bool {
    guard legs.indices.contains(leg), let tag = message.to.tag, let far = message.from.tag else { return false }
    return legs[leg].dialog.matches(callID: message.callID, localTag: tag, remoteTag: far)
  }

  func mayCome(from flow: SIP.Flow, leg: Int, _ environment: CallEnvironment) -> Bool {
    // On the leg's own listener: another trunk's peer may share the address.
    guard flow.listener == legs[leg].flow.listener else { return false }
    // Where the leg's signalling came from stays good whatever commits take away.
    if flow.remote.ip == legs[leg].flow.remote.ip { return true }
    if legs[leg].trunk >= 0 { return environment.gate.belongs(flow.remote.ip, toTrunk: legs[leg].trunk) }
    // Its trunk has gone, or has another name; the peer may still be there, with all its nodes.
    return environment.isSamePeer(flow.remote.ip, legs[leg].flow.remote.ip)
  }

  mutating func receivedInDialog(_ message: SIPMessage, server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) {
    if legs[leg].state == .gone { return refuse(481, message, server, leg: leg, &environment) }
    guard legs[leg].dialog.received(message) == .accept else { return refuse(500, message, server, leg: leg, &environment) }
    if refusesSession(of: message, leg: leg, environment) {
      received(message, leg: leg, environment)
      return refuse(422, message, server, leg: leg, &environment)
    }
    switch message.method {
    case .bye: receivedBye(message, server: server, leg: leg, &environment)
    case .invite: receivedReinvite(message, server: server, leg: leg, &environment)
    case .refer: receivedRefer(message, server: server, leg: leg, &environment)
    case .notify: receivedNotify(message, server: server, leg: leg, &environment)
    case .info: receivedInfo(message, server: server, leg: leg, &environment)
    default:  // OPTIONS: the others were refused before
      received(message, leg: leg, environment)
      respond(answer(200, leg: leg, to: message, body: nil), in: server, leg: leg, &environment)
    }
  }

  /// After a commit: the same trunks and listeners under their new indexes; -1 for a trunk that is no more.
  mutating func rename(trunks: [Int?], listeners: [Int?]) {
    func renamed(_ trunk: Int) -> Int { trunks.indices.contains(trunk) ? trunks[trunk] ?? -1 : -1 }
    for leg in legs.indices {
      legs[leg].trunk = renamed(legs[leg].trunk)
      let listener = Int(legs[leg].flow.listener)
      legs[leg].flow.listener = listeners.indices.contains(listener) ? UInt16(listeners[listener] ?? Int(UInt16.max)) : UInt16.max
    }
    places = places.map(renamed)
    if var change = transfer {
      for index in change.attempts.indices { change.attempts[index].trunk = renamed(change.attempts[index].trunk) }
      let (tried, left) = (change.attempts.prefix(change.next), change.attempts.dropFirst(change.next))
      change.attempts = Array(tried) + left.filter { $0.trunk >= 0 }
      transfer = change
    }
    for index in attempts.indices { attempts[index].trunk = renamed(attempts[index].trunk) }
    attempts = Array(attempts.prefix(nextAttempt)) + attempts.dropFirst(nextAttempt).filter { $0.trunk >= 0 }
  }

  /// After a commit: the ports this call has stay taken, in whatever realm they are now.
  mutating func holdPorts(_ environment: inout CallEnvironment) {
    guard phase != .over else { return }
    for leg in legs.indices {
      if let anchor = legs[leg].anchor { legs[leg].anchor?.realm = environment.anchors.hold(anchor) }
    }
  }
}
