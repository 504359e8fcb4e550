import CYANG

/// A configuration as data: a libyang tree and the ways in and out of it.
///
/// It holds what was set and nothing else; defaults are added only in the copy that is validated. Nodes of an absent plugin are held as they came
/// (libyang calls such nodes opaque) and come out again in JSON and in `set` lines. A tree needs not be valid as a whole; each node in it has a place
/// in the schema and a value of its type.
///
/// Not `Sendable`: see `YANGContext`.
public final class ConfigurationTree {
  public let context: YANGContext
  /// The first of the top-level nodes.
  var first: UnsafeMutablePointer<lyd_node>?
  /// List and leaf-list entries by place and key, so that thousands of `set` lines do not search thousands of siblings; `nil`: to be made.
  private var entries: [EntryKey: DataNode]?
  /// The last top-level node of each name: where the next one goes.
  private var lastOfName: [SchemaNode: DataNode] = [:]

  struct EntryKey: Hashable {
    var parent: UnsafeMutablePointer<lyd_node>?
    var schema: SchemaNode
    var keys: [String]
  }

  public init(_ context: YANGContext) { self.context = context }

  deinit { lyd_free_siblings(first) }

  public func copy() -> ConfigurationTree {
    let other = ConfigurationTree(context)
    var last: UnsafeMutablePointer<lyd_node>?
    for node in top {
      var copy: UnsafeMutablePointer<lyd_node>?
      guard lyd_dup_single(node.raw, nil, UInt32(LYD_DUP_RECURSIVE), &copy) == LY_SUCCESS, let copy else { continue }
      if let last { yang_link_after(other.first, last, copy) } else { other.first = copy }
      last = copy
    }
    return other
  }

  public var isEmpty: Bool { first == nil }
  var top: Siblings { Siblings(first: first) }

  // MARK: finding

  func children(of parent: DataNode?) -> Siblings { parent?.children ?? top }

  /// The node a step leads to: a container, a leaf, or the list entry with the keys.
  func find(_ schema: SchemaNode, keys: [String] = [], below parent: DataNode?) -> DataNode? {
    if schema.kind == .list || schema.kind == .leafList { return entryIndex()[EntryKey(parent: parent?.raw, schema: schema, keys: keys)] }
    return children(of: parent).first { $0.schema == schema }
  }

  func find(_ steps: [Step]) -> DataNode? {
    var node: DataNode?
    for step in steps {
      guard let next = find(step.schema, keys: step.keys, below: node) else { return nil }
      node = next
    }
    return node
  }

  private func entryIndex() -> [EntryKey: DataNode] {
    if let entries { return entries }
    var made: [EntryKey: DataNode] = [:]
    for node in top { Self.addEntries(of: node, below: nil, to: &made) }
    entries = made
    return made
  }

  private static func addEntries(of node: DataNode, below parent: DataNode?, to index: inout [EntryKey: DataNode]) {
    guard let schema = node.schema else { return }
    if schema.kind == .list { index[EntryKey(parent: parent?.raw, schema: schema, keys: node.keys)] = node }
    if schema.kind == .leafList { index[EntryKey(parent: parent?.raw, schema: schema, keys: [node.value ?? ""])] = node }
    for child in node.children { addEntries(of: child, below: node, to: &index) }
  }

  private func forgetEntries(of node: DataNode) {
    guard entries != nil, let schema = node.schema else { return }
    if schema.kind == .list { entries?[EntryKey(parent: node.parent?.raw, schema: schema, keys: node.keys)] = nil }
    if schema.kind == .leafList { entries?[EntryKey(parent: node.parent?.raw, schema: schema, keys: [node.value ?? ""])] = nil }
    for child in node.children { forgetEntries(of: child) }
  }

  // MARK: changing

  /// The node of a step, made if it is not there.
  func make(_ step: Step, below parent: DataNode?) throws(ConfigurationError) -> DataNode {
    if let found = find(step.schema, keys: step.keys, below: parent) { return found }
    var created: UnsafeMutablePointer<lyd_node>?
    let code: LY_ERR
    if step.schema.kind == .list {
      code = withCStrings(step.keys) {
        yang_new_list(parent?.raw, step.schema.module, step.schema.raw.pointee.name, $0, step.keys.count, &created)
      }
    } else {
      code = lyd_new_inner(parent?.raw, step.schema.module, step.schema.raw.pointee.name, 0, &created)
    }
    let node = try adopt(created, code, step.schema, below: parent)
    if step.schema.kind == .list { _ = entryIndex(); entries?[EntryKey(parent: parent?.raw, schema: step.schema, keys: step.keys)] = node }
    return node
  }

  /// Sets a leaf, or appends a value to a leaf-list; a value that is there stays where it is.
  func set(_ leaf: SchemaNode, to value: String, below parent: DataNode?) throws(ConfigurationError) {
    if leaf.kind == .leafList {
      if find(leaf, keys: [value], below: parent) != nil { return }
    } else if let found = find(leaf, below: parent) {
      if found.value == value { return }
      lyd_free_tree(unlinked(found))
    }
    var created: UnsafeMutablePointer<lyd_node>?
    let code = lyd_new_term(parent?.raw, leaf.module, leaf.raw.pointee.name, value, 0, &created)
    let node = try adopt(created, code, leaf, below: parent)
    if leaf.kind == .leafList { _ = entryIndex(); entries?[EntryKey(parent: parent?.raw, schema: leaf, keys: [value])] = node }
  }

  private func adopt(
    _ created: UnsafeMutablePointer<lyd_node>?, _ code: LY_ERR, _ schema: SchemaNode, below parent: DataNode?
  ) throws(ConfigurationError) -> DataNode {
    guard code == LY_SUCCESS, let created else {
      let said = context.takeMessages().last?.text ?? "error \(code.rawValue)"
      throw ConfigurationError(node: schema.path, problem: "can not be added: " + said)
    }
    let node = DataNode(created)
    if parent == nil { insertTop(node) }
    return node
  }

  private func insertTop(_ node: DataNode) {
    guard let schema = node.schema else { return }
    if let last = lastOfName[schema] {
      yang_link_after(first, last.raw, node.raw)
    } else {
      _ = lyd_insert_sibling(first, node.raw, &first)
    }
    var last = node
    while let next = last.raw.pointee.next, next.pointee.schema == schema.raw { last = DataNode(next) }
    lastOfName[schema] = last
  }

  /// Takes a node out with all below it, and containers above it that are left empty.
  func remove(_ node: DataNode) {
    forgetEntries(of: node)
    var above = node.parent
    lyd_free_tree(unlinked(node))
    while let container = above, container.schema?.kind == .container, container.schema?.isPresenceContainer == false,
      yang_child(container.raw) == nil
    {
      above = container.parent
      lyd_free_tree(unlinked(container))
    }
  }

  private func unlinked(_ node: DataNode) -> UnsafeMutablePointer<lyd_node> {
    if first == node.raw { first = node.raw.pointee.next }
    if let schema = node.schema, lastOfName[schema] == node { lastOfName[schema] = nil }
    lyd_unlink_tree(node.raw)
    return node.raw
  }

  /// Puts list entries and leaf-list values whose order means nothing into the order of their keys, so that equal configurations read alike.
  func sort() {
    entries = nil
    var groups: [[DataNode]] = []
    func collect(_ siblings: Siblings) {
      var group: [DataNode] = []
      for node in siblings {
        if let last = group.last, last.schema != node.schema { close() }
        if let schema = node.schema, schema.kind == .list || schema.kind == .leafList, !schema.isUserOrdered { group.append(node) }
        collect(node.children)
      }
      func close() {
        if !group.isSorted(by: DataNode.precedes) { groups.append(group) }
        group = []
      }
      close()
    }
    collect(top)
    for group in groups {
      let parent = group.first?.parent
      // Taken out from the front: libyang walks all the way back for a last node.
      let nodes = group.map { DataNode(unlinked($0)) }
      for node in nodes.sorted(by: DataNode.precedes) {
        if let parent { _ = lyd_insert_child(parent.raw, node.raw) } else { insertTop(node) }
      }
    }
  }

  /// Drops the index after libyang changed the tree by itself.
  func forgetIndex() {
    entries = nil
    lastOfName = [:]
  }
}

/// One step down a tree: a node and, for a list, which entry.
struct Step: Hashable {
  var schema: SchemaNode
  var keys: [String] = []

  var words: [String] { [schema.name] + keys }
}

extension [Step] {
  /// The words an operator types to get there.
  var words: String { flatMap(\.words).map(\.asConfigurationWord).joined(separator: " ") }
}

extension DataNode {
  /// Key order: numbers by value, everything else by its bytes.
  static func precedes(_ a: DataNode, _ b: DataNode) -> Bool {
    let (a, b) = (a.sortKeys, b.sortKeys)
    for (x, y) in zip(a, b) where x != y {
      if let x = Int(x), let y = Int(y), x != y { return x < y }
      return x.utf8.lexicographicallyPrecedes(y.utf8)
    }
    return a.count < b.count
  }
  private var sortKeys: [String] { schema?.kind == .list ? keys : [value ?? ""] }

  /// The steps from the top to here.
  var steps: [Step] {
    guard let schema else { return parent?.steps ?? [] }
    return (parent?.steps ?? []) + [Step(schema: schema, keys: schema.kind == .list ? keys : [])]
  }
}

extension Array {
  fileprivate func isSorted(by precedes: (Element, Element) -> Bool) -> Bool {
    !zip(self, dropFirst()).contains { precedes($1, $0) }
  }
}

func withCStrings<Result>(_ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result) -> Result {
  let copies = strings.map { Array($0.utf8CString) }
  func descend(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> Result {
    if index == copies.count { return pointers.withUnsafeBufferPointer { body($0.baseAddress!) } }
    return copies[index].withUnsafeBufferPointer { descend(index + 1, pointers + [$0.baseAddress]) }
  }
  return descend(0, strings.isEmpty ? [nil] : [])
}
