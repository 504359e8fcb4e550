public import Addressing
import Admission
public import CTandemTrunk
public import Configuration
public import Media
public import Records
public import Routing
public import SIP
public import ServerLocation
public import Timing
import Trunks

/// One shard of the exchange: everything pure joined. Bytes, media events and time go in; actions and the next deadline come out.
///
/// ```
/// receive ─▶ gate ─▶ SIPMessage ─▶ TransactionLayer ─▶ (dialog by our tag) ─▶ Call ─▶ transmit / media / record
/// ```
/// Contract: after every mutating call drain `nextAction()` until `nil`, then ask `nextDeadline`. A value of one thread; nothing in it
/// locks, reads a clock or draws from outside the generator it was given.
public struct Exchange {
  /// What a commit hands over. Where the domains of peers lead comes by `locate`.
  public struct Setup: Sendable {
    public var configuration: Configuration
    public var routing: RoutingTable
    public init(configuration: Configuration, routing: RoutingTable) {
      self.configuration = configuration
      self.routing = routing
    }
  }
  public enum Action: Sendable {
    case transmit([UInt8], SIP.Flow)
    case media(MediaCommand)
    /// A call ended; keep this, and its ladder for `show call ID ladder`.
    case record(CallRecord, Ladder)
    /// One line for the log.
    case note(Note)
  }
  public struct Note: Sendable {
    public enum Level: UInt8, Sendable { case error = 3, warning = 4, notice = 5, info = 6 }
    public var level: Level
    /// Which line of ours it is, whatever it tells: floods are held back by it.
    public var kind: StaticString
    public var text: String
    /// Structured journal fields, upper-case names (`TANDEM_CALL`, `TANDEM_TRUNK`).
    public var fields: [(name: StaticString, value: String)]
    public init(level: Level, kind: StaticString, text: String, fields: [(name: StaticString, value: String)] = []) {
      self.level = level
      self.kind = kind
      self.text = text
      self.fields = fields
    }
  }

  var environment: CallEnvironment
  var table: CallTable
  var deadlines = DeadlineQueue<CallID>()

  /// `wallClock`: seconds since 1970 at monotonic instant 0, for call records. `clock` measures plugins' hooks against their budget; `nil` = not measured.
  public init(
    shard: UInt8, setup: Setup, plugins: [String: UnsafePointer<tt_plugin_v1>], random: RandomSource, wallClock: Double, at now: Instant,
    timers: TransactionLayer.Timers = TransactionLayer.Timers(), clock: (() -> Instant)? = nil
  ) {
    var random = random
    let forTransactions = RandomSource(seed: (random.next(), random.next(), random.next(), random.next()))
    let configuration = setup.configuration
    environment = CallEnvironment(
      now: now, configuration: configuration, settings: configuration.trunks.indices.map { TrunkSettings(configuration.trunkConfiguration(for: $0)) },
      routing: setup.routing, gate: SourceGate(configuration, resolved: []),
      origins: PeerOrigins(configuration), load: TrunkLoad(configuration),
      trunks: TrunkTable(configuration, plugins: plugins, clock: clock),
      transactions: TransactionLayer(shard: shard, timers: timers, random: forTransactions), anchors: AnchorPool(configuration),
      random: random, wallClock: wallClock)
    table = CallTable(shard: shard, firstGeneration: UInt32(truncatingIfNeeded: environment.random.next()))
    environment.reviewCapabilities()
    environment.warnOfAmbiguousTrunks()
  }

  /// One datagram, or one message framed from a stream.
  public mutating func receive(_ bytes: [UInt8], on flow: SIP.Flow, at now: Instant) {
    environment.now = now
    // Decided: a source no peer covers gets silence and a counter, before anything of it is read.
    let verdict = environment.judge(flow)
    if verdict == .stranger { return receivedFromStranger(bytes, on: flow) }
    let message: SIPMessage
    do throws(SIPMessage.ParseFailure) {
      message = try SIPMessage(parsing: bytes)
    } catch {
      environment.counters.malformed += 1
      if let request = error.answerable {
        refuseUnreadable(request, status: error.status, because: error.reason, on: flow, verdict)
        drain()
      }
      return
    }
    environment.transactions.receive(message, from: flow, origin: environment.origin(of: verdict), at: now)
    drain()
  }

  /// Silence and a counter, unless a call of his outlived the commit that shut him out. Read only when such a call may come from where he is.
  private mutating func receivedFromStranger(_ bytes: [UInt8], on flow: SIP.Flow) {
    guard let origin = environment.departed.origin(of: flow, at: environment.now), let message = try? SIPMessage(parsing: bytes),
      isOfLiveCall(message, on: flow)
    else {
      environment.counters.strangers += 1
      return
    }
    environment.transactions.receive(message, from: flow, origin: origin, at: environment.now)
    drain()
  }

  /// The head of a request on a stream that can not be read on (`StreamFramer.brokenHead`): answered with `status` when it can be (RFC 3261 18.3), from sources
  /// the gate admits. What is no sound request gets silence: false.
  public mutating func refuseBroken(_ head: [UInt8], status: Int, because why: StaticString, on flow: SIP.Flow, at now: Instant) -> Bool {
    environment.now = now
    let verdict = environment.judge(flow)
    guard verdict != .stranger else {
      environment.counters.strangers += 1
      return false
    }
    environment.counters.malformed += 1
    let request: SIPMessage?
    // The head without its body: sound by itself when it was only the length that broke the stream.
    do throws(SIPMessage.ParseFailure) { request = try SIPMessage(parsing: head) } catch { request = error.answerable }
    guard let request, request.isRequest, request.method != .ack else { return false }
    refuseUnreadable(request, status: status, because: why, on: flow, verdict)
    drain()
    return true
  }

  public mutating func unreachable(_ flow: SIP.Flow, at now: Instant) { unreachable([flow], at: now) }

  /// What can not be reached, as found out since the last event: ICMP, connections that failed; with why, where more is known. Costs a look at every transaction,
  /// however many there are.
  public mutating func unreachable(_ failed: [(flow: SIP.Flow, why: String?)], at now: Instant) {
    for one in failed { environment.failureReasons[one.flow.remote] = one.why ?? environment.failureReasons[one.flow.remote] }
    unreachable(failed.map(\.flow), at: now)
    environment.failureReasons.removeAll()
  }

  public mutating func unreachable(_ flows: [SIP.Flow], at now: Instant) {
    environment.now = now
    let lost = flows.filter { $0.transport.isReliable && $0.connection != 0 }
    if !lost.isEmpty {
      for id in table.idsOnStreams { withCall(id) { call, _ in for flow in lost { call.lostConnection(flow) } } }
    }
    environment.transactions.unreachable(flows, at: now)
    drain()
  }

  /// A message of ours that the kernel took for no datagram: more than 65,507 bytes over IPv4. A request fails as if its destination could not be reached, and the
  /// log says why; a response is only told (RFC 3261 18.1.1 would move a request of this size to TCP; we do not yet).
  public mutating func tooLarge(_ bytes: [UInt8], on flow: SIP.Flow, at now: Instant) {
    environment.now = now
    environment.counters.tooLarge += 1
    let message: SIPMessage?
    // Cut short it is no whole message, but as much of one as is wanted.
    do throws(SIPMessage.ParseFailure) { message = try SIPMessage(parsing: Array(bytes.prefix(SIPLimits.messageBytes))) } catch { message = error.answerable }
    let what = message.map { $0.isRequest ? String(decoding: $0.method.token, as: UTF8.self) : "answer \($0.status)" } ?? "message"
    environment.note(
      .warning,
      "\(peerName(of: flow)): \(what) of \(bytes.count) bytes to \(flow.remote) was not sent: no datagram carries more than 65507; "
        + "let the peer be reached over tcp: `set listener NAME transport tcp`")
    if let message, message.isRequest { environment.transactions.tooLarge(message, at: now) }
    drain()
  }

  private func peerName(of flow: SIP.Flow) -> String {
    switch environment.judge(flow) {
    case .stranger: "no peer"
    case .noTrunkHere(let peer): "peer \(environment.configuration.peers[peer].name)"
    case .trunk(let trunk): "trunk \(environment.configuration.trunks[trunk].name)"
    }
  }

  public mutating func media(_ event: MediaEvent, at now: Instant) {
    environment.now = now
    switch event {
    case .opened(let session, let side): withCall(CallID(rawValue: session)) { $0.mediaOpened(side, &$1) }
    case .refused(let session, let side, let reason): withCall(CallID(rawValue: session)) { $0.mediaRefused(side, reason: reason, &$1) }
    case .closed(let session, let counts): withCall(CallID(rawValue: session)) { $0.mediaClosed(counts, &$1) }
    case .report(let session, let counts): withCall(CallID(rawValue: session)) { $0.mediaReported(counts, &$1) }
    }
    drain()
  }

  public mutating func advance(to now: Instant) {
    environment.now = now
    environment.transactions.advance(to: now)
    drain()
    while let at = deadlines.next, let id = deadlines.popDue(at: now) {
      // Not: an entry that an earlier one replaced.
      guard table.scheduledAt(id) == at else { continue }
      withCall(id) { call, environment in
        call.scheduledAt = nil
        call.advance(&environment)
      }
      drain()
    }
    environment.trunks.advance(to: now)
    environment.sendProbes()
    drain()
    pass(environment.trunks.takeNotes())
  }

  /// Servers that went down or came back.
  private mutating func tellHealth() {
    for news in environment.trunks.takeNews() {
      environment.note(news.isTrouble ? .warning : .notice, news.text, [("TANDEM_PEER", news.peer), ("TANDEM_TRUNK", news.trunk)])
    }
  }

  /// What plugins said, for the log.
  private mutating func pass(_ notes: [PluginNote]) {
    for note in notes {
      environment.note(
        Note.Level(rawValue: UInt8(clamping: note.level)) ?? .info, note.text, [("TANDEM_PEER", note.peer), ("TANDEM_PLUGIN", note.plugin)])
    }
  }

  public var nextDeadline: Instant? {
    var earliest = environment.transactions.nextDeadline
    if let next = deadlines.next, earliest.map({ next < $0 }) ?? true { earliest = next }
    if let next = environment.trunks.nextDeadline, earliest.map({ next < $0 }) ?? true { earliest = next }
    return earliest
  }

  public mutating func nextAction() -> Action? { environment.actions.next() }
  public var liveCalls: Int { table.count }

  /// Runs one event on a call, then enters its next deadline and lets go of it when it is gone.
  @discardableResult
  mutating func withCall(_ id: CallID, _ body: (inout Call, inout CallEnvironment) -> Void) -> Bool {
    var gone = false
    var rests = false
    var entry: Instant?
    let found: Void? = table.with(id) { call in
      body(&call, &environment)
      gone = call.isGone
      rests = call.rests(at: environment.now)
      if let next = call.nextDeadline, call.scheduledAt.map({ next < $0 }) ?? true {
        call.scheduledAt = next
        entry = next
      }
    }
    if gone { close(id) } else if let entry { deadlines.enter(id, at: entry) }
    if rests { table.rest(id) }
    return found != nil
  }

  private mutating func close(_ id: CallID) {
    table.close(id)
    if !environment.movedLegs.isEmpty { environment.movedLegs = environment.movedLegs.filter { $0.value.call != id } }
    environment.departed.closed(id, until: environment.now + environment.transactions.timers.t1 * 64)
  }

  /// Carries what the transaction layer hands up to the calls, and what it sends to the queue of actions.
  mutating func drain() {
    while let output = environment.transactions.nextOutput() {
      switch output {
      case .transmit(let bytes, let flow):
        environment.actions.append(.transmit(bytes, flow))
      case .request(let server, let message, let flow):
        receivedRequest(message, server: server, flow: flow)
      case .ack(let message, let flow):
        receivedAcknowledgement(message, flow: flow)
      case .cancelled(let server):
        guard let owner = environment.served[server] else { break }
        withCall(owner.call) { $0.cancelled(leg: owner.leg, &$1) }
      case .response(let client, let message, let flow):
        receivedResponse(message, client: client, flow: flow)
      case .timedOut(let client):
        clientFailed(client, status: 408, because: "no answer in time")
      case .transportFailed(let client):
        let remote = environment.transactions.flow(of: client)?.remote
        clientFailed(client, status: 503, because: remote.flatMap { environment.failureReasons[$0] } ?? "could not be reached")
      case .unacknowledged:
        break
      case .turnedAway(let message, let flow):
        turnedAway(message, flow: flow)
      case .stray(let message, let flow):
        environment.counters.strayResponses += 1
        receivedLateAnswer(message, flow: flow)
      case .clientEnded(let client):
        environment.owners[client] = nil
        environment.declined[client] = nil
        environment.ownRequests[client] = nil
      case .serverEnded(let server):
        environment.served[server] = nil
      }
      if !environment.joins.isEmpty { carryOutJoins() }
    }
    tellHealth()
  }

  private mutating func receivedResponse(_ message: SIPMessage, client: TransactionLayer.ClientID, flow: SIP.Flow) {
    if let own = environment.ownRequests[client] { return environment.received(message, own: client, own) }
    guard let owner = environment.owners[client] else { return environment.receivedDeclined(message, client, from: flow) }
    var message = message
    guard table.contains(owner.call) else { return receivedLateAnswer(message, flow: flow) }
    withCall(owner.call) { call, environment in
      guard call.legs.indices.contains(owner.leg) else { return }
      // Field by field: a leg is large, and a copy of it counts thirty references up and down.
      let trunk = call.legs[owner.leg].trunk
      let state = call.legs[owner.leg].state
      // Its listener went with one commit and came back with the next.
      if call.legs[owner.leg].flow.listener == .max { call.legs[owner.leg].flow.listener = flow.listener }
      if trunk >= 0 {
        // A sign of life is an answer that takes or refuses a call: not 100, not the 487 of an attempt that was given up, and not 408 or 503 (decided).
        if message.status != 100, message.status != 408, message.status != 503, !call.legs[owner.leg].abandoned {
          environment.trunks.heard(from: trunk, source: flow.remote, isAnswer: message.status >= 200, at: environment.now)
        }
        if call.answeredChallenge(message, client, from: flow, leg: owner.leg, &environment) { return }
        environment.trunks.responseIn(&message, trunk: trunk, at: environment.now)
      }
      if call.legs[owner.leg].farewell == client {
        call.received(message, leg: owner.leg, environment)
        if message.status >= 200 { call.farewellEnded(leg: owner.leg, &environment) }
      } else if call.legs[owner.leg].client == client {
        let own = call.legs[owner.leg].ownOffer
        if own == .refresh {
          call.receivedRefreshAnswer(message, leg: owner.leg, &environment)
        } else if own != .none {
          call.receivedJoinAnswer(message, leg: owner.leg, &environment)
        } else if state == .confirmed || (state == .leaving && !call.legs[owner.leg].abandoned) {
          call.receivedReinviteResponse(message, leg: owner.leg, &environment)
        } else {
          call.receivedResponse(message, leg: owner.leg, &environment)
        }
      } else if !call.receivedAnswerToRequest(message, client: client, leg: owner.leg, &environment), message.method == .invite {
        call.receivedRepeatedAnswer(message, leg: owner.leg, &environment)
      }
    }
  }

  private mutating func clientFailed(_ client: TransactionLayer.ClientID, status: Int, because why: String) {
    if let own = environment.ownRequests[client] { return environment.failed(own: own, status: status) }
    guard let owner = environment.owners[client] else { return }
    withCall(owner.call) { call, environment in
      guard call.legs.indices.contains(owner.leg) else { return }
      call.unanswered(client, leg: owner.leg, status: status, because: why, &environment)
    }
  }

  private mutating func receivedAcknowledgement(_ message: SIPMessage, flow: SIP.Flow) {
    guard let tag = message.to.tag, let name = place(of: tag) else { return }
    var message = message
    withCall(name.call) { call, environment in
      guard call.owns(message, leg: name.leg, from: flow, environment) else { return }
      // Shown like every request; there is nobody to tell of a refusal.
      if call.legs[name.leg].trunk >= 0 { _ = environment.trunks.requestIn(&message, trunk: call.legs[name.leg].trunk, at: environment.now) }
      call.receivedAcknowledgement(message, leg: name.leg, &environment)
    }
  }

  // MARK: Life

  /// A commit; calls that are up are not touched, their references are carried over by name. Those that lose their listener end: call `leaveListeners` first,
  /// so that the far sides hear of it; here they end in silence.
  public mutating func reconfigure(_ setup: Setup, wallClock: Double, at now: Instant) {
    environment.now = now
    let leaving = losingListener(to: setup.configuration)
    let old = environment.configuration
    let new = setup.configuration
    let trunks = old.trunks.map { trunk in new.trunks.firstIndex { $0.name == trunk.name } }
    let listeners = keptListeners(by: new)
    let gate = SourceGate(new, resolved: environment.trunks.addressesOfPeers(in: new))
    environment.departed = departing(with: gate, listeners: listeners)
    environment.identified = environment.identified.mapValues { peer in
      old.peers.indices.contains(peer) ? new.peers.firstIndex { $0.name == old.peers[peer].name } ?? -1 : -1
    }
    environment.origins.reconfigure(from: old, resolved: admittedAddresses, to: new, gate: gate)
    environment.configuration = new
    environment.settings = new.trunks.indices.map { TrunkSettings(new.trunkConfiguration(for: $0)) }
    environment.reviewCapabilities()
    environment.routing = setup.routing
    environment.gate = gate
    environment.load.reconfigure(from: old, to: new)
    environment.trunks.reconfigure(new)
    environment.anchors.reconfigure(from: old, to: new)
    environment.wallClock = wallClock
    for id in table.ids {
      withCall(id) { call, environment in
        call.rename(trunks: trunks, listeners: listeners)
        call.holdPorts(&environment)
      }
    }
    environment.declined = environment.declined.mapValues { $0.renamed(trunks) }
    environment.renameOwnRequests(trunks: trunks)
    environment.transactions.rename(listeners: listeners)
    environment.warnOfAmbiguousTrunks()
    for call in leaving { end(call) { $0 != Int(UInt16.max) } }
    drain()
  }

  /// What the resolver found since; true when the gate has changed. Requests of new calls go there and come from there. Calls that are up stay with the target
  /// that answered them, and are heard from it.
  @discardableResult
  public mutating func locate(_ found: [(ServerQuery, ServerLocation)], at now: Instant) -> Bool {
    environment.now = now
    guard environment.trunks.locate(found) else { return false }
    let gate = SourceGate(environment.configuration, resolved: admittedAddresses)
    environment.departed = departing(with: gate, listeners: environment.configuration.listeners.indices.map { $0 })
    environment.gate = gate
    environment.warnOfAmbiguousTrunks()
    return true
  }
  /// What the gate admits beside the `source` prefixes, by peer index; whoever accepts connections has a gate of the same.
  public var admittedAddresses: [[IPAddress]] { environment.trunks.addressesOfPeers(in: environment.configuration) }

  /// `request call clear ID`; false when there is no such call.
  public mutating func clear(call text: String, at now: Instant) -> Bool {
    environment.now = now
    guard let id = CallID(text: text) else { return false }
    let found = withCall(id) { call, environment in
      call.end(.failed, status: 480, cause: 16, reason: "cleared by the operator", by: nil, &environment)
    }
    drain()
    return found
  }

  /// The end of the process: every plugin's instances are told to close. Calls come before: a plugin is told of their end.
  public mutating func closePlugins() { pass(environment.trunks.close()) }

  /// Stop serving: new calls get 503, every call is ended with BYE or CANCEL. Done when `liveCalls` is 0; a caller who has not acknowledged
  /// our 2xx is waited for no longer than `CallLimits.stopping`.
  public mutating func endAllCalls(at now: Instant) {
    environment.now = now
    environment.stopping = true
    for id in table.ids {
      withCall(id) { call, environment in
        call.end(.failed, status: 503, cause: 41, reason: "the appliance is stopping", by: nil, &environment)
        call.hurry(environment)
      }
      drain()
    }
  }
}
