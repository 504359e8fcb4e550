import Addressing
public import Configuration
public import ServerLocation
import Timing

/// Where one trunk's requests may go: what its query led to (RFC 3263), and how each of those targets has been doing.
///
/// A target that failed is tried after the others for the same time as a failed trunk; it counts as soon as it is heard. One that is down or wants to be left
/// alone (`TargetHealth`) is not tried while the trunk has another. A target leaves when DNS says so.
struct TrunkTargets {
  struct Target {
    var address: TransportAddress
    var lastHeard: Instant?
    var penaltyEnds: Instant?
    var reason: StaticString = ""
    var health = TargetHealth()

    func isPenalised(at now: Instant) -> Bool { penaltyEnds.map { now < $0 } ?? false }
  }
  /// `nil`: the peer registers, there is nothing to look up.
  let query: ServerQuery?
  /// `nil`: not known yet.
  private(set) var location: ServerLocation?
  /// In the order of ranks.
  var targets: [Target] = []
  /// What was told of the trunk last.
  var wasOut = false

  init(query: ServerQuery?, location: ServerLocation?, adopting old: TrunkTargets?) {
    self.query = query
    targets = old?.targets ?? []
    wasOut = old?.wasOut ?? false
    locate(location)
  }

  mutating func locate(_ new: ServerLocation?) {
    location = new
    let known = targets
    targets = (new?.targets ?? []).map { address in known.first { $0.address == address } ?? Target(address: address) }
  }

  /// Whether all of them are down or want to be left alone.
  func areOut(at now: Instant) -> Bool { !targets.isEmpty && targets.allSatisfy { $0.health.isOut(at: now) } }
  /// The first that is not down; when there is none the first.
  var best: TransportAddress? { (targets.first { !$0.health.isDown } ?? targets.first)?.address }

  /// The order for one call: drawn by weight, those that failed lately last, those that are out not at all unless the plugin wants the trunk to be used all
  /// the same. `others` is empty for a single target, without an allocation.
  func order(at now: Instant, using random: inout RandomSource) -> (first: TransportAddress, others: [TransportAddress])? {
    guard let first = targets.first else { return nil }
    guard targets.count > 1, let location else { return (first.address, []) }
    var drawn = location.targets(using: &random)
    if !areOut(at: now) { drawn.removeAll { address in targets.contains { $0.address == address && $0.health.isOut(at: now) } } }
    let isDoubted = { (address: TransportAddress) in targets.contains { $0.address == address && $0.isPenalised(at: now) } }
    let order = drawn.filter { !isDoubted($0) } + drawn.filter(isDoubted)
    return (order.first ?? first.address, Array(order.dropFirst()))
  }

  mutating func heard(from address: TransportAddress, at now: Instant) {
    guard let index = targets.firstIndex(where: { $0.address == address }) else { return }
    targets[index].lastHeard = now
    targets[index].penaltyEnds = nil
  }

  /// Whether a target is left that has not failed lately.
  mutating func failed(_ address: TransportAddress, reason: StaticString, at now: Instant) -> Bool {
    if let index = targets.firstIndex(where: { $0.address == address }) {
      targets[index].penaltyEnds = now + TrunkLimits.penalty
      targets[index].reason = reason
    }
    return targets.contains { !$0.isPenalised(at: now) }
  }
}

extension Configuration {
  /// What RFC 3263 starts from on a trunk: the trunk's own port goes before the peer's, the listener says transport and family; `nil` when nothing can be looked up.
  public func serverQuery(ofTrunk index: Int) -> ServerQuery? {
    let trunk = trunks[index]
    let peer = peers[trunk.peer]
    let listener = listeners[trunk.listener]
    let host: ServerQuery.Host
    switch peer.address {
    case .ip(let address): host = .address(address)
    case .domain(let name):
      guard let name = DomainName(name), !name.isRoot else { return nil }
      host = .domain(name)
    case .dynamic: return nil
    }
    // A socket can not send to the other family.
    return ServerQuery(
      host, transport: listener.transport, isTransportNamed: peer.transport != nil, port: trunk.peerPort ?? peer.port, families: [listener.address.ip.family])
  }

  /// Everything that a resolver has to find for this configuration, in the order of the trunks.
  public var serverQueries: [ServerQuery] {
    var queries: [ServerQuery] = []
    for query in trunks.indices.compactMap(serverQuery) where !queries.contains(query) {
      if case .domain = query.host { queries.append(query) }
    }
    return queries
  }
}
