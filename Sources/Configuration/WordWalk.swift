/// Words walked down the schema: what `set`, `delete`, a path filter and completion have in common.
///
/// A word names a child of where we are. Where plugins use the same word, the one of the peer's own type is meant; `plugin:word` names one outright.
struct WordWalk {
  let tree: ConfigurationTree
  var steps: [Step] = []
  /// The peer type set in the same line, which the tree does not hold yet.
  var pendingType: String?

  init(_ tree: ConfigurationTree) { self.tree = tree }

  var context: YANGContext { tree.context }
  var place: SchemaNode? { steps.last?.schema }
  var words: String { steps.words }

  enum Meaning {
    case node(SchemaNode)
    /// `module:name` of a module that is not loaded.
    case opaque(module: String, name: String)
  }

  func meaning(of word: Word) throws(ConfigurationError) -> Meaning {
    let parts = word.text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    if parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty {
      if let node = context.children(of: place, named: parts[1]).first(where: { $0.moduleName == parts[0] }), !node.isKey { return .node(node) }
      if !context.isLoaded(module: parts[0]), !steps.isEmpty, Self.isIdentifier(parts[0]), Self.isIdentifier(parts[1]) {
        return .opaque(module: parts[0], name: parts[1])
      }
    }
    let candidates = context.children(of: place, named: word.text).filter { !$0.isKey }
    if candidates.count > 1 {
      if let type = peerType, let own = candidates.first(where: { $0.moduleName == type }) { return .node(own) }
      throw ConfigurationError(
        line: word.line, node: words, value: word.text, problem: "is a setting of several plugins",
        accepted: YANGContext.alternatives(candidates.map { "\($0.moduleName):\($0.name)" }))
    }
    guard let found = candidates.first else { throw tree.unknownWord(word.text, below: place, place: words, line: word.line) }
    return .node(found)
  }

  /// Whether a text can be the name of a module or node (RFC 7950 6.2).
  static func isIdentifier(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || (byte >= 48 && byte <= 57) || byte == 45 || byte == 46 || byte == 95
      }
  }

  /// The type of the peer whose settings are walked: the peer itself, or that of the trunk a collection is for.
  var peerType: String? {
    guard let first = steps.first else { return nil }
    if first.schema.name == "peer" { return pendingType ?? tree.find([first])?.leaf("type") }
    guard first.schema.name == "trunk-configuration", let scope = first.keys.first, scope.hasPrefix("trunk:") else { return nil }
    func entry(_ list: String, _ name: String) -> DataNode? {
      context.children(of: nil, named: list).first.flatMap { tree.find($0, keys: [name], below: nil) }
    }
    return entry("trunk", String(scope.dropFirst(6)))?.leaf("peer").flatMap { entry("peer", $0) }?.leaf("type")
  }

  /// The canonical form of a value, or the error that says what would be accepted.
  func value(_ word: Word, for leaf: SchemaNode, isKey: Bool = false) throws(ConfigurationError) -> String {
    switch context.canonical(word.text, for: leaf) {
    case .success(let text): return text
    case .failure(let wrong):
      let path = (words.isEmpty ? "" : words + " ") + leaf.name
      throw ConfigurationError(
        line: word.line, node: isKey ? String(path) : path, value: word.text, problem: wrong.clause,
        accepted: context.acceptance(of: leaf, existing: tree.existingNames(for: leaf)))
    }
  }

  /// Goes down into a container or list entry; its keys are the next words.
  mutating func descend(_ node: SchemaNode, _ rest: inout ArraySlice<Word>, line: Int?) throws(ConfigurationError) {
    var step = Step(schema: node)
    if node.kind == .list {
      var inside = self
      inside.steps.append(step)
      for key in context.keys(of: node) {
        guard let word = rest.first, !word.opensList, !word.closesList else {
          throw ConfigurationError(
            line: line, node: inside.words, problem: "needs its \(key.name)",
            accepted: context.acceptance(of: key, existing: tree.existingNames(for: key)))
        }
        rest.removeFirst()
        step.keys.append(try inside.value(word, for: key, isKey: true))
      }
    }
    steps.append(step)
  }

  /// One value, or several in brackets.
  func values(_ rest: inout ArraySlice<Word>, for leaf: SchemaNode, line: Int?) throws(ConfigurationError) -> [Word] {
    let path = (words.isEmpty ? "" : words + " ") + leaf.name
    guard let word = rest.popFirst(), !word.closesList else {
      throw ConfigurationError(
        line: line, node: path, problem: "needs a value",
        accepted: context.acceptance(of: leaf, existing: tree.existingNames(for: leaf)))
    }
    guard word.opensList else { return [word] }
    guard leaf.kind == .leafList else {
      throw ConfigurationError(line: line, node: path, value: "[", problem: "takes one value", accepted: context.acceptance(of: leaf))
    }
    var values: [Word] = []
    while let next = rest.popFirst() {
      if next.closesList { return values }
      values.append(next)
    }
    throw ConfigurationError(line: line, node: path, problem: "the bracket [ is not closed", accepted: "[ VALUE VALUE ... ]")
  }
}

extension ConfigurationTree {
  /// The names a reference may have, in the operator's order where there is one, else sorted; `nil` for a leaf that is no reference.
  func existingNames(for leaf: SchemaNode) -> [String]? {
    guard let path = context.referencePath(of: leaf) else { return nil }
    let steps = path.split(separator: "/").map { $0.split(separator: ":").last.map(String.init) ?? String($0) }
    guard path.hasPrefix("/"), let head = steps.first else { return nil }
    var nodes = Array(top.named(head))
    for step in steps.dropFirst() { nodes = nodes.flatMap { $0.list(step) } }
    let names = nodes.compactMap(\.value)
    let isOrdered = nodes.first?.schema?.isUserOrdered == true || nodes.first?.parent?.schema?.isUserOrdered == true
    return isOrdered ? names : names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
