public import Addressing
import Configuration
import Routing
public import ServerLocation
public import Timing

extension TrunkTable {
  /// For `show peers`: one line of the plugin's own (`describe`).
  public func description(ofPeer peer: Int) -> String {
    services[peer].instance?.describe() ?? ""
  }

  public struct PeerState: Sendable, Equatable {
    public var isUp: Bool
    public var reason: String
    public var alarms: [String]
    public init(isUp: Bool, reason: String, alarms: [String]) {
      self.isUp = isUp
      self.reason = reason
      self.alarms = alarms
    }
  }
  /// Up while one of its trunks is; `reason` names the trunks that are not as they should be.
  public func state(ofPeer peer: Int, at now: Instant) -> PeerState {
    var alarms: [String] = []
    if let instance = services[peer].instance {
      if instance.isStale { alarms.append("settings: plugin \(instance.watch.id) did not take over the last commit and goes on with the settings before it") }
      alarms += instance.alarms.map { "\($0.name): \($0.text)" }
    }
    if let outage = outage(ofPeer: peer) {
      return PeerState(isUp: false, reason: outage, alarms: ["plugin: \(outage)"] + alarms)
    }
    let trunks = configuration.trunks.indices.filter { configuration.trunks[$0].peer == peer }
    alarms += trunks.compactMap { authentication[$0].refusal.map { "credentials: \($0)" } }
    return PeerState(
      isUp: trunks.isEmpty || trunks.contains { state(of: $0, at: now) != .down },
      reason: trunks.compactMap { reason(of: $0, at: now) }.joined(separator: "; "), alarms: alarms)
  }

  /// One target of a peer, for `show peers`.
  public struct TargetState: Sendable, Equatable {
    public var transport: Transport
    public var address: TransportAddress
    /// The server's name in DNS; `nil`: the configuration names the address.
    public var name: String?
    public var origin: ServerLocation.Origin
    /// When DNS must be asked again at the latest; `nil`: never.
    public var expires: Instant?
    /// Since when the resolver fails, so that this is an answer of before.
    public var failingSince: Instant?
    /// Why it is tried after the others, and for how long; `nil`: it is not.
    public var failure: String?
    public var penaltyEnds: Instant?
    /// Why it is not tried at all.
    public var trouble: String?
    public var isDown: Bool
    public var isResting: Bool
  }
  /// Every target of a peer's trunks once, in the order of the trunks and ranks.
  public func targetStates(ofPeer peer: Int, at now: Instant) -> [TargetState] {
    var states: [TargetState] = []
    for (index, trunk) in configuration.trunks.enumerated() where trunk.peer == peer {
      let transport = configuration.listeners[trunk.listener].transport
      for target in targets[index].targets where !states.contains(where: { $0.address == target.address && $0.transport == transport }) {
        guard let location = targets[index].location,
          let server = location.servers.first(where: { $0.port == target.address.port && $0.addresses.contains(target.address.ip) })
        else { continue }
        let isPenalised = target.isPenalised(at: now)
        states.append(
          TargetState(
            transport: transport, address: target.address, name: server.name?.description, origin: server.origin, expires: location.expires,
            failingSince: location.failingSince, failure: isPenalised ? target.reason.description : nil, penaltyEnds: isPenalised ? target.penaltyEnds : nil,
            trouble: target.health.trouble(at: now), isDown: target.health.isDown, isResting: target.health.isResting(at: now)))
      }
    }
    return states
  }

  /// One target of one trunk, without a word.
  public struct TargetSight: Sendable, Equatable {
    public var trunk: Int
    public var address: TransportAddress
    public var isDown: Bool
    public var isResting: Bool
  }
  public func targetSights(at now: Instant) -> [TargetSight] {
    targets.enumerated().flatMap { trunk, all in
      all.targets.map { TargetSight(trunk: trunk, address: $0.address, isDown: $0.health.isDown, isResting: $0.health.isResting(at: now)) }
    }
  }

  /// What plugins did wrong so far, plugin by plugin in the order in which they were first used: name and value.
  public var pluginCounters: [(name: String, value: UInt64)] {
    watches.flatMap { watch in
      [
        ("plugin.\(watch.id).overruns", watch.overruns), ("plugin.\(watch.id).dead-handles", watch.deadHandles),
        ("plugin.\(watch.id).refused-edits", watch.refusedEdits), ("plugin.\(watch.id).dropped-log-lines", watch.droppedNotes),
      ]
    }
  }

  /// Lines plugins logged since the last call, peer by peer; take them after each event.
  public mutating func takeNotes() -> [PluginNote] {
    services.flatMap { $0.instance?.takeNotes() ?? [] }
  }
}
