/// `set`: words to edits, checked against the schema before any is made, so that a line is taken whole or not at all.
///
/// One line may set several leaves of a node (`peer hq type ip-pbx port 5090`); containers and list entries go down for the rest of the line.
struct SetCommand {
  enum Edit {
    /// Makes a list entry or a presence container.
    case entry([Step])
    case leaf([Step], SchemaNode, [String])
    case opaque([Step], module: String, name: String, json: String)
  }

  static func parse(_ words: [Word], in tree: ConfigurationTree, startingAt start: [Step] = []) throws(ConfigurationError) -> [Edit] {
    var walk = WordWalk(tree)
    walk.steps = start
    var edits: [Edit] = []
    var rest = words[...]
    let line = words.first?.line
    guard !rest.isEmpty else { throw incomplete(walk, line) }
    while let word = rest.popFirst() {
      switch try walk.meaning(of: word) {
      case .opaque(let module, let name): edits.append(try opaque(module, name, &rest, walk, line))
      case .node(let node):
        if let json = Self.storedJSON(word, rest.first) {
          rest.removeFirst()
          edits.append(.opaque(walk.steps, module: node.moduleName, name: node.name, json: json))
          continue
        }
        switch node.kind {
        case .leaf, .leafList: edits.append(try leaf(node, &rest, &walk, line))
        default:
          try walk.descend(node, &rest, line: line)
          if node.kind == .list || node.isPresenceContainer { edits.append(.entry(walk.steps)) } else if rest.isEmpty { throw incomplete(walk, line) }
        }
      }
    }
    return edits
  }

  /// `module:name 'JSON'`, as it is printed while a plugin is absent, read when the plugin is back.
  private static func storedJSON(_ word: Word, _ value: Word?) -> String? {
    guard word.text.contains(":"), let value, value.isQuoted, let first = value.text.utf8.first, "\"{[".utf8.contains(first) else { return nil }
    return value.text
  }

  private static func leaf(
    _ node: SchemaNode, _ rest: inout ArraySlice<Word>, _ walk: inout WordWalk, _ line: Int?
  ) throws(ConfigurationError) -> Edit {
    if node.isEmptyType { return .leaf(walk.steps, node, [""]) }
    var values: [String] = []
    for word in try walk.values(&rest, for: node, line: line) { values.append(try walk.value(word, for: node)) }
    if node.name == "type", walk.steps.count == 1 { walk.pendingType = values.first }
    return .leaf(walk.steps, node, values)
  }

  private static func opaque(
    _ module: String, _ name: String, _ rest: inout ArraySlice<Word>, _ walk: WordWalk, _ line: Int?
  ) throws(ConfigurationError) -> Edit {
    guard let text = rest.popFirst() else {
      throw ConfigurationError(
        line: line, node: walk.words + " \(module):\(name)", problem: "needs a value",
        accepted: "JSON in quotes, because no module \(module) is loaded; loaded plugins are "
          + (walk.context.pluginIDs.isEmpty ? "none" : YANGContext.alternatives(walk.context.pluginIDs)))
    }
    return .opaque(walk.steps, module: module, name: name, json: text.text)
  }

  private static func incomplete(_ walk: WordWalk, _ line: Int?) -> ConfigurationError {
    let names = walk.context.children(of: walk.place).filter { !$0.isKey }.map(\.name).uniqued()
    return ConfigurationError(
      line: line, node: walk.words, problem: walk.words.isEmpty ? "nothing to set" : "needs more words", accepted: YANGContext.alternatives(names))
  }
}

extension ConfigurationTree {
  func apply(_ edits: [SetCommand.Edit]) throws(ConfigurationError) {
    for edit in edits {
      switch edit {
      case .entry(let steps): _ = try make(steps)
      case .leaf(let steps, let leaf, let values):
        let parent = try make(steps)
        for value in values { try set(leaf, to: value, below: parent) }
      case .opaque(let steps, let module, let name, let json):
        guard let parent = try make(steps) else { continue }
        try setOpaque(named: name, module: module, json: json, below: parent)
      }
    }
  }

  private func make(_ steps: [Step]) throws(ConfigurationError) -> DataNode? {
    var node: DataNode?
    for step in steps { node = try make(step, below: node) }
    return node
  }
}
