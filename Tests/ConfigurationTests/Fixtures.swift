import Configuration
import Glibc

/// Files of the repository that tests read.
enum Fixtures {
  /// The folder that holds Package.swift.
  static var root: String {
    String(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/"))
  }

  static func read(_ path: String) throws -> String {
    guard let file = fopen(root + "/" + path, "r") else { throw Missing(path: path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }

  struct Missing: Error { var path: String }

  static func example(_ name: String) throws -> String { try read("rootfs-overlay/usr/share/tandem/examples/" + name) }

  /// Three plugins of which two have settings, one word of them the same.
  static let plugins = [
    YANGContext.PluginModule(
      id: "itsp",
      text: module(
        "itsp",
        "leaf registrar { type t:host; description \"Where we register.\"; } leaf profile { type enumeration { enum generic; enum teams; } default generic; }")),
    YANGContext.PluginModule(
      id: "ip-pbx",
      text: module("ip-pbx", "leaf profile { type string; } leaf-list dialect { type string; ordered-by user; } container hold { leaf style { type string; } }")
    ),
    YANGContext.PluginModule(id: "pstn-gateway", text: ""),
  ]

  static func module(_ id: String, _ body: String) -> String {
    """
    module \(id) {
      yang-version 1.1; namespace "urn:test:\(id)"; prefix p;
      import tandem { prefix t; }
      augment "/t:peer" { when "t:type = '\(id)'"; \(body) }
    }
    """
  }

  static func context() throws -> YANGContext { try YANGContext(plugins: plugins) }

  static func tree(_ lines: String, _ context: YANGContext? = nil) throws -> ConfigurationTree {
    let tree = ConfigurationTree(try context ?? Fixtures.context())
    try tree.apply(lines: lines)
    return tree
  }
}
