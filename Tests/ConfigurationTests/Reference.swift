@testable import Configuration

/// docs/reference.md: every node of the model with what it accepts, its default and its description, drawn from the compiled schema.
struct Reference {
  let context: YANGContext

  /// How the names of a list stand in a heading.
  private static let placeholder = ["name": "NAME", "scope": "SCOPE", "prefix": "PREFIX", "number": "N", "trunk": "TRUNK"]

  func text() -> String {
    var out = """
      # Reference of the configuration

      Every node, what it accepts, its default and what it does. Drawn from the YANG modules; the tree alone is in
      [yang-tree.txt](yang-tree.txt), what the words mean together in the [operator's guide](operators-guide.md). Nodes marked *not in effect
      yet* are accepted, checked and kept by `commit`, and change nothing so far.

      """
    for node in context.children(of: nil) { section(node, level: "##", &out) }
    return out
  }

  private func section(_ node: SchemaNode, level: String, _ out: inout String) {
    let keys = node.kind == .list ? context.keys(of: node).map { " " + (Self.placeholder[$0.name] ?? $0.name.uppercased()) }.joined() : ""
    let values = node.kind == .leafList ? " VALUE" : ""
    out += "\n\(level) `\(node.path)\(keys)\(values)`\n\n"
    out += (WithoutEffect.contains(node) ? "*Not in effect yet.* " : "") + node.summary + "\n"
    var rows: [SchemaNode] = []
    var lists: [SchemaNode] = []
    func collect(_ parent: SchemaNode) {
      for child in context.children(of: parent) {
        switch child.kind {
        case .container: collect(child)
        case .list: lists.append(child)
        default: rows.append(child)
        }
      }
    }
    if node.kind == .leaf || node.kind == .leafList { rows = [node] } else { collect(node) }
    if !rows.isEmpty { out += "\n| leaf | accepts | default | what it does |\n| --- | --- | --- | --- |\n" }
    for leaf in rows { row(leaf, below: node, &out) }
    for list in lists { section(list, level: level + "#", &out) }
  }

  private func row(_ leaf: SchemaNode, below node: SchemaNode, _ out: inout String) {
    let name = leaf == node ? leaf.name : String(leaf.path.dropFirst(node.path.utf8.count + 1))
    let marks = (leaf.kind == .leafList ? " (several\(leaf.isUserOrdered ? ", in order" : ""))" : "") + (leaf.isMandatory || leaf.isKey ? " (needed)" : "")
    let plugin = leaf.moduleName == YANGContext.coreModule ? "" : " of type `\(leaf.moduleName)`"
    let meanings = context.choices(of: leaf).filter { !$0.summary.isEmpty }.map { "`\($0.word)`: \(joined($0.summary))" }
    let waits = !WithoutEffect.contains(node) && WithoutEffect.contains(leaf) ? "*Not in effect yet.* " : ""
    let says = ([waits + leaf.summary] + meanings).joined(separator: " ")
    let fallback = context.defaultValue(of: leaf).map { "`\($0)`" } ?? ""
    out += "| `\(name)`\(plugin)\(marks) | \(cell(context.acceptance(of: leaf))) | \(fallback) | \(cell(says)) |\n"
  }

  private func joined(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
  private func cell(_ text: String) -> String { text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }
}
