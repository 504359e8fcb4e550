import CTandemTrunk

/// Why a plugin's table can not be used. The text names the plugin, the value, the rule and what to do.
public struct PluginRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// What is checked about a plugin's table before any function of it is called.
///
/// Only fields that every major version keeps at their place (`abi_major`, `struct_size`) are read before the version is known
/// to be ours. Strings are read up to their bound, so a missing NUL is found and not followed.
enum PluginCheck {
  static let supportedMajor = UInt32(TT_ABI_MAJOR)

  /// `file`: for the message only.
  static func verify(_ table: UnsafePointer<tt_plugin_v1>?, file: String) throws(PluginRefusal) {
    guard let table else {
      throw PluginRefusal(description: "plugin \(file): its entry returned nothing: it does not support this host (ABI \(TT_ABI_MAJOR).\(TT_ABI_MINOR))")
    }
    let major = table.pointee.abi_major
    guard major == supportedMajor else {
      throw PluginRefusal(
        description: "plugin \(file): built for ABI major \(major), this version supports \(supportedMajor): build it with the tandem_trunk.h of this version")
    }
    let size = Int(table.pointee.struct_size)
    guard size >= MemoryLayout<tt_plugin_v1>.size else {
      throw PluginRefusal(
        description: "plugin \(file): its table states \(size) bytes, ABI 1.0 has \(MemoryLayout<tt_plugin_v1>.size): set struct_size = sizeof(tt_plugin_v1)")
    }
    guard let id = text(table.pointee.id, limit: 32), isIdentifier(id) else {
      throw PluginRefusal(description: "plugin \(file): its id is missing or is not [a-z][a-z0-9-]*, at most 32 bytes")
    }
    guard let version = text(table.pointee.version, limit: 32), !version.isEmpty, text(table.pointee.description, limit: 200) != nil else {
      throw PluginRefusal(description: "plugin \(file) (id \(id)): version (at most 32 bytes) or description (at most 200) is missing or too long")
    }
    guard table.pointee.open != nil, table.pointee.close != nil else {
      throw PluginRefusal(description: "plugin \(file) (id \(id)): `open` and `close` must be set")
    }
  }

  /// The identity of a table that `verify` accepted.
  static func identity(of table: UnsafePointer<tt_plugin_v1>) -> (id: String, version: String, description: String) {
    (
      text(table.pointee.id, limit: 32) ?? "", text(table.pointee.version, limit: 32) ?? "",
      text(table.pointee.description, limit: 200) ?? ""
    )
  }

  /// `nil`: no NUL within `limit` + 1 bytes, or a control character.
  private static func text(_ pointer: UnsafePointer<CChar>?, limit: Int) -> String? {
    guard let pointer else { return nil }
    var bytes: [UInt8] = []
    for offset in 0...limit {
      let byte = UInt8(bitPattern: pointer[offset])
      if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
      guard byte >= 0x20 else { return nil }
      bytes.append(byte)
    }
    return nil
  }

  private static func isIdentifier(_ id: String) -> Bool {
    let isLetter: (UInt8) -> Bool = { (0x61...0x7A).contains($0) }
    guard let first = id.utf8.first, isLetter(first) else { return false }
    return id.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
  }
}
