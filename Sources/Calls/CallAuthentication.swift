import Addressing
import Admission
import Authentication
import SIP
import Trunks

// Digest authentication of our requests (RFC 3261 22). It lies below the plugins: they see a request once, without credentials, and no challenge
// that was answered.
//
//     INVITE ──▶ 401/407 ──ACK (transaction)──▶ the same INVITE, CSeq + 1, new branch, credentials ──▶ ...
//
// The failover timers go on over it: to the caller it is one attempt. A challenge that crosses a CANCEL ends the attempt like any refusal.
extension CallEnvironment {
  /// Decided: credentials go to their trunk's own sources only, and only they may ask for them. Where two trunks share an address the port tells.
  func isOwn(_ flow: SIP.Flow, _ trunk: Int) -> Bool {
    trunk >= 0 && gate.judge(source: flow.remote, listener: Int(flow.listener)) == .trunk(trunk)
  }

  /// Puts what the trunk knows already on a new request; `nil`: it has no account, or the way leads to somebody else.
  mutating func authenticate(_ request: inout SIPMessage, trunk: Int, on flow: SIP.Flow) -> Trial? {
    guard trunk >= 0, trunks.hasAccount(trunk), isOwn(flow, trunk), let trial = trunks.begin(request, trunk: trunk) else { return nil }
    trial.write(to: &request)
    return trial
  }
}

/// A dialog that was made by a 2xx nobody waited for, and is being ended: what its BYE needs when it is challenged. Lives as long as the transaction.
struct DeclinedDialog: Sendable {
  var dialog: Dialog
  var trunk: Int
  var trial: Trial
  var sentBy: [UInt8]

  /// After a commit.
  func renamed(_ trunks: [Int?]) -> DeclinedDialog {
    var other = self
    other.trunk = trunks.indices.contains(trunk) ? trunks[trunk] ?? -1 : -1
    return other
  }
}

extension CallEnvironment {
  /// A response to the BYE of a dialog that no call owns.
  mutating func receivedDeclined(_ response: SIPMessage, _ client: TransactionLayer.ClientID, from source: SIP.Flow) {
    guard response.status == 401 || response.status == 407, var declined = declined[client], let flow = transactions.flow(of: client),
      let request = transactions.requestMessage(of: client), isOwn(source, declined.trunk), isOwn(flow, declined.trunk),
      trunks.hasAccount(declined.trunk), trunks.answer(response, to: request, &declined.trial, trunk: declined.trunk, random: &random)
    else { return }
    counters.challengesAnswered += 1
    let again = declined.dialog.repetition(of: request, with: declined.trial)
    self.declined[transactions.send(again, on: flow, sentBy: declined.sentBy, at: now)] = declined
  }
}

extension Dialog {
  /// RFC 3261 22.2: the same request with the next number and its credentials; it needs a transaction of its own (8.1.3.5).
  fileprivate mutating func repetition(of old: SIPMessage, with trial: Trial) -> SIPMessage {
    var request = old
    request.remove(.via)
    localSequence &+= 1
    var number: [UInt8] = []
    number.appendDecimal(UInt64(localSequence))
    number.append(UInt8(ascii: " "))
    number.append(contentsOf: request.method.token)
    request.set(.cseq, number)
    trial.write(to: &request)
    return request
  }
}

extension Trial {
  /// In place of any credentials that stand there.
  func write(to request: inout SIPMessage) {
    request.remove(.proxyAuthorization)
    request.remove(.authorization)
    for step in steps where !step.field.isEmpty { request.append(step.origin == .proxy ? .proxyAuthorization : .authorization, step.field) }
  }
}

extension Call {
  /// RFC 3261 22.1: an ACK is never challenged; it carries what its INVITE carried.
  func authenticate(acknowledgement ack: inout SIPMessage, leg: Int, on flow: SIP.Flow, _ environment: CallEnvironment) {
    guard let trial = legs[leg].trial, environment.isOwn(flow, legs[leg].trunk) else { return }
    trial.write(to: &ack)
  }

  /// A final response to a request of ours. True: it was a challenge, and the request has gone out again. False: it is what it says, and if it is
  /// a challenge, the trunk knows why it was not answered.
  mutating func answeredChallenge(
    _ response: SIPMessage, _ client: TransactionLayer.ClientID, from source: SIP.Flow, leg: Int, _ environment: inout CallEnvironment
  ) -> Bool {
    let trunk = legs[leg].trunk
    guard trunk >= 0 else { return false }
    guard response.status == 401 || response.status == 407 else {
      if (200...299).contains(response.status) { environment.trunks.tookRequest(trunk) }
      return false
    }
    guard isStillWanted(client, leg: leg) else { return false }
    let name = legs[leg].trunkName
    guard environment.trunks.hasAccount(trunk) else {
      return refuse(
        "\(name) answered \(response.status), it wants credentials and has none here: set trunk \(name) auth-user and auth-password", trunk, &environment)
    }
    guard let flow = environment.transactions.flow(of: client), let request = environment.transactions.requestMessage(of: client) else { return false }
    guard environment.isOwn(source, trunk), environment.isOwn(flow, trunk) else {
      environment.counters.foreignChallenges += 1
      return refuse("\(name) answered \(response.status) by or to an address that is not its own: no credentials for that", trunk, &environment)
    }
    let isFarewell = legs[leg].farewell == client
    let open = legs[leg].requests.firstIndex { $0.client == client }
    var trial = (isFarewell ? legs[leg].farewellTrial : open.map { legs[leg].requests[$0].trial } ?? legs[leg].trial) ?? Trial()
    guard environment.trunks.answer(response, to: request, &trial, trunk: trunk, random: &environment.random) else {
      environment.counters.challengesRefused += 1
      return false
    }
    environment.counters.challengesAnswered += 1
    received(response, leg: leg, environment)
    sendAgain(request, trial, on: flow, isFarewell: isFarewell, open: open, leg: leg, &environment)
    return true
  }

  private func refuse(_ why: String, _ trunk: Int, _ environment: inout CallEnvironment) -> Bool {
    environment.counters.challengesRefused += 1
    environment.trunks.refuseChallenge(trunk, why)
    return false
  }

  /// A BYE always; an INVITE as long as somebody waits for its answer.
  private func isStillWanted(_ client: TransactionLayer.ClientID, leg: Int) -> Bool {
    if legs[leg].farewell == client || legs[leg].requests.contains(where: { $0.client == client }) { return true }
    guard legs[leg].client == client, !legs[leg].abandoned, phase != .over else { return false }
    if legs[leg].state == .inviting { return leg == active || leg == transfer?.coming }
    if legs[leg].ownOffer != .none { return legs[leg].state == .confirmed }
    // One that was withdrawn has no end set: its CANCEL is under way.
    return legs[leg].state == .confirmed && offer.map { $0.to == leg && $0.endsAt != nil } ?? false
  }

  /// Where the first one went: that is where the challenge came from.
  private mutating func sendAgain(
    _ old: SIPMessage, _ trial: Trial, on flow: SIP.Flow, isFarewell: Bool, open: Int?, leg: Int, _ environment: inout CallEnvironment
  ) {
    let request = legs[leg].dialog.repetition(of: old, with: trial)
    let sequence = legs[leg].dialog.localSequence
    if legs[leg].state == .inviting, open == nil { forgetEarlyDialog(leg, request) }
    let client = environment.transactions.send(
      request, on: flow, sentBy: legs[leg].sentBy, movesLarge: environment.movesLarge(legs[leg].trunk), at: environment.now)
    environment.owners[client] = CallEnvironment.Owner(call: id, leg: leg)
    note(leg: leg, sent: true, request.method, status: 0, sequence: sequence, hasSDP: !request.body.isEmpty, environment)
    if isFarewell {
      legs[leg].farewell = client
      legs[leg].farewellTrial = trial
    } else if let open {
      legs[leg].requests[open].client = client
      legs[leg].requests[open].trial = trial
    } else {
      legs[leg].client = client
      legs[leg].trial = trial
      legs[leg].inviteSequence = sequence
    }
  }

  /// Whatever early dialogs the first INVITE made ended with its refusal (RFC 3261 12.3).
  private mutating func forgetEarlyDialog(_ leg: Int, _ request: SIPMessage) {
    guard legs[leg].hasDialog else { return }
    legs[leg].dialog.remoteTag = []
    legs[leg].dialog.routeSet = []
    legs[leg].dialog.remoteTarget = Array(request.requestURI)
    legs[leg].dialog.state = .early
    if let base = legs[leg].offerBase { legs[leg].offerAnswer = base }
  }
}
