public import Addressing
public import CTandemTrunk
public import Configuration
public import SIP
public import ServerLocation
public import Timing

/// The trunks of one shard: the peer each leads to, its plugin instance, and how it has been doing.
///
/// Trunk-type-blind: what a type does differently is done by its plugin through the hooks, one instance for each peer. A
/// peer whose plugin is absent, refused its settings or keeps overrunning its time budget is down with the reason: its
/// trunks are not routed to and new requests from it get 503, because to bypass a plugin would leak what it hides.
///
///     failed ──▶ less preferred for 60 s ──▶ up        heard ──▶ up at once        all targets down ──▶ down        plugin's health verdict overrides
///
/// Plugin instances are classes, so a copy of the table shares them; keep one. Nothing is persisted: liveness is learnt anew.
/// When to send OPTIONS is decided here (`TrunkHealth`), sending is not. Bounds: `TrunkLimits`.
public struct TrunkTable {
  var configuration: Configuration
  /// What the resolver found, by what was looked for.
  private var locations: [ServerQuery: ServerLocation] = [:]
  let plugins: [String: UnsafePointer<tt_plugin_v1>]
  private let clock: (() -> Instant)?
  /// By peer index.
  var services: [PeerService] = []
  /// By trunk index.
  var liveness: [TrunkLiveness] = []
  /// By trunk index.
  var authentication: [TrunkAuthentication] = []
  /// By trunk index; made at commit because every message needs them.
  private var hosts: [[UInt8]] = []
  /// By trunk index.
  var targets: [TrunkTargets] = []
  var health = HealthDesk()
  /// One for each plugin that serves a peer.
  var watches: [PluginWatch] = []

  /// `plugins`: by id, the constant table of each plugin that loaded (`Linux` found it; nothing here opens a library).
  /// A peer whose plugin is absent is down, with the reason.
  /// `clock` measures the time plugins take; `nil`: not measured.
  public init(_ configuration: Configuration, plugins: [String: UnsafePointer<tt_plugin_v1>], clock: (() -> Instant)? = nil) {
    self.configuration = configuration
    self.plugins = plugins
    self.clock = clock
    adopt(services: [:], liveness: [:], authentication: [:], targets: [:])
  }

  // MARK: Where a trunk leads
  /// The best of a trunk's targets; `nil`: none is known, or the peer is dynamic and not registered.
  public func destination(of trunk: Int) -> Flow? { targets[trunk].best.map { flow(of: trunk, to: $0) } }
  /// Where one call on a trunk goes, and the targets that are tried after it (RFC 3263 4.3).
  public func route(of trunk: Int, at now: Instant, using random: inout RandomSource) -> (first: Flow, others: [TransportAddress])? {
    targets[trunk].order(at: now, using: &random).map { (flow(of: trunk, to: $0.first), $0.others) }
  }
  public func flow(of trunk: Int, to target: TransportAddress) -> Flow {
    let listener = configuration.trunks[trunk].listener
    return Flow(listener: UInt16(clamping: listener), transport: configuration.listeners[listener].transport, remote: target)
  }
  /// Whether a target is one of the trunk's, and may be tried now.
  public func leads(_ trunk: Int, to target: TransportAddress, at now: Instant) -> Bool {
    targets[trunk].targets.contains { $0.address == target && !$0.health.isOut(at: now) }
  }
  /// What the resolver found. True when an address came or went: the gate must learn it.
  public mutating func locate(_ found: [(ServerQuery, ServerLocation)]) -> Bool {
    let before = addressesOfPeers(in: configuration)
    for (query, location) in found {
      locations[query] = location
      for trunk in targets.indices where targets[trunk].query == query { targets[trunk].locate(location) }
    }
    reviewHealth()
    return addressesOfPeers(in: configuration) != before
  }
  /// What the peers of a configuration resolve to as far as that is known, by peer index, in the order of their trunks.
  public func addressesOfPeers(in configuration: Configuration) -> [[IPAddress]] {
    var addresses = [[IPAddress]](repeating: [], count: configuration.peers.count)
    for (index, trunk) in configuration.trunks.enumerated() {
      guard let query = configuration.serverQuery(ofTrunk: index), let location = locations[query] ?? ServerLocation(of: query) else { continue }
      for target in location.targets where !addresses[trunk.peer].contains(target.ip) { addresses[trunk.peer].append(target.ip) }
    }
    return addresses
  }
  /// The host:port we go by on this trunk, in Via and Contact; the port is always written.
  public func ownHost(_ trunk: Int) -> [UInt8] { hosts[trunk] }

  // MARK: Life
  /// New configuration: instances of peers that stay are reconfigured, of others closed.
  public mutating func reconfigure(_ configuration: Configuration) {
    var services: [String: PeerService] = [:]
    var liveness: [String: TrunkLiveness] = [:]
    var authentication: [String: TrunkAuthentication] = [:]
    var targets: [String: TrunkTargets] = [:]
    for (peer, service) in zip(self.configuration.peers, self.services) { services[peer.name] = service }
    for (trunk, state) in zip(self.configuration.trunks, self.liveness) { liveness[trunk.name] = state }
    for (trunk, state) in zip(self.configuration.trunks, self.authentication) { authentication[trunk.name] = state }
    for (trunk, state) in zip(self.configuration.trunks, self.targets) { targets[trunk.name] = state }
    self.configuration = configuration
    let wanted = Set(configuration.serverQueries)
    locations = locations.filter { wanted.contains($0.key) }
    for watch in watches { watch.readmit() }
    adopt(services: services, liveness: liveness, authentication: authentication, targets: targets)
  }

  /// Closes every instance; what they had to say last.
  @discardableResult
  public mutating func close() -> [PluginNote] {
    for service in services { service.instance?.close() }
    let last = takeNotes()
    for index in services.indices { services[index] = .down("the trunks are closed") }
    return last
  }

  /// Fills everything that follows from the configuration; what is not adopted from `old` is closed.
  private mutating func adopt(
    services old: [String: PeerService], liveness known: [String: TrunkLiveness], authentication accounts: [String: TrunkAuthentication],
    targets before: [String: TrunkTargets]
  ) {
    hosts = configuration.trunks.indices.map { host(of: $0) }
    targets = configuration.trunks.indices.map { index in
      let query = configuration.serverQuery(ofTrunk: index)
      return TrunkTargets(
        query: query, location: query.flatMap { locations[$0] ?? ServerLocation(of: $0) }, adopting: before[configuration.trunks[index].name])
    }
    reviewHealth()
    liveness = configuration.trunks.map { known[$0.name] ?? TrunkLiveness() }
    authentication = configuration.trunks.indices.map { index in
      TrunkAuthentication(configuration.account(for: index), keeping: accounts[configuration.trunks[index].name])
    }
    var kept: Set<String> = []
    services = []
    for peer in configuration.peers.indices {
      let name = configuration.peers[peer].name
      let service = serve(peer, with: old[name])
      if let instance = service.instance, instance === old[name]?.instance { kept.insert(name) }
      services.append(service)
    }
    for (name, service) in old.sorted(by: { $0.key < $1.key }) where !kept.contains(name) { service.instance?.close() }
  }

  private mutating func serve(_ peer: Int, with old: PeerService?) -> PeerService {
    let type = configuration.peers[peer].type
    guard let table = plugins[type] else {
      return .down("plugin \(type) is not installed: put \(type).so and \(type).yang into the plugin folder, see `show plugins`")
    }
    do throws(PluginRefusal) { try PluginCheck.verify(table, file: type) } catch { return .down(error.description) }
    guard let setup = setup(of: peer) else {
      return .down("peer \(configuration.peers[peer].name): the settings of plugin \(type) can not be read; commit the peer again")
    }
    if let instance = old?.instance, instance.watch.id == type, instance.reconfigure(setup) { return .served(instance) }
    let instance = PluginInstance(table, watch: watch(of: type), setup: setup, clock: clock)
    guard instance.instance != nil else {
      return .down("plugin \(type) did not accept the settings of peer \(configuration.peers[peer].name): \(instance.refusal)")
    }
    return .served(instance)
  }

  private mutating func watch(of type: String) -> PluginWatch {
    if let found = watches.first(where: { $0.id == type }) { return found }
    watches.append(PluginWatch(id: type))
    return watches[watches.count - 1]
  }

  private func setup(of peer: Int) -> PluginInstance.Setup? {
    let configured = configuration.peers[peer]
    guard let settings = PluginSettings(configured.pluginSettings, module: configured.type) else { return nil }
    var texts: [(name: String, settings: String)] = []
    var leaves: [[UInt8]: PluginSettings] = [:]
    var names: [Int: [UInt8]] = [:]
    for (index, trunk) in configuration.trunks.enumerated() where trunk.peer == peer {
      let text = configuration.trunkConfiguration(for: index).pluginSettings
      guard let found = PluginSettings(text, module: configured.type) else { return nil }
      texts.append((trunk.name, text))
      let name = Array(trunk.name.utf8)
      leaves[name] = found
      names[index] = name
    }
    let document = PluginSettings.document(peer: configured.name, settings: configured.pluginSettings, trunks: texts)
    return .init(
      peer: configured.name, settings: settings, document: document, trunkSettings: leaves, trunkNames: names, isAsked: configured.optionsInterval > 0)
  }

  // MARK: Addresses
  /// Decided: the trunk's `contact-host`, else the listener's, else `system identity`, else the public or own address.
  private func host(of index: Int) -> [UInt8] {
    let trunk = configuration.trunks[index]
    let listener = configuration.listeners[trunk.listener]
    guard let name = trunk.contactHost ?? listener.contactHost ?? configuration.system.identity else {
      return TransportAddress(listener.publicAddress ?? listener.address.ip, listener.address.port).text
    }
    var out: [UInt8] = []
    if let address = IPAddress(name) { return TransportAddress(address, listener.address.port).text }
    out += Array(name.utf8) + [UInt8(ascii: ":")]
    out.appendDecimal(UInt64(listener.address.port))
    return out
  }
}

/// Who serves a peer.
enum PeerService {
  case served(PluginInstance)
  /// Nobody; the reason for `show peers`.
  case down(String)

  var instance: PluginInstance? {
    if case .served(let instance) = self { instance } else { nil }
  }
}
