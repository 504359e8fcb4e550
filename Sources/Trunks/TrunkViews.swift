import Configuration
import Routing
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
