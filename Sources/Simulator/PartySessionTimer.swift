import SIP
import Timing

// A party with session timers (RFC 4028): it asks for them, agrees to them or knows nothing of them, refreshes by re-INVITE or forgets to, finds an interval too small,
// and hangs up when nobody refreshes.
extension SimulatedParty {
  mutating func prepareTimer(_ call: inout PartyCall) {
    guard manners.knowsTimers > 0 else { return }
    call.knowsTimers = random.chance(manners.knowsTimers)
    call.neglectsTimer = random.chance(manners.neglectsTimers)
    call.takesUpdate = random.chance(manners.takesUpdates)
  }

  /// On the first INVITE of a call.
  mutating func stampTimer(first request: inout SIPMessage, _ call: PartyCall) {
    guard call.knowsTimers else { return }
    request.append(.supported, bytes("timer"))
    if call.takesUpdate { request.append(.allow, bytes("INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE")) }
    guard random.chance(manners.asksForTimers) else { return }
    request.append(.sessionExpires, bytes("\(random.pick([2, 10, 20, 40]))" + random.pick(["", ";refresher=uac", ";refresher=uas"])))
    request.append(.minSE, bytes("2"))
  }

  /// On a 2xx; `request`: what it answers.
  mutating func stampTimer(_ response: inout SIPMessage, answering request: SIPMessage, _ call: inout PartyCall, at now: Instant) {
    guard call.knowsTimers else { return }
    response.append(.supported, bytes("timer"))
    if call.takesUpdate { response.append(.allow, bytes("INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE")) }
    guard let asked = Self.session(request) else { return }
    let weRefresh = asked.refresher == "uas" || (asked.refresher == nil && random.chance(50))
    response.append(.sessionExpires, bytes("\(asked.seconds);refresher=\(weRefresh ? "uas" : "uac")"))
    startTimer(&call, asked.seconds, weRefresh: weRefresh, at: now)
  }

  /// From a 2xx to a request of ours.
  mutating func learnTimer(_ response: SIPMessage, _ call: inout PartyCall, at now: Instant) {
    guard call.knowsTimers else { return }
    guard let agreed = Self.session(response) else {
      call.session = nil
      return
    }
    startTimer(&call, agreed.seconds, weRefresh: agreed.refresher != "uas", at: now)
  }

  private static func session(_ message: SIPMessage) -> (seconds: Int, refresher: String?)? {
    guard let value = message.value(.sessionExpires) else { return nil }
    let text = String(decoding: value, as: UTF8.self)
    guard let seconds = Int(text.prefix { $0 != ";" }) else { return nil }
    return (seconds, text.contains("refresher=uas") ? "uas" : text.contains("refresher=uac") ? "uac" : nil)
  }

  private mutating func startTimer(_ call: inout PartyCall, _ seconds: Int, weRefresh: Bool, at now: Instant) {
    call.timerNumber += 1
    call.session = seconds
    call.refreshes = weRefresh
    tally.timers += 1
    if weRefresh, !call.neglectsTimer { wish(in: .milliseconds(seconds * 500), .refresh(call: call.number, timer: call.timerNumber), now) }
    wish(in: .seconds(weRefresh ? seconds : seconds - min(32, seconds / 3)), .sessionOver(call: call.number, timer: call.timerNumber), now)
  }

  mutating func refresh(_ call: inout PartyCall, timer: Int, at now: Instant) {
    guard call.timerNumber == timer, call.state == .up, let seconds = call.session, var dialog = call.dialog, !call.lastDescription.isEmpty else { return }
    // Something else is going on: that refreshes as well, or there is time left.
    guard call.offerClient == nil, call.offerServer == nil, call.repetition == nil, call.isAcknowledged || !call.isCaller else {
      return wish(in: .milliseconds(700), .refresh(call: call.number, timer: timer), now)
    }
    tally.refreshes += 1
    var request = dialog.makeRequest(.invite)
    call.dialog = dialog
    decorate(&request, call)
    request.append(.supported, bytes("timer"))
    request.append(.sessionExpires, bytes("\(seconds);refresher=uac"))
    request.append(.minSE, bytes("2"))
    request.setBody(call.lastDescription, type: "application/sdp")
    call.offerClient = layer.send(request, on: route(dialog), sentBy: sentBy, at: now)
    wish(in: .milliseconds(max(1_000, seconds * 300)), .refresh(call: call.number, timer: timer), now)
  }

  mutating func sessionOver(_ call: inout PartyCall, timer: Int, at now: Instant) {
    guard call.timerNumber == timer, call.state == .up, call.session != nil else { return }
    tally.sessionsOver += 1
    hangUp(&call, at: now)
  }
}
