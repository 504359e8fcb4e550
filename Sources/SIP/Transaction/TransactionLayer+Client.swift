import Addressing
public import Timing

extension TransactionLayer {
  // MARK: From the transaction user

  /// Sends a request in a new client transaction (not ACK). Adds the top Via: transport and `sentBy` (our host[:port] as the far side should see it), branch, rport.
  ///
  /// `movesLarge`: one that is too large for a packet goes over TCP in place of UDP, to the same address, and over UDP after all when that can not be had (18.1.1).
  public mutating func send(_ request: SIPMessage, on flow: Flow, sentBy: [UInt8], movesLarge: Bool = false, at now: Instant) -> ClientID {
    precondition(request.isRequest && request.method != .ack && request.method != .cancel, "ACK and CANCEL have their own calls")
    var request = request
    var flow = flow
    let place = clients.next
    let branch = Branch(shard: shard, slot: place.index, generation: place.generation, random: random.next())
    request.prepend(.via, Self.via(flow.transport, sentBy: sentBy, branch: branch))
    var bytes = request.encoded()
    let isMoved = movesLarge && flow.transport == .udp && bytes.count > TransactionLimits.datagramBytes
    if isMoved {
      flow.transport = .tcp
      flow.connection = 0
      request.replaceFirstValue(of: .via, with: Self.via(.tcp, sentBy: sentBy, branch: branch))
      bytes = request.encoded()
      tally.movedToTCP += 1
    }
    start(
      ClientTransaction(
        machine: machine(request.method, bytes, flow.transport, at: now), method: request.method, request: request, sentBy: sentBy, random: branch.random,
        flow: flow, isMoved: isMoved))
    emit(.transmit(bytes, flow))
    return ClientID(slot: place.index, generation: place.generation)
  }

  private func machine(_ method: Method, _ bytes: [UInt8], _ transport: Transport, at now: Instant) -> ClientTransaction.Machine {
    method == .invite
      ? .invite(InviteClientTransaction(request: bytes, at: now, timing: timers.timing(over: transport)))
      : .nonInvite(NonInviteClientTransaction(request: bytes, at: now, timing: timers.timing(over: transport)))
  }

  /// A request that was moved to TCP could not be sent there: over UDP after all, in the same transaction, whose course begins anew. False when it is too late for that.
  private mutating func moveBack(_ slot: UInt32, at now: Instant) -> Bool {
    guard clients[slot].isMoved, !clients[slot].isCancelWanted, var request = clients[slot].request,
      clients[slot].phase == .calling || clients[slot].phase == .trying
    else { return false }
    let branch = Branch(shard: shard, slot: slot, generation: clients.generation(at: slot), random: clients[slot].random)
    clients[slot].isMoved = false
    clients[slot].flow.transport = .udp
    clients[slot].flow.connection = 0
    request.replaceFirstValue(of: .via, with: Self.via(.udp, sentBy: clients[slot].sentBy, branch: branch))
    let bytes = request.encoded()
    clients[slot].request = request
    clients[slot].machine = machine(request.method, bytes, .udp, at: now)
    tally.movedBackToUDP += 1
    emit(.transmit(bytes, clients[slot].flow))
    settleClient(slot, at: now)
    return true
  }

  /// An ACK for a 2xx: its own branch, no transaction. Returns the bytes so that the caller can send them again for a repeated 2xx.
  public mutating func sendAcknowledgement(_ ack: SIPMessage, on flow: Flow, sentBy: [UInt8]) -> [UInt8] {
    var ack = ack
    let branch = Branch(shard: shard, slot: Branch.noSlot, generation: 0, random: random.next())
    ack.prepend(.via, Self.via(flow.transport, sentBy: sentBy, branch: branch))
    let bytes = ack.encoded()
    emit(.transmit(bytes, flow))
    return bytes
  }

  /// Cancels an INVITE; builds the CANCEL of 9.1, whose own transaction's result is absorbed. Without a provisional response yet, it waits for
  /// the first. If no final answer comes within 64*T1 of the CANCEL the INVITE transaction times out (9.1). Nothing happens once it has its final response.
  public mutating func cancel(_ id: ClientID, reason: [UInt8]?, at now: Instant) {
    guard let slot = liveClient(id) else { return }
    precondition(clients[slot].method == .invite, "only an INVITE can be cancelled (RFC 3261 9.1)")
    clients[slot].cancelReason = reason
    let actions = clients[slot].cancel(at: now, timing: timers.timing(over: clients[slot].flow.transport))
    perform(actions, client: slot, response: nil, at: now)
    settleClient(slot, at: now)
  }

  /// The request as it was sent, with its Via: until the outputs of its final response have been drained, or its end.
  public func requestMessage(of id: ClientID) -> SIPMessage? {
    clients.holds(id.slot, generation: id.generation) ? clients[id.slot].request : nil
  }
  /// Where it goes; on a stream with the connection, once that is known.
  public func flow(of id: ClientID) -> Flow? {
    clients.holds(id.slot, generation: id.generation) ? clients[id.slot].flow : nil
  }
  func phase(of id: ClientID) -> TransactionPhase? { liveClient(id).map { clients[$0].phase } }

  // MARK: From the wire

  mutating func receiveResponse(_ response: SIPMessage, from flow: Flow, at now: Instant) {
    let via = response.topVia
    // 8.1.3.3: a second Via means that we are not where this response was going.
    guard let branch = via.branch.flatMap({ Branch($0) }), branch.shard == shard, response.count(of: .via) == 1 else {
      tally.foreignResponses += 1
      return
    }
    guard let slot = client(of: branch, method: response.method) else {
      tally.strayResponses += 1
      if response.method == .invite, response.status >= 200, response.status < 300 { emit(.stray(response, flow)) }
      return
    }
    guard Self.isSentBy(via, clients[slot].sentBy, clients[slot].flow.transport) else {
      tally.foreignResponses += 1
      return
    }
    // A request that opened its connection learns here which it was.
    if clients[slot].flow.connection == 0, clients[slot].flow.remote == flow.remote {
      clients[slot].flow.connection = flow.connection
    }
    let timing = timers.timing(over: clients[slot].flow.transport)
    let before = clients[slot].phase
    let actions: ClientActions
    if response.status < 200 {
      actions = clients[slot].receivedProvisional(at: now, timing: timing)
    } else {
      let request = clients[slot].request
      actions = clients[slot].receivedFinal(status: response.status, at: now, timing: timing) {
        request.map { SIPMessage(acknowledging: response, to: $0).encoded() } ?? []
      }
    }
    if before == .completed { tally.retransmissionsReceived += 1 }
    perform(actions, client: slot, response: (response, flow), at: now)
    settleClient(slot, at: now)
  }

  /// The live transaction a response is for: slot, generation, random part and CSeq method must all be right.
  func client(of branch: Branch, method: Method) -> UInt32? {
    guard clients.holds(branch.slot, generation: branch.generation) else { return nil }
    let isMatch = clients[branch.slot].random == branch.random
    guard isMatch else { return nil }
    var slot = branch.slot
    // 17.1.3: a CANCEL has the branch of its INVITE.
    if method == .cancel {
      guard let cancellation = clients[slot].cancellation else { return nil }
      slot = cancellation
    }
    return clients[slot].method == method && clients[slot].phase != .terminated ? slot : nil
  }

  /// 18.1.2: a response whose top Via does not name us is not ours.
  private static func isSentBy(_ via: Via, _ sentBy: [UInt8], _ transport: Transport) -> Bool {
    let port = via.port ?? transport.defaultPort
    let host = via.host
    guard sentBy.count >= host.count else { return false }
    for (a, b) in zip(host, sentBy) where a | 0x20 != b | 0x20 { return false }
    let rest = sentBy[host.count...]
    guard let colon = rest.first else { return port == transport.defaultPort }
    guard colon == UInt8(ascii: ":") else { return false }
    var number = 0
    for byte in rest.dropFirst() { number = (number &* 10 &+ Int(byte) &- 48) & 0xff_ffff }
    return number == Int(port)
  }

  mutating func clientTransportFailed(_ slot: UInt32, _ flow: Flow, at now: Instant) {
    guard clients[slot].flow.isAffected(by: flow), !moveBack(slot, at: now) else { return }
    let actions = clients[slot].transportFailed()
    // Whatever it still sends (CANCEL, ACK) needs a new connection.
    clients[slot].flow.connection = 0
    perform(actions, client: slot, response: nil, at: now)
  }

  // MARK: Carrying out

  /// Fires what is due (a timer of zero length is, at once) and sees to the next deadline.
  mutating func settleClient(_ slot: UInt32, at now: Instant) {
    // A CANCEL's place is given back at its end, so the generation tells whether this is still the same transaction.
    let generation = clients.generation(at: slot)
    while clients.holds(slot, generation: generation),
      let actions = clients[slot].fireDue(at: now, timing: timers.timing(over: clients[slot].flow.transport))
    {
      if actions.contains(.transmit) { tally.retransmissionsSent += 1 }
      perform(actions, client: slot, response: nil, at: now)
    }
    guard clients.holds(slot, generation: generation), let deadline = clients[slot].nextDeadline,
      deadline < clients[slot].enteredAt
    else { return }
    clients[slot].enteredAt = deadline
    deadlines.enter(DeadlineKey(slot: slot, generation: generation, isServer: false), at: deadline)
  }

  private mutating func perform(
    _ actions: ClientActions, client slot: UInt32, response: (message: SIPMessage, flow: Flow)?, at now: Instant
  ) {
    guard !actions.isEmpty else { return }
    let id = ClientID(slot: slot, generation: clients.generation(at: slot))
    let isCancel = clients[slot].cancelled != nil
    if actions.contains(.transmit), let bytes = clients[slot].message { emit(.transmit(bytes, clients[slot].flow)) }
    if actions.contains(.deliver), let response, !isCancel {
      if response.message.status >= 200 { letGoWhenDrained(id) }
      emit(.response(id, response.message, response.flow))
    }
    if actions.contains(.sendCancel) { startCancel(of: slot, at: now) }
    if actions.contains(.reportTimeout), !isCancel {
      tally.timeouts += 1
      emit(.timedOut(id))
    }
    if actions.contains(.reportTransportFailure), !isCancel {
      tally.transportFailures += 1
      emit(.transportFailed(id))
    }
    if actions.contains(.end) { end(client: slot, id) }
  }

  private mutating func startCancel(of invite: UInt32, at now: Instant) {
    guard let request = clients[invite].request, clients[invite].cancellation == nil else { return }
    let flow = clients[invite].flow
    let cancel = SIPMessage(cancelling: request, reason: clients[invite].cancelReason)
    let bytes = cancel.encoded()
    let slot = clients.next.index
    start(
      ClientTransaction(
        machine: .nonInvite(NonInviteClientTransaction(request: bytes, at: now, timing: timers.timing(over: flow.transport))), method: .cancel,
        request: nil, sentBy: clients[invite].sentBy, random: clients[invite].random, flow: flow, cancelled: invite))
    clients[invite].cancellation = slot
    clients[invite].cancelReason = nil
    emit(.transmit(bytes, flow))
  }

  private mutating func start(_ transaction: ClientTransaction) {
    let place = clients.next
    clients.insert(transaction)
    guard let deadline = clients[place.index].nextDeadline else { return }
    clients[place.index].enteredAt = deadline
    deadlines.enter(DeadlineKey(slot: place.index, generation: place.generation, isServer: false), at: deadline)
  }

  private mutating func end(client slot: UInt32, _ id: ClientID) {
    if let invite = clients[slot].cancelled {
      clients[invite].cancellation = nil
      clients.remove(slot)
      return
    }
    if let cancellation = clients[slot].cancellation {
      clients[slot].cancellation = nil
      clients.remove(cancellation)
    }
    emit(.clientEnded(id))
  }

  private func liveClient(_ id: ClientID) -> UInt32? {
    clients.holds(id.slot, generation: id.generation) && clients[id.slot].phase != .terminated ? id.slot : nil
  }

  private static func via(_ transport: Transport, sentBy: [UInt8], branch: Branch) -> [UInt8] {
    var value: [UInt8] = []
    value.reserveCapacity(32 + sentBy.count + Branch.length)
    let name: StaticString =
      switch transport {
      case .udp: "SIP/2.0/UDP "
      case .tcp: "SIP/2.0/TCP "
      case .tls: "SIP/2.0/TLS "
      }
    name.withUTF8Buffer { value.append(contentsOf: $0) }
    value.append(contentsOf: sentBy)
    // RFC 5923 4: requests of theirs may come over the connection this one takes; over TLS alone both ends know who that is.
    if transport == .tls { (";alias" as StaticString).withUTF8Buffer { value.append(contentsOf: $0) } }
    (";rport;branch=" as StaticString).withUTF8Buffer { value.append(contentsOf: $0) }
    branch.append(to: &value)
    return value
  }
}

extension Flow {
  /// Whether what the transport says about `other` is about this flow: the same far address by the same means, and on streams the
  /// same connection, as far as both know theirs.
  func isAffected(by other: Flow) -> Bool {
    listener == other.listener && transport == other.transport && remote == other.remote
      && (connection == other.connection || connection == 0 || other.connection == 0)
  }
}
