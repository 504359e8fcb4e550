import Addressing
import Linux
import Media
import Timing

/// The thread that relays media: it owns the relay's sockets (one a port) and the `Relay` that decides about each packet.
///
/// Sockets arrive bound, with the command that opens them: the signalling thread binds, so that a port that is taken is known before the answer goes out.
/// Commands of one session are carried out in the order they were posted; counts go back by `report`.
/// Packets are sent one by one as they come: at 50 a second and stream a batch holds one.
final class MediaThread: Sendable {
  /// A socket and the port it is bound to.
  struct BoundPort: Sendable {
    var local: TransportAddress
    var socket: DatagramSocket
  }
  enum Message: Sendable {
    /// `bound`: the ports of the anchor that this side did not have before.
    case open(session: UInt64, side: MediaSide, anchor: MediaAnchor, bound: [BoundPort])
    /// Any command but `open`.
    case command(MediaCommand)
    case stop
  }
  private let mailbox: Mailbox<Message>
  let heartbeat = Heartbeat()

  /// `report` is called on the media thread with what the relay has to tell; it must not wait.
  init(report: @escaping @Sendable (MediaEvent) -> Void) throws(SystemCallError) {
    mailbox = try Mailbox()
    let loop = Handover(try MediaLoop(mailbox: mailbox, heartbeat: heartbeat, report: report))
    try Thread.spawn(name: "media") { loop.value.run() }
  }

  /// Messages lost because the thread had not looked for very long.
  var refused: UInt64 { mailbox.refused }

  /// False when the thread has not looked for very long; then the message is lost.
  @discardableResult
  func post(_ message: Message) -> Bool { mailbox.post(message) }
}

/// A value given away whole: whoever made it does not touch it again.
/// `@unchecked`: the compiler can not see that; there is one use for each thread, at its start.
struct Handover<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

/// What runs on the media thread.
private final class MediaLoop {
  private static let mailboxKey = UInt64.max
  /// Turns of one socket before the others get theirs.
  private static let packetsPerTurn = 64

  private let mailbox: Mailbox<MediaThread.Message>
  private let heartbeat: Heartbeat
  private let report: @Sendable (MediaEvent) -> Void
  private let poll: EventPoll
  /// RTP over UDP stays below the link's frame; 2 kB holds the jumbo-less largest, what is larger is dropped.
  private let pool = DatagramPool(slotBytes: 2_048)
  private var relay = Relay()
  /// By `RelayPort.rawValue`.
  private var sockets: [DatagramSocket?] = []
  private var messages: [MediaThread.Message] = []
  private var ready: [EventPoll.Ready] = []
  private var now = MonotonicClock.now()
  private var isRunning = true

  init(mailbox: Mailbox<MediaThread.Message>, heartbeat: Heartbeat, report: @escaping @Sendable (MediaEvent) -> Void) throws(SystemCallError) {
    self.mailbox = mailbox
    self.heartbeat = heartbeat
    self.report = report
    poll = try EventPoll()
    try poll.add(mailbox.descriptor, key: MediaLoop.mailboxKey)
  }

  func run() {
    while isRunning {
      ready.removeAll(keepingCapacity: true)
      poll.wait(Heartbeat.interval) { ready.append($0) }
      now = MonotonicClock.now()
      heartbeat.beat(at: now)
      // Commands first: a port that is given up must not forward what lies in its socket.
      if ready.contains(where: { $0.key == MediaLoop.mailboxKey }) { takeMessages() }
      for event in ready where event.key != MediaLoop.mailboxKey { relayPackets(of: RelayPort(rawValue: UInt32(truncatingIfNeeded: event.key))) }
    }
  }

  private func relayPackets(of port: RelayPort) {
    guard let socket = socket(of: port) else { return }
    _ = pool.receive(from: socket, limit: MediaLoop.packetsPerTurn) { packet, source in
      guard let forward = relay.receive(packet, on: port, from: source, at: now), let out = self.socket(of: forward.port) else { return }
      // What the kernel does not take at once is dropped: late media is worse than lost media.
      _ = out.send(packet, to: forward.destination)
    }
  }

  private func takeMessages() {
    mailbox.take(into: &messages)
    for message in messages {
      switch message {
      case .open(let session, let side, let anchor, let bound): open(session, side, anchor, bound)
      case .command(let command): carryOut(command)
      case .stop: isRunning = false
      }
    }
  }

  private func carryOut(_ command: MediaCommand) {
    switch command {
    case .open: preconditionFailure("an open comes with its sockets")
    case .program(let session, let side, let stream, let program): relay.program(session: session, side: side, stream: stream, program)
    case .report(let session): report(.report(session: session, relay.statistics(of: session)))
    case .release(let session, let side): unbind(relay.release(session: session, side: side))
    case .move(let session, let side, let target, let place): unbind(relay.move(session: session, side: side, to: target, as: place))
    case .close(let session):
      let (ports, counts) = relay.close(session: session)
      unbind(ports)
      report(.closed(session: session, counts))
    }
  }

  private func open(_ session: UInt64, _ side: MediaSide, _ anchor: MediaAnchor, _ bound: [MediaThread.BoundPort]) {
    guard let change = relay.open(session: session, side: side, anchor: anchor) else {
      report(.refused(session: session, side: side, reason: "the relay is full"))
      return
    }
    unbind(change.unbind)
    for binding in change.bind {
      guard let found = bound.first(where: { $0.local == binding.local }) else { continue }
      bind(found.socket, to: binding.port)
    }
  }

  private func bind(_ socket: DatagramSocket, to port: RelayPort) {
    let index = Int(port.rawValue)
    while sockets.count <= index { sockets.append(nil) }
    sockets[index] = socket
    do throws(SystemCallError) {
      try poll.add(socket.descriptor, key: UInt64(port.rawValue))
    } catch {
      // No memory for one more watch: this port stays deaf, its counts stay 0 and the media watch ends the call.
      sockets[index] = nil
    }
  }

  private func unbind(_ ports: [RelayPort]) {
    for port in ports {
      guard let socket = socket(of: port) else { continue }
      poll.remove(socket.descriptor)
      sockets[Int(port.rawValue)] = nil
    }
  }

  private func socket(of port: RelayPort) -> DatagramSocket? {
    let index = Int(port.rawValue)
    return index < sockets.count ? sockets[index] : nil
  }
}
