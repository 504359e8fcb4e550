import Addressing

/// The validated tree made into the typed `Configuration`: names become indexes, interfaces become addresses, rules are put in order.
///
/// The schema has checked types, ranges and references; what it can not say is checked here and in `SemanticChecks`. Everything found wrong is
/// collected, each naming node, value and what would be accepted.
struct Decoder {
  /// Validated, with defaults, without the nodes of absent plugins.
  let tree: ConfigurationTree
  /// As it was written: with the nodes of absent plugins, without defaults.
  let written: ConfigurationTree
  var errors: [ConfigurationError] = []
  var configuration = Configuration()

  private(set) var interfaceIndex: [String: Int] = [:]
  private(set) var listenerIndex: [String: Int] = [:]
  private(set) var peerIndex: [String: Int] = [:]
  private(set) var realmIndex: [String: Int] = [:]
  private(set) var trunkIndex: [String: Int] = [:]
  private(set) var certificateIndex: [String: Int] = [:]

  init(validated tree: ConfigurationTree, written: ConfigurationTree) {
    self.tree = tree
    self.written = written
  }

  /// Whether all of the tree stands in `configuration`, so that others may look at it; what is wrong is in `errors` either way.
  mutating func decode() -> Bool {
    decodeSystem()
    configuration.interfaces = entries("interface").map { interface($0) }
    interfaceIndex = index(configuration.interfaces.map(\.name))
    configuration.certificates = entries("certificate").map(certificate)
    certificateIndex = index(configuration.certificates.map(\.name))
    configuration.listeners = entries("listener").compactMap { listener($0) }
    listenerIndex = index(configuration.listeners.map(\.name))
    configuration.mediaRealms = entries("media-realm").compactMap { mediaRealm($0) }
    realmIndex = index(configuration.mediaRealms.map(\.name))
    configuration.peers = entries("peer").map { peer($0) }
    peerIndex = index(configuration.peers.map(\.name))
    configuration.trunks = entries("trunk").compactMap { trunk($0) }
    trunkIndex = index(configuration.trunks.map(\.name))
    configuration.trunkConfigurations = entries("trunk-configuration").map { collection($0) }
    decodeRouting()
    decodeNetwork()
    decodeEnterprise()
    // What stands on a missing listener or address would only repeat the first complaint.
    guard errors.isEmpty else { return false }
    errors = SemanticChecks(configuration).run()
    return true
  }

  /// The entries of a top-level list in the order of their keys.
  func entries(_ list: String) -> [DataNode] { tree.top.named(list).sorted(by: DataNode.precedes) }
  func container(_ name: String) -> DataNode? { tree.top.named(name).first { _ in true } }

  func index(_ names: [String]) -> [String: Int] {
    Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func refuse(_ node: DataNode, _ leaf: String? = nil, value: String? = nil, _ problem: String, accepted: String? = nil) {
    let path = node.steps.words + (leaf.map { " " + $0 } ?? "")
    errors.append(ConfigurationError(node: path, value: value, problem: problem, accepted: accepted))
  }

  static func scope(_ text: String) -> Scope {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return .global }
    switch parts[0] {
    case "site": return .site(parts[1])
    case "trunk": return .trunk(parts[1])
    default: return .user(parts[1])
    }
  }

  static func rules(_ nodes: [DataNode]) -> [Configuration.NumberRule] {
    nodes.map { node in
      Configuration.NumberRule(
        number: node.number("number") ?? 0, pattern: node.leaf("pattern") ?? "", translation: node.leaf("translation") ?? "")
    }.sorted { $0.number < $1.number }
  }

  static func ranges(_ texts: [String]) -> [Configuration.PortRange] {
    texts.compactMap { text in
      let parts = text.split(separator: "-").map { UInt16($0) }
      guard let first = parts.first ?? nil, let last = parts.last ?? nil else { return nil }
      return Configuration.PortRange(first: first, last: last)
    }
  }
}

extension DataNode {
  func ip(_ name: String) -> IPAddress? { leaf(name).flatMap { IPAddress($0) } }
  func prefixes(_ name: String) -> [IPPrefix] { leaves(name).compactMap { IPPrefix($0) } }
  func transport(_ name: String) -> Transport? { leaf(name).flatMap { Transport(name: $0) } }
  func port(_ name: String) -> UInt16? { leaf(name).flatMap { UInt16($0) } }
  func choice<Value: RawRepresentable<String>>(_ name: String, _ fallback: Value) -> Value {
    leaf(name).flatMap { Value(rawValue: $0) } ?? fallback
  }
}
