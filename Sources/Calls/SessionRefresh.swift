import Addressing
import Configuration
import Media
import Records
import Routing
import SDP
import SIP
import Timing

// Session timers on the legs of a call (RFC 4028): what requests and 2xx say of them on the way out and in, refreshes, and the end of a session nobody refreshed.
extension Call {
  /// Decided: a call whose media pass us by always has a timer; there is nothing else that would tell that it is dead.
  func sessionTerms(_ leg: Int, _ environment: CallEnvironment) -> SessionTerms {
    let settings = environment.settings(of: legs[leg].trunk)
    return SessionTerms(
      isWanted: settings.sessionTimer || mediaPath == .direct, interval: max(settings.sessionExpires, settings.minSE), minimum: settings.minSE)
  }

  // MARK: Headers

  /// A request of ours on its way out.
  func stampSession(request: inout SIPMessage, leg: Int, _ environment: CallEnvironment) {
    guard request.method == .invite || request.method == .update else { return }
    let terms = sessionTerms(leg, environment)
    let floor = Int(legs[leg].sessionFloor)
    let ask = terms.ask(current: legs[leg].session, floor: floor, isFirst: request.to.tag == nil)
    if let ask { request.append(.sessionExpires) { ask.append(to: &$0) } }
    let minimum = max(terms.minimum, floor)
    if minimum != SessionTerms.minimum { request.append(.minSE) { $0.appendDecimal(UInt64(minimum)) } }
  }

  /// A 2xx of ours on its way out, to a request that makes or refreshes the session: the timer starts.
  mutating func stampSession(response: inout SIPMessage, leg: Int, _ environment: CallEnvironment) {
    if response.status == 422 { return response.append(.minSE) { $0.appendDecimal(UInt64(sessionTerms(leg, environment).minimum)) } }
    guard (200...299).contains(response.status), response.method == .invite || response.method == .update, let ask = legs[leg].sessionAsk else { return }
    let terms = sessionTerms(leg, environment)
    if let agreed = terms.answer(ask) {
      response.append(.sessionExpires) { agreed.append(to: &$0) }
      // RFC 4028 9: without it a client that refreshes could not be sure that we know.
      if ask.knowsTimers { response.append(.require, text: "timer") }
    }
    legs[leg].sessionAsk = nil
    legs[leg].session = terms.timer(answering: ask, at: environment.now)
  }

  /// What the far side's message says.
  mutating func noteSession(_ message: SIPMessage, leg: Int, _ environment: CallEnvironment) {
    guard message.method == .invite || message.method == .update else { return }
    if message.isRequest {
      legs[leg].sessionAsk = SessionAsk(message)
    } else if (200...299).contains(message.status) {
      legs[leg].session = sessionTerms(leg, environment).timer(answeredWith: message, at: environment.now)
    }
  }

  /// The interval asked for is too short (RFC 4028 9).
  func refusesSession(of request: SIPMessage, leg: Int, _ environment: CallEnvironment) -> Bool {
    guard request.method == .invite || request.method == .update, request.has(.sessionExpires) else { return false }
    return sessionTerms(leg, environment).refuses(SessionAsk(request))
  }

  // MARK: A first INVITE that met a 422

  /// The INVITE once more, with the interval the far side wants at least (RFC 4028 7.3). False: it had its second chance, or asks for too much.
  mutating func retryWithLongerSession(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) -> Bool {
    guard response.status == 422, sessionTerms(leg, environment).isWanted, phase == .calling, !legs[leg].hasDialog, legs[leg].sessionFloor == 0,
      let floor = response.value(.minSE).flatMap({ SessionExpires.seconds($0) }), (1...SessionTerms.longest).contains(floor)
    else { return false }
    legs[leg].sessionFloor = UInt32(floor)
    legs[leg].client = nil
    legs[leg].heardProvisional = false
    legs[leg].offerAnswer.rollBack()
    legs[leg].dialog.localSequence &+= 1
    legs[leg].inviteSequence = legs[leg].dialog.localSequence
    invite(&environment)
    return true
  }

  // MARK: Refreshes

  /// Due at `environment.now`.
  mutating func advanceSession(leg: Int, _ environment: inout CallEnvironment) {
    guard phase == .up, legs[leg].state == .confirmed else { return }
    switch legs[leg].session?.advance(to: environment.now) {
    case .refresh: refreshSession(leg: leg, &environment)
    case .ask: askFarSide(leg: leg, &environment)
    case .expired:
      end(.answered, status: status, cause: 102, reason: "\(legs[leg].trunkName) did not refresh the session in time", by: nil, &environment)
    case nil: break
    }
  }

  private mutating func askFarSide(leg: Int, _ environment: inout CallEnvironment) {
    var message = legs[leg].dialog.makeRequest(.options)
    message.append(.contact, legs[leg].contact)
    if sendRequest(message, for: .alive, leg: leg, &environment) != nil { legs[leg].session?.retry(at: environment.now + CallLimits.refreshPause) }
  }

  private mutating func refreshSession(leg: Int, _ environment: inout CallEnvironment) {
    guard legs[leg].far.contains(.update) else { return refreshByOffer(leg: leg, &environment) }
    var message = legs[leg].dialog.makeRequest(.update)
    message.append(.contact, legs[leg].contact)
    if sendRequest(message, for: .refresh, leg: leg, &environment) != nil { legs[leg].session?.retry(at: environment.now + CallLimits.refreshPause) }
  }

  /// re-INVITE with our description as it is, o= line and all (RFC 4028 7.4).
  private mutating func refreshByOffer(leg: Int, _ environment: inout CallEnvironment) {
    // An offer that is under way here refreshes too.
    guard legs[leg].isQuiet, offer.map({ $0.to != leg && $0.from != leg }) ?? true, let local = legs[leg].offerAnswer.local,
      let body = try? legs[leg].offerAnswer.send(offer: local, origin: local.origin.address)
    else {
      legs[leg].session?.retry(at: environment.now + CallLimits.refreshPause)
      return
    }
    legs[leg].offerBase = legs[leg].offerAnswer
    var message = legs[leg].dialog.makeRequest(.invite)
    message.append(.contact, legs[leg].contact)
    message.setBody(body.encoded(), type: "application/sdp")
    legs[leg].inviteSequence = legs[leg].dialog.localSequence
    legs[leg].heardProvisional = false
    if case .sent(let client) = send(message, leg: leg, &environment) {
      legs[leg].client = client
      legs[leg].ownOffer = .refresh
    } else {
      withdrawRefresh(leg: leg)
      legs[leg].session?.retry(at: environment.now + CallLimits.refreshPause)
    }
  }

  private mutating func withdrawRefresh(leg: Int) {
    legs[leg].offerAnswer.rollBack()
    legs[leg].offerBase = nil
  }

  /// The answer to a re-INVITE that was a refresh.
  mutating func receivedRefreshAnswer(_ response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    received(response, leg: leg, environment)
    guard response.status >= 200 else { return }
    legs[leg].client = nil
    legs[leg].ownOffer = .none
    guard (200...299).contains(response.status) else {
      withdrawRefresh(leg: leg)
      return refreshRefused(response.status, response, leg: leg, &environment)
    }
    acknowledge(leg: leg, sequence: legs[leg].inviteSequence, &environment)
    guard phase == .up else { return }
    legs[leg].dialog.refreshTarget(from: response)
    let before = legs[leg].offerBase?.parts.remoteBefore
    let answer = acceptAnswer(response, leg: leg)
    legs[leg].offerBase = nil
    guard let answer else {
      return end(.answered, status: status, cause: 65, reason: "the answer of \(legs[leg].trunkName) does not fit the offer", by: nil, &environment)
    }
    programMedia(&environment)
    guard let before, !answer.isSame(as: before), let other = other(than: leg), offer == nil, legs[other].isQuiet else { return }
    // It changed its side by the way: the other one must hear of it.
    offer = OfferUnderWay(from: nil, to: other, offer: answer, endsAt: environment.now + CallLimits.offer)
    sendOffer(&environment)
  }

  /// A refresh, or a question whether the far side lives, that brought no 2xx.
  mutating func refreshRefused(_ status: Int, _ response: SIPMessage?, leg: Int, _ environment: inout CallEnvironment) {
    guard phase == .up else { return }
    let now = environment.now
    let pause = legs[leg].session?.pause ?? CallLimits.refreshPause
    switch status {
    case 408, 481:
      // RFC 4028 10; RFC 3261 12.2.1.2.
      if response == nil { environment.failed(legs[leg].trunk, target: legs[leg].flow.remote, reason: "no answer to a session refresh") }
      end(.answered, status: self.status, cause: 41, reason: "\(legs[leg].trunkName) no longer knew the call (\(status))", by: nil, &environment)
    case 405, 501:
      legs[leg].far.remove(.update)
      legs[leg].session?.retry(at: now)
    case 422:
      let floor = response?.value(.minSE).flatMap { SessionExpires.seconds($0) } ?? 0
      let isLonger = floor > max(Int(legs[leg].sessionFloor), legs[leg].session?.interval ?? 0) && floor <= SessionTerms.longest
      if isLonger { legs[leg].sessionFloor = UInt32(floor) }
      legs[leg].session?.retry(at: isLonger ? now : now + pause)
    case 491:
      let glare = glarePause(leg: leg, &environment)
      legs[leg].session?.retry(at: now + glare)
    default: legs[leg].session?.retry(at: now + pause)
    }
  }

  /// RFC 3261 14.1: 2.1-4 s for the owner of the Call-ID, 0-2 s for the other, in steps of 10 ms.
  func glarePause(leg: Int, _ environment: inout CallEnvironment) -> Gap {
    let steps = leg == 0 ? Int(environment.random.next() % 201) : 210 + Int(environment.random.next() % 191)
    return .milliseconds(10 * steps)
  }

  /// The answer to an OPTIONS of ours, or none.
  mutating func askAnswered(_ status: Int, _ response: SIPMessage?, leg: Int, _ environment: inout CallEnvironment) {
    if status == 408 || status == 481 || (response == nil && status == 503) {
      return refreshRefused(status == 503 ? 408 : status, response, leg: leg, &environment)
    }
    guard let interval = legs[leg].session?.interval else { return }
    legs[leg].session = SessionTimer(.asking, interval: interval, at: environment.now)
  }

  // MARK: Refreshes of the far side

  /// A re-INVITE that says what the far side said before: answered with what we said, and the other leg hears nothing of it (RFC 4028 7.4, decided).
  mutating func answersUnchanged(_ request: SIPMessage, server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) -> Bool {
    guard phase == .up, legs[leg].state == .confirmed, legs[leg].client == nil, legs[leg].server == nil, offer == nil,
      legs[leg].offerAnswer.state == .stable, let held = legs[leg].offerAnswer.remote, let local = legs[leg].offerAnswer.local,
      !request.body.isEmpty, !LegMessages.isEncoded(request), isSDP(request), let asked = try? SessionDescription(parsing: request.body),
      asked.isSame(as: held)
    else { return false }
    var answering = legs[leg].offerAnswer
    guard (try? answering.received(offer: asked)) != nil, let body = try? answering.send(answer: local, origin: local.origin.address) else { return false }
    legs[leg].offerAnswer = answering
    legs[leg].dialog.refreshTarget(from: request)
    environment.served[server] = CallEnvironment.Owner(call: id, leg: leg)
    sendAnswer(body.encoded(), leg: leg, request, server, &environment)
    return true
  }
}

extension SessionDescription {
  /// All but the o= line.
  func isSame(as other: SessionDescription) -> Bool {
    var copy = self
    copy.origin = other.origin
    return copy == other
  }
}
