import Addressing
import Configuration
import Routing

/// A configuration written by hand, a few words for each object.
struct Network {
  var configuration = Configuration()

  init(usages: [String] = []) {
    configuration.listeners = [.init(name: "lan-udp", address: .init(IPAddress(127, 0, 0, 1), 5060), transport: .udp)]
    configuration.pstnUsages = usages
  }

  /// Each trunk has a peer of its own.
  @discardableResult
  mutating func trunk(
    _ name: String, site: String? = nil, routable: Bool = true, usages: [String]? = nil, _ change: (inout Configuration.TrunkConfiguration) -> Void = { _ in }
  ) -> Int {
    configuration.peers.append(.init(name: "peer-\(name)", type: "itsp", address: .ip(IPAddress(127, 0, 0, 1)), routable: routable))
    configuration.trunks.append(.init(name: name, listener: 0, peer: configuration.peers.count - 1, site: site))
    if let usages {
      collection(.trunk(name)) {
        $0.pstnUsages = usages
        change(&$0)
      }
    }
    return configuration.trunks.count - 1
  }
  mutating func collection(_ scope: Scope, _ change: (inout Configuration.TrunkConfiguration) -> Void) {
    var settings = Configuration.TrunkConfiguration()
    change(&settings)
    configuration.trunkConfigurations.append(.init(scope: scope, settings: settings))
  }
  mutating func dialPlan(_ scope: Scope, _ rules: (Int, String, String)...) {
    configuration.dialPlans.append(.init(scope: scope, rules: rules.map { .init(number: $0.0, pattern: $0.1, translation: $0.2) }))
  }
  @discardableResult
  mutating func route(_ name: String, _ pattern: String, priority: Int = 10, usages: [String], trunks: [Int], callerID: String? = nil) -> Int {
    configuration.voiceRoutes.append(
      .init(
        name: name, pattern: pattern, priority: priority, pstnUsages: usages, trunks: trunks, suppressCallerID: callerID != nil, alternateCallerID: callerID))
    return configuration.voiceRoutes.count - 1
  }

  func plan(from trunk: Int, to called: String, by calling: String = "", states: [RouteQuery.TrunkState] = [], turn: Int = 0, explain: Bool = false) throws
    -> RoutePlan
  {
    try RoutingTable(configuration).plan(
      RouteQuery(incomingTrunk: trunk, called: Array(called.utf8), calling: Array(calling.utf8), trunkStates: states, turn: turn), explain: explain)
  }
}

/// The operator's guide's first configuration: an enterprise exchange and a provider.
enum Example {
  static let hq = 0
  static let acme = 1
  static func network() -> Network {
    var network = Network(usages: ["Internal", "National"])
    network.trunk("hq", usages: ["National"])
    network.trunk("acme-1", usages: ["Internal"]) { $0.calledNumberRules = [.init(number: 10, pattern: #"^\+(\d+)$"#, translation: "$1")] }
    network.dialPlan(.trunk("hq"), (10, #"^9(\d{10})$"#, "+1$1"))
    network.dialPlan(.trunk("acme-1"), (10, #"^(1\d{10})$"#, "+$1"))
    network.route("national", #"^\+1\d{10}$"#, priority: 10, usages: ["National"], trunks: [acme])
    network.route("hq-dids", #"^\+1425555\d{4}$"#, priority: 5, usages: ["Internal"], trunks: [hq])
    return network
  }
}

extension RoutePlan {
  var attempts: [Attempt] {
    if case .attempts(let attempts) = outcome { return attempts }
    return []
  }
  var trunks: [Int] { attempts.map(\.trunk) }
  var refusal: Refusal? {
    if case .refused(let refusal) = outcome { return refusal }
    return nil
  }
  /// `STATUS DIAGNOSTIC`.
  var refused: String? { refusal.map { "\($0.status) \($0.diagnostic)" } }
}
extension RoutePlan.Attempt {
  var calledText: String { String(decoding: called, as: UTF8.self) }
  var callingText: String { String(decoding: calling, as: UTF8.self) }
}
