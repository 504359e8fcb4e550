/// `delete`: words to nodes that are there.
///
/// A path that ends at a list entry, container or leaf takes all of it; one that ends at a list's name, all its entries. A leaf-list may be followed by
/// the values to take out, and a leaf by further leaves of the same node.
struct DeleteCommand {
  /// Also what `show configuration` with a path shows.
  static func targets(_ words: [Word], in tree: ConfigurationTree) throws(ConfigurationError) -> [DataNode] {
    var walk = WordWalk(tree)
    var node: DataNode?
    var targets: [DataNode] = []
    var rest = words[...]
    let line = words.first?.line
    guard !rest.isEmpty else {
      throw ConfigurationError(
        line: line, node: "", problem: "nothing to delete",
        accepted: "the path of what is to go, for example peer NAME or peer NAME port")
    }
    while let word = rest.popFirst() {
      switch try walk.meaning(of: word) {
      case .opaque(let module, let name):
        let found = node?.children.filter { $0.schema == nil && $0.name == name && $0.moduleName == module } ?? []
        if found.isEmpty { throw notThere(walk.words + " " + word.text, line) }
        targets += found
      case .node(let schema):
        switch schema.kind {
        case .leaf:
          guard let found = tree.find(schema, below: node) else { throw notThere((walk.words + " " + schema.name).trimmed, line) }
          targets.append(found)
        case .leafList: targets += try leafList(schema, &rest, walk, node, line)
        default:
          if schema.kind == .list, rest.isEmpty {
            let all = tree.children(of: node).filter { $0.schema == schema }
            if all.isEmpty { throw notThere((walk.words + " " + schema.name).trimmed, line) }
            return targets + all
          }
          try walk.descend(schema, &rest, line: line)
          guard let step = walk.steps.last, let found = tree.find(schema, keys: step.keys, below: node) else {
            throw notThere(
              walk.words, line,
              existing: tree.children(of: node).filter { $0.schema == schema }.sorted(by: DataNode.precedes).map { $0.keys.joined(separator: " ") })
          }
          if rest.isEmpty { return targets + [found] }
          node = found
        }
      }
    }
    return targets
  }

  private static func leafList(
    _ schema: SchemaNode, _ rest: inout ArraySlice<Word>, _ walk: WordWalk, _ parent: DataNode?, _ line: Int?
  ) throws(ConfigurationError) -> [DataNode] {
    let all = walk.tree.children(of: parent).filter { $0.schema == schema }
    let path = (walk.words + " " + schema.name).trimmed
    if all.isEmpty { throw notThere(path, line) }
    guard !rest.isEmpty else { return all }
    var found: [DataNode] = []
    for word in try walk.values(&rest, for: schema, line: line) {
      let value = try walk.value(word, for: schema)
      guard let node = walk.tree.find(schema, keys: [value], below: parent) else {
        throw ConfigurationError(
          line: word.line, node: path, value: word.text, problem: "is not there", accepted: YANGContext.alternatives(all.compactMap(\.value)))
      }
      found.append(node)
    }
    return found
  }

  private static func notThere(_ path: String, _ line: Int?, existing: [String] = []) -> ConfigurationError {
    ConfigurationError(
      line: line, node: path, problem: "is not set",
      accepted: existing.isEmpty ? nil : YANGContext.alternatives(existing))
  }
}

extension String {
  fileprivate var trimmed: String { hasPrefix(" ") ? String(dropFirst()) : self }
}

extension ConfigurationTree {
  func remove(_ targets: [DataNode]) {
    for node in targets.uniqued() { remove(node) }
  }
}
