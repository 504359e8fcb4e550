import Glibc

/// A trunk plugin's shared library, loaded for good: Swift libraries can not be unmapped (the runtime keeps pointers into them), so RTLD_NODELETE pins every one and there is no unload.
/// What is behind the entry symbol is the caller's business; here it is an address.
public struct PluginLibrary: @unchecked Sendable {  // the address of code, immutable
  public static let entrySymbol = "tandem_trunk_entry_v1"

  public let path: String
  public let entry: UnsafeMutableRawPointer

  public struct LoadError: Error, Sendable, CustomStringConvertible {
    public let path: String
    public let reason: String
    public let advice: String
    public var description: String { "plugin \(path): \(reason); \(advice)" }
  }

  public init(path: String) throws(LoadError) {
    self.path = path
    // Without a slash dlopen would search the system's folders.
    guard path.utf8.contains(UInt8(ascii: "/")) else {
      throw LoadError(path: path, reason: "not a path with a folder", advice: "write ./\(path)")
    }
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
      throw LoadError(path: path, reason: PluginLibrary.lastError(), advice: "`file \(path)` and `ldd \(path)` show what it is and what it misses")
    }
    guard let symbol = dlsym(handle, PluginLibrary.entrySymbol) else {
      throw LoadError(
        path: path, reason: "no symbol \(PluginLibrary.entrySymbol)", advice: "it is no trunk plugin, or was built for another version of tandem_trunk.h")
    }
    entry = symbol
  }

  private static func lastError() -> String {
    guard let text = dlerror() else { return "dlopen failed" }
    return String(cString: text)
  }
}
