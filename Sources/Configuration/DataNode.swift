import CYANG

/// A node of a data tree. Valid until its tree changes.
struct DataNode: Hashable {
  let raw: UnsafeMutablePointer<lyd_node>

  init(_ raw: UnsafeMutablePointer<lyd_node>) { self.raw = raw }

  /// `nil`: no loaded module describes it (the node of an absent plugin, or one still to be refused).
  var schema: SchemaNode? { raw.pointee.schema.map { SchemaNode($0) } }
  var name: String { String(cString: raw.pointee.schema?.pointee.name ?? yang_opaque_name(raw)) }
  var moduleName: String {
    if let schema { return schema.moduleName }
    return yang_opaque_module(raw).map { String(cString: $0) } ?? ""
  }
  /// The canonical value of a leaf or leaf-list entry.
  var value: String? { yang_value(raw).map { String(cString: $0) } }
  var isDefault: Bool { yang_is_default(raw) }
  var parent: DataNode? { yang_parent(raw).map { DataNode($0) } }
  var children: Siblings { Siblings(first: yang_child(raw)) }
  /// The key values of a list entry, in the schema's order.
  var keys: [String] {
    children.lazy.prefix { $0.schema?.isKey == true }.map { $0.value ?? "" }
  }

  func child(_ name: String) -> DataNode? { children.named(name).first { _ in true } }
  /// The value of a leaf of the core below this node, set or default.
  func leaf(_ name: String) -> String? { child(name)?.value }
  func leaves(_ name: String) -> [String] { children.named(name).compactMap(\.value) }
  func list(_ name: String) -> [DataNode] { Array(children.named(name)) }
  func flag(_ name: String) -> Bool { leaf(name) == "true" }
  func number(_ name: String) -> Int? { leaf(name).flatMap { Int($0) } }
}

/// Nodes beside each other, from a first one on.
struct Siblings: Sequence {
  let first: UnsafeMutablePointer<lyd_node>?

  struct Iterator: IteratorProtocol {
    var upcoming: UnsafeMutablePointer<lyd_node>?
    mutating func next() -> DataNode? {
      guard let current = upcoming else { return nil }
      upcoming = current.pointee.next
      return DataNode(current)
    }
  }
  func makeIterator() -> Iterator { Iterator(upcoming: first) }

  /// Those of the core module with a name.
  func named(_ name: String) -> some Sequence<DataNode> {
    lazy.filter { node in
      guard let schema = node.raw.pointee.schema else { return false }
      return name.withCString { yang_is_named(schema, $0) } && yang_is_core(schema)
    }
  }
}
