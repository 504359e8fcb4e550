import CYANG

extension ConfigurationTree {
  /// A copy with all defaults that the schema finds valid as a whole: references have targets, mandatory nodes are there, every `must` holds.
  /// Nodes of absent plugins are left out of it.
  func validated() throws(ConfigurationError) -> ConfigurationTree {
    let copy = self.copy()
    copy.removeOpaque()
    if let error = ConfigurationError(joining: copy.duplicates() + StructureCheck.errors(in: copy)) { throw error }
    for node in copy.top { yang_mark_unique(node.raw) }
    let code = lyd_validate_all(&copy.first, context.raw, UInt32(LYD_VALIDATE_NO_STATE), nil)
    copy.forgetIndex()
    guard code == LY_SUCCESS else {
      let messages = context.takeMessages()
      throw copy.readable(messages.last ?? YANGContext.Message(text: "error \(code.rawValue)", path: ""))
    }
    _ = context.takeMessages()
    return copy
  }

  /// The nodes no loaded module describes, outermost only.
  func opaqueNodes() -> [DataNode] {
    func collect(_ siblings: Siblings) -> [DataNode] { siblings.flatMap { $0.schema == nil ? [$0] : collect($0.children) } }
    return collect(top)
  }

  /// Top-level entries and values that are there twice, which only JSON can bring.
  private func duplicates() -> [ConfigurationError] {
    var seen: Set<EntryKey> = []
    return top.compactMap { node in
      guard let schema = node.schema else { return nil }
      let keys = schema.kind == .list ? node.keys : schema.kind == .leafList ? [node.value ?? ""] : []
      if seen.insert(EntryKey(parent: nil, schema: schema, keys: keys)).inserted { return nil }
      return ConfigurationError(node: node.steps.words, value: node.value, problem: "is there twice", accepted: "each once")
    }
  }

  private func removeOpaque() {
    for node in opaqueNodes() { remove(node) }
  }

  /// libyang's message in our words: node, value, what is wrong, what would be accepted.
  private func readable(_ message: YANGContext.Message) -> ConfigurationError {
    let path = DataPath(message: message.path)
    let (node, schema) = locate(path)
    let words = path.words
    let value = node?.value ?? path.steps.last?.value
    let text = message.text

    if let schema, text.hasPrefix("Invalid leafref value") || message.tag == "instance-required" {
      return ConfigurationError(
        node: words, value: value, problem: "names no \(context.referenceTarget(of: schema) ?? "node") that exists",
        accepted: context.acceptance(of: schema, existing: existingNames(for: schema)))
    }
    if text.hasPrefix("Duplicate instance") { return ConfigurationError(node: words, value: value, problem: "is there twice", accepted: "each once") }
    if text.hasPrefix("When condition") {
      return ConfigurationError(node: words, value: value, problem: "does not apply here: " + whenPhrase(schema))
    }
    return mustError(message, words, value, node)
  }

  /// The data node and the schema node of a path; the data node may be missing (a mandatory one), then the schema node is the deepest known.
  private func locate(_ path: DataPath) -> (DataNode?, SchemaNode?) {
    var node: DataNode?
    var schema: SchemaNode?
    var isThere = true
    for step in path.steps {
      guard let next = context.children(of: schema, named: step.name).first else { return (isThere ? node : nil, schema) }
      if isThere {
        let found = children(of: node).first { candidate in
          guard candidate.schema?.name == step.name else { return false }
          return next.kind == .list ? candidate.keys == step.keys : step.value == nil || candidate.value == step.value
        }
        if found == nil { isThere = false }
        node = found
      }
      schema = next
    }
    return (isThere ? node : nil, schema)
  }

  private func whenPhrase(_ schema: SchemaNode?) -> String {
    guard let schema, schema.moduleName != YANGContext.coreModule else { return "a condition of the schema is not met" }
    return "it belongs to peers of type \(schema.moduleName)"
  }

  private func mustError(_ message: YANGContext.Message, _ words: String, _ value: String?, _ node: DataNode?) -> ConfigurationError {
    switch message.tag {
    case "no-such-scope": return scopeError(words, value, node)
    case "transport-mismatch":
      let peer = value.flatMap { entry("peer", $0) }?.leaf("transport") ?? "?"
      let listener = node?.parent?.leaf("listener") ?? "?"
      let transport = entry("listener", listener)?.leaf("transport") ?? "?"
      return ConfigurationError(
        node: words, value: value, problem: "has transport \(peer), but listener \(listener) of this trunk has \(transport)",
        accepted: "a peer with transport \(transport), or one without transport (it takes the listener's), or a listener with transport \(peer)")
    default:
      let text = message.text.hasPrefix("Must condition") ? "breaks a rule of the schema: " + message.text : message.text
      return ConfigurationError(node: words, value: value, problem: value == nil ? text : "is refused: " + text)
    }
  }

  private func scopeError(_ words: String, _ value: String?, _ node: DataNode?) -> ConfigurationError {
    let isPlan = node?.parent?.name == "dial-plan"
    var names = ["global"]
    for list in isPlan ? ["site", "trunk", "user"] : ["site", "trunk"] {
      names += top.named(list).map { "\(list):\($0.leaf("name") ?? "")" }
    }
    let place = node?.parent.map { [$0.name] }?.joined() ?? words
    return ConfigurationError(node: place, value: value, problem: "is a scope that names nothing", accepted: YANGContext.alternatives(names))
  }

  func entry(_ list: String, _ name: String) -> DataNode? {
    top.named(list).first { $0.leaf("name") == name }
  }
}
