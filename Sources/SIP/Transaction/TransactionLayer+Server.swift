import Addressing
public import Timing

extension TransactionLayer {
  // MARK: From the wire

  mutating func receiveRequest(_ request: SIPMessage, from flow: Flow, origin: UInt32, at now: Instant) {
    let via = request.topVia
    let method = request.method
    incoming.read(request, via: via, origin: origin, as: method == .ack || method == .cancel ? .invite : method)
    let hash = incoming.transactionHash(keyedHash)
    let slot = serversByTransaction.find(hash) { servers[$0].matching.isSameTransaction(as: incoming) }
    switch method {
    case .ack:
      receiveAcknowledgement(request, for: slot, from: flow, at: now)
    case .cancel:
      receiveCancel(marked(request, via, flow), via, for: slot, hash, from: flow)
    default:
      if let slot {
        receiveAgain(slot, at: now)
      } else {
        receiveNew(marked(request, via, flow), via, hash, from: flow, at: now)
      }
    }
  }

  private mutating func receiveAgain(_ slot: UInt32, at now: Instant) {
    tally.retransmissionsReceived += 1
    let actions = servers[slot].receivedAgain()
    if actions.contains(.transmit) { tally.retransmissionsSent += 1 }
    perform(actions, server: slot, acknowledgement: nil)
    settleServer(slot, at: now)
  }

  private mutating func receiveAcknowledgement(_ ack: SIPMessage, for slot: UInt32?, from flow: Flow, at now: Instant) {
    guard let slot else {
      tally.unmatchedAcknowledgements += 1
      emit(.ack(ack, flow))
      return
    }
    let actions = servers[slot].receivedAcknowledgement(at: now, timing: timers.timing(over: servers[slot].flow.transport))
    perform(actions, server: slot, acknowledgement: (ack, flow))
    settleServer(slot, at: now)
  }

  /// 9.2. Answered without a transaction of its own: the answer to a repeated CANCEL is made again, and is the same.
  private mutating func receiveCancel(_ cancel: SIPMessage, _ via: Via, for slot: UInt32?, _ hash: UInt64, from flow: Flow) {
    let answering = ResponseRouting.flow(answering: via, receivedBy: flow)
    guard let slot, servers[slot].isInvite else {
      tally.unmatchedCancels += 1
      emit(.transmit(SIPMessage(responding: 481, to: cancel, toTag: tag(hash)).encoded(), answering))
      return
    }
    let tag = servers[slot].localTag.isEmpty ? tag(hash) : servers[slot].localTag
    emit(.transmit(SIPMessage(responding: 200, to: cancel, toTag: tag).encoded(), answering))
    guard servers[slot].phase == .proceeding, !servers[slot].isCancelled else { return }
    servers[slot].isCancelled = true
    emit(.cancelled(ServerID(slot: slot, generation: servers.generation(at: slot))))
  }

  private mutating func receiveNew(_ request: SIPMessage, _ via: Via, _ hash: UInt64, from flow: Flow, at now: Instant) {
    let answering = ResponseRouting.flow(answering: via, receivedBy: flow)
    let mergeHash = incoming.mergeHash(keyedHash)
    if request.to.tag == nil, serversByMerge.find(mergeHash, where: { servers[$0].matching.isMerge(of: incoming) }) != nil {
      tally.merged += 1
      emit(.transmit(SIPMessage(responding: 482, to: request, toTag: tag(hash)).encoded(), answering))
      return
    }
    guard liveTransactions < limit else {
      tally.refusedFull += 1
      emit(.transmit(SIPMessage(responding: 503, to: request, toTag: tag(hash)).encoded(), answering))
      emit(.turnedAway(request, flow))
      return
    }
    let place = servers.next
    let machine: ServerTransaction.Machine
    var trying: [UInt8]?
    if request.method == .invite {
      let response = SIPMessage(responding: 100, to: request).encoded()
      let isImmediate = timers.isTryingImmediate
      if isImmediate { trying = response }
      machine = .invite(InviteServerTransaction(trying: response, tryingAt: isImmediate ? nil : now + timers.trying))
    } else {
      machine = .nonInvite(NonInviteServerTransaction())
    }
    servers.insert(
      ServerTransaction(
        machine: machine, matching: incoming.compact, transactionHash: hash, mergeHash: mergeHash, flow: answering,
        sentByPort: ResponseRouting.sentByPort(via, transport: flow.transport)))
    serversByTransaction.insert(place.index, hash: hash)
    serversByMerge.insert(place.index, hash: mergeHash)
    if let trying { emit(.transmit(trying, answering)) }
    emit(.request(ServerID(slot: place.index, generation: place.generation), request, flow))
    settleServer(place.index, at: now)
  }

  private func marked(_ request: SIPMessage, _ via: Via, _ flow: Flow) -> SIPMessage {
    guard let changed = ResponseRouting.marked(via, source: flow.remote) else { return request }
    var request = request
    request.replaceFirstValue(of: .via, with: changed)
    return request
  }

  /// A To tag out of a request's hash. Sealed, for the hash itself would tell peers how to fill one bucket of the index.
  private func tag(_ hash: UInt64) -> [UInt8] {
    var tag: [UInt8] = []
    tag.appendHexadecimal(seal(hash), digits: 16)
    return tag
  }

  // MARK: From the transaction user

  /// Sends a response in a server transaction (any number of provisionals, one final; 2xx to INVITE may be sent again by the caller in the Accepted state).
  /// In a transaction that is gone, or that has had another final response, it is dropped and counted.
  public mutating func respond(_ response: SIPMessage, in id: ServerID, at now: Instant) {
    guard servers.holds(id.slot, generation: id.generation) else {
      tally.answersTooLate += 1
      return
    }
    let slot = id.slot
    let status = response.status
    if status > 100, servers[slot].localTag.isEmpty, servers[slot].isInvite, let tag = response.to.tag {
      servers[slot].localTag = Array(tag)
    }
    let actions = servers[slot].send(response.encoded(), status: status, at: now, timing: timers.timing(over: servers[slot].flow.transport))
    // 8.2.2.2 speaks of ongoing transactions: after a refusal the same request by another way is a second try, not a loop.
    if status >= 300, !actions.contains(.countDiscarded) { leaveMergeable(slot) }
    perform(actions, server: slot, acknowledgement: nil)
    settleServer(slot, at: now)
  }

  /// The 2xx of an INVITE once more, byte for byte (13.3.1.4): for who drives an `AnswerRepetition`.
  public mutating func repeatAnswer(in id: ServerID) {
    guard servers.holds(id.slot, generation: id.generation) else {
      tally.answersTooLate += 1
      return
    }
    let actions = servers[id.slot].repeatAnswer()
    if actions.contains(.transmit) { tally.retransmissionsSent += 1 }
    perform(actions, server: id.slot, acknowledgement: nil)
  }

  /// The ACK for this INVITE's 2xx came: the bytes kept for `repeatAnswer` are let go (timer L runs on).
  public mutating func answerAcknowledged(in id: ServerID) {
    guard servers.holds(id.slot, generation: id.generation) else { return }
    servers[id.slot].answerAcknowledged()
  }

  /// The To tag for an answer that makes no dialog: the same for each repetition of the request (8.2.7), not to be guessed for another.
  public mutating func tag(answering request: SIPMessage) -> [UInt8] {
    incoming.read(request, via: request.topVia, origin: 0, as: request.method)
    return tag(incoming.transactionHash(keyedHash))
  }

  /// A final answer without keeping state: for requests refused before a transaction is worth it (stateless UAS, 8.2.7). `flow`: the request's;
  /// where the answer goes follows from its top Via, in which `received` and `rport` are set if they were not yet.
  public mutating func answerStatelessly(_ status: Int, to request: SIPMessage, on flow: Flow) {
    let via = request.topVia
    let response = SIPMessage(responding: status, to: request, toTag: tag(answering: request))
    emit(.transmit(marked(response, via, flow).encoded(), ResponseRouting.flow(answering: via, receivedBy: flow)))
  }

  /// Where its responses go.
  public func flow(of id: ServerID) -> Flow? {
    servers.holds(id.slot, generation: id.generation) ? servers[id.slot].flow : nil
  }
  func phase(of id: ServerID) -> TransactionPhase? {
    servers.holds(id.slot, generation: id.generation) ? servers[id.slot].phase : nil
  }

  // MARK: Carrying out

  mutating func serverTransportFailed(_ slot: UInt32, _ flow: Flow, at now: Instant) {
    guard servers[slot].flow.isAffected(by: flow) else { return }
    if flow.transport.isReliable, servers[slot].flow.connection != 0 {
      // 18.2.2: the connection is gone, the next response opens one to the source address at sent-by's port.
      servers[slot].flow.connection = 0
      servers[slot].flow.remote.port = servers[slot].sentByPort
      return
    }
    let actions = servers[slot].transportFailed()
    perform(actions, server: slot, acknowledgement: nil)
  }

  mutating func settleServer(_ slot: UInt32, at now: Instant) {
    let generation = servers.generation(at: slot)
    while servers.holds(slot, generation: generation),
      let actions = servers[slot].fireDue(at: now, timing: timers.timing(over: servers[slot].flow.transport))
    {
      if actions.contains(.transmit) { tally.retransmissionsSent += 1 }
      perform(actions, server: slot, acknowledgement: nil)
    }
    guard servers.holds(slot, generation: generation), let deadline = servers[slot].nextDeadline,
      deadline < servers[slot].enteredAt
    else { return }
    servers[slot].enteredAt = deadline
    deadlines.enter(DeadlineKey(slot: slot, generation: generation, isServer: true), at: deadline)
  }

  private mutating func perform(
    _ actions: ServerActions, server slot: UInt32, acknowledgement: (message: SIPMessage, flow: Flow)?
  ) {
    guard !actions.isEmpty else { return }
    if actions.contains(.transmit), let bytes = servers[slot].message { emit(.transmit(bytes, servers[slot].flow)) }
    if actions.contains(.deliverAcknowledgement), let acknowledgement {
      emit(.ack(acknowledgement.message, acknowledgement.flow))
    }
    if actions.contains(.countDiscarded) { tally.answersDiscarded += 1 }
    let id = ServerID(slot: slot, generation: servers.generation(at: slot))
    if actions.contains(.reportUnacknowledged) {
      tally.unacknowledged += 1
      emit(.unacknowledged(id))
    }
    if actions.contains(.end) {
      leaveMergeable(slot)
      serversByTransaction.remove(slot, hash: servers[slot].transactionHash)
      servers.remove(slot)
      emit(.serverEnded(id))
    }
  }

  private mutating func leaveMergeable(_ slot: UInt32) {
    guard servers[slot].isMergeable else { return }
    servers[slot].isMergeable = false
    serversByMerge.remove(slot, hash: servers[slot].mergeHash)
  }
}
