import Addressing
import Calls
import Media
import SDP
import SIP

/// The media plane is used properly (each session opened once and closed once, each port bound once at a time), and no packet goes astray: to nobody but
/// an address that its party signalled or sent from, from nobody but a party, and only between the two sides of one call.
struct MediaChecker: Checker {
  let name = "Media"
  private var open: Set<UInt64> = []
  private var closed: Set<UInt64> = []
  private var awaited: Set<UInt64> = []
  private var bound: Set<TransportAddress> = []
  /// Of each side that was opened, the RTP and RTCP ports.
  private struct Side: Hashable {
    var session: UInt64
    var side: MediaSide
  }
  private var ports: [Side: [TransportAddress]] = [:]
  /// The call that named a media address in its descriptions.
  private var owners: [TransportAddress: [UInt8]] = [:]
  /// Addresses that two calls named: a damaged description, or a damaged Call-ID beside a sound one.
  private var contested: Set<TransportAddress> = []
  /// Where parties' packets came from.
  private var sources: Set<TransportAddress> = []
  /// The caller's Call-ID of each attempt's.
  private var partners: [[UInt8]: [UInt8]] = [:]
  /// Calls were joined: a Call-ID has had more than one partner.
  private var isMixed = false

  mutating func observe(_ event: TraceEvent) -> String? {
    switch event.what {
    case .command(let command): return observe(command)
    case .answer(.closed(let session, _)):
      guard awaited.remove(session) != nil else { return "counts of a session that was not being closed" }
    case .bound(let address):
      guard bound.insert(address).inserted else { return "port \(address) was bound twice" }
    case .unbound(let address):
      guard bound.remove(address) != nil else { return "port \(address) was given up and not bound" }
    case .delivered(let signal): learn(signal)
    case .packetDelivered(_, let from, _):
      if Party.owning(from.ip) != nil { sources.insert(from) }
    case .packetSent(let bytes, _, let to, let source): return forwarded(bytes, to, source)
    case .holdings(let held, _):
      if held.mediaSessions != open.count { return "\(open.count) media sessions are open, live calls have \(held.mediaSessions)" }
      let used = Set(ports.values.joined())
      if let stray = bound.sorted(by: { $0.port < $1.port }).first(where: { !used.contains($0) }) { return "port \(stray) is bound and of no live leg" }
    case .ended:
      if !open.isEmpty { return "\(open.count) media sessions were never closed" }
      if !awaited.isEmpty { return "\(awaited.count) media sessions never gave their counts" }
      if !bound.isEmpty { return "\(bound.count) ports stayed bound" }
    default: break
    }
    return nil
  }

  private mutating func observe(_ command: MediaCommand) -> String? {
    switch command {
    case .open(let session, let side, let anchor):
      ports[Side(session: session, side: side)] = anchor.ports.filter { $0 != 0 }.flatMap {
        [TransportAddress(anchor.bind, $0), TransportAddress(anchor.bind, $0 &+ 1)]
      }
      if closed.contains(session) { return "session \(String(session, radix: 16)) was opened after its close" }
      if anchor.ports.allSatisfy({ $0 == 0 }) { return "an anchor without a port" }
      open.insert(session)
    case .program(let session, _, _, _), .release(let session, _), .report(let session):
      if case .release(_, let side) = command { ports[Side(session: session, side: side)] = nil }
      guard open.contains(session) else { return "a command for session \(String(session, radix: 16)), which is not open: \(command)" }
    case .move(let session, let side, let target, let place):
      guard open.contains(session), open.contains(target) else { return "a side moved between sessions that are not both open: \(command)" }
      ports[Side(session: target, side: place)] = ports.removeValue(forKey: Side(session: session, side: side))
      isMixed = true
    case .close(let session):
      guard open.remove(session) != nil else { return "session \(String(session, radix: 16)) was closed and not open" }
      for side in MediaSide.allCases { ports[Side(session: session, side: side)] = nil }
      closed.insert(session)
      awaited.insert(session)
    }
    return nil
  }

  private mutating func learn(_ signal: TraceEvent.Signal) {
    guard Party.owning(signal.remote.ip) != nil, let message = signal.message, !message.body.isEmpty,
      let description = try? SessionDescription(parsing: message.body)
    else { return }
    for stream in 0..<description.streamCount {
      for address in [description.rtpDestination(of: stream), description.rtcpDestination(of: stream)] {
        guard let address else { continue }
        if let known = owners[address], !message.callID.elementsEqual(known) { contested.insert(address) }
        owners[address] = Array(message.callID)
      }
    }
  }

  private mutating func forwarded(_ bytes: [UInt8], _ to: TransportAddress, _ source: TransportAddress) -> String? {
    if Party.owning(source.ip) == nil { return "a stranger's packet from \(source) went on to \(to)" }
    guard owners[to] != nil || sources.contains(to) else { return "a packet left to \(to), which nobody signalled" }
    if bound.contains(to) { return "a packet circles: it left to our own port \(to)" }
    guard let from = owners[source], let into = owners[to], !contested.contains(source), !contested.contains(to) else { return nil }
    if from == into { return "a packet of \(source) came back to its own call" }
    // Of the two Call-IDs ours has no mark: an attempt belongs to one caller for life.
    let isAttempt = Party.shown(by: from[...]) == nil
    let (attempt, caller) = isAttempt ? (from, into) : (into, from)
    if !isMixed, let known = partners[attempt], known != caller { return "a packet of \(source) crossed into another call at \(to)" }
    partners[attempt] = caller
    return nil
  }
}
