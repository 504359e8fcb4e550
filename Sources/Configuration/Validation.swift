import CYANG

extension ConfigurationTree {
  /// The schema stops at the first thing it finds wrong. So the entry that holds it is left out and the rest looked at again, until the rest is valid or so many
  /// entries have been left out; each look costs about as much as a commit, and a large tree takes a second.
  private static let looks = (small: 20, large: 3, largeFrom: 1_000)

  /// What of the tree is valid as a whole, with all defaults: references have targets, mandatory nodes are there, every `must` holds. And all that is wrong with the rest, in
  /// the order it was found. `nil`: there is too much, or it lies where nothing can be left out. Nodes of absent plugins are left out of it.
  func validPart() -> (tree: ConfigurationTree?, errors: [ConfigurationError]) {
    let rest = self.copy()
    rest.removeOpaque()
    let found = rest.duplicates() + StructureCheck.findings(in: rest)
    var errors = found.map(\.error)
    var leftOut: Set<String> = []
    rest.leaveOut(found.map(\.node), &leftOut)
    for _ in 0..<(rest.top.count { _ in true } < Self.looks.largeFrom ? Self.looks.small : Self.looks.large) {
      let copy = rest.copy()
      guard let message = copy.complete() else { return (copy, errors) }
      let error = copy.readable(message)
      // What names an entry that was left out is wrong only for that.
      let name = error.value.map { String($0.split(separator: ":").last ?? "") }
      if name.map({ !leftOut.contains($0) }) ?? true { errors.append(error) }
      guard let node = rest.locate(topOf: DataPath(message: message.path)) else { return (nil, errors) }
      rest.leaveOut([node], &leftOut)
    }
    return (nil, errors + [ConfigurationError(node: "", problem: "more may be wrong: the rest was not looked at")])
  }

  /// Adds the defaults and validates; what is wrong first.
  private func complete() -> YANGContext.Message? {
    for node in top { yang_mark_unique(node.raw) }
    let code = lyd_validate_all(&first, context.raw, UInt32(LYD_VALIDATE_NO_STATE), nil)
    forgetIndex()
    let messages = context.takeMessages()
    return code == LY_SUCCESS ? nil : messages.last ?? YANGContext.Message(text: "error \(code.rawValue)", path: "")
  }

  /// Removes the top-level entries these nodes belong to, and keeps their names.
  private func leaveOut(_ nodes: [DataNode], _ names: inout Set<String>) {
    var gone: Set<UnsafeMutablePointer<lyd_node>> = []
    let entries = nodes.map { node in
      var entry = node
      while let above = entry.parent { entry = above }
      return entry
    }
    for entry in entries where gone.insert(entry.raw).inserted {
      if entry.schema?.kind == .list { names.formUnion(entry.keys) }
      remove(entry)
    }
  }

  private func locate(topOf path: DataPath) -> DataNode? {
    guard let step = path.steps.first else { return nil }
    return top.first { $0.schema?.name == step.name && ($0.schema?.kind != .list || $0.keys == step.keys) && (step.value == nil || $0.value == step.value) }
  }

  /// The nodes no loaded module describes, outermost only.
  func opaqueNodes() -> [DataNode] {
    func collect(_ siblings: Siblings) -> [DataNode] { siblings.flatMap { $0.schema == nil ? [$0] : collect($0.children) } }
    return collect(top)
  }

  /// Top-level entries and values that are there twice, which only JSON can bring.
  private func duplicates() -> [(error: ConfigurationError, node: DataNode)] {
    var seen: Set<EntryKey> = []
    return top.compactMap { node in
      guard let schema = node.schema else { return nil }
      let keys = schema.kind == .list ? node.keys : schema.kind == .leafList ? [node.value ?? ""] : []
      if seen.insert(EntryKey(parent: nil, schema: schema, keys: keys)).inserted { return nil }
      return (ConfigurationError(node: node.steps.words, value: node.value, problem: "is there twice", accepted: "each once"), node)
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
