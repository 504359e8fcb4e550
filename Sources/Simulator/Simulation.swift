import Addressing
import Calls
import Media
import Records
import SIP
import Timing
import Trunks

/// One run: the real exchange between three simulated parties, strangers, and a network that does what the knobs say. One seed is one run, byte for byte.
///
/// ```
///  0 s             faults, calls, accidents            calm          judgement          everybody hangs up            the end
///  ├──────────────────────────────────────────────────┼─────────────────┼───────────────────┼──────────────────────────────┤
///                                                       64*T1 + 15 s: up or ended             nothing may be left
/// ```
/// Contract between the parts: whatever leaves one of them passes `SimulatedNetwork`, whatever crosses the exchange's border becomes a `TraceEvent`,
/// and every trace event is shown to every checker. The first broken rule ends the run.
public struct Simulation {
  let seed: UInt64
  let knobs: Knobs
  var scene: Scene
  let isRewriting: Bool
  public var onEvent: ((TraceEvent) -> Void)?

  var now = Instant(nanoseconds: 0)
  var queue = EventQueue()
  var exchange: Exchange
  var media: SimulatedMedia
  var network: SimulatedNetwork
  var streams: SimulatedStreams
  var parties: [SimulatedParty]
  var random: RandomSource
  private var rewriting: RandomSource
  private var trace = Trace()
  private var checkers: Checkers
  private(set) var violation: Violation?
  var tally = Tally()
  private var mediaFreeAt = Instant(nanoseconds: 0)
  /// Calls there were when stopping was asked for.
  var callsAtStop: [String] = []
  private var servers: [Exchange.ServerSight] = []
  /// Draws what DNS says.
  var names: RandomSource

  /// `rewriting` false: no call is swapped for its copy; the trace must be the same.
  public init(seed: UInt64, rewriting isRewriting: Bool = true) throws {
    self.seed = seed
    self.isRewriting = isRewriting
    knobs = Knobs(seed: seed)
    scene = Scene(knobs: knobs)
    random = RandomSource(seed: seed)
    rewriting = RandomSource(seed: seed ^ 0x7265_7772_6974_65)
    names = RandomSource(seed: seed ^ 0x646E_73)
    let forExchange = random.branch()
    network = SimulatedNetwork(knobs: knobs, random: random.branch())
    streams = SimulatedStreams(knobs: knobs, random: random.branch())
    media = SimulatedMedia(random: random.branch(), refusedPercent: knobs.mediaRefusedPercent)
    var timers = TransactionLayer.Timers()
    timers.t1 = .milliseconds(knobs.t1)
    exchange = Exchange(
      shard: UInt8(truncatingIfNeeded: seed), setup: try scene.setup(), plugins: ["plain": PlainPlugin.table], random: forExchange,
      wallClock: 1_700_000_000, at: now, timers: timers)
    parties = []
    for party in Party.allCases { parties.append(SimulatedParty(party, knobs: knobs, random: random.branch())) }
    let accounts = knobs.accounts
    checkers = Checkers(
      t1: .milliseconds(knobs.t1), accounts: Party.allCases.filter { accounts[$0.rawValue] }, isSteady: knobs.commits == 0 && knobs.nameChanges == nil)
    plan()
    if let changes = knobs.nameChanges {
      for party in [Party.acme, .spare] { scene.move(party, &names, isCalm: false) }
      exchange.locate(scene.located, at: now)
      for _ in 0..<changes { queue.enter(.nameChange, at: Instant(nanoseconds: 0) + .milliseconds(names.between(100, knobs.seconds * 1000))) }
    }
  }

  // MARK: The play

  private var calmAt: Instant { Instant(nanoseconds: 0) + .seconds(knobs.seconds) }
  private var t1x64: Gap { .milliseconds(64 * max(knobs.t1, knobs.t1OfParties.max() ?? 0)) }
  private var judgementAt: Instant { calmAt + t1x64 + .seconds(15) }
  private var hangUpAt: Instant { judgementAt + .seconds(5) }
  /// The longest that anything may take: a call nobody remembers ends by `max-call-duration`, one that rings for ever after 240 s, and then come
  /// a BYE nobody answers and the timers that absorb repetitions.
  private var endAt: Instant { hangUpAt + .seconds(max(245, knobs.maxCallDuration)) + t1x64 * 3 + .seconds(20) }

  private mutating func plan() {
    func moment(_ r: inout RandomSource) -> Instant { Instant(nanoseconds: 0) + .milliseconds(r.between(100, knobs.seconds * 1000)) }
    for _ in 0..<knobs.calls { queue.enter(.errand(random.pick([.hq, .hq, .hq, .acme, .spare]), .place), at: moment(&random)) }
    for _ in 0..<knobs.oddRequests { queue.enter(.errand(random.pick(Party.allCases), .odd), at: moment(&random)) }
    for _ in 0..<knobs.storms { queue.enter(.errand(random.pick(Party.allCases), .storm), at: moment(&random)) }
    for _ in 0..<knobs.garbage { queue.enter(.garbage, at: moment(&random)) }
    for _ in 0..<knobs.strangers { queue.enter(.stranger, at: moment(&random)) }
    for _ in 0..<knobs.clearings { queue.enter(.clearing, at: moment(&random)) }
    for _ in 0..<knobs.lookUps { queue.enter(.lookUp, at: moment(&random)) }
    for _ in 0..<knobs.commits { queue.enter(.commit, at: moment(&random)) }
    if knobs.stops { queue.enter(.stop, at: moment(&random)) }
    if knobs.isStream.contains(true) { for _ in 0..<knobs.connectionCuts { queue.enter(.connectionCut, at: moment(&random)) } }
    for (index, crash) in knobs.crashes.enumerated() {
      queue.enter(.crash(index), at: crash.at)
      queue.enter(.restart(crash.party), at: min(crash.backAt, calmAt))
    }
    for silence in knobs.silences {
      queue.enter(.silence(silence.party), at: silence.at)
      queue.enter(.restart(silence.party), at: min(silence.backAt, calmAt))
    }
    queue.enter(.calm, at: calmAt)
    queue.enter(.judgement, at: judgementAt)
    queue.enter(.hangUp, at: hangUpAt)
  }

  public mutating func run() -> Outcome {
    let bound = 400_000
    var turns = 0
    while violation == nil, let next = nextMoment, next <= endAt {
      turns += 1
      if turns > bound {
        violate("Spinning", "\(bound) events in one run: something is done over and over")
        break
      }
      now = max(now, next)
      turn()
    }
    now = endAt
    if violation == nil {
      look()
      note(.ended)
    }
    countUp()
    return Outcome(seed: seed, hash: trace.hash, events: trace.count, violation: violation, lastEvents: trace.lastEvents, tally: tally)
  }

  private var nextMoment: Instant? {
    var next = queue.next
    func consider(_ at: Instant?) { if let at { next = next.map { min($0, at) } ?? at } }
    consider(exchange.nextDeadline)
    for party in parties { consider(party.nextDeadline) }
    return next
  }

  /// One event: of the queue first, then the exchange's timers, then the parties' in their order.
  private mutating func turn() {
    if let event = queue.popDue(at: now) {
      happen(event)
    } else if let due = exchange.nextDeadline, due <= now {
      exchange.advance(to: now)
      if let due = exchange.nextDeadline, due <= now { violate("Spinning", "after advance the exchange's next deadline is still due") }
    } else if let index = parties.indices.first(where: { parties[$0].nextDeadline.map { $0 <= now } ?? false }) {
      parties[index].advance(to: now)
    }
    settle()
  }

  /// Carries out what the exchange and the parties want, then maybe swaps a call for its copy and looks inside.
  private mutating func settle() {
    lookAtServers()
    carryOutActions()
    for index in parties.indices { empty(index) }
    for task in streams.takeOutbox() { queue.enter(.stream(task.id, task.end, task.task), at: task.at) }
    rewriteMaybe()
    if trace.count % 16 == 0 { look() }
  }

  private mutating func rewriteMaybe() {
    guard isRewriting, rewriting.chance(knobs.rewritePercent) else { return }
    let live = exchange.liveCallNumbers
    guard !live.isEmpty else { return }
    let call = rewriting.pick(live)
    let isSame = exchange.rewriteCall(call)
    tally.add("calls swapped for their copy", 1)
    note(.rewritten(call: call, isSame: isSame))
  }

  mutating func lookAtServers(isNew: Bool = false) {
    guard knobs.optionsInterval > 0 else { return }
    let sights = exchange.serverSights(at: now)
    guard isNew || sights != servers else { return }
    servers = sights
    tally.add("servers seen to go or come", 1)
    note(.servers(sights, isNew: isNew))
  }

  private mutating func look() { note(.holdings(exchange.holdings, broken: exchange.brokenInvariants)) }

  mutating func note(_ what: TraceEvent.What) {
    let event = TraceEvent(at: now, what)
    trace.note(event)
    onEvent?(event)
    if violation == nil, let found = checkers.observe(event) { violation = found }
  }

  mutating func violate(_ checker: String, _ text: String) {
    if violation == nil { violation = Violation(checker: checker, text: text, at: now) }
  }

  // MARK: Out of the exchange

  mutating func carryOutActions() {
    while let action = exchange.nextAction() { carryOut(action) }
  }

  private mutating func carryOut(_ action: Exchange.Action) {
    switch action {
    case .transmit(let bytes, let flow): transmit(bytes, on: flow)
    case .media(let command): carryOut(command)
    case .record(let record, _):
      note(.record(record))
      tally.add("calls \(record.outcome.rawValue)", 1)
    case .note: break
    }
  }

  private mutating func transmit(_ bytes: [UInt8], on flow: SIP.Flow) {
    guard let place = scene.place(ofListener: flow.listener), place.transport == flow.transport else {
      tally.add("messages for a listener that is gone", 1)
      return note(.happening("no listener any more for \(TraceEvent.Signal(bytes, remote: flow.remote).summary)"))
    }
    note(.sent(TraceEvent.Signal(bytes, remote: flow.remote)))
    guard let party = Party.owning(flow.remote.ip) else { return }
    if place.isStream { return transmit(bytes, on: flow, at: place, to: party) }
    if flow.remote == party.deadNode, knobs.isDeadNodeReported { queue.enter(.unreachable(flow.remote, place), at: now + .milliseconds(20)) }
    guard flow.remote == party.address || flow.remote == party.secondNode, !knobs.isStream[party.rawValue] else { return }
    if parties[party.rawValue].isDown {
      if (knobs.crashes + knobs.silences).contains(where: { $0.party == party && $0.isReported }) {
        queue.enter(.unreachable(flow.remote, place), at: now + .milliseconds(20))
      }
      return
    }
    for copy in network.carry(bytes, party, towardsExchange: false, at: now) {
      queue.enter(.toParty(copy.bytes, party, from: place.address), at: copy.at)
    }
  }

  private mutating func carryOut(_ command: MediaCommand) {
    note(.command(command))
    let done = media.carryOut(command)
    for address in done.unbound { note(.unbound(address)) }
    for address in done.bound { note(.bound(address)) }
    guard let answer = done.answer else { return }
    // Events arrive in the order of their commands.
    mediaFreeAt = max(mediaFreeAt, now + random.milliseconds(0, knobs.mediaDelayMilliseconds))
    queue.enter(.media(answer), at: mediaFreeAt)
  }

  // MARK: Out of a party

  private mutating func empty(_ index: Int) {
    let party = parties[index].party
    for parcel in parties[index].outbox { send(parcel, party) }
    parties[index].outbox.removeAll(keepingCapacity: true)
    for packet in parties[index].packets {
      for copy in network.carry(packet.bytes, party, towardsExchange: true, at: now) {
        queue.enter(.packetToExchange(copy.bytes, from: packet.from, to: packet.to), at: copy.at)
      }
    }
    parties[index].packets.removeAll(keepingCapacity: true)
    for wish in parties[index].wishes { queue.enter(.errand(party, wish.errand), at: wish.at) }
    parties[index].wishes.removeAll(keepingCapacity: true)
  }

  private mutating func send(_ parcel: SimulatedParty.Parcel, _ party: Party) {
    let isStream = knobs.isStream[party.rawValue]
    guard let place = Place.at(parcel.to, isStream: isStream) else {
      // Its own second node, when it wrote a route to there; anywhere else the exchange must have led it.
      if Party.owning(parcel.to.ip) != party { violate("Addresses", "\(party.name) was led to \(parcel.to), which is nobody's") }
      return
    }
    if isStream { return send(parcel, party, to: place) }
    for copy in network.carry(parcel.bytes, party, towardsExchange: true, at: now) {
      queue.enter(.toExchange(copy.bytes, from: parcel.from, place), at: copy.at)
    }
  }
}
