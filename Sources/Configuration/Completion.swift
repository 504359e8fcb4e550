/// What may follow some words: for Tab, for `?`, and for "what would be accepted".
public struct Completion: Sendable, Equatable {
  public enum Mode: Sendable {
    /// After `set`: all the schema has, names that exist, and what a new value must look like.
    case set
    /// After `delete` or a `show configuration` path: only what is there.
    case existing
  }
  /// What would be typed; for a placeholder, in angle brackets, what it stands for.
  public var word: String
  public var description: String
  /// Shown by `?`, never filled in by Tab.
  public var isPlaceholder: Bool

  init(_ word: String, _ description: String, isPlaceholder: Bool = false) {
    self.word = word
    self.description = description
    self.isPlaceholder = isPlaceholder
  }
}

extension ConfigurationDatabase {
  /// What may stand in the place of the last of `words`, which is the beginning of a word or empty. Words before it that make no sense give nothing.
  public func complete(words: [String], mode: Completion.Mode = .set) -> [Completion] {
    candidate.complete(words: words, mode: mode)
  }
  /// What would be accepted after some words, as one phrase.
  public func acceptable(at words: [String]) -> String { candidate.acceptable(at: words) }
}

extension ConfigurationTree {
  func complete(words: [String], mode: Completion.Mode) -> [Completion] {
    let start = words.last ?? ""
    return candidates(after: Array(words.dropLast()), mode).filter { $0.isPlaceholder ? true : $0.word.hasPrefix(start) }
  }

  func acceptable(at words: [String]) -> String {
    let found = candidates(after: words, .set)
    let names = found.filter { !$0.isPlaceholder }.map(\.word)
    let placeholders = found.filter(\.isPlaceholder).map(\.description)
    if let phrase = placeholders.first { return phrase }
    return names.isEmpty ? "nothing more" : YANGContext.alternatives(names)
  }

  private enum Expected {
    case names
    case key(SchemaNode, [String])
    case value(SchemaNode, inBracket: Bool)
  }

  private func candidates(after words: [String], _ mode: Completion.Mode) -> [Completion] {
    var walk = WordWalk(self)
    var expected = Expected.names
    for text in words {
      let word = Word(text: text, isQuoted: false, line: nil)
      switch expected {
      case .names:
        guard case .node(let node)? = try? walk.meaning(of: word) else { return [] }
        expected = afterName(node, &walk)
      case .key(let list, let before):
        let keys = before + [canonicalKey(text, list, before.count)]
        let isWhole = keys.count == context.keys(of: list).count
        if isWhole { walk.steps.append(Step(schema: list, keys: keys)) }
        expected = isWhole ? .names : .key(list, keys)
      case .value(let leaf, let inBracket):
        if inBracket {
          if word.closesList { expected = .names }
        } else if word.opensList, leaf.kind == .leafList {
          expected = .value(leaf, inBracket: true)
        } else {
          if leaf.name == "type", walk.steps.count == 1 { walk.pendingType = text }
          expected = .names
        }
      }
    }
    switch expected {
    case .names: return nameCandidates(walk, mode)
    case .key(let list, let before): return keyCandidates(list, before, walk, mode)
    case .value(let leaf, let inBracket): return valueCandidates(leaf, inBracket, walk, mode)
    }
  }

  private func afterName(_ node: SchemaNode, _ walk: inout WordWalk) -> Expected {
    switch node.kind {
    case .leaf: return node.isEmptyType ? .names : .value(node, inBracket: false)
    case .leafList: return .value(node, inBracket: false)
    case .list: return .key(node, [])
    default:
      walk.steps.append(Step(schema: node))
      return .names
    }
  }

  private func canonicalKey(_ text: String, _ list: SchemaNode, _ position: Int) -> String {
    let keys = context.keys(of: list)
    guard position < keys.count, case .success(let value) = context.canonical(text, for: keys[position]) else { return text }
    return value
  }

  private func nameCandidates(_ walk: WordWalk, _ mode: Completion.Mode) -> [Completion] {
    let here = walk.steps.isEmpty ? nil : find(walk.steps)
    if mode == .existing, here == nil, !walk.steps.isEmpty { return [] }
    let present = Set(children(of: here).compactMap(\.schema))
    let type = walk.peerType
    let nodes = context.children(of: walk.place).filter { node in
      if node.isKey { return false }
      if mode == .existing { return present.contains(node) }
      // Settings of other plugins than the peer's own are refused by their `when`.
      guard let type, node.moduleName != YANGContext.coreModule, context.pluginIDs.contains(node.moduleName) else { return true }
      return node.moduleName == type
    }
    var found = nodes.map { node in
      let isShared = nodes.count(where: { $0.name == node.name }) > 1
      return Completion(isShared ? "\(node.moduleName):\(node.name)" : node.name, description(of: node))
    }
    if mode == .existing {
      let opaque = children(of: here).filter { $0.schema == nil }.map { "\($0.moduleName):\($0.name)" }.uniqued()
      found += opaque.map { Completion($0, "Kept for a plugin that is not loaded.") }
    }
    return found
  }

  private func description(of node: SchemaNode) -> String {
    let summary = (WithoutEffect.contains(node) ? "(Not in effect yet.) " : "") + node.summary
    guard node.kind == .leaf, let value = context.defaultValue(of: node) else { return summary }
    return summary + " Default: \(value)" + (node.units.map { " " + $0 } ?? "") + "."
  }

  private func keyCandidates(_ list: SchemaNode, _ before: [String], _ walk: WordWalk, _ mode: Completion.Mode) -> [Completion] {
    let keys = context.keys(of: list)
    guard before.count < keys.count else { return [] }
    let key = keys[before.count]
    let parent = walk.steps.isEmpty ? nil : find(walk.steps)
    var found: [Completion] = []
    if walk.steps.isEmpty || parent != nil {
      found = children(of: parent).filter { $0.schema == list && Array($0.keys.prefix(before.count)) == before }
        .sorted(by: DataNode.precedes).map { Completion($0.keys[before.count], $0.leaf("description") ?? "") }
    }
    if mode == .set {
      let known = Set(found.map(\.word))
      found += newKeys(key).filter { !known.contains($0) }.map { Completion($0, "") }
      found.append(Completion("<\(key.name)>", context.acceptance(of: key, existing: existingNames(for: key)), isPlaceholder: true))
    }
    return found.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// Names a new entry may take from elsewhere: scopes, and what a reference may be.
  private func newKeys(_ key: SchemaNode) -> [String] {
    if let names = existingNames(for: key) { return names }
    guard key.name == "scope", let list = key.parent?.name else { return [] }
    let lists = list == "dial-plan" ? ["site", "trunk", "user"] : ["site", "trunk"]
    return ["global"] + lists.flatMap { list in top.named(list).compactMap { $0.leaf("name") }.map { "\(list):\($0)" } }
  }

  private func valueCandidates(_ leaf: SchemaNode, _ inBracket: Bool, _ walk: WordWalk, _ mode: Completion.Mode) -> [Completion] {
    let parent = walk.steps.isEmpty ? nil : find(walk.steps)
    var found: [Completion] = []
    if mode == .existing {
      // A leaf is deleted by its name; of a leaf-list, single values are.
      guard leaf.kind == .leafList, walk.steps.isEmpty || parent != nil else { return nameCandidates(walk, mode) }
      found = children(of: parent).filter { $0.schema == leaf }.compactMap(\.value).map { Completion($0, "") }
    } else {
      found = context.choices(of: leaf).map { Completion($0.word, $0.summary) }
      if let names = existingNames(for: leaf) { found += names.map { Completion($0, "") } }
      if leaf.name == "type", walk.steps.count == 1 { found += context.pluginIDs.map { Completion($0, "Trunk plugin.") } }
      found.append(Completion("<\(leaf.name)>", context.acceptance(of: leaf, existing: existingNames(for: leaf)), isPlaceholder: true))
    }
    if leaf.kind == .leafList { found.append(inBracket ? Completion("]", "Ends the values.") : Completion("[", "Begins several values.")) }
    return found
  }
}
