import Addressing

/// The configuration in force: one immutable value decoded from the validated YANG tree at commit. Nothing at call time touches libyang.
///
/// Lists keep the operator's order where order is policy (`ordered-by user`), else the order of their keys. Objects refer to each other by index into these arrays, resolved at decoding; names are kept for display.
/// `Codable`, so that a restart reads the stored snapshot without libyang (decided: each commit stores it).
public struct Configuration: Sendable, Equatable, Codable {
  public var system = System()
  public var interfaces: [Interface] = []
  public var listeners: [Listener] = []
  public var mediaRealms: [MediaRealm] = []
  public var peers: [Peer] = []
  public var trunks: [Trunk] = []
  public var trunkConfigurations: [ScopedTrunkConfiguration] = []
  public var sites: [String] = []
  public var mediaBypass = MediaBypass()
  public var dialPlans: [DialPlan] = []
  public var pstnUsages: [String] = []
  public var voiceRoutes: [VoiceRoute] = []
  public var certificates: [Certificate] = []
  public var network = NetworkMap()
  public var voicePolicies: [VoicePolicy] = []
  public var users: [User] = []
  public var emergency = Emergency()
  public var callPark = CallPark()
  public var responseGroups: [ResponseGroup] = []
  public var unassignedNumbers: [UnassignedNumber] = []
  public init() {}

  /// Whose settings hold for a trunk: its own collection, else its site's, else global; the narrowest wins whole. All defaults when none exists.
  public func trunkConfiguration(for trunk: Int) -> TrunkConfiguration {
    let name = trunks[trunk].name
    for scope in [Scope.trunk(name), trunks[trunk].site.map { Scope.site($0) }, Scope.global] {
      if let scope, let found = trunkConfigurations.first(where: { $0.scope == scope }) { return found.settings }
    }
    return TrunkConfiguration()
  }
  /// Where a trunk's peer listens: the port the trunk says, else the peer's own, else the default of the transport.
  public func peerPort(of trunk: Trunk) -> UInt16 { trunk.peerPort ?? peers[trunk.peer].port ?? listeners[trunk.listener].transport.defaultPort }
  /// What a trunk proves itself by: its own account, else its peer's.
  public func account(for trunk: Int) -> Account? { trunks[trunk].account ?? peers[trunks[trunk].peer].account }
  /// The dial plan for calls from a trunk: its own, else its site's, else global.
  public func dialPlan(for trunk: Int) -> DialPlan? {
    for scope in [Scope.trunk(trunks[trunk].name), trunks[trunk].site.map { Scope.site($0) }, Scope.global] {
      if let scope, let found = dialPlans.first(where: { $0.scope == scope }) { return found }
    }
    return nil
  }
}

/// `global`, `site:NAME`, `trunk:NAME`, `user:NAME`.
public enum Scope: Sendable, Hashable, Codable {
  case global
  case site(String), trunk(String), user(String)

  /// As it is written in the configuration.
  public var text: String {
    switch self {
    case .global: "global"
    case .site(let name): "site:\(name)"
    case .trunk(let name): "trunk:\(name)"
    case .user(let name): "user:\(name)"
    }
  }
}
