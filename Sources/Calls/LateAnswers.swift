import Addressing
import Admission
import Authentication
import SIP
import Trunks

// A 2xx to an INVITE of ours that comes when its transaction or its whole call is gone: a fork that answered last, a far side that answered what was
// given up long ago. Left alone it would ring in somebody's ear until that side loses patience (RFC 3261 13.2.2.4).
extension Exchange {
  mutating func receivedLateAnswer(_ response: SIPMessage, flow: SIP.Flow) {
    guard response.method == .invite, (200...299).contains(response.status), let tag = response.from.tag, let name = place(of: tag) else { return }
    let isKnown = withCall(name.call) { call, environment in
      guard call.legs.indices.contains(name.leg), call.legs[name.leg].dialog.callID.elementsEqual(response.callID),
        call.legs[name.leg].dialog.localTag.elementsEqual(tag)
      else { return }
      // Decided: from any source of its trunk, from no other.
      guard call.mayCome(from: flow, leg: name.leg, environment) else {
        environment.counters.foreignDialogSources += 1
        return
      }
      // Its transaction lives and waits: the answer with the right branch is still to come, and has the dialog this one names.
      guard call.legs[name.leg].client == nil else { return }
      call.receivedRepeatedAnswer(response, leg: name.leg, &environment)
    }
    // Only an answer to a tag that we made, or anybody could have us send ACK and BYE to a source that is easily forged.
    guard !isKnown, LegTag.isOurs(tag, environment.transactions), let dialog = Dialog(remains: response) else { return }
    var trunk = -1
    if case .trunk(let index) = environment.judge(flow) { trunk = index }
    var sentBy = Array(response.topVia.host)
    if let port = response.topVia.port {
      sentBy.append(UInt8(ascii: ":"))
      sentBy.appendDecimal(UInt64(port))
    }
    // To where it came from: the trunk it belonged to is not known any more.
    environment.decline(dialog, sequence: response.cseqNumber, trunk: trunk, on: flow, sentBy: sentBy)
  }
}

extension CallEnvironment {
  /// ACK for a 2xx nobody waits for, and BYE, unless its dialog had one; `trial`: the credentials of the INVITE, for its ACK.
  mutating func decline(_ dialog: Dialog, sequence: UInt32, trunk: Int, trial: Trial? = nil, on flow: SIP.Flow, sentBy: [UInt8]) {
    var dialog = dialog
    var ack = dialog.makeAcknowledgement(sequence: sequence)
    if trunk >= 0 { _ = trunks.requestOut(&ack, trunk: trunk, at: now) }
    if let trial, isOwn(flow, trunk) { trial.write(to: &ack) }
    _ = transactions.sendAcknowledgement(ack, on: flow, sentBy: sentBy)
    guard !endedDialogs.contains(dialog) else { return }
    endedDialogs.note(dialog)
    var bye = dialog.makeRequest(.bye)
    bye.append(.reason, Reason(.q850, cause: 26).value)
    if trunk >= 0 { _ = trunks.requestOut(&bye, trunk: trunk, at: now) }
    let proof = authenticate(&bye, trunk: trunk, on: flow)
    let client = transactions.send(bye, on: flow, sentBy: sentBy, at: now)
    guard trunk >= 0, trunks.hasAccount(trunk) else { return }
    declined[client] = DeclinedDialog(dialog: dialog, trunk: trunk, trial: proof ?? Trial(), sentBy: sentBy)
  }
}

extension Dialog {
  /// What a 2xx alone still says of the dialog it made; `nil` without tags or Contact.
  fileprivate init?(remains response: SIPMessage) {
    guard let contact = response.contact, response.to.tag != nil, let from = response.value(.from), let to = response.value(.to),
      let cseq = response.value(.cseq)
    else { return nil }
    var invite = SIPMessage(request: .invite, uri: contact.uri.bytes)
    invite.append(.from, from)
    invite.append(.to, to)
    invite.append(.callID, response.callID)
    invite.append(.cseq, cseq)
    guard let dialog = try? Dialog(request: invite, response: response) else { return nil }
    self = dialog
  }
}
