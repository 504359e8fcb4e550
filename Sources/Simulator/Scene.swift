import Addressing
import Calls
import Configuration
import Routing
import ServerLocation
import Timing
import Trunks

/// The configuration a run is played on: four listeners, two realms, three peers, number rules both ways, a route with a second choice. Commits give it other shapes.
struct Scene {
  let knobs: Knobs
  /// In force.
  private(set) var shape: Shape
  /// What DNS says of each party, by its number.
  private var locations: [ServerLocation] = Party.allCases.map { Scene.location([$0.address]) }

  init(knobs: Knobs) {
    self.knobs = knobs
    shape = Shape(knobs)
  }

  /// The listener's index now; `nil`: nobody listens there.
  func listener(at place: Place) -> UInt16? { shape.listeners.firstIndex(of: place).map { UInt16($0) } }
  func place(ofListener index: UInt16) -> Place? { shape.listeners.indices.contains(Int(index)) ? shape.listeners[Int(index)] : nil }
  /// Whether requests from there are a peer's: a node that is configured, or where a name leads now. (A peer without a trunk has no name looked up.)
  func admits(_ ip: IPAddress, of party: Party) -> Bool {
    guard shape.peers.contains(party) else { return false }
    if ip == party.secondNode.ip { return true }
    return shape.byName.contains(party) ? shape.trunks.contains(party) && location(of: party).targets.contains { $0.ip == ip } : ip == party.address.ip
  }

  mutating func take(_ shape: Shape) { self.shape = shape }

  func configuration() -> Configuration {
    var c = Configuration()
    c.listeners = shape.listeners.map { .init(name: "\($0)" + shape.listenerSuffix, address: $0.address, transport: $0.transport) }
    c.mediaRealms = shape.realms.map { realm in
      let first = 30_000 + realm * 2_000 + shape.portShift
      let pairs = max(1, knobs.mediaPairs)
      return .init(
        name: "m\(realm)" + shape.realmSuffix, addresses: [Ourselves.ip], ports: [.init(first: UInt16(first), last: UInt16(first + 2 * pairs - 1))])
    }
    c.peers = shape.peers.map(peer)
    c.trunks = shape.trunks.map { party in
      .init(
        name: shape.name(of: party), listener: shape.listeners.firstIndex(of: shape.place(of: party)) ?? 0, peer: shape.peers.firstIndex(of: party) ?? 0,
        mediaRealm: shape.realms.firstIndex(of: shape.realm(of: party)) ?? 0, maxCalls: shape.maxCalls, maxCallRate: knobs.maxCallRate)
    }
    c.pstnUsages = ["Internal", "National"]
    c.trunkConfigurations = Party.allCases.map { .init(scope: .trunk(shape.name(of: $0)), settings: settings(of: $0)) }
    // For calls whose trunk has gone.
    c.trunkConfigurations.append(.init(scope: .global, settings: settings(of: nil)))
    c.dialPlans = [.init(scope: .trunk(shape.name(of: .hq)), rules: [.init(number: 10, pattern: "^9(\\d{10})$", translation: "+1$1")])]
    c.voiceRoutes = [
      .init(name: "national", pattern: "^\\+1\\d{10}$", priority: 10, pstnUsages: ["National"], trunks: trunks(shape.outwards)),
      .init(name: "hq-dids", pattern: "^\\+1425555\\d{4}$", priority: 5, pstnUsages: ["Internal"], trunks: trunks([.hq])),
    ].filter { !$0.trunks.isEmpty }
    if shape.turnsRoutes { c.voiceRoutes.reverse() }
    return c
  }

  private func trunks(_ parties: [Party]) -> [Int] { parties.compactMap { shape.trunks.firstIndex(of: $0) } }

  private func peer(_ party: Party) -> Configuration.Peer {
    var peer = Configuration.Peer(
      name: party.name + shape.peerSuffix, type: "plain", address: shape.byName.contains(party) ? .domain("\(party.name).example") : .ip(party.address.ip),
      port: party.address.port)
    if let node = IPPrefix("\(party.secondNode.ip)/32") { peer.sources = [node] }
    if knobs.accounts[party.rawValue] { peer.account = .init(user: SimulatedParty.user(of: party), password: SimulatedParty.password(of: party)) }
    peer.optionsInterval = knobs.optionsInterval
    peer.mediaNAT = knobs.mediaNAT && party != .hq
    return peer
  }

  private func settings(of party: Party?) -> Configuration.TrunkConfiguration {
    var s = Configuration.TrunkConfiguration()
    s.pstnUsages = party == .hq ? ["National"] : ["Internal"]
    if party == .acme { s.calledNumberRules = [.init(number: 10, pattern: "^\\+(\\d+)$", translation: "$1")] }
    s.fastFailover = knobs.fastFailover
    s.progressTimeout = knobs.progressTimeout
    s.routingTimeout = knobs.routingTimeout
    s.maxCallDuration = knobs.maxCallDuration
    s.referSupport = [.execute, .peer, .thirdParty, .refuse][party.map { knobs.referSupport[$0.rawValue] } ?? 0]
    if knobs.referSupport != [0, 0, 0], party == .acme || party == .spare { s.pstnUsages = ["Internal", "National"] }
    s.sessionTimer = party.map { knobs.sessionTimers[$0.rawValue] } ?? false
    s.sessionExpires = knobs.sessionInterval
    s.minSE = 5
    s.rtcpTimeout = knobs.mediaSilence
    s.forwardPAI = knobs.passesIdentity
    if knobs.failsOverOnEverything { s.failoverCodes = [.init(first: 400, last: 599)] }
    return s
  }

  func setup() throws -> Exchange.Setup {
    let configuration = configuration()
    return Exchange.Setup(configuration: configuration, routing: try RoutingTable(configuration))
  }

  // MARK: Names

  /// What the resolver says of every name that is in the configuration.
  var located: [(ServerQuery, ServerLocation)] {
    let configuration = configuration()
    return shape.trunks.enumerated().compactMap { index, party in
      shape.byName.contains(party) ? configuration.serverQuery(ofTrunk: index).map { ($0, location(of: party)) } : nil
    }
  }
  func location(of party: Party) -> ServerLocation { shape.unresolved.contains(party) ? Scene.location([]) : locations[party.rawValue] }

  /// DNS changes what it says of a party: a draw of its two nodes and a server that is not there, in ranks or by weight; none at all, sometimes.
  mutating func move(_ party: Party, _ random: inout RandomSource, isCalm: Bool) {
    var nodes = [party.address, party.secondNode]
    if !isCalm {
      nodes = (nodes + [party.deadNode]).shuffled(using: &random)
      nodes.removeLast(random.pick([0, 0, 1, 2, 3]))
    }
    let isRanked = random.chance(60)
    locations[party.rawValue] = Scene.location(nodes, ranks: { isRanked ? $0 : 0 }, weights: nodes.map { _ in UInt16(random.below(4)) })
  }

  private static func location(_ nodes: [TransportAddress], ranks: (Int) -> Int = { $0 }, weights: [UInt16]? = nil) -> ServerLocation {
    ServerLocation(
      servers: nodes.enumerated().map { place, node in
        .init(rank: ranks(place), weight: weights?[place] ?? 0, name: nil, port: node.port, addresses: [node.ip], origin: .service)
      }, trouble: nodes.isEmpty ? "no server" : nil)
  }
}

/// What commits change: which lists there are and in what order, what things are called, who is where.
struct Shape: Sendable {
  var peers = Party.allCases
  var trunks = Party.allCases
  var listeners = Place.allCases
  var realms = [0, 1]
  /// Trunks of the route outwards, in order.
  var outwards: [Party] = [.acme, .spare]
  var peerSuffix = ""
  var trunkSuffix = ""
  var listenerSuffix = ""
  var realmSuffix = ""
  /// Added to the realms' first ports; even.
  var portShift = 0
  var turnsRoutes = false
  var maxCalls: Int
  /// Parties whose trunk is on the other listener.
  var moved: Set<Party> = []
  /// Parties in the other realm.
  var otherRealm: Set<Party> = []
  /// Peers with a domain name, and those of them that have no address now.
  var byName: Set<Party> = []
  var unresolved: Set<Party> = []
  private let isStream: [Bool]

  init(_ knobs: Knobs) {
    maxCalls = knobs.maxCalls
    isStream = knobs.isStream
    byName = knobs.nameChanges == nil ? [] : [.acme, .spare]
  }

  /// A name that has an address has none the next time, and the other way round.
  mutating func lookUp(_ random: inout RandomSource) {
    let named = Party.allCases.filter(byName.contains)
    if !named.isEmpty { unresolved.formSymmetricDifference([random.pick(named)]) }
  }
  func name(of party: Party) -> String { party.name + trunkSuffix }
  func realm(of party: Party) -> Int { otherRealm.contains(party) ? 1 : 0 }
  func place(of party: Party) -> Place {
    let home = Place.home(of: party, isStream: isStream[party.rawValue])
    return moved.contains(party) ? home.sibling : home
  }

  /// One to four changes; what no longer fits the rest goes with it.
  mutating func change(_ random: inout RandomSource) {
    for _ in 0..<random.between(1, 4) { changeOne(&random) }
    mend()
  }

  private mutating func changeOne(_ random: inout RandomSource) {
    let party = random.pick(Party.allCases)
    switch random.below(16) {
    case 0: random.shuffle(&peers)
    case 1: random.shuffle(&trunks)
    case 2: random.shuffle(&listeners)
    case 3: realms.reverse()
    case 4: trunkSuffix = random.pick(["", "-a", "-b"])
    case 5: peerSuffix = random.pick(["", "-a", "-b"])
    case 6: listenerSuffix = random.pick(["", "-a"])
    case 7: realmSuffix = random.pick(["", "-a"])
    case 8: toggle(party, in: &trunks, &random)
    case 9: toggle(party, in: &peers, &random)
    case 10: toggle(random.pick(Place.allCases), in: &listeners, &random)
    case 11: portShift = random.pick([0, 0, 8, 1_000])
    case 12: moved.formSymmetricDifference([party])
    case 13: otherRealm.formSymmetricDifference([party])
    case 14:
      byName.formSymmetricDifference([party])
      unresolved = random.chance(30) ? [party] : []
    default:
      outwards = random.pick([[.acme, .spare], [.spare, .acme], [.acme], [.spare], []])
      turnsRoutes = random.chance(50)
      maxCalls = random.pick([maxCalls, 0, 1, 3])
    }
  }

  private func toggle<T: Equatable>(_ value: T, in list: inout [T], _ random: inout RandomSource) {
    if let index = list.firstIndex(of: value) { list.remove(at: index) } else { list.insert(value, at: random.below(list.count + 1)) }
  }

  /// What a commit would refuse: a trunk without its peer or listener.
  private mutating func mend() {
    trunks = trunks.filter { peers.contains($0) && listeners.contains(place(of: $0)) }
  }
}
