import Addressing
import Authentication
import Media
import Records
import Routing
import SDP
import SIP
import Timing

// A call's whole state as bytes and back: what the simulator swaps at random moments, and what a journal will hold. Fields in the order
// of their declarations; a field that is added to a type must be added here, which the coding test checks by comparing a call with its copy.

extension Call: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(id.rawValue)
    w.write(phase.rawValue)
    w.write(legs)
    w.write(optional: active)
    w.write(integer: near)
    w.write(transfer)
    w.write(passedRefer)
    w.write(attempts)
    w.write(integer: nextAttempt)
    w.write(otherTargets)
    w.write(UInt32(redirections.count))
    for number in redirections { w.write(number) }
    w.write(redirectionDepth)
    w.write(contacts)
    w.write(integer: maxForwards)
    w.write(displayName)
    w.write(mediaPath.map { $0.rawValue } ?? 0xFF as UInt8)
    w.write(Array(mediaReason.utf8))
    w.write(opening.map(\.rawValue))
    w.write(integer: portRetries)
    w.write(sessionOpen)
    w.write(countsAwaited)
    w.write(streams)
    w.write(watch)
    w.write(optional: watchAt)
    w.write(offer)
    for deadline in [progressAt, routingAt, ringingAt, durationAt, restAt, scheduledAt, recordAt] { w.write(optional: deadline) }
    w.write(began.bitPattern)
    for time in [answered, ended] { w.write(time?.bitPattern ?? UInt64.max) }
    w.write(Array(outcome.rawValue.utf8))
    w.write(integer: status)
    w.write(optional: cause)
    w.write(integer: diagnostic)
    w.write(Array(reason.utf8))
    w.write(UInt32(ladder.entries.count))
    for entry in ladder.entries { entry.write(to: &w) }
    w.write(integer: ladder.omitted)
    w.write(isRecorded)
    w.write(lastRefusal != nil)
    w.write(integer: lastRefusal?.status ?? 0)
    w.write(optional: lastRefusal?.cause)
    w.write(lastFailure != nil)
    w.write(Array((lastFailure ?? "").utf8))
    w.write(UInt32(places.count))
    for place in places { w.write(integer: place) }
  }

  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init(id: CallID(rawValue: try r.read()), began: 0)
    phase = try r.enumeration(Phase.init(rawValue:))
    legs = try r.read()
    active = try r.optionalInteger()
    near = try r.integer()
    transfer = try r.read()
    passedRefer = try r.read()
    attempts = try r.read()
    nextAttempt = try r.integer()
    otherTargets = try r.read()
    for _ in 0..<(try r.read(UInt32.self)) { redirections.append(try r.read()) }
    redirectionDepth = try r.read()
    contacts = try r.read()
    maxForwards = try r.integer()
    displayName = try r.read()
    let path = try r.read(UInt8.self)
    if path != 0xFF {
      guard let known = MediaPath(rawValue: path) else { throw .invalid }
      mediaPath = known
    }
    mediaReason = String(decoding: try r.read([UInt8].self), as: UTF8.self)
    for side in try r.read([UInt8].self) {
      guard let side = MediaSide(rawValue: side) else { throw .invalid }
      opening.append(side)
    }
    portRetries = try r.integer()
    sessionOpen = try r.read()
    countsAwaited = try r.read()
    streams = try r.read()
    watch = try r.read()
    watchAt = try r.optionalInstant()
    offer = try r.read()
    progressAt = try r.optionalInstant()
    routingAt = try r.optionalInstant()
    ringingAt = try r.optionalInstant()
    durationAt = try r.optionalInstant()
    restAt = try r.optionalInstant()
    scheduledAt = try r.optionalInstant()
    recordAt = try r.optionalInstant()
    began = Double(bitPattern: try r.read())
    answered = try r.optionalTime()
    ended = try r.optionalTime()
    guard let known = CallRecord.Outcome(rawValue: String(decoding: try r.read([UInt8].self), as: UTF8.self)) else { throw .invalid }
    outcome = known
    status = try r.integer()
    cause = try r.optionalInteger()
    diagnostic = try r.integer()
    reason = String(decoding: try r.read([UInt8].self), as: UTF8.self)
    var entries: [Ladder.Entry] = []
    for _ in 0..<(try r.read(UInt32.self)) { entries.append(try Ladder.Entry(from: &r)) }
    ladder = Ladder(entries: entries, omitted: try r.integer())
    isRecorded = try r.read()
    let refused: Bool = try r.read()
    let refusal = (status: try r.integer(), cause: try r.optionalInteger())
    lastRefusal = refused ? refusal : nil
    let failed: Bool = try r.read()
    let why = String(decoding: try r.read([UInt8].self), as: UTF8.self)
    lastFailure = failed ? why : nil
    for _ in 0..<(try r.read(UInt32.self)) { places.append(try r.integer()) }
  }
}

extension Leg: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(state.rawValue)
    w.write(integer: trunk)
    w.write(Array(trunkName.utf8))
    w.write(flow)
    w.write(sentBy)
    w.write(contact)
    w.write(dialog)
    w.write(called)
    w.write(calling)
    w.write(offerAnswer)
    w.write(offerBase)
    w.write(anchor)
    w.write(request)
    w.write(server?.rawValue ?? UInt64.max)
    w.write(repetition)
    w.write(answer)
    w.write(answerServer?.rawValue ?? UInt64.max)
    w.write(leaveWhenAcknowledged)
    w.write(client?.rawValue ?? UInt64.max)
    w.write(inviteSequence)
    w.write(heardProvisional)
    w.write(trial)
    w.write(abandoned)
    w.write(acknowledgement != nil)
    w.write(acknowledgement ?? [])
    w.write(acknowledgedSequence)
    w.write(farewell?.rawValue ?? UInt64.max)
    w.write(farewellTrial)
    w.write(requests)
    w.write(far.rawValue)
    w.write(lastTrial)
    w.write(session)
    w.write(sessionAsk)
    w.write(sessionFloor)
    w.write(ownOffer.rawValue)
    w.write(integer: status)
  }

  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let state = try r.enumeration(State.init(rawValue:))
    let trunk = try r.integer()
    let name = String(decoding: try r.read([UInt8].self), as: UTF8.self)
    self.init(
      state: state, trunk: trunk, trunkName: name, flow: try r.read(), sentBy: try r.read(), contact: try r.read(), dialog: try r.read(),
      called: try r.read(), calling: try r.read(), sessionID: 0)
    offerAnswer = try r.read()
    offerBase = try r.read()
    anchor = try r.read()
    request = try r.read()
    server = try r.optionalIdentifier().map(TransactionLayer.ServerID.init(restoring:))
    repetition = try r.read()
    answer = try r.read()
    answerServer = try r.optionalIdentifier().map(TransactionLayer.ServerID.init(restoring:))
    leaveWhenAcknowledged = try r.read()
    client = try r.optionalIdentifier().map(TransactionLayer.ClientID.init(restoring:))
    inviteSequence = try r.read()
    heardProvisional = try r.read()
    trial = try r.read()
    abandoned = try r.read()
    let hasAcknowledgement: Bool = try r.read()
    let bytes: [UInt8] = try r.read()
    acknowledgement = hasAcknowledgement ? bytes : nil
    acknowledgedSequence = try r.read()
    farewell = try r.optionalIdentifier().map(TransactionLayer.ClientID.init(restoring:))
    farewellTrial = try r.read()
    requests = try r.read()
    far = FarAbilities(rawValue: try r.read())
    lastTrial = try r.read()
    session = try r.read()
    sessionAsk = try r.read()
    sessionFloor = try r.read()
    ownOffer = try r.enumeration(OwnOffer.init(rawValue:))
    status = try r.integer()
  }
}

extension OpenRequest: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(client.rawValue)
    switch purpose {
    case .passed(let from, let server, let request):
      w.write(0 as UInt8)
      w.write(integer: from)
      w.write(server.rawValue)
      w.write(request)
    case .refresh: w.write(1 as UInt8)
    case .alive: w.write(2 as UInt8)
    case .notify(let isLast):
      w.write(3 as UInt8)
      w.write(isLast)
    case .passedRefer(let from, let server, let request):
      w.write(4 as UInt8)
      w.write(integer: from)
      w.write(server.rawValue)
      w.write(request)
    }
    w.write(trial)
  }
  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let client = TransactionLayer.ClientID(restoring: try r.read())
    switch try r.read(UInt8.self) {
    case 0:
      let from = try r.integer()
      let server = TransactionLayer.ServerID(restoring: try r.read())
      self.init(client: client, purpose: .passed(from: from, server: server, request: try r.read()))
    case 1: self.init(client: client, purpose: .refresh)
    case 2: self.init(client: client, purpose: .alive)
    case 3: self.init(client: client, purpose: .notify(isLast: try r.read()))
    case 4:
      let from = try r.integer()
      let server = TransactionLayer.ServerID(restoring: try r.read())
      self.init(client: client, purpose: .passedRefer(from: from, server: server, request: try r.read()))
    default: throw .invalid
    }
    trial = try r.read()
  }
}

extension OfferUnderWay: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(optional: from)
    w.write(cameBy.rawValue)
    w.write(integer: to)
    w.write(leavesBy.rawValue)
    w.write(offer)
    w.write(stage.rawValue)
    w.write(request)
    w.write(server?.rawValue ?? UInt64.max)
    w.write(client?.rawValue ?? UInt64.max)
    w.write(sequence)
    w.write(reliableSequence)
    w.write(integer: status)
    w.write(optional: retryAt)
    w.write(integer: retries)
    w.write(optional: endsAt)
  }
  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let from = try r.optionalInteger()
    let cameBy = try r.enumeration(Carrier.init(rawValue:))
    self.init(from: from, to: try r.integer(), offer: nil)
    self.cameBy = cameBy
    leavesBy = try r.enumeration(Carrier.init(rawValue:))
    offer = try r.read()
    stage = try r.enumeration(Stage.init(rawValue:))
    request = try r.read()
    server = try r.optionalIdentifier().map(TransactionLayer.ServerID.init(restoring:))
    client = try r.optionalIdentifier().map(TransactionLayer.ClientID.init(restoring:))
    sequence = try r.read()
    reliableSequence = try r.read()
    status = try r.integer()
    retryAt = try r.optionalInstant()
    retries = try r.integer()
    endsAt = try r.optionalInstant()
  }
}

extension Transfer: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(stage.rawValue)
    w.write(integer: leaving)
    w.write(optional: coming)
    w.write(attempts)
    w.write(integer: next)
    w.write(mediaPath.rawValue)
    w.write(opening.map(\.rawValue))
    w.write(openedStaying)
    w.write(notifies)
    w.write(sequence)
    w.write(referredBy)
    w.write(integer: saidStatus)
    w.write(integer: lastStatus)
    w.write(integer: retries)
    for at in [retryAt, progressAt, endsAt] { w.write(optional: at) }
    w.write(tellsOther)
  }
  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let stage = try r.enumeration(Stage.init(rawValue:))
    self.init(leaving: try r.integer())
    self.stage = stage
    coming = try r.optionalInteger()
    attempts = try r.read()
    next = try r.integer()
    guard let path = MediaPath(rawValue: try r.read(UInt8.self)) else { throw .invalid }
    mediaPath = path
    for side in try r.read([UInt8].self) {
      guard let side = MediaSide(rawValue: side) else { throw .invalid }
      opening.append(side)
    }
    openedStaying = try r.read()
    notifies = try r.read()
    sequence = try r.read()
    referredBy = try r.read()
    saidStatus = try r.integer()
    lastStatus = try r.integer()
    retries = try r.integer()
    retryAt = try r.optionalInstant()
    progressAt = try r.optionalInstant()
    endsAt = try r.optionalInstant()
    tellsOther = try r.read()
  }
}

extension PassedRefer: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(integer: from)
    w.write(integer: to)
    w.write(sequence)
    w.write(endsAt.nanoseconds)
  }
  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init(from: try r.integer(), to: try r.integer(), sequence: try r.read(), endsAt: Instant(nanoseconds: try r.read()))
  }
}
