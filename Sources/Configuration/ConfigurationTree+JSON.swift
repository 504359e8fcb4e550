import CYANG

// RFC 7951 JSON, in and out.

extension ConfigurationTree {
  /// Reads RFC 7951 JSON. Every member must have a place in the schema and every value its type; members below a known node that belong to a module
  /// that is not loaded are kept as they are.
  ///
  /// `isOurs`: the text was printed by this type and so is in the order of the schema, which spares libyang the search for each node's place.
  public convenience init(json text: String, context: YANGContext, isOurs: Bool = false) throws(ConfigurationError) {
    self.init(context)
    guard text.utf8.count <= WordSplitter.mostBytes else {
      throw ConfigurationError(node: "", problem: "the text has \(text.utf8.count) bytes", accepted: "at most \(WordSplitter.mostBytes)")
    }
    guard !text.utf8.contains(0) else { throw ConfigurationError(node: "", problem: "the JSON text has a NUL character") }
    try parse(text, options: UInt32(LYD_PARSE_ONLY | LYD_PARSE_OPAQ) | (isOurs ? UInt32(LYD_PARSE_ORDERED) : 0))
    _ = context.takeMessages()
    var errors: [ConfigurationError] = []
    for node in top { checkOpaque(node, &errors) }
    if let error = ConfigurationError(joining: errors) { throw error }
  }

  /// libyang descends once per level: deeper texts than any configuration has are not handed to it.
  static let deepestJSON = 64

  static func checkDepth(_ text: String) throws(ConfigurationError) {
    var depth = 0
    var isInString = false
    var isEscaped = false
    for byte in text.utf8 {
      if isEscaped { isEscaped = false; continue }
      switch byte {
      case UInt8(ascii: "\\"): isEscaped = isInString
      case UInt8(ascii: "\""): isInString.toggle()
      case UInt8(ascii: "{"), UInt8(ascii: "["): if !isInString { depth += 1 }
      case UInt8(ascii: "}"), UInt8(ascii: "]"): if !isInString { depth -= 1 }
      default: break
      }
      guard depth <= deepestJSON else {
        throw ConfigurationError(node: "", problem: "the JSON is refused: it is nested too deeply", accepted: "at most \(deepestJSON) levels")
      }
    }
  }

  private func parse(_ text: String, options: UInt32) throws(ConfigurationError) {
    try Self.checkDepth(text)
    var input: OpaquePointer?
    var read = 0
    let code = text.withCString { bytes -> LY_ERR in
      guard ly_in_new_memory(bytes, &input) == LY_SUCCESS else { return LY_EMEM }
      defer { ly_in_free(input, 0) }
      let code = lyd_parse_data(context.raw, nil, input, LYD_JSON, options, 0, &first)
      read = ly_in_parsed(input)
      return code
    }
    guard code == LY_SUCCESS else { throw jsonError() }
    // libyang stops at the end of the first object.
    let rest = text.utf8.dropFirst(read).drop { " \t\r\n".utf8.contains($0) }
    guard rest.isEmpty else {
      let line = text.utf8.prefix(text.utf8.count - rest.count).count { $0 == UInt8(ascii: "\n") } + 1
      let words = String(decoding: rest.prefix(20), as: UTF8.self)
      throw ConfigurationError(line: line, node: "", problem: "the JSON is refused: '\(words)' follows its end", accepted: "one JSON object")
    }
  }

  private func jsonError() -> ConfigurationError {
    let said = context.takeMessages().last ?? YANGContext.Message(text: "", path: "")
    let path = DataPath(message: said.path)
    let line = said.path.range(ofWords: "ine number ").flatMap { Int(said.path[$0...].prefix { $0.isNumber }) }
    if said.text.hasPrefix("Top-level JSON object member") {
      return ConfigurationError(
        line: line, node: "", problem: "the JSON is refused: " + said.text,
        accepted: "names with their module at the top, for example \"\(YANGContext.coreModule):peer\"")
    }
    return ConfigurationError(
      line: line, node: path.words, problem: "the JSON is refused: " + said.text, accepted: "JSON as in RFC 7951, as `show configuration | json` prints it")
  }

  /// libyang makes a node opaque when it does not know it or when its value is not of its type: tells the two apart, and both from an absent plugin's.
  private func checkOpaque(_ node: DataNode, _ errors: inout [ConfigurationError]) {
    guard errors.count <= ConfigurationError.shown else { return }
    if node.schema != nil {
      for child in node.children { checkOpaque(child, &errors) }
      return
    }
    let parent = node.parent
    let place = parent?.steps.words ?? ""
    let module = node.moduleName
    let isOurs = module.isEmpty || module == YANGContext.coreModule || context.isLoaded(module: module)
    if !isOurs, parent != nil, WordWalk.isIdentifier(module), WordWalk.isIdentifier(node.name) { return }
    let known = context.children(of: parent?.schema, named: node.name).first { module.isEmpty || $0.moduleName == module }
    guard let known else {
      errors.append(unknownWord(isOurs ? node.name : module + ":" + node.name, below: parent?.schema, place: place))
      return
    }
    let path = (place.isEmpty ? "" : place + " ") + known.name
    switch known.kind {
    case .leaf, .leafList:
      var problem = "is refused"
      if case .failure(let wrong) = context.canonical(node.value ?? "", for: known) { problem = wrong.clause }
      errors.append(ConfigurationError(node: path, value: node.value ?? "", problem: problem, accepted: context.acceptance(of: known)))
    case .list:
      let keys = context.keys(of: known)
      for key in keys {
        guard let given = node.children.first(where: { $0.name == key.name }) else {
          errors.append(ConfigurationError(node: path, problem: "an entry has no \(key.name)", accepted: context.acceptance(of: key)))
          return
        }
        if case .failure(let wrong) = context.canonical(given.value ?? "", for: key) {
          errors.append(
            ConfigurationError(node: path + " " + key.name, value: given.value ?? "", problem: wrong.clause, accepted: context.acceptance(of: key)))
          return
        }
      }
      errors.append(ConfigurationError(node: path, problem: "an entry is refused", accepted: "its keys and what is below it"))
    default: errors.append(ConfigurationError(node: path, problem: "is not written as JSON has it", accepted: "an object"))
    }
  }

  func unknownWord(_ word: String, below parent: SchemaNode?, place: String, line: Int? = nil) -> ConfigurationError {
    let names = context.children(of: parent).filter { !$0.isKey }.map(\.name).uniqued()
    let suggestion = nearest(to: word, among: names).map { ", did you mean \($0)?" } ?? ""
    return ConfigurationError(
      line: line, node: place, value: word, problem: "is not a setting" + (place.isEmpty ? "" : " here") + suggestion,
      accepted: names.isEmpty ? "nothing more" : YANGContext.alternatives(names))
  }

  /// RFC 7951 JSON of all that is set, defaults left out; `{}` when nothing is.
  public func json(compact: Bool = false) -> String {
    guard let first else { return "{}" }
    return printed(first, options: UInt32(LYD_PRINT_WITHSIBLINGS) | (compact ? UInt32(LYD_PRINT_SHRINK) : 0)) ?? "{}"
  }

  private func printed(_ node: UnsafeMutablePointer<lyd_node>, options: UInt32) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard lyd_print_mem(&text, node, LYD_JSON, options) == LY_SUCCESS, let text else { return nil }
    defer { yang_free(text) }
    return String(cString: text)
  }

  /// JSON of some nodes inside their parents.
  func json(of nodes: [DataNode]) -> String {
    var first: UnsafeMutablePointer<lyd_node>?
    defer { lyd_free_siblings(first) }
    for node in nodes {
      var copy: UnsafeMutablePointer<lyd_node>?
      guard lyd_dup_single(node.raw, nil, UInt32(LYD_DUP_RECURSIVE | LYD_DUP_WITH_PARENTS), &copy) == LY_SUCCESS, var root = copy else { continue }
      while let above = yang_parent(root) { root = above }
      if lyd_merge_siblings(&first, root, 0) != LY_SUCCESS { _ = context.takeMessages() }
      lyd_free_tree(root)
    }
    guard let first else { return "{}" }
    return printed(first, options: UInt32(LYD_PRINT_WITHSIBLINGS)) ?? "{}"
  }

  /// The children of a node that belong to one plugin module (or to any) as one JSON object, defaults included: what a plugin is given.
  func pluginSettings(of node: DataNode) -> String {
    var first: UnsafeMutablePointer<lyd_node>?
    defer { lyd_free_siblings(first) }
    for child in node.children where child.moduleName != YANGContext.coreModule {
      var copy: UnsafeMutablePointer<lyd_node>?
      guard lyd_dup_single(child.raw, nil, UInt32(LYD_DUP_RECURSIVE), &copy) == LY_SUCCESS, let copy else { continue }
      _ = lyd_insert_sibling(first, copy, &first)
    }
    guard let first else { return "{}" }
    return printed(first, options: UInt32(LYD_PRINT_WITHSIBLINGS | LYD_PRINT_SHRINK | LYD_PRINT_WD_ALL)) ?? "{}"
  }

  // MARK: nodes of absent plugins

  /// The values of an absent plugin's node (all entries, if it is a list) as JSON text.
  func opaqueJSON(named name: String, module: String, below parent: DataNode) -> String? {
    var first: UnsafeMutablePointer<lyd_node>?
    defer { lyd_free_siblings(first) }
    for child in parent.children where child.schema == nil && child.name == name && child.moduleName == module {
      var copy: UnsafeMutablePointer<lyd_node>?
      guard lyd_dup_single(child.raw, nil, UInt32(LYD_DUP_RECURSIVE), &copy) == LY_SUCCESS, let copy else { continue }
      _ = lyd_insert_sibling(first, copy, &first)
    }
    guard let first, let text = printed(first, options: UInt32(LYD_PRINT_WITHSIBLINGS | LYD_PRINT_SHRINK)) else { return nil }
    // {"module:name":...}
    let opening = "{\"\(module):\(name)\":"
    guard text.hasPrefix(opening), text.hasSuffix("}") else { return nil }
    return String(text.dropFirst(opening.count).dropLast())
  }

  /// Replaces an absent plugin's node below `parent` by what the JSON text says.
  func setOpaque(named name: String, module: String, json text: String, below parent: DataNode) throws(ConfigurationError) {
    let old = parent.children.filter { $0.name == name && $0.moduleName == module }
    try Self.checkDepth(text)
    var input: OpaquePointer?
    let document = "{\"\(module):\(name)\":\(text)}"
    let code = document.withCString { bytes -> LY_ERR in
      guard ly_in_new_memory(bytes, &input) == LY_SUCCESS else { return LY_EMEM }
      defer { ly_in_free(input, 0) }
      return lyd_parse_data(context.raw, parent.raw, input, LYD_JSON, UInt32(LYD_PARSE_ONLY | LYD_PARSE_OPAQ), 0, nil)
    }
    guard code == LY_SUCCESS else {
      let said = context.takeMessages().last?.text ?? ""
      throw ConfigurationError(
        node: parent.steps.words + " \(module):\(name)", value: text, problem: "is not JSON: " + said,
        accepted: "the JSON value of a setting whose plugin is not loaded, as `show configuration | set` prints it")
    }
    _ = context.takeMessages()
    for node in old { remove(node) }
    forgetIndex()
    // Where the plugin is loaded the text must fit its schema.
    var errors: [ConfigurationError] = []
    for node in parent.children { checkOpaque(node, &errors) }
    if let error = ConfigurationError(joining: errors) { throw error }
  }
}

extension Sequence where Element: Hashable {
  func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}

extension String {
  /// The index after the first occurrence of a text.
  func range(ofWords text: String) -> String.Index? {
    let (all, part) = (Array(utf8), Array(text.utf8))
    guard part.count <= all.count else { return nil }
    for start in 0...(all.count - part.count) where all[start..<(start + part.count)].elementsEqual(part) {
      return utf8.index(utf8.startIndex, offsetBy: start + part.count)
    }
    return nil
  }
}
