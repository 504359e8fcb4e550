/// The difference of two trees as lines: `-set ...` for what goes, `+set ...` for what comes. Replayed as `delete` and `set` they turn one into the other.
struct Comparison {
  private let old: ConfigurationTree
  private let new: ConfigurationTree
  private var lines: [String] = []

  static func lines(from old: ConfigurationTree, to new: ConfigurationTree) -> [String] {
    var comparison = Comparison(old: old, new: new)
    comparison.compare(Array(old.top), Array(new.top), prefix: "set")
    return comparison.lines
  }

  private init(old: ConfigurationTree, new: ConfigurationTree) {
    self.old = old
    self.new = new
  }

  /// Siblings of one place in both trees.
  private mutating func compare(_ before: [DataNode], _ after: [DataNode], prefix: String) {
    let was = Dictionary(grouping: before, by: name)
    let became = Dictionary(grouping: after, by: name)
    for key in (after + before).map(name).uniqued().sorted(by: precedes) {
      compareGroup(was[key] ?? [], became[key] ?? [], prefix: prefix)
    }
  }

  private struct Name: Hashable {
    var schema: SchemaNode?
    var opaque: String
  }
  private func name(_ node: DataNode) -> Name {
    let schema = node.schema
    return Name(schema: schema, opaque: schema == nil ? "\(node.moduleName):\(node.name)" : "")
  }
  /// The schema's order; what has no schema last, by name.
  private func precedes(_ a: Name, _ b: Name) -> Bool {
    guard let x = a.schema, let y = b.schema else { return a.schema != nil || (b.schema == nil && a.opaque < b.opaque) }
    let siblings = old.context.children(of: x.parent)
    return (siblings.firstIndex(of: x) ?? 0) < (siblings.firstIndex(of: y) ?? 0)
  }

  private mutating func compareGroup(_ before: [DataNode], _ after: [DataNode], prefix: String) {
    guard let node = after.first ?? before.first else { return }
    switch node.schema?.kind {
    case .leafList: compareValues(before.compactMap(\.value), after.compactMap(\.value), node, prefix)
    case .list: compareEntries(before, after, prefix)
    case .container where !before.isEmpty && !after.isEmpty:
      compare(before.flatMap { Array($0.children) }, after.flatMap { Array($0.children) }, prefix: prefix + " " + new.word(for: node))
    default:
      let (gone, come) = (text(old, before, prefix), text(new, after, prefix))
      if gone != come { emit(gone, come) }
    }
  }

  private func text(_ tree: ConfigurationTree, _ nodes: [DataNode], _ prefix: String) -> [String] {
    var lines: [String] = []
    tree.appendLines(of: nodes, prefix: prefix, to: &lines)
    return lines
  }

  private mutating func emit(_ gone: [String], _ come: [String]) {
    lines += gone.map { "-" + $0 } + come.map { "+" + $0 }
  }

  /// Where order is policy and more changed than values taken out and appended, both lists are shown whole.
  private mutating func compareValues(_ before: [String], _ after: [String], _ node: DataNode, _ prefix: String) {
    if before == after { return }
    let name = prefix + " " + new.word(for: node)
    let kept = before.filter(Set(after).contains)
    let appended = after.filter { !Set(before).contains($0) }
    if node.schema?.isUserOrdered == true, after != kept + appended {
      emit([name + " " + ConfigurationTree.list(before)], [name + " " + ConfigurationTree.list(after)])
    } else {
      let gone = before.filter { !Set(after).contains($0) }
      emit(gone.map { name + " " + $0.asConfigurationWord }, appended.map { name + " " + $0.asConfigurationWord })
    }
  }

  private mutating func compareEntries(_ before: [DataNode], _ after: [DataNode], _ prefix: String) {
    let isOrdered = (after.first ?? before.first)?.schema?.isUserOrdered == true
    let was = Dictionary(before.map { ($0.keys, $0) }, uniquingKeysWith: { first, _ in first })
    let isThere = Set(after.map(\.keys))
    let kept = before.map(\.keys).filter(isThere.contains)
    if isOrdered, !after.map(\.keys).starts(with: kept) {
      emit(text(old, before, prefix), text(new, after, prefix))
      return
    }
    let gone = before.filter { !isThere.contains($0.keys) }
    let all = isOrdered ? gone + after : (gone + after).sorted(by: DataNode.precedes)
    for node in all {
      guard isThere.contains(node.keys) else {
        emit(text(old, [node], prefix), [])
        continue
      }
      guard let other = was[node.keys] else {
        emit([], text(new, [node], prefix))
        continue
      }
      let path = prefix + " " + new.word(for: node) + node.keys.map { " " + $0.asConfigurationWord }.joined()
      compare(other.children.filter { $0.schema?.isKey != true }, node.children.filter { $0.schema?.isKey != true }, prefix: path)
    }
  }
}
