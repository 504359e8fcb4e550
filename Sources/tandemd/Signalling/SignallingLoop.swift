import Addressing
import Admission
import Calls
import Configuration
import Linux
import SIP
import ServerLocation
import Timing

/// What runs on a signalling thread: one exchange, its sockets, one poll.
///
/// ```
/// a turn:  wait ─▶ read the clock once ─▶ mailbox ─▶ datagrams, streams ─▶ exchange ─▶ due deadlines ─▶ send what has gathered
/// ```
/// Datagrams gather in their socket's outbox and leave together at the end of the turn; streams are written at once. After every input the exchange's actions
/// are carried out before the next input.
/// Bounds: `datagramBatches` of one socket and `acceptsPerTurn` a turn, so that a flood on one socket delays the others by milliseconds at most.
final class SignallingLoop {
  /// 256 datagrams, about a millisecond's work.
  private static let datagramBatches = 4
  private static let acceptsPerTurn = 64
  /// Rounds of sending in one turn: what is unreachable at once makes the exchange send elsewhere, which may be unreachable too.
  private static let flushRounds = 4
  /// Connections that are late, lines that were held back.
  private static let sweepInterval = Gap.seconds(4)
  /// Destinations told to have failed in one turn: as many as one look at the error queue brings. Others are noticed by their timers.
  private static let failuresPerTurn = 256

  var exchange: Exchange
  private(set) var now = MonotonicClock.now()
  private let outlets: SignallingThread.Outlets
  private let mailbox: Mailbox<SignallingThread.Message>
  private let heartbeat: Heartbeat
  let poll: EventPoll
  private let pool = DatagramPool()
  private var mediaPorts: MediaPorts
  private let kept: KeptSockets?
  private(set) var gate: SourceGate
  private(set) var configuration: Configuration
  var tls: SignallingTLS

  /// By the configuration's index.
  private(set) var endpoints: [SignallingEndpoint] = []
  private var lastNumber: UInt32 = 0
  var streams = SignallingStreams()
  private var notes = NoteLimiter()
  /// What failed in this turn, and why where more is known than that.
  private var failed: [(flow: Flow, why: String?)] = []

  private var messages: [SignallingThread.Message] = []
  private var ready: [EventPoll.Ready] = []
  private var isRunning = true
  private var datagramsReceived: UInt64 = 0
  private var batches: UInt64 = 0
  /// Messages for a flow whose listener is gone, or of another transport.
  private var misdirected: UInt64 = 0
  /// Of endpoints that are closed.
  private var closedSent: UInt64 = 0
  private var closedDropped: UInt64 = 0
  private var nextSweep = Instant(nanoseconds: 0)

  init(
    exchange: Exchange, setup: Exchange.Setup, tls: SignallingTLS, outlets: SignallingThread.Outlets, media: MediaThread,
    mailbox: Mailbox<SignallingThread.Message>, heartbeat: Heartbeat, kept: KeptSockets?
  ) throws(SystemCallError) {
    self.exchange = exchange
    self.outlets = outlets
    self.mailbox = mailbox
    self.heartbeat = heartbeat
    self.kept = kept
    poll = try EventPoll()
    configuration = setup.configuration
    self.tls = tls
    gate = SourceGate(configuration, resolved: exchange.admittedAddresses)
    mediaPorts = MediaPorts(media: media, realms: setup.configuration.mediaRealms)
    try poll.add(mailbox.descriptor, key: PollKey.mailbox.rawValue)
    endpoints = try bound(setup.configuration.listeners)
    followCompanions()
    kept?.follow(endpoints)
  }

  func run() {
    // What the exchange wants to do before anything came in: probes, registrations.
    carryOutActions()
    flush()
    while isRunning {
      ready.removeAll(keepingCapacity: true)
      poll.wait(patience) { ready.append($0) }
      now = MonotonicClock.now()
      heartbeat.beat(at: now)
      streams.handshakeStepsLeft = SignallingStreams.handshakeStepsPerTurn
      for event in ready { handle(event) }
      if let deadline = exchange.nextDeadline, deadline <= now {
        exchange.advance(to: now)
        carryOutActions()
      }
      if now >= nextSweep {
        nextSweep = now + SignallingLoop.sweepInterval
        sweepStreams()
        tellHeldBack()
      }
      flush()
    }
  }

  /// The last job before the thread is told to stop.
  func close() {
    exchange.closePlugins()
    carryOutActions()
    tellHeldBack()
  }

  /// A line for the log.
  func say(_ level: Exchange.Note.Level, _ text: String, kind: StaticString = #function) {
    let note = Exchange.Note(level: level, kind: kind, text: text)
    if notes.admit(note, at: now) { outlets.note(note) }
  }

  private func tellHeldBack() {
    for note in notes.summaries() { outlets.note(note) }
  }

  /// Until the next deadline, but never longer than a heartbeat.
  private var patience: Gap {
    if endpoints.contains(where: { !$0.outbox.isEmpty && !$0.isBlocked }) { return Gap(nanoseconds: 0) }
    guard let deadline = exchange.nextDeadline else { return Heartbeat.interval }
    return max(Gap(nanoseconds: 0), min(deadline.since(now), Heartbeat.interval))
  }

  // MARK: In

  private func handle(_ event: EventPoll.Ready) {
    switch PollKey(rawValue: event.key) {
    case .mailbox: takeMessages()
    case .endpoint(let number):
      // It may have been closed by a commit in this very turn.
      guard let endpoint = endpoints.first(where: { $0.number == number }) else { return }
      switch endpoint.socket {
      case .datagram(let socket): serve(endpoint, socket, event)
      case .stream(let listener): accept(from: listener, of: endpoint, limit: SignallingLoop.acceptsPerTurn)
      }
    case .companion(let number):
      guard let endpoint = endpoints.first(where: { $0.number == number }), let listener = endpoint.companion else { return }
      accept(from: listener, of: endpoint, limit: SignallingLoop.acceptsPerTurn)
    case .connection(let id): serve(connection: id, event)
    }
    // A connection may have been dropped on the way.
    carryOutActions()
  }

  private func serve(_ endpoint: SignallingEndpoint, _ socket: DatagramSocket, _ event: EventPoll.Ready) {
    if event.failed {
      var remotes: [TransportAddress] = []
      socket.takeErrors { remotes.append($0) }
      for remote in remotes { fail(Flow(listener: endpoint.index, transport: .udp, remote: remote)) }
    }
    if event.readable { receive(on: endpoint, socket) }
  }

  private func receive(on endpoint: SignallingEndpoint, _ socket: DatagramSocket) {
    for _ in 0..<SignallingLoop.datagramBatches {
      let count = pool.receive(from: socket) { bytes, source in
        receive(Array(bytes), on: Flow(listener: endpoint.index, transport: .udp, remote: source))
      }
      if count > 0 { batches &+= 1 }
      datagramsReceived &+= UInt64(count)
      if count < DatagramPool.batch { return }
    }
  }

  /// One message into the exchange, and what it wants done.
  func receive(_ bytes: [UInt8], on flow: Flow) {
    exchange.receive(bytes, on: flow, at: now)
    carryOutActions()
  }

  /// Can not be reached: told to the exchange at the end of the turn, together with what else failed in it. Telling makes it look at every transaction, and ICMP
  /// errors, which anybody can forge, come by the hundred.
  func fail(_ flow: Flow, because why: String? = nil) {
    guard failed.count < SignallingLoop.failuresPerTurn, !failed.contains(where: { $0.flow == flow }) else { return }
    failed.append((flow, why))
  }

  /// False: nothing had failed.
  @discardableResult
  private func tellFailures() -> Bool {
    guard !failed.isEmpty else { return false }
    exchange.unreachable(failed, at: now)
    failed.removeAll(keepingCapacity: true)
    carryOutActions()
    return true
  }

  private func takeMessages() {
    mailbox.take(into: &messages)
    for message in messages {
      switch message {
      case .media(let event):
        exchange.media(event, at: now)
        carryOutActions()
      case .located(let found): locate(found)
      case .job(let job): job(self)
      case .stop: isRunning = false
      }
    }
  }

  /// A job of the control side.
  func run<Answer>(_ job: (inout Exchange, Instant) -> Answer) -> Answer {
    let answer = job(&exchange, now)
    carryOutActions()
    return answer
  }

  // MARK: Out

  func carryOutActions() {
    while let action = exchange.nextAction() {
      switch action {
      case .transmit(let bytes, let flow): transmit(bytes, on: flow)
      case .media(let command):
        if let event = mediaPorts.carryOut(command) { exchange.media(event, at: now) }
      case .record(let record, let ladder): outlets.record(record, ladder)
      case .note(let note): if notes.admit(note, at: now) { outlets.note(note) }
      }
    }
  }

  private func transmit(_ bytes: [UInt8], on flow: Flow) {
    guard Int(flow.listener) < endpoints.count else { return misdirected &+= 1 }
    let endpoint = endpoints[Int(flow.listener)]
    switch (endpoint.listener.transport, flow.transport) {
    case (.udp, .udp): endpoint.outbox.append(bytes, to: flow.remote)
    // RFC 3261 18.1.1: over TCP from and to the same addresses, because it is too large for a packet.
    case (.tcp, .tcp), (.tls, .tls), (.udp, .tcp): transmit(bytes, on: flow, of: endpoint)
    default: misdirected &+= 1
    }
  }

  /// Sends what has gathered in the outboxes.
  private func flush() {
    tellFailures()
    for _ in 0..<SignallingLoop.flushRounds {
      for endpoint in endpoints { flush(endpoint) }
      if !tellFailures() { return }
    }
  }

  private func flush(_ endpoint: SignallingEndpoint) {
    guard case .datagram(let socket) = endpoint.socket, !endpoint.outbox.isEmpty else { return }
    var remotes: [TransportAddress] = []
    var tooLarge: [(bytes: [UInt8], remote: TransportAddress)] = []
    let isDone = endpoint.outbox.flush(on: socket, unreachable: { remotes.append($0) }, tooLarge: { tooLarge.append(($0, $1)) })
    for remote in remotes { fail(Flow(listener: endpoint.index, transport: .udp, remote: remote)) }
    for one in tooLarge { exchange.tooLarge(one.bytes, on: Flow(listener: endpoint.index, transport: .udp, remote: one.remote), at: now) }
    if !tooLarge.isEmpty { carryOutActions() }
    if endpoint.isBlocked != !isDone {
      endpoint.isBlocked = !isDone
      try? poll.change(socket.descriptor, key: PollKey.endpoint(endpoint.number).rawValue, readable: true, writable: !isDone)
    }
  }

  // MARK: Listeners

  /// The endpoints of a list of listeners: those that serve one already, and new ones, bound and watched. Throws, with nothing changed, when one can not be bound.
  private func bound(_ listeners: [Configuration.Listener]) throws(SystemCallError) -> [SignallingEndpoint] {
    var result: [SignallingEndpoint] = []
    for (index, listener) in listeners.enumerated() {
      // A second listener on the same address is no match: it is bound, and refused by the kernel.
      if let old = endpoints.first(where: { old in old.serves(listener) && !result.contains { $0 === old } }) {
        result.append(old)
      } else {
        lastNumber &+= 1
        let new = try SignallingEndpoint(listener, number: lastNumber, index: UInt16(truncatingIfNeeded: index), kept: kept)
        try poll.add(new.descriptor, key: PollKey.endpoint(new.number).rawValue)
        result.append(new)
      }
    }
    return result
  }

  /// A commit. New listeners are bound before anything changes, those that are gone are closed when all is done; calls that need them end first, by their sockets.
  func reconfigure(_ setup: Exchange.Setup, tls: SignallingTLS) throws(SystemCallError) {
    try heartbeat.working(since: MonotonicClock.now()) { () throws(SystemCallError) in try takeOver(setup, tls) }
  }

  private func takeOver(_ setup: Exchange.Setup, _ tls: SignallingTLS) throws(SystemCallError) {
    let new = try bound(setup.configuration.listeners)
    let gone = endpoints.filter { old in !new.contains { $0 === old } }
    exchange.leaveListeners(to: setup.configuration, at: now)
    carryOutActions()
    // What waits was addressed by the old indexes.
    flush()
    endpoints = new
    for (index, listener) in setup.configuration.listeners.enumerated() { new[index].take(listener, index: UInt16(truncatingIfNeeded: index)) }
    configuration = setup.configuration
    self.tls = tls
    mediaPorts.reconfigure(setup.configuration.mediaRealms)
    exchange.reconfigure(setup, wallClock: WallClock.atInstantZero(), at: now)
    gate = SourceGate(configuration, resolved: exchange.admittedAddresses)
    carryOutActions()
    for endpoint in gone { close(endpoint) }
    followCompanions()
    kept?.follow(endpoints)
  }

  /// The resolver's news.
  private func locate(_ found: [(ServerQuery, ServerLocation)]) {
    if exchange.locate(found, at: now) { gate = SourceGate(configuration, resolved: exchange.admittedAddresses) }
    carryOutActions()
  }

  private func close(_ endpoint: SignallingEndpoint) {
    closedSent &+= endpoint.outbox.sent
    closedDropped &+= endpoint.outbox.overflowed &+ endpoint.outbox.failed
    poll.remove(endpoint.descriptor)
    if let companion = endpoint.companion { poll.remove(companion.descriptor) }
    dropConnections(of: endpoint)
  }

  /// Name and value, in a fixed order.
  var counters: [(name: String, value: UInt64)] {
    let boxes = endpoints.map(\.outbox)
    return [
      ("udp.received", datagramsReceived), ("udp.batches", batches),
      ("udp.sent", boxes.reduce(closedSent) { $0 &+ $1.sent }),
      ("udp.dropped", boxes.reduce(closedDropped) { $0 &+ $1.overflowed &+ $1.failed }),
      ("flow.misdirected", misdirected), ("log.held-back", notes.heldBack), ("mailbox.signalling-refused", mailbox.refused),
    ] + streams.counters
  }
}
