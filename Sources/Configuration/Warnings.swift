import Addressing

/// What a commit does as asked and still says, because it is easily meant otherwise.
struct Warnings {
  let configuration: Configuration
  /// As written: with the nodes of absent plugins, without defaults.
  let tree: ConfigurationTree

  /// Warnings of a commit that are spelled out; more are counted.
  static let shown = 50

  func collect() -> [String] {
    let all = absentPlugins() + notMerged() + clearMedia() + publicToPublic() + WithoutEffect.warnings(tree)
    if all.count <= Self.shown { return all }
    return all.prefix(Self.shown) + ["and \(all.count - Self.shown) more warnings"]
  }

  private func absentPlugins() -> [String] {
    let loaded = tree.context.pluginIDs.isEmpty ? "no plugin is loaded" : "loaded are " + tree.context.pluginIDs.sorted().joined(separator: ", ")
    var warnings = configuration.peers.filter { !$0.isServed }.map {
      "peer \($0.name.asConfigurationWord): no plugin '\($0.type)' is loaded (\(loaded)); its trunks are down and its settings are kept as they are"
    }
    for node in tree.opaqueNodes() {
      let place = node.parent?.steps.words ?? ""
      warnings.append("\(place): '\(node.moduleName):\(node.name)' belongs to a plugin that is not loaded; it is kept and has no effect")
    }
    return warnings.uniqued()
  }

  /// Collections are not merged: what a narrower one leaves out has its default, whatever a wider one says.
  private func notMerged() -> [String] {
    let collections = Array(tree.top.named("trunk-configuration"))
    func collection(_ scope: String) -> DataNode? { collections.first { $0.leaf("scope") == scope } }
    var chains: [(narrow: DataNode, wide: DataNode)] = []
    for narrow in collections {
      guard let scope = narrow.leaf("scope"), scope != "global" else { continue }
      if case .trunk(let name) = Decoder.scope(scope), let site = configuration.trunks.first(where: { $0.name == name })?.site,
        let wide = collection("site:" + site)
      {
        chains.append((narrow, wide))
      } else if let wide = collection("global") {
        chains.append((narrow, wide))
      }
    }
    return chains.flatMap { leftOut($0.narrow, comparedWith: $0.wide) }
  }

  private func leftOut(_ narrow: DataNode, comparedWith wide: DataNode) -> [String] {
    var warnings: [String] = []
    for group in ConfigurationTree.groups(of: wide.children) {
      guard let node = group.first, let schema = node.schema, !schema.isKey, schema.name != "description" else { continue }
      if narrow.children.contains(where: { $0.schema == schema }) { continue }
      let fallback = schema.kind == .leaf ? tree.context.defaultValue(of: schema) : nil
      if let fallback, fallback == node.value { continue }
      let (here, there) = (narrow.steps.words, wide.steps.words)
      let holds = fallback.map { "its default \($0)" } ?? "its default (none)"
      warnings.append("\(here) leaves \(tree.word(for: node)) at \(holds), though \(there) sets it: the narrower collection holds as a whole")
    }
    return warnings
  }

  /// Whoever asks for encryption must not believe that there is any.
  private func clearMedia() -> [String] {
    configuration.trunks.indices.compactMap { index in
      guard let mode = configuration.trunkConfiguration(for: index).srtpMode, mode != .notSupported else { return nil }
      return
        "trunk \(configuration.trunks[index].name.asConfigurationWord): srtp-mode \(mode.rawValue): there is no SRTP in this version, the trunk's media crosses the network in clear text"
    }
  }

  /// Calls from the public network that may leave to it again are the way of toll fraud. Only where both trunks are said to be `is-pstn`.
  private func publicToPublic() -> [String] {
    let said = Set(tree.top.named("trunk").filter { $0.leaf("is-pstn") == "true" }.compactMap { $0.leaf("name") })
    var warnings: [String] = []
    for (index, trunk) in configuration.trunks.enumerated() where said.contains(trunk.name) {
      let usages = Set(configuration.trunkConfiguration(for: index).pstnUsages)
      for route in configuration.voiceRoutes where route.pstnUsages.contains(where: usages.contains) {
        guard let out = route.trunks.first(where: { $0 != index && said.contains(configuration.trunks[$0].name) }) else { continue }
        warnings.append(
          "trunk \(trunk.name.asConfigurationWord): its usages reach route \(route.name.asConfigurationWord) to trunk \(configuration.trunks[out].name.asConfigurationWord), and both lead to the public network: calls from outside may leave at your cost"
        )
      }
    }
    return warnings
  }
}
