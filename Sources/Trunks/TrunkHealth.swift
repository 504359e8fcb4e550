public import Addressing
import Configuration
import ServerLocation
public import Timing

/// Health of all targets of all trunks: which are asked with OPTIONS now, what their answers mean for routing, and what is told of it. One target's states are
/// `TargetHealth`'s; a trunk is down while all its targets are.
///
/// The table sends nothing: `takeProbes` says who is to be asked, and whoever sends tells what became of it (`probeAnswered`, `probeFailed`).
/// First OPTIONS are spread over `TrunkLimits.probeSpread` by the golden ratio: however many targets there are, each falls into the largest gap, and equal intervals
/// keep them apart.
extension TrunkTable {
  /// OPTIONS to send, in the order of trunks.
  public struct Probe: Sendable, Equatable {
    public var trunk: Int
    public var target: TransportAddress
  }
  /// A line for the log.
  public struct HealthNews: Sendable, Equatable {
    public var isTrouble: Bool
    public var text: String
    public var peer: String
    public var trunk: String
  }

  public mutating func takeProbes() -> [Probe] {
    if health.probes.isEmpty { return [] }
    defer { health.probes = [] }
    return health.probes
  }
  public mutating func takeNews() -> [HealthNews] {
    if health.news.isEmpty { return [] }
    defer { health.news = [] }
    return health.news
  }

  // MARK: What is heard

  /// The final answer to an OPTIONS; `rest`: its Retry-After.
  public mutating func probeAnswered(_ probe: Probe, status: Int, rest: Gap?, at now: Instant) {
    guard let target = target(probe.trunk, probe.target) else { return }
    switch status {
    case 503 where rest != nil: overloaded(probe.trunk, target: probe.target, rest: rest, at: now)
    case 503: change(probe.trunk, target, at: now) { $0.refused("503 to OPTIONS", at: now) }
    case 408: change(probe.trunk, target, at: now) { $0.refused("408 to OPTIONS", at: now) }
    default:
      liveness[probe.trunk].lastHeard = now
      alive(probe.trunk, target, at: now)
    }
  }
  /// It could not be sent.
  public mutating func probeFailed(_ probe: Probe, at now: Instant) {
    guard let target = target(probe.trunk, probe.target) else { return }
    change(probe.trunk, target, at: now) { $0.refused("it can not be reached", at: now) }
  }

  /// Any request that the peer sent: a target that is down may be back.
  mutating func wake(_ trunk: Int, from source: TransportAddress, at now: Instant) {
    guard targets[trunk].targets.contains(where: { $0.health.isDown }) else { return }
    let isOwn = targets[trunk].targets.contains { $0.address.ip == source.ip }
    for index in targets[trunk].targets.indices where !isOwn || targets[trunk].targets[index].address.ip == source.ip {
      targets[trunk].targets[index].health.wake(at: now)
      consider(targets[trunk].targets[index].health.due)
    }
  }

  /// An answer came from there, to whatever request. A source that is none of several targets says nothing of any.
  mutating func answered(_ trunk: Int, from source: TransportAddress, at now: Instant) {
    if let target = target(trunk, source) { alive(trunk, target, at: now) }
  }

  private mutating func alive(_ trunk: Int, _ target: Int, at now: Instant) {
    // Back at once, and to its own place.
    if targets[trunk].targets[target].health.isDown {
      targets[trunk].targets[target].penaltyEnds = nil
      liveness[trunk].penaltyEnds = nil
      liveness[trunk].failures = 0
    }
    change(trunk, target, at: now) { $0.answered(at: now) }
  }

  mutating func missed(_ trunk: Int, _ address: TransportAddress, _ reason: StaticString, at now: Instant) {
    guard let target = target(trunk, address) else { return }
    change(trunk, target, at: now) { $0.missed(reason, at: now) }
  }
  mutating func rest(_ trunk: Int, _ address: TransportAddress, for gap: Gap, at now: Instant) {
    guard let target = target(trunk, address) else { return }
    change(trunk, target, at: now) { $0.rest(for: gap, at: now) }
  }

  /// A plugin wants to know. Empty name: of every trunk of the peer.
  mutating func ask(peer: Int, trunk name: [UInt8], at now: Instant) {
    for (index, trunk) in configuration.trunks.enumerated() where trunk.peer == peer && (name.isEmpty || name.elementsEqual(trunk.name.utf8)) {
      for target in targets[index].targets.indices {
        targets[index].targets[target].health.ask(at: now)
        consider(targets[index].targets[target].health.due)
      }
    }
  }

  // MARK: Time

  /// New targets, and those with another interval, get the moment of their first OPTIONS; others are asked when it is time.
  mutating func advanceHealth(to now: Instant) {
    guard let due = health.due, due <= now else { return }
    health.due = nil
    for trunk in targets.indices {
      let peer = configuration.trunks[trunk].peer
      let interval = Gap.seconds(configuration.peers[peer].optionsInterval)
      for target in targets[trunk].targets.indices {
        if targets[trunk].targets[target].health.interval != interval {
          targets[trunk].targets[target].health.begin(interval: interval, delay: health.nextDelay(within: interval), at: now)
        }
        if let due = targets[trunk].targets[target].health.due, due <= now {
          var asks = false
          change(trunk, target, at: now) { health in
            let turn = health.advance(to: now)
            asks = turn.asks
            return turn.change
          }
          // A plugin that is not there hides nothing: nothing is sent in its name.
          if asks, outage(ofPeer: peer) == nil { health.probes.append(Probe(trunk: trunk, target: targets[trunk].targets[target].address)) }
        }
        consider(targets[trunk].targets[target].health.due)
      }
    }
  }

  /// Targets are new, or have another interval: the next `advance` sees to them. Those of a peer that is not asked want nothing.
  mutating func reviewHealth() {
    for trunk in targets.indices {
      let interval = Gap.seconds(configuration.peers[configuration.trunks[trunk].peer].optionsInterval)
      for target in targets[trunk].targets {
        consider(target.health.interval == interval ? target.health.due : Instant(nanoseconds: 0))
      }
    }
  }

  mutating func consider(_ due: Instant?) {
    if let due { health.due = health.due.map { min($0, due) } ?? due }
  }

  // MARK: What follows

  private func target(_ trunk: Int, _ address: TransportAddress) -> Int? {
    guard targets.indices.contains(trunk) else { return nil }
    return targets[trunk].targets.firstIndex { $0.address == address }
  }

  /// Lets a target change its state, tells of it, and asks the plugin when that matters.
  private mutating func change(_ trunk: Int, _ target: Int, at now: Instant, _ body: (inout TargetHealth) -> TargetHealth.Change?) {
    let happened = body(&targets[trunk].targets[target].health)
    consider(targets[trunk].targets[target].health.due)
    guard let happened else { return }
    let isOut = targets[trunk].areOut(at: now)
    tell(happened, trunk, target, isTrunkOut: isOut, wasTrunkOut: targets[trunk].wasOut)
    targets[trunk].wasOut = isOut
    askHealth(of: trunk, at: now)
  }

  private mutating func tell(_ change: TargetHealth.Change, _ trunk: Int, _ target: Int, isTrunkOut: Bool, wasTrunkOut: Bool) {
    let state = targets[trunk].targets[target]
    let what = "trunk \(configuration.trunks[trunk].name): \(state.address)"
    let rest: String
    switch (isTrunkOut, wasTrunkOut) {
    case (true, _): rest = targets[trunk].targets.count > 1 ? "; the trunk is down: no other server is left" : "; the trunk is down"
    case (false, true): rest = "; the trunk is up"
    default: rest = ""
    }
    let text: String
    switch change {
    case .down:
      text = "\(what) is down (\(state.health.reason))\(rest); see `show peers`, or `set peer NAME options-interval 0` for a peer that never answers OPTIONS"
    case .alive(let gap): text = "\(what) is up again after \(gap.milliseconds / 1000) s\(rest)"
    case .resting(let gap): text = "\(what) said 503 and wants to be left alone for \(gap.milliseconds / 1000) s\(rest)"
    case .rested: text = "\(what) may be tried again\(rest)"
    }
    let isTrouble =
      switch change {
      case .down, .resting: true
      case .alive, .rested: false
      }
    guard health.news.count < TrunkLimits.news else { return }
    health.news.append(
      HealthNews(isTrouble: isTrouble, text: text, peer: configuration.peers[configuration.trunks[trunk].peer].name, trunk: configuration.trunks[trunk].name))
  }
}

/// What the table keeps for all targets together.
struct HealthDesk {
  /// No later than the first deadline of a target; 0: targets are new.
  var due: Instant?
  var probes: [TrunkTable.Probe] = []
  var news: [TrunkTable.HealthNews] = []
  private var begun: UInt64 = 0

  /// The k-th delay is k times the golden ratio, modulo the spread: in 64 bits the fraction is a multiplication.
  mutating func nextDelay(within interval: Gap) -> Gap {
    begun &+= 1
    let spread = UInt64(max(0, min(interval.nanoseconds, TrunkLimits.probeSpread.nanoseconds)))
    return Gap(nanoseconds: Int64((begun &* 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: spread).high))
  }
}
