import CTandemTrunk

/// A trunk plugin that writes `X-Plugin: seen` into every request and response it is shown on its way out.
enum MarkingPlugin {
  nonisolated(unsafe) static let table: UnsafePointer<tt_plugin_v1> = {
    let table = UnsafeMutablePointer<tt_plugin_v1>.allocate(capacity: 1)
    table.initialize(to: PlainPlugin.table.pointee)
    table.pointee.open = { context, _ in context.map { OpaquePointer($0) } }
    table.pointee.request_out = { instance, message, _ in
      MarkingPlugin.mark(instance, message)
      return TT_PASS
    }
    table.pointee.response_out = { instance, message, _ in MarkingPlugin.mark(instance, message) }
    return UnsafePointer(table)
  }()

  private static func mark(_ instance: OpaquePointer?, _ message: tt_message) {
    guard let instance else { return }
    let context = UnsafeMutablePointer<tt_context>(instance)
    _ = context.pointee.host.pointee.set_header(context, message, bytes("X-Plugin"), bytes("seen"))
  }

  private static func bytes(_ text: StaticString) -> tt_bytes {
    tt_bytes(data: UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self), length: text.utf8CodeUnitCount)
  }
}
