import CYANG
import CYANGModules

/// The schema: the core YANG modules, compiled into the program, and those of the trunk plugins, handed in as text. No file is ever read.
///
/// It wraps a libyang context and what is asked of it again and again: children by name, the sentence that says what a type accepts.
/// libyang keeps its errors per context and thread, so a context and every tree made from it belong to one thread at a time; the classes are
/// not `Sendable` and the compiler keeps them where they are. When a plugin comes or goes a new context is made and the trees are carried over
/// as JSON.
public final class YANGContext {
  /// A trunk plugin's id and the text of its module. An empty text is a plugin without settings of its own.
  public struct PluginModule: Sendable, Equatable {
    public var id: String
    public var text: String
    public init(id: String, text: String) {
      self.id = id
      self.text = text
    }
  }

  /// The plugins whose peers can be served: those handed in, less those in `refused`.
  public let pluginIDs: [String]
  /// Plugins whose module does not compile against ours, with the reason.
  public let refused: [ConfigurationError]

  let raw: OpaquePointer
  let core: UnsafePointer<lys_module>
  private let modules: [UnsafePointer<lys_module>]
  private var childrenCache: [UnsafePointer<lysc_node>?: [SchemaNode]] = [:]
  private var namesCache: [UnsafePointer<lysc_node>?: [String: [SchemaNode]]] = [:]
  private lazy var typePhrases = collectTypePhrases()

  /// The module whose nodes are written without a prefix.
  static let coreModule = "tandem"

  /// libyang must store its messages instead of printing them; the switch is the process's.
  private static let quiet: Void = { _ = ly_log_options(UInt32(LY_LOSTORE)) }()

  public init(plugins: [PluginModule] = []) throws(ConfigurationError) {
    _ = Self.quiet
    var created: OpaquePointer?
    let options = LY_CTX_NO_YANGLIBRARY | LY_CTX_DISABLE_SEARCHDIRS | LY_CTX_SET_PRIV_PARSED
    guard ly_ctx_new(nil, UInt16(options), &created) == LY_SUCCESS, let context = created else {
      throw ConfigurationError(node: "", problem: "the YANG library gave no context: out of memory")
    }
    ly_ctx_set_module_imp_clb(
      context,
      { name, _, submodule, _, _, format, text, free in
        guard let wanted = submodule ?? name, let found = tandem_yang_text(wanted) else { return LY_ENOTFOUND }
        format?.pointee = LYS_IN_YANG
        text?.pointee = found
        free?.pointee = nil
        return LY_SUCCESS
      }, nil)
    var module: UnsafeMutablePointer<lys_module>?
    guard lys_parse_mem(context, tandem_yang_text(Self.coreModule), LYS_IN_YANG, &module) == LY_SUCCESS, let core = module else {
      let message = Self.takeMessages(of: context).map(\.text).joined(separator: "; ")
      ly_ctx_destroy(context)
      throw ConfigurationError(node: "", problem: "the core YANG module does not compile: " + message)
    }
    raw = context
    self.core = UnsafePointer(core)
    var loaded = [UnsafePointer(core)]
    var served: [String] = []
    var refused: [ConfigurationError] = []
    for plugin in plugins {
      switch Self.load(plugin, into: context) {
      case .success(let module):
        if let module { loaded.append(module) }
        served.append(plugin.id)
      case .failure(let error): refused.append(error)
      }
    }
    modules = loaded
    pluginIDs = served
    self.refused = refused
  }

  deinit { ly_ctx_destroy(raw) }

  private static func load(_ plugin: PluginModule, into context: OpaquePointer) -> Result<UnsafePointer<lys_module>?, ConfigurationError> {
    if plugin.text.allSatisfy(\.isWhitespace) { return .success(nil) }
    var module: UnsafeMutablePointer<lys_module>?
    guard lys_parse_mem(context, plugin.text, LYS_IN_YANG, &module) == LY_SUCCESS, let module else {
      let messages = takeMessages(of: context)
      let why = messages.map { $0.path.isEmpty ? $0.text : "\($0.text) (\($0.path))" }.joined(separator: "; ")
      return .failure(
        ConfigurationError(
          node: "plugin " + plugin.id, problem: "its YANG module is refused: " + why,
          accepted: "a YANG 1.1 module that augments /t:peer or /t:trunk-configuration of module tandem"))
    }
    return .success(UnsafePointer(module))
  }

  // MARK: messages

  struct Message {
    var text: String
    /// As libyang words it, with `Data location` and a line number.
    var path: String
    var tag: String?
  }

  func takeMessages() -> [Message] { Self.takeMessages(of: raw) }

  private static func takeMessages(of context: OpaquePointer) -> [Message] {
    var found: [Message] = []
    var item = ly_err_first(context)
    while let current = item {
      if current.pointee.level == LY_LLERR {
        found.append(
          Message(
            text: current.pointee.msg.map { String(cString: $0) } ?? "", path: current.pointee.path.map { String(cString: $0) } ?? "",
            tag: current.pointee.apptag.map { String(cString: $0) }))
      }
      item = current.pointee.next.map { UnsafeMutablePointer($0) }
    }
    ly_err_clean(context, nil)
    return found
  }

  // MARK: the schema walk

  /// The data nodes below a node, or at the top: the core's first, then the plugins', each in the order of its module.
  func children(of parent: SchemaNode?) -> [SchemaNode] {
    if let known = childrenCache[parent?.raw] { return known }
    var found: [SchemaNode] = []
    func collect(_ module: UnsafePointer<lysc_module>?) {
      var last: UnsafePointer<lysc_node>?
      while let next = lys_getnext(last, parent?.raw, module, 0) {
        last = UnsafePointer(next)
        let node = SchemaNode(UnsafePointer(next))
        if node.kind != nil, node.isConfiguration { found.append(node) }
      }
    }
    if parent == nil {
      for module in modules { collect(UnsafePointer(module.pointee.compiled)) }
    } else {
      collect(nil)
    }
    childrenCache[parent?.raw] = found
    return found
  }

  /// Children with a name; more than one when plugins use the same word.
  func children(of parent: SchemaNode?, named name: String) -> [SchemaNode] {
    if let known = namesCache[parent?.raw] { return known[name] ?? [] }
    let byName = Dictionary(grouping: children(of: parent), by: \.name)
    namesCache[parent?.raw] = byName
    return byName[name] ?? []
  }

  func keys(of list: SchemaNode) -> [SchemaNode] { children(of: list).filter(\.isKey) }

  func isLoaded(module name: String) -> Bool { modules.contains { String(cString: $0.pointee.name) == name } }

  func defaultValue(of node: SchemaNode) -> String? { yang_default(raw, node.raw).map { String(cString: $0) } }

  /// The phrase a typedef of the core gives for what it accepts.
  func phrase(forTypeOf node: SchemaNode) -> String? {
    guard let name = yang_type_name(node.raw) else { return nil }
    let text = String(cString: name)
    return typePhrases[text.split(separator: ":").last.map(String.init) ?? text]
  }

  private func collectTypePhrases() -> [String: String] {
    var phrases: [String: String] = [:]
    func collect(_ typedefs: UnsafeMutablePointer<lysp_tpdf>?) {
      for index in 0..<yang_count(typedefs) {
        guard let type = typedefs?[index], let name = type.name, let phrase = type.dsc else { continue }
        phrases[String(cString: name)] = String(cString: phrase)
      }
    }
    guard let parsed = core.pointee.parsed else { return phrases }
    collect(parsed.pointee.typedefs)
    for index in 0..<yang_count(parsed.pointee.includes) {
      if let submodule = parsed.pointee.includes?[index].submodule { collect(submodule.pointee.typedefs) }
    }
    return phrases
  }

  /// The tree of the core module as people draw it (RFC 8340), for the checked-in documentation.
  func drawnTree() -> String {
    var text: UnsafeMutablePointer<CChar>?
    guard lys_print_mem(&text, core, LYS_OUT_TREE, 0) == LY_SUCCESS, let text else { return "" }
    defer { yang_free(text) }
    return String(cString: text)
  }
}
