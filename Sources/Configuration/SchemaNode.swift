import CYANG

/// A node of the compiled YANG schema. Valid as long as the `YANGContext` it comes from.
struct SchemaNode: Hashable {
  enum Kind { case container, list, leaf, leafList }

  let raw: UnsafePointer<lysc_node>

  init(_ raw: UnsafePointer<lysc_node>) { self.raw = raw }

  var name: String { String(cString: raw.pointee.name) }
  var moduleName: String { String(cString: raw.pointee.module.pointee.name) }
  var module: UnsafePointer<lys_module> { UnsafePointer(raw.pointee.module) }
  var summary: String { raw.pointee.dsc.map { Self.joinedLines(String(cString: $0)) } ?? "" }
  var parent: SchemaNode? {
    var node = raw.pointee.parent
    // Choices and cases are not data: they have no word.
    while let candidate = node, Int32(candidate.pointee.nodetype) & (LYS_CHOICE | LYS_CASE) != 0 { node = candidate.pointee.parent }
    return node.map { SchemaNode(UnsafePointer($0)) }
  }

  /// `nil`: something configuration never holds (an action, a notification).
  var kind: Kind? {
    switch Int32(raw.pointee.nodetype) {
    case LYS_CONTAINER: .container
    case LYS_LIST: .list
    case LYS_LEAF: .leaf
    case LYS_LEAFLIST: .leafList
    default: nil
    }
  }
  var isKey: Bool { kind == .leaf && Int32(raw.pointee.flags) & LYS_KEY != 0 }
  var isConfiguration: Bool { Int32(raw.pointee.flags) & LYS_CONFIG_W != 0 }
  var isMandatory: Bool { Int32(raw.pointee.flags) & LYS_MAND_TRUE != 0 }
  var isPresenceContainer: Bool { kind == .container && Int32(raw.pointee.flags) & LYS_PRESENCE != 0 }
  var isUserOrdered: Bool {
    (kind == .list || kind == .leafList) && Int32(raw.pointee.flags) & LYS_ORDBY_USER != 0
  }
  /// An empty leaf has no value: its name alone sets it.
  var isEmptyType: Bool { kind == .leaf && type?.pointee.basetype == LY_TYPE_EMPTY }
  var type: UnsafePointer<lysc_type>? { yang_type(raw) }
  var units: String? { yang_units(raw).map { String(cString: $0) } }
  var maxElements: Int { Int(yang_max_elements(raw)) }

  /// The words from the top to here without keys.
  var path: String { (parent.map { $0.path + " " } ?? "") + name }

  private static func joinedLines(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
