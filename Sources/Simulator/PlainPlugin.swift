import CTandemTrunk

/// The smallest trunk plugin: opens and closes, edits nothing. What is simulated is the exchange; plugins have their own tests.
enum PlainPlugin {
  /// Written once, then only read; the exchange keeps the pointer.
  nonisolated(unsafe) static let table: UnsafePointer<tt_plugin_v1> = {
    let table = UnsafeMutablePointer<tt_plugin_v1>.allocate(capacity: 1)
    table.initialize(to: tt_plugin_v1())
    table.pointee.abi_major = UInt32(TT_ABI_MAJOR)
    table.pointee.struct_size = UInt32(MemoryLayout<tt_plugin_v1>.size)
    table.pointee.id = text("plain")
    table.pointee.version = text("1.0.0")
    table.pointee.description = text("nothing but open and close")
    table.pointee.open = { _, _ in OpaquePointer(bitPattern: 1) }
    table.pointee.close = { _ in }
    return UnsafePointer(table)
  }()

  private static func text(_ value: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(value.utf8Start).assumingMemoryBound(to: CChar.self)
  }
}
