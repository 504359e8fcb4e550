import Addressing
import SIP
import Timing

// A party that transfers: blind, attended with another of its calls, by an INVITE that takes a dialog's place; that hangs up as soon as its REFER is accepted, or waits
// for the last NOTIFY; and that is asked to carry out a transfer itself.
extension SimulatedParty {
  mutating func refer(_ call: inout PartyCall, at now: Instant) {
    guard call.state == .up, !isCalm, call.referClient == nil, call.isAcknowledged, var dialog = call.dialog else { return }
    tally.refers += 1
    var request = dialog.makeRequest(.refer)
    call.dialog = dialog
    decorate(&request, call)
    var target = "sip:\(destination())@\(home)"
    if random.chance(50), let other = partner(of: call) {
      tally.attended += 1
      target += "?Replaces=\(escaped(other.callID))%3Bto-tag%3D\(escaped(other.remoteTag))%3Bfrom-tag%3D\(escaped(other.localTag))"
    }
    request.append(.referTo, bytes("<\(target)>"))
    request.append(.referredBy, bytes("<sip:\(markText)@\(party.address.ip)>"))
    if random.chance(20) { request.append(.referSub, bytes("false")) }
    call.referClient = layer.send(request, on: route(dialog), sentBy: sentBy, at: now)
  }

  /// Another call of ours that may be joined with this one; sometimes one that is not fit for it.
  private func partner(of call: PartyCall) -> PartyCall? {
    calls.first { $0.number != call.number && $0.state == .up && $0.dialog != nil }
  }

  private func escaped(_ text: [UInt8]) -> String {
    String(decoding: text, as: UTF8.self).split(separator: "@", omittingEmptySubsequences: false).joined(separator: "%40")
  }

  /// A new INVITE that shall take the place of one of our calls.
  mutating func stampReplaces(_ invite: inout SIPMessage) {
    guard manners.replaces > 0, random.chance(manners.replaces), let call = calls.first(where: { $0.state == .up && $0.dialog != nil }) else { return }
    tally.replaces += 1
    invite.append(.replaces, call.callID + bytes(";to-tag=") + call.remoteTag + bytes(";from-tag=") + call.localTag)
  }

  mutating func receivedReferAnswer(_ response: SIPMessage, _ call: inout PartyCall, at now: Instant) {
    guard response.status >= 200 else { return }
    call.referClient = nil
    if (200...299).contains(response.status), random.chance(manners.leavesAtOnce) { wish(in: random.milliseconds(0, 3_000), .hangUp(call: call.number), now) }
  }

  mutating func receivedNotify(_ request: SIPMessage, _ server: TransactionLayer.ServerID, _ call: inout PartyCall, at now: Instant) {
    layer.respond(response(200, to: request, tag: nil, call: call), in: server, at: now)
    let isOver = request.value(.subscriptionState).map { $0.starts(with: bytes("terminated")) } ?? false
    guard isOver else { return }
    if String(decoding: request.body, as: UTF8.self).hasPrefix("SIP/2.0 200") { tally.transfersDone += 1 } else { tally.transfersFailed += 1 }
    if random.chance(50) { wish(in: random.milliseconds(0, 2_000), .hangUp(call: call.number), now) }
  }

  /// Asked to transfer itself: it refuses, or says at once what came of it.
  mutating func receivedRefer(_ request: SIPMessage, _ server: TransactionLayer.ServerID, _ call: inout PartyCall, at now: Instant) {
    let isTaken = random.chance(50)
    layer.respond(response(isTaken ? 202 : 603, to: request, tag: nil, call: call), in: server, at: now)
    guard isTaken, var dialog = call.dialog else { return }
    var notify = dialog.makeRequest(.notify)
    call.dialog = dialog
    decorate(&notify, call)
    notify.append(.event, bytes("refer"))
    notify.append(.subscriptionState, bytes("terminated;reason=noresource"))
    notify.setBody(bytes("SIP/2.0 \(random.pick([200, 486, 603])) \(markText)\r\n"), type: "message/sipfrag")
    _ = layer.send(notify, on: route(dialog), sentBy: sentBy, at: now)
  }
}
