// Lines of words, in and out.

extension ConfigurationTree {
  /// Takes one `set` command, its words without `set`; all of it or nothing.
  public func set(_ text: String) throws(ConfigurationError) {
    try Self.withoutLine { () throws(ConfigurationError) in try set(WordSplitter.words(of: text)) }
  }
  /// The same from words that are split already; `[` and `]` enclose several values.
  public func set(words: [String]) throws(ConfigurationError) { try set(Self.asWords(words)) }

  private func set(_ words: [Word]) throws(ConfigurationError) {
    let edits = try SetCommand.parse(words, in: self)
    // Only what an absent plugin left can fail from here on; it is tried on a copy.
    if edits.contains(where: { if case .opaque = $0 { true } else { false } }) { try copy().apply(edits) }
    try apply(edits)
  }

  /// Takes out what a `delete` command names, its words without `delete`.
  public func delete(_ text: String) throws(ConfigurationError) {
    try Self.withoutLine { () throws(ConfigurationError) in remove(try DeleteCommand.targets(WordSplitter.words(of: text), in: self)) }
  }
  public func delete(words: [String]) throws(ConfigurationError) {
    remove(try DeleteCommand.targets(Self.asWords(words), in: self))
  }

  static func asWords(_ words: [String]) -> [Word] { words.map { Word(text: $0, isQuoted: false, line: nil) } }

  /// A single command has no line worth naming.
  static func withoutLine(_ body: () throws(ConfigurationError) -> Void) throws(ConfigurationError) {
    do throws(ConfigurationError) { try body() } catch {
      var bare = error
      bare.line = nil
      throw bare
    }
  }

  /// A text of `set` and `delete` lines, comments and empty lines. Every line is read; when any is refused the error has them all and the tree is of no
  /// use any more.
  public func apply(lines text: String) throws(ConfigurationError) {
    var errors: [ConfigurationError] = []
    for words in try WordSplitter.lines(of: text) {
      do throws(ConfigurationError) { try apply(line: words) } catch {
        var numbered = error
        numbered.line = error.line ?? words.first?.line
        errors.append(numbered)
      }
    }
    if let error = ConfigurationError(joining: errors) { throw error }
  }

  private func apply(line words: [Word]) throws(ConfigurationError) {
    guard let verb = words.first else { return }
    let rest = Array(words.dropFirst())
    switch verb.text {
    case "set": try apply(SetCommand.parse(rest, in: self))
    case "delete": remove(try DeleteCommand.targets(rest, in: self))
    default:
      throw ConfigurationError(
        line: verb.line, node: "", value: verb.text, problem: "does not begin a configuration line", accepted: "set, delete or # for a comment")
    }
  }

  // MARK: out

  /// All that is set as `set` lines, one leaf each, in an order that loads back to the same.
  public func setLines() -> [String] {
    var lines: [String] = []
    appendLines(of: top, prefix: "set", to: &lines)
    return lines
  }

  func setLines(of node: DataNode) -> [String] {
    var lines: [String] = []
    let above = node.parent?.steps.words ?? ""
    appendLines(of: [node], prefix: above.isEmpty ? "set" : "set " + above, to: &lines)
    return lines
  }

  func appendLines(of nodes: some Sequence<DataNode>, prefix: String, to lines: inout [String]) {
    for group in Self.groups(of: nodes) {
      guard let node = group.first else { continue }
      let name = prefix + " " + word(for: node)
      guard let schema = node.schema else {
        if let parent = node.parent, let json = opaqueJSON(named: node.name, module: node.moduleName, below: parent) {
          lines.append(name + " " + json.asConfigurationWord)
        }
        continue
      }
      switch schema.kind {
      case .leaf: if !schema.isKey { lines.append(schema.isEmptyType ? name : name + " " + (node.value ?? "").asConfigurationWord) }
      case .leafList: lines.append(name + " " + Self.list(group.compactMap(\.value)))
      case .container:
        if schema.isPresenceContainer { lines.append(name) }
        appendLines(of: node.children, prefix: name, to: &lines)
      case .list:
        for entry in group {
          let path = name + entry.keys.map { " " + $0.asConfigurationWord }.joined()
          let before = lines.count
          appendLines(of: entry.children, prefix: path, to: &lines)
          if lines.count == before { lines.append(path) }
        }
      case nil: break
      }
    }
  }

  /// The word that names a node; with its plugin where several plugins use the word, or when no module describes it.
  func word(for node: DataNode) -> String {
    guard let schema = node.schema else { return "\(node.moduleName):\(node.name)" }
    return context.children(of: schema.parent, named: schema.name).count > 1 ? "\(schema.moduleName):\(schema.name)" : schema.name
  }

  static func list(_ values: [String]) -> String {
    values.count == 1 ? values[0].asConfigurationWord : "[ " + values.map(\.asConfigurationWord).joined(separator: " ") + " ]"
  }

  /// Siblings of one name together; entries whose order means nothing in the order of their keys.
  static func groups(of nodes: some Sequence<DataNode>) -> [[DataNode]] {
    var order: [GroupName] = []
    var groups: [GroupName: [DataNode]] = [:]
    for node in nodes where !node.isDefault {
      let schema = node.schema
      let name = GroupName(schema: schema, opaque: schema == nil ? node.moduleName + ":" + node.name : "")
      if groups[name] == nil { order.append(name) }
      groups[name, default: []].append(node)
    }
    return order.map { name in
      let group = groups[name] ?? []
      return name.schema == nil || name.schema?.isUserOrdered == true ? group : group.sorted(by: DataNode.precedes)
    }
  }

  /// All that is set as an indented outline.
  public func outline() -> String {
    var text = ""
    appendOutline(of: top, depth: 0, to: &text)
    return text
  }

  func appendOutline(of nodes: some Sequence<DataNode>, depth: Int, to text: inout String) {
    let indent = String(repeating: "  ", count: depth)
    for group in Self.groups(of: nodes) {
      guard let node = group.first else { continue }
      let name = word(for: node)
      switch node.schema?.kind {
      case .leaf: if node.schema?.isKey != true { text += indent + name + " " + (node.value ?? "").asConfigurationWord + "\n" }
      case .leafList: text += indent + name + " " + Self.list(group.compactMap(\.value)) + "\n"
      case .container, .list:
        for entry in group {
          let keys = node.schema?.kind == .list ? entry.keys.map { " " + $0.asConfigurationWord }.joined() : ""
          var inner = ""
          appendOutline(of: entry.children, depth: depth + 1, to: &inner)
          text += indent + name + keys + (inner.isEmpty ? "\n" : " {\n" + inner + indent + "}\n")
        }
      case nil:
        guard let parent = node.parent, let json = opaqueJSON(named: node.name, module: node.moduleName, below: parent) else { continue }
        text += indent + name + " " + json.asConfigurationWord + "\n"
      }
    }
  }
}

/// What puts siblings into one group.
private struct GroupName: Hashable {
  var schema: SchemaNode?
  /// Module and name where there is no schema.
  var opaque: String
}
