import Addressing
import Admission
import Records
import SIP
import Timing
import Trunks

// Every message of a call leaves through these: the plugin of its trunk sees it, the ladder notes it.
extension Call {
  /// What became of a request on its way out.
  enum Sent {
    case sent(TransactionLayer.ClientID)
    /// The trunk's plugin refused it; nothing left.
    case refused(status: Int)
  }

  /// A request may be refused by the trunk's plugin; a BYE goes out whatever it says (a call must be able to end).
  mutating func send(_ request: SIPMessage, leg: Int, _ environment: inout CallEnvironment) -> Sent {
    var request = request
    environment.capabilities(of: legs[leg].trunk).stamp(request: &request)
    stampSession(request: &request, leg: leg, environment)
    var verdict = TrunkTable.Verdict.pass
    hook(leg, &environment) { verdict = $0.requestOut(&request, trunk: $1, at: $2) }
    if case .refuse(let status) = verdict, request.method != .bye { return .refused(status: status) }
    let flow = route(leg, environment)
    let trial = environment.authenticate(&request, trunk: legs[leg].trunk, on: flow)
    switch request.method {
    case .invite: legs[leg].trial = trial
    case .bye: legs[leg].farewellTrial = trial
    default: legs[leg].lastTrial = trial
    }
    let client = environment.transactions.send(
      request, on: flow, sentBy: legs[leg].sentBy, movesLarge: environment.movesLarge(legs[leg].trunk), at: environment.now)
    environment.owners[client] = CallEnvironment.Owner(call: id, leg: leg)
    note(leg: leg, sent: true, request.method, status: 0, sequence: request.cseqNumber, hasSDP: !request.body.isEmpty, environment)
    return .sent(client)
  }

  /// Returns the response as it went out, with what the plugin changed.
  @discardableResult
  mutating func respond(_ response: SIPMessage, in server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) -> SIPMessage {
    var response = response
    environment.capabilities(of: legs[leg].trunk).stamp(response: &response)
    stampSession(response: &response, leg: leg, environment)
    hook(leg, &environment) { $0.responseOut(&response, trunk: $1, at: $2) }
    environment.transactions.respond(response, in: server, at: environment.now)
    if response.status >= 200 { environment.served[server] = nil }
    note(leg: leg, sent: true, response.method, status: response.status, sequence: response.cseqNumber, hasSDP: !response.body.isEmpty, environment)
    return response
  }

  /// ACK for a 2xx; kept for repetitions of it (RFC 3261 13.2.2.4).
  mutating func acknowledge(leg: Int, sequence: UInt32, _ environment: inout CallEnvironment) {
    var ack = legs[leg].dialog.makeAcknowledgement(sequence: sequence)
    hook(leg, &environment) { _ = $0.requestOut(&ack, trunk: $1, at: $2) }
    let flow = route(leg, environment)
    authenticate(acknowledgement: &ack, leg: leg, on: flow, environment)
    legs[leg].acknowledgedSequence = sequence
    legs[leg].acknowledgement = environment.transactions.sendAcknowledgement(ack, on: flow, sentBy: legs[leg].sentBy)
    note(leg: leg, sent: true, .ack, status: 0, sequence: sequence, hasSDP: false, environment)
  }

  /// The ACK again, byte for byte; for the 2xx of an earlier INVITE of the dialog, with that one's number.
  mutating func repeatAcknowledgement(sequence: UInt32, leg: Int, _ environment: inout CallEnvironment) {
    let flow = route(leg, environment)
    // What holds credentials goes where they may go, also when the dialog's target has moved since.
    let mayRepeat = legs[leg].trial == nil || environment.isOwn(flow, legs[leg].trunk)
    if sequence == legs[leg].acknowledgedSequence, mayRepeat, let bytes = legs[leg].acknowledgement {
      return environment.actions.append(.transmit(bytes, flow))
    }
    var ack = legs[leg].dialog.makeAcknowledgement(sequence: sequence)
    hook(leg, &environment) { _ = $0.requestOut(&ack, trunk: $1, at: $2) }
    authenticate(acknowledgement: &ack, leg: leg, on: flow, environment)
    _ = environment.transactions.sendAcknowledgement(ack, on: flow, sentBy: legs[leg].sentBy)
  }

  mutating func received(_ message: SIPMessage, leg: Int, _ environment: CallEnvironment) {
    legs[leg].far.learn(from: message)
    noteSession(message, leg: leg, environment)
    note(leg: leg, sent: false, message.method, status: message.status, sequence: message.cseqNumber, hasSDP: !message.body.isEmpty, environment)
  }

  /// The transaction layer has answered an INVITE with 100 before we saw it.
  mutating func noteTrying(_ request: SIPMessage, leg: Int, _ environment: CallEnvironment) {
    guard environment.transactions.timers.isTryingImmediate else { return }
    note(leg: leg, sent: true, .invite, status: 100, sequence: request.cseqNumber, hasSDP: false, environment)
  }

  /// An answer on a leg; see `LegMessages`. Takes the two fields it needs: the whole leg as an argument would be copied.
  func answer(_ status: Int, leg: Int, to request: SIPMessage, body: [UInt8]?) -> SIPMessage {
    LegMessages.answer(status, tag: legs[leg].dialog.localTag, contact: legs[leg].contact, to: request, body: body)
  }

  /// Where this leg's requests go: the dialog's next hop if its address is one of the trunk's own, else where the leg's
  /// signalling came from. So a Contact behind NAT works, and no Contact can aim our packets at a third party.
  ///
  /// A stream is used as long as it stands. When the one the caller's INVITE came over is closed, its far port is nobody's: then a new one to the next
  /// hop (RFC 3261 12.2.1.1, 18.1.1), or to where the trunk's calls go.
  ///
  /// A trunk has one listener and so one transport. A next hop that wants another one can not be had there, and its port over ours would be somebody else's.
  func route(_ leg: Int, _ environment: CallEnvironment) -> SIP.Flow { route(legs[leg].dialog, leg, environment) }

  func route(_ dialog: Dialog, _ leg: Int, _ environment: CallEnvironment) -> SIP.Flow {
    let own = legs[leg].flow
    let isLost = leg == 0 && own.connection == 0
    guard !own.transport.isReliable || isLost, legs[leg].trunk >= 0 else { return own }
    guard !dialog.remoteTag.isEmpty, let uri = try? SIPURI(parsing: dialog.nextHop), let ip = IPAddress(uri.host),
      uri.allows(own.transport), environment.gate.belongs(ip, toTrunk: legs[leg].trunk)
    else { return own.transport.isReliable ? environment.trunks.destination(of: legs[leg].trunk) ?? own : own }
    var flow = own
    flow.remote = TransportAddress(ip, uri.port ?? own.transport.defaultPort)
    return flow
  }

  /// The connection of a flow is closed.
  mutating func lostConnection(_ flow: SIP.Flow) {
    for leg in legs.indices where legs[leg].flow.connection == flow.connection && legs[leg].flow.listener == flow.listener { legs[leg].flow.connection = 0 }
  }

  /// A request of the dialog came over another connection when the leg's own is closed: the leg goes on there.
  mutating func reconnected(leg: Int, _ flow: SIP.Flow) {
    guard leg == 0, flow.transport.isReliable, legs[leg].flow.connection == 0 else { return }
    legs[leg].flow = flow
  }

  private func hook(_ leg: Int, _ environment: inout CallEnvironment, _ body: (inout TrunkTable, Int, Instant) -> Void) {
    guard legs[leg].trunk >= 0 else { return }
    body(&environment.trunks, legs[leg].trunk, environment.now)
  }

  mutating func note(leg: Int, sent: Bool, _ method: SIP.Method, status: Int, sequence: UInt32, hasSDP: Bool, _ environment: CallEnvironment) {
    ladder.note(
      Ladder.Entry(
        at: environment.now, leg: UInt8(truncatingIfNeeded: leg), sent: sent, method: method, status: UInt16(truncatingIfNeeded: status),
        sequence: sequence, hasSDP: hasSDP, remote: legs[leg].flow.remote))
  }
}

extension SIPURI {
  /// What the URI says of its transport, if anything, fits (RFC 3261 19.1.1; RFC 5630 3.1.3: `sips` is TLS).
  fileprivate func allows(_ transport: Transport) -> Bool {
    if scheme == .sips, transport != .tls { return false }
    guard let wanted = parameter("transport") else { return true }
    return wanted.elementsEqual(transport.name.utf8) { $0 | 0x20 == $1 | 0x20 }
  }
}
