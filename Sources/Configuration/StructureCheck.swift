import CYANG

/// What must be there and is not, or is there too often: mandatory leaves and choices, least and most numbers of values.
///
/// libyang finds these too, but its message names the place in the schema and not the entry that lacks something, and only the first of them.
struct StructureCheck {
  private let tree: ConfigurationTree
  private var found: [(error: ConfigurationError, node: DataNode)] = []

  static func findings(in tree: ConfigurationTree) -> [(error: ConfigurationError, node: DataNode)] {
    var check = StructureCheck(tree: tree)
    for node in tree.top { check.walk(node) }
    return check.found
  }

  private init(tree: ConfigurationTree) { self.tree = tree }

  private mutating func walk(_ node: DataNode) {
    guard let schema = node.schema, schema.kind == .list || schema.kind == .container else { return }
    let children = Array(node.children)
    let present = Dictionary(grouping: children, by: \.schema)
    for child in tree.context.requirements(below: schema) where applies(child, to: node) {
      let count = present[child]?.count ?? 0
      if child.isMandatory || child.leastElements > 0, count < max(1, child.leastElements) { refuse(node, lacking: child) }
      if child.kind == .leafList || child.kind == .list, count > child.maxElements {
        let error = ConfigurationError(
          node: node.steps.words + " " + child.name, problem: "has \(count) values", accepted: "at most \(child.maxElements)")
        found.append((error, node))
      }
    }
    var choice = yang_next_choice(nil, schema.raw)
    while let current = choice {
      check(SchemaNode(current), below: node, children)
      choice = yang_next_choice(current, schema.raw)
    }
    for child in children { walk(child) }
  }

  /// A plugin's settings are there only for peers of its type.
  private func applies(_ child: SchemaNode, to node: DataNode) -> Bool {
    child.moduleName == YANGContext.coreModule || node.schema?.name == "peer" && node.leaf("type") == child.moduleName
  }

  private mutating func refuse(_ node: DataNode, lacking child: SchemaNode) {
    let accepted = tree.context.acceptance(of: child, existing: tree.existingNames(for: child))
    found.append((ConfigurationError(node: node.steps.words, problem: "needs \(child.name)", accepted: "\(child.name) with " + accepted), node))
  }

  private mutating func check(_ choice: SchemaNode, below node: DataNode, _ children: [DataNode]) {
    let names = tree.context.children(of: node.schema).filter { $0.choice == choice }.map(\.name)
    let taken = children.compactMap(\.schema).filter { $0.choice == choice }.uniqued()
    if taken.isEmpty, choice.isMandatory {
      let error = ConfigurationError(
        node: node.steps.words, problem: "needs " + YANGContext.alternatives(names), accepted: "one of " + names.joined(separator: ", "))
      found.append((error, node))
    }
    if Set(taken.map(\.raw.pointee.parent)).count > 1 {
      let words = taken.map(\.name)
      let error = ConfigurationError(
        node: node.steps.words, problem: "has " + words.joined(separator: " and ") + ", which exclude each other",
        accepted: "one of them: delete \(node.steps.words) \(words.joined(separator: " or delete \(node.steps.words) "))")
      found.append((error, node))
    }
  }
}

extension YANGContext {
  /// Children that must be there or whose number is bounded.
  fileprivate func requirements(below parent: SchemaNode) -> [SchemaNode] {
    children(of: parent).filter { !$0.isKey && ($0.isMandatory || $0.leastElements > 0 || $0.kind == .list || $0.kind == .leafList) }
  }
}

extension SchemaNode {
  fileprivate var leastElements: Int { Int(yang_min_elements(raw)) }

  /// The choice a node is a case of.
  fileprivate var choice: SchemaNode? {
    var above = raw.pointee.parent
    while let node = above {
      if Int32(node.pointee.nodetype) == LYS_CHOICE { return SchemaNode(UnsafePointer(node)) }
      guard Int32(node.pointee.nodetype) == LYS_CASE else { return nil }
      above = node.pointee.parent
    }
    return nil
  }
}
