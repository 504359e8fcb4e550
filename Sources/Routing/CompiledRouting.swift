import Addressing
import Configuration

/// What `RoutingTable` holds: the configuration's policy with patterns compiled and names resolved. One reference, so that a table is cheap to hand around.
final class CompiledRouting: Sendable {
  struct Route: Sendable {
    let pattern: NumberPattern
    /// Replaces the caller's number.
    let callerID: [UInt8]?
  }
  /// One trunk-configuration collection, or the product's defaults.
  struct Settings: Sendable {
    /// As the CLI writes it; for the defaults, words that say so.
    let words: String
    /// Indexes into the configuration's usages, in the operator's order.
    let usages: [Int]
    let calledRules: NumberRuleList
    let callingRules: NumberRuleList
    let removePlus: Bool
    let responseCodeRules: [Configuration.ResponseCodeRule]
  }

  let configuration: Configuration
  /// By route index.
  let routes: [Route]
  /// By usage index: the routes having it, by ascending priority, ties in the order of the configuration.
  let routesByUsage: [[Int]]
  private let settings: [Settings]
  /// By trunk index.
  private let settingsOfTrunk: [Int]
  /// By trunk index: the setting that forbids media bypass, and the SRTP mode in force (unset: required on TLS, not supported otherwise).
  let bypassObstacles: [String?]
  let srtpModes: [Configuration.TrunkConfiguration.SRTPMode]
  private let dialPlans: [NumberRuleList]
  private let dialPlanOfTrunk: [Int?]
  let rack: MatchBlockRack

  init(_ configuration: Configuration) throws(RoutingTable.Problem) {
    self.configuration = configuration
    var dialPlans: [NumberRuleList] = []
    for plan in configuration.dialPlans { dialPlans.append(try NumberRuleList(plan.rules, words: "dial-plan \(plan.scope.words) rule")) }
    var settings: [Settings] = []
    for collection in configuration.trunkConfigurations {
      settings.append(try Settings(collection.settings, words: "trunk-configuration \(collection.scope.words)", usages: configuration.pstnUsages))
    }
    settings.append(try Settings(Configuration.TrunkConfiguration(), words: "the defaults, as no trunk-configuration holds for it", usages: []))
    var routes: [Route] = []
    for route in configuration.voiceRoutes { routes.append(try Route(route, in: configuration)) }

    routesByUsage = configuration.pstnUsages.map { usage in
      // Swift's sort is stable: ties keep the order of the configuration.
      routes.indices.filter { configuration.voiceRoutes[$0].pstnUsages.contains(usage) }
        .sorted { configuration.voiceRoutes[$0].priority < configuration.voiceRoutes[$1].priority }
    }
    settingsOfTrunk = configuration.trunks.map { trunk in
      trunk.narrowest(of: configuration.trunkConfigurations.map(\.scope)) ?? configuration.trunkConfigurations.count
    }
    bypassObstacles = configuration.trunks.indices.map { configuration.trunkConfiguration(for: $0).bypassObstacle }
    srtpModes = configuration.trunks.indices.map { trunk in
      configuration.trunkConfiguration(for: trunk).srtpMode
        ?? (configuration.listeners[configuration.trunks[trunk].listener].transport == .tls ? .required : .notSupported)
    }
    dialPlanOfTrunk = configuration.trunks.map { $0.narrowest(of: configuration.dialPlans.map(\.scope)) }
    rack = MatchBlockRack(
      groups: max(
        routes.map(\.pattern.groups).max() ?? 0, dialPlans.map(\.groups).max() ?? 0,
        settings.map { max($0.calledRules.groups, $0.callingRules.groups) }.max() ?? 0))
    self.dialPlans = dialPlans
    self.settings = settings
    self.routes = routes
  }

  func settings(of trunk: Int) -> Settings { settings[settingsOfTrunk[trunk]] }
  func dialPlan(of trunk: Int) -> NumberRuleList? { dialPlanOfTrunk[trunk].map { dialPlans[$0] } }
  func name(ofTrunk trunk: Int) -> String { configuration.trunks[trunk].name }
  func isRoutable(trunk: Int) -> Bool { configuration.peers[configuration.trunks[trunk].peer].routable }
}

extension CompiledRouting.Settings {
  init(_ settings: Configuration.TrunkConfiguration, words: String, usages: [String]) throws(RoutingTable.Problem) {
    self.words = words
    var indexes: [Int] = []
    for usage in settings.pstnUsages { indexes.append(try CompiledRouting.index(ofUsage: usage, in: usages, node: "\(words) pstn-usage")) }
    self.usages = indexes
    calledRules = try NumberRuleList(settings.calledNumberRules, words: "\(words) called-number-rule")
    callingRules = try NumberRuleList(settings.callingNumberRules, words: "\(words) calling-number-rule")
    removePlus = settings.removePlus
    responseCodeRules = settings.responseCodeRules.sorted { $0.number < $1.number }
    for rule in responseCodeRules where !(400...699).contains(rule.translatedCode) {
      throw RoutingTable.Problem(
        node: "\(words) response-code-rule \(rule.number) translated-code", value: "\(rule.translatedCode)", message: "accepted are 400 to 699")
    }
  }
}

extension CompiledRouting.Route {
  init(_ route: Configuration.VoiceRoute, in configuration: Configuration) throws(RoutingTable.Problem) {
    let node = "voice-route \(route.name)"
    pattern = try RoutingTable.compile(route.pattern, node: "\(node) pattern")
    for usage in route.pstnUsages { _ = try CompiledRouting.index(ofUsage: usage, in: configuration.pstnUsages, node: "\(node) pstn-usage") }
    for trunk in route.trunks where !configuration.trunks.indices.contains(trunk) {
      throw RoutingTable.Problem(node: "\(node) trunk", value: "index \(trunk)", message: "no such trunk; 'show configuration trunk' lists those there are")
    }
    guard route.suppressCallerID else {
      callerID = nil
      return
    }
    // "Suppress" means substitute, not anonymise: without a substitute there is nothing to send.
    guard let alternate = route.alternateCallerID else {
      throw RoutingTable.Problem(
        node: "\(node) suppress-caller-id", value: "true", message: "needs a number to send instead; type 'set \(node) alternate-caller-id NUMBER'")
    }
    if let fault = PhoneNumber.fault(Array(alternate.utf8)) {
      throw RoutingTable.Problem(node: "\(node) alternate-caller-id", value: alternate, message: "\(fault); accepted is a number such as +14255550100")
    }
    callerID = Array(alternate.utf8)
  }
}

extension CompiledRouting {
  static func index(ofUsage usage: String, in usages: [String], node: String) throws(RoutingTable.Problem) -> Int {
    if let index = usages.firstIndex(of: usage) { return index }
    let accepted = usages.isEmpty ? "there is none yet; type 'set pstn-usage \(usage)'" : "accepted are \(Explanation.list(usages))"
    throw RoutingTable.Problem(node: node, value: usage, message: "no such pstn-usage; \(accepted)")
  }
}

extension RoutingTable {
  static func compile(_ text: String, node: String) throws(Problem) -> NumberPattern {
    do throws(NumberPattern.Fault) {
      return try NumberPattern(text)
    } catch {
      throw Problem(node: node, value: text, message: "\(error.message); accepted is a PCRE2 regular expression such as ^\\+1\\d{10}$")
    }
  }
}

extension Configuration.Trunk {
  /// Which of the scopes holds for this trunk: its own, else its site's, else global.
  fileprivate func narrowest(of scopes: [Scope]) -> Int? {
    scopes.firstIndex(of: .trunk(name)) ?? site.flatMap { scopes.firstIndex(of: .site($0)) } ?? scopes.firstIndex(of: .global)
  }
}

extension Scope {
  /// As the CLI writes it.
  var words: String {
    switch self {
    case .global: "global"
    case .site(let name): "site:\(name)"
    case .trunk(let name): "trunk:\(name)"
    case .user(let name): "user:\(name)"
    }
  }
}
