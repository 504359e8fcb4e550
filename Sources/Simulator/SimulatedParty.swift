import Addressing
import Authentication
import SDP
import SIP
import Timing

/// A party of the play: a user agent on a transaction layer of its own, which places, takes, changes and ends calls at random, mostly as the
/// RFCs allow and now and then not (never acknowledges, hangs up too early, answers after a CANCEL, answers twice with two tags, forgets everything).
///
/// The same verbs as the exchange: `receive`, `advance`, `run(errand)` in; `outbox`, `packets` and `wishes` out, to be emptied after each.
/// `PartyAsCaller`, `PartyAsCalled`, `PartyInDialog`: what it does; `PartyMessages`: what it writes.
struct SimulatedParty: Sendable {
  struct Parcel: Sendable {
    var bytes: [UInt8]
    var from: TransportAddress
    var to: TransportAddress
    /// On streams the one to take, 0 = any or a new one.
    var connection: UInt32 = 0
  }
  struct Tally: Sendable {
    var placed = 0, taken = 0, answered = 0, refused = 0, cancelled = 0, lateAnswers = 0, forks = 0, secondAnswers = 0, silences = 0
    var withheldAcknowledgements = 0, offers = 0, glares = 0, cancelledOffers = 0, hungUp = 0, hungUpEarly = 0, byesCrossed = 0
    var storms = 0, oddRequests = 0, challenges = 0, proofs = 0, packetsSent = 0, packetsHeard = 0, offersAnswered = 0, forgotten = 0
    var refers = 0, attended = 0, replaces = 0, transfersDone = 0, transfersFailed = 0
    var timers = 0, refreshes = 0, sessionsOver = 0, intervalsTooSmall = 0, updates = 0
  }

  let party: Party
  let knobs: Knobs
  /// Draws answers to OPTIONS.
  var health: RandomSource
  let manners: Knobs.Manners
  var random: RandomSource
  var layer: TransactionLayer
  /// As server, as proxy; none: it lets everybody in.
  var challengers: [Challenger] = []
  var calls: [PartyCall] = []
  var outbox: [Parcel] = []
  var packets: [Parcel] = []
  var wishes: [(at: Instant, errand: Errand)] = []
  var tally = Tally()
  var isDown = false
  /// Faults have stopped: whatever waits is answered soon, nothing bad is begun.
  var isCalm = false
  var hasHungUp = false
  /// Calls whose INVITEs it does not hear.
  private var unheard: [[UInt8]] = []
  /// What it sent lately, for storms.
  private var recent: [Parcel] = []
  private var recentAt = Instant(nanoseconds: 0)
  /// Where the next datagram leaves from, when not from the party's own address.
  private var departure: TransportAddress?
  private var nextNumber = 0
  private var nextPort: UInt16 = 20_000

  init(_ party: Party, knobs: Knobs, random: RandomSource) {
    self.party = party
    self.knobs = knobs
    manners = knobs.manners[party.rawValue]
    self.random = random
    layer = SimulatedParty.newLayer(party, knobs, &self.random)
    challengers = SimulatedParty.newChallengers(party, manners, &self.random)
    health = RandomSource(seed: UInt64(party.rawValue) ^ UInt64(knobs.seconds) << 8 ^ UInt64(knobs.calls) << 24)
  }

  private static func newLayer(_ party: Party, _ knobs: Knobs, _ random: inout RandomSource) -> TransactionLayer {
    var timers = TransactionLayer.Timers()
    timers.t1 = .milliseconds(knobs.t1OfParties[party.rawValue])
    timers.trying = .milliseconds(knobs.tryingOfParties[party.rawValue])
    return TransactionLayer(shard: 0, timers: timers, random: random.branch())
  }

  var isStream: Bool { knobs.isStream[party.rawValue] }
  /// Where its exchange is.
  var home: TransportAddress { Place.home(of: party, isStream: isStream).address }
  func flow(to remote: TransportAddress, connection: UInt32 = 0) -> Flow {
    Flow(listener: 0, transport: isStream ? .tcp : .udp, remote: remote, connection: connection)
  }
  var nextDeadline: Instant? { isDown ? nil : layer.nextDeadline }
  var t1: Gap { .milliseconds(knobs.t1OfParties[party.rawValue]) }
  /// Whether it still knows a dialog by its Call-ID.
  func knows(_ callID: [UInt8]) -> Bool { calls.contains { $0.callID == callID && $0.state != .over } }

  // MARK: In

  mutating func receive(_ bytes: [UInt8], from source: TransportAddress, connection: UInt32 = 0, at now: Instant) {
    guard !isDown, let message = try? SIPMessage(parsing: bytes) else { return }
    if message.isRequest, isUnheard(message) { return }
    layer.receive(message, from: flow(to: source, connection: connection), at: now)
    drain(at: now)
  }

  /// A connection of its is no more.
  mutating func lost(connection: UInt32, to remote: TransportAddress, at now: Instant) {
    guard !isDown else { return }
    layer.unreachable(flow(to: remote, connection: connection), at: now)
    drain(at: now)
  }

  mutating func advance(to now: Instant) {
    guard !isDown else { return }
    layer.advance(to: now)
    drain(at: now)
  }

  mutating func run(_ errand: Errand, at now: Instant) {
    guard !isDown else { return }
    switch errand {
    case .place: if !isCalm { place(at: now) }
    case .cancel(let call): with(call) { $0.cancel(&$1, at: now) }
    case .acknowledge(let call): with(call) { $0.acknowledge(&$1, at: now) }
    case .progress(let call, let status, let fork, let withSDP):
      with(call) { $0.progress(&$1, status: status, fork: fork, withSDP: withSDP, at: now) }
    case .answer(let call): with(call) { $0.answer(&$1, at: now) }
    case .answerAgain(let call): answerAgain(call, at: now)
    case .refuse(let call, let status): with(call) { $0.refuse(&$1, status: status, at: now) }
    case .repeatAnswer(let call): with(call) { $0.repeatAnswer(&$1, at: now) }
    case .hangUp(let call): with(call) { $0.hangUp(&$1, at: now) }
    case .offer(let call): with(call) { $0.offer(&$1, at: now) }
    case .cancelOffer(let call): with(call) { $0.cancelOffer(&$1, at: now) }
    case .answerOffer(let call, let status): with(call) { $0.answerOffer(&$1, status: status, at: now) }
    case .ask(let call): with(call) { $0.ask(&$1, at: now) }
    case .talk(let call): with(call) { $0.talk(&$1, at: now) }
    case .refer(let call): with(call) { $0.refer(&$1, at: now) }
    case .refresh(let call, let timer): with(call) { $0.refresh(&$1, timer: timer, at: now) }
    case .sessionOver(let call, let timer): with(call) { $0.sessionOver(&$1, timer: timer, at: now) }
    case .odd: if !isCalm { sendOddRequest(at: now) }
    case .storm: if !isCalm { storm(at: now) }
    }
    drain(at: now)
  }

  /// Everything it knew is gone; its addresses stay.
  mutating func crash() {
    tally.forgotten += calls.count { $0.state != .over }
    isDown = true
    calls = []
    unheard = []
    recent = []
    layer = SimulatedParty.newLayer(party, knobs, &random)
    challengers = SimulatedParty.newChallengers(party, manners, &random)
  }

  /// Whoever rings is answered soon.
  mutating func becomeCalm(at now: Instant) {
    isCalm = true
    unheard = []
    for call in calls where !call.isCaller && call.state == .inviting {
      wish(in: random.milliseconds(10, 5_000), random.chance(70) ? .answer(call: call.number) : .refuse(call: call.number, status: 486), now)
    }
  }

  mutating func hangUpEverything(at now: Instant) {
    hasHungUp = true
    for call in calls where call.state != .over {
      let delay = random.milliseconds(0, 2_000)
      if call.isCaller, call.state == .inviting {
        wish(in: delay, .cancel(call: call.number), now)
      } else if call.state == .inviting {
        wish(in: delay, .refuse(call: call.number, status: 480), now)
      } else {
        wish(in: delay, .hangUp(call: call.number), now)
      }
    }
  }

  // MARK: Out

  mutating func wish(in delay: Gap, _ errand: Errand, _ now: Instant) { wishes.append((now + delay, errand)) }
  /// On the next whole second when the beat is kept, so that both sides meet.
  mutating func wishOnBeat(in delay: Gap, _ errand: Errand, _ now: Instant) {
    var at = now + delay
    if manners.keepsTheBeat { at = Instant(nanoseconds: (at.nanoseconds / 2_000_000_000 + 1) * 2_000_000_000) }
    wishes.append((at, errand))
  }

  private mutating func drain(at now: Instant) {
    while let output = layer.nextOutput() {
      switch output {
      case .transmit(let bytes, let flow): post(bytes, on: flow, at: now)
      case .request(let server, let message, let flow): received(message, server: server, from: flow, at: now)
      case .ack(let message, _): receivedAcknowledgement(message)
      case .cancelled(let server): receivedCancel(server, at: now)
      case .response(let client, let message, _): received(message, client: client, at: now)
      case .timedOut(let client), .transportFailed(let client): unanswered(client, at: now)
      case .unacknowledged, .stray, .turnedAway, .clientEnded, .serverEnded: break
      }
    }
    calls.removeAll { $0.state == .over }
  }

  private mutating func post(_ bytes: [UInt8], on flow: Flow, at now: Instant) {
    let parcel = Parcel(bytes: bytes, from: departure ?? party.address, to: flow.remote, connection: departure == nil ? flow.connection : 0)
    departure = nil
    outbox.append(parcel)
    // What is repeated in a storm is fresh: a request of a minute ago would be a new one.
    if now.since(recentAt) > .seconds(2) { recent = [] }
    recentAt = now
    if recent.count < 8 { recent.append(parcel) }
  }

  /// Providers have many nodes: the request just handed to the layer leaves from another one.
  mutating func moveToSecondNode(_ call: PartyCall) {
    if call.usesSecondNode { departure = party.secondNode }
  }

  private mutating func storm(at now: Instant) {
    guard now.since(recentAt) < .seconds(2), !recent.isEmpty else { return }
    tally.storms += 1
    let parcel = random.pick(recent)
    for _ in 0..<random.between(10, 40) { outbox.append(parcel) }
  }

  // MARK: Calls

  mutating func with(_ number: Int, _ body: (inout SimulatedParty, inout PartyCall) -> Void) {
    guard let index = calls.firstIndex(where: { $0.number == number }) else { return }
    var call = calls[index]
    body(&self, &call)
    // A fork may have been entered meanwhile; nothing is taken out but at the end of an event.
    calls[index] = call
  }

  mutating func newNumber() -> Int {
    nextNumber += 1
    return nextNumber
  }
  mutating func newPort() -> UInt16 {
    nextPort += 2
    return nextPort
  }

  /// A dead ear for some calls: nothing at all is answered, as if nobody were there.
  private mutating func isUnheard(_ request: SIPMessage) -> Bool {
    let callID = Array(request.callID)
    if unheard.contains(callID) { return true }
    guard request.method == .invite, request.to.tag == nil, !isCalm, !calls.contains(where: { $0.callID == callID }), random.chance(manners.isSilent) else {
      return false
    }
    tally.silences += 1
    unheard.append(callID)
    return true
  }

  // MARK: Media

  mutating func heard(_ packet: [UInt8]) { tally.packetsHeard += 1 }

  mutating func talk(_ call: inout PartyCall, at now: Instant) {
    guard call.packetsLeft > 0, call.state == .up || call.state == .inviting else { return }
    call.packetsLeft -= 1
    wish(in: random.milliseconds(200, 1_500), .talk(call: call.number), now)
    guard let remote = call.remoteMedia, !call.direction.hasSuffix("inactive") else { return }
    call.sequence &+= 1
    var packet: [UInt8] = [0x80, 0, UInt8(call.sequence >> 8), UInt8(truncatingIfNeeded: call.sequence), 0, 0, 0, UInt8(truncatingIfNeeded: call.sequence)]
    packet += [UInt8(party.rawValue), 0, UInt8(truncatingIfNeeded: call.number >> 8), UInt8(truncatingIfNeeded: call.number)]
    packet += party.mark + Array(" speaks".utf8)
    tally.packetsSent += 1
    let source = knobs.mediaNAT && party != .hq ? TransportAddress(party.address.ip, call.port &+ 7) : TransportAddress(party.media, call.port)
    packets.append(Parcel(bytes: packet, from: source, to: remote))
  }
}
