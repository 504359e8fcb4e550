import CTandemTrunk

/// A trunk plugin that refuses every request at its arrival with 403.
enum UnwillingPlugin {
  nonisolated(unsafe) static let table: UnsafePointer<tt_plugin_v1> = {
    let table = UnsafeMutablePointer<tt_plugin_v1>.allocate(capacity: 1)
    table.initialize(to: PlainPlugin.table.pointee)
    table.pointee.request_in = { _, _, _ in 403 }
    return UnsafePointer(table)
  }()
}
