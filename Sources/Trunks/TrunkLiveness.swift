public import Addressing
import CTandemTrunk
import Configuration
public import Routing
import ServerLocation
public import Timing

/// How one trunk has been doing.
struct TrunkLiveness {
  var lastHeard: Instant?
  var lastFailed: Instant?
  /// Timeouts and transport failures since the peer was heard last.
  var failures: UInt32 = 0
  var reason: StaticString = ""
  /// Until when the trunk stands at the end of the ring.
  var penaltyEnds: Instant?
  /// The plugin's, TT_HEALTH_...
  var verdict = TT_HEALTH_DEFAULT

  func isPenalised(at now: Instant) -> Bool { penaltyEnds.map { now < $0 } ?? false }
}

extension TrunkTable {
  /// For routing: up, less preferred, down. (`full` is Admission's.)
  public func states(at now: Instant) -> [RouteQuery.TrunkState] {
    configuration.trunks.indices.map { state(of: $0, at: now) }
  }

  /// A transaction to the peer got an answer, or the peer sent something; `source`: from where, where that tells which of its targets lives.
  /// `isAnswer`: to a request of ours. The peer's own requests clear no doubt that OPTIONS raised, but have it asked at once.
  public mutating func heard(from trunk: Int, source: TransportAddress? = nil, isAnswer: Bool = false, at now: Instant) {
    if let source {
      targets[trunk].heard(from: source, at: now)
      if isAnswer { answered(trunk, from: source, at: now) } else { wake(trunk, from: source, at: now) }
    }
    let wasDoubted = liveness[trunk].failures > 0 || liveness[trunk].verdict != TT_HEALTH_DEFAULT
    liveness[trunk].lastHeard = now
    guard wasDoubted else { return }
    liveness[trunk].failures = 0
    liveness[trunk].penaltyEnds = nil
    askHealth(of: trunk, at: now)
  }

  /// A transaction to the peer timed out or its transport failed: the target is tried after the trunk's others for 60 s; when it was the last one without a
  /// failure, the trunk goes to the end of the ring for as long.
  public mutating func failed(_ trunk: Int, target: TransportAddress? = nil, reason: StaticString, at now: Instant) {
    if let target { missed(trunk, target, reason, at: now) }
    if let target, targets[trunk].failed(target, reason: reason, at: now) { return }
    liveness[trunk].lastFailed = now
    liveness[trunk].failures = min(liveness[trunk].failures, .max - 1) + 1
    liveness[trunk].reason = reason
    liveness[trunk].penaltyEnds = now + TrunkLimits.penalty
    askHealth(of: trunk, at: now)
  }

  /// A target said 503. With Retry-After (`rest`) nothing new is sent to it until then (RFC 3261 21.5.4), and the trunk is down when it is the only one.
  /// Without, the trunk's others are tried before it; a trunk with one target has no choice.
  public mutating func overloaded(_ trunk: Int, target: TransportAddress, rest: Gap? = nil, at now: Instant) {
    if let rest, rest.nanoseconds > 0 { return self.rest(trunk, target, for: rest, at: now) }
    if targets[trunk].targets.count > 1 { _ = targets[trunk].failed(target, reason: "answered 503", at: now) }
  }

  public mutating func advance(to now: Instant) {
    tickPlugins(at: now)
    takeWishes(at: now)
    advanceHealth(to: now)
  }

  private mutating func tickPlugins(at now: Instant) {
    for peer in services.indices {
      guard let instance = services[peer].instance, let deadline = instance.nextTick, deadline <= now else { continue }
      instance.tick(at: now)
      for trunk in configuration.trunks.indices where configuration.trunks[trunk].peer == peer { askHealth(of: trunk, at: now) }
    }
  }
  public var nextDeadline: Instant? {
    // Asked after every event: no array on the way.
    var first = health.due
    for service in services {
      guard let instance = service.instance else { continue }
      if !instance.wishes.isEmpty { return Instant(nanoseconds: 0) }
      guard let deadline = instance.nextTick else { continue }
      first = first.map { min($0, deadline) } ?? deadline
    }
    return first
  }

  /// OPTIONS that plugins asked for since.
  private mutating func takeWishes(at now: Instant) {
    for peer in services.indices {
      guard let instance = services[peer].instance, !instance.wishes.isEmpty else { continue }
      for trunk in instance.takeWishes() { ask(peer: peer, trunk: trunk, at: now) }
    }
  }

  mutating func askHealth(of trunk: Int, at now: Instant) {
    guard let host = services[configuration.trunks[trunk].peer].instance, let instance = host.instance, let health = host.table.health else { return }
    let known = liveness[trunk]
    let isOut = targets[trunk].areOut(at: now)
    let verdict = configuration.trunks[trunk].name.withBytes { name in
      var facts = tt_health_v1()
      facts.struct_size = UInt32(MemoryLayout<tt_health_v1>.size)
      facts.consecutive_failures = known.failures
      facts.now = now.nanoseconds
      facts.last_heard = known.lastHeard?.nanoseconds ?? .max
      facts.last_failed = known.lastFailed?.nanoseconds ?? .max
      facts.trunk = name
      facts.host_verdict = isOut ? TT_HEALTH_DOWN : known.isPenalised(at: now) ? TT_HEALTH_LESS_PREFERRED : TT_HEALTH_UP
      return host.measured(at: now) { health(instance, &facts) }
    }
    liveness[trunk].verdict = (TT_HEALTH_DEFAULT...TT_HEALTH_DOWN).contains(verdict) ? verdict : TT_HEALTH_DEFAULT
  }

  /// What a trunk's state follows from, in the order in which it is decided.
  private enum Standing {
    case unserved, unresolved
    /// The plugin's verdict, TT_HEALTH_...
    case judged(Int32)
    /// All its targets are down or want to be left alone.
    case out
    case penalised(until: Instant)
    case up
  }
  private func standing(of trunk: Int, at now: Instant) -> Standing {
    if !isServed(configuration.trunks[trunk].peer) { return .unserved }
    if targets[trunk].targets.isEmpty { return .unresolved }
    if liveness[trunk].verdict != TT_HEALTH_DEFAULT { return .judged(liveness[trunk].verdict) }
    if targets[trunk].areOut(at: now) { return .out }
    guard let ends = liveness[trunk].penaltyEnds, now < ends else { return .up }
    return .penalised(until: ends)
  }

  /// Whether it gets no calls now, as `states` says for all.
  public func isDown(_ trunk: Int, at now: Instant) -> Bool { state(of: trunk, at: now) == .down }

  func state(of trunk: Int, at now: Instant) -> RouteQuery.TrunkState {
    switch standing(of: trunk, at: now) {
    case .unserved, .unresolved, .out, .judged(TT_HEALTH_DOWN): .down
    case .penalised, .judged(TT_HEALTH_LESS_PREFERRED): .lessPreferred
    case .up, .judged: .up
    }
  }
  /// Why a trunk is not as it should be; `nil`: it is up.
  func reason(of trunk: Int, at now: Instant) -> String? {
    let name = configuration.trunks[trunk].name
    switch standing(of: trunk, at: now) {
    case .unserved: return outage(ofPeer: configuration.trunks[trunk].peer)
    case .unresolved: return "trunk \(name): \(unresolved(trunk))"
    case .judged(TT_HEALTH_DOWN): return "trunk \(name): its plugin says that it is down"
    case .judged(TT_HEALTH_LESS_PREFERRED): return "trunk \(name): its plugin prefers others"
    case .out: return "trunk \(name): \(outage(of: trunk, at: now))"
    case .penalised(let ends):
      let seconds = (ends.since(now).nanoseconds &+ 999_999_999) / 1_000_000_000
      return "trunk \(name): \(liveness[trunk].reason), tried after the others for \(seconds) s"
    case .up, .judged: return nil
    }
  }

  /// Why none of its targets may be tried: what the first says, where there are more.
  private func outage(of trunk: Int, at now: Instant) -> String {
    let all = targets[trunk].targets
    guard let first = all.first, let why = first.health.trouble(at: now) else { return "" }
    return all.count == 1 ? why : "none of its \(all.count) servers can be used; \(first.address): \(why)"
  }

  private func isServed(_ peer: Int) -> Bool {
    services[peer].instance.map { !$0.watch.isOut } ?? false
  }
  /// Why nothing can go to a peer, whatever its trunks do; `nil`: its plugin serves it.
  func outage(ofPeer peer: Int) -> String? {
    switch services[peer] {
    case .down(let reason): reason
    case .served(let instance): instance.watch.isOut ? instance.watch.reason : nil
    }
  }

  private func unresolved(_ trunk: Int) -> String {
    switch configuration.peers[configuration.trunks[trunk].peer].address {
    case .dynamic: return "the peer has not registered"
    case .domain(let domain): return targets[trunk].location?.trouble ?? "\(domain) is being looked up"
    case .ip(let address):
      let family = configuration.listeners[configuration.trunks[trunk].listener].address.ip.family == .v4 ? "IPv4" : "IPv6"
      return "the peer's address \(address) is not \(family) as its listener is"
    }
  }
}
