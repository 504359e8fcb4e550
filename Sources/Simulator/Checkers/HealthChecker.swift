import Addressing
import Calls
import SIP
import Timing
import Trunks

/// A server that answers no OPTIONS is down within 12 s, one answer brings it back at once, and no new call is sent to one that is down or wants to be left alone.
///
/// What is heard from a server, whatever it is, starts the 12 s anew: the exchange may not take notice of it, but must not be blamed for a loss on the way back either.
struct HealthChecker: Checker {
  let name = "Health"
  static let patience = Gap.seconds(12)
  /// Between choosing a server and sending to it lie the ports of the media plane.
  static let delay = Gap.seconds(5)

  private struct Server: Sendable {
    var address: TransportAddress
    var isDown = false
    var isOutSince: Instant?
    /// The first OPTIONS since something was heard.
    var askedAt: Instant?
    /// By branch.
    var open: Set<[UInt8]> = []
    var mustBeUp: Instant?
  }
  private var servers: [Server] = []
  private var invites: Set<[UInt8]> = []
  private var isStopping = false
  /// When each OPTIONS was sent first, by branch. After 64*T1 an answer has no transaction any more.
  private var asked: [[UInt8]: Instant] = [:]
  private let life: Gap

  init(t1: Gap) { life = t1 * 60 }

  mutating func observe(_ event: TraceEvent) -> String? {
    switch event.what {
    case .servers(let sights, let isNew): update(sights, isNew, at: event.at)
    case .stopping: isStopping = true
    case .sent(let signal):
      if let trouble = sent(signal, at: event.at) { return trouble }
    case .delivered(let signal): delivered(signal, at: event.at)
    default: break
    }
    return isStopping ? nil : overdue(at: event.at)
  }

  private mutating func update(_ sights: [Exchange.ServerSight], _ isNew: Bool, at now: Instant) {
    let old = isNew ? [] : servers
    servers = sights.map { sight in
      var server = old.first { $0.address == sight.address } ?? Server(address: sight.address)
      server.isDown = sight.isDown
      server.isOutSince = sight.isDown || sight.isResting ? server.isOutSince ?? now : nil
      return server
    }
  }

  private mutating func sent(_ signal: TraceEvent.Signal, at now: Instant) -> String? {
    guard let message = signal.message, message.isRequest, message.to.tag == nil, let index = servers.firstIndex(where: { $0.address == signal.remote }),
      let branch = message.topVia.branch.map({ Array($0) })
    else { return nil }
    switch message.method {
    case .options:
      // Repetitions go on when the server they were for is another one's, or nobody's, by now.
      guard asked[branch] == nil else { break }
      asked[branch] = now
      servers[index].open.insert(branch)
      if servers[index].askedAt == nil { servers[index].askedAt = now }
    case .invite:
      guard invites.insert(branch).inserted, let since = servers[index].isOutSince, now.since(since) > Self.delay else { break }
      return "a new call is sent to \(signal.remote), which is \(servers[index].isDown ? "down" : "to be left alone")"
    default: break
    }
    return nil
  }

  private mutating func delivered(_ signal: TraceEvent.Signal, at now: Instant) {
    // From another address of the party it is an answer all the same.
    let branch = signal.message?.topVia.branch.map { Array($0) } ?? []
    let answering = servers.firstIndex { $0.open.contains(branch) }
    if signal.standing == .stranger {
      // Not even read, unless a call with that address ended a short while ago; then it may be taken for the answer it is.
      if let answering { servers[answering].askedAt = nil }
      return
    }
    guard let index = answering ?? servers.firstIndex(where: { $0.address == signal.remote }) else { return }
    servers[index].askedAt = nil
    guard let message = signal.message, !message.isRequest, message.method == .options, message.status >= 200 else { return }
    let isFirst = servers[index].open.remove(branch) != nil
    guard isFirst, signal.standing == .peer, message.status != 408, message.status != 503, let at = asked[branch], now.since(at) < life
    else { return }
    servers[index].mustBeUp = now
  }

  private mutating func overdue(at now: Instant) -> String? {
    for index in servers.indices {
      if let at = servers[index].mustBeUp, at < now {
        servers[index].mustBeUp = nil
        if servers[index].isDown { return "\(servers[index].address) answered OPTIONS and is down" }
      }
      if let at = servers[index].askedAt, now.since(at) > Self.patience, servers[index].isOutSince == nil {
        return "\(servers[index].address) has not answered OPTIONS for \(now.since(at).milliseconds) ms and is not down"
      }
    }
    return nil
  }
}
