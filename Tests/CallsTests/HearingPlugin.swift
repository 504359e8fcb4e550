import CTandemTrunk

/// A trunk plugin that remembers the methods of the requests it was shown; `describe` says them in order.
enum HearingPlugin {
  nonisolated(unsafe) static let table: UnsafePointer<tt_plugin_v1> = {
    let table = UnsafeMutablePointer<tt_plugin_v1>.allocate(capacity: 1)
    table.initialize(to: PlainPlugin.table.pointee)
    table.pointee.open = { context, _ in
      guard let context else { return nil }
      return OpaquePointer(Unmanaged.passRetained(Memory(context)).toOpaque())
    }
    table.pointee.close = { instance in if let instance { Unmanaged<Memory>.fromOpaque(UnsafeRawPointer(instance)).release() } }
    table.pointee.request_in = { instance, message, _ in
      guard let memory = HearingPlugin.memory(instance) else { return TT_PASS }
      let method = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer -> [UInt8] in
        let length = memory.context.pointee.host.pointee.method(memory.context, message, buffer.baseAddress, buffer.count)
        return buffer.prefix(max(0, min(Int(length), buffer.count))).map { UInt8(bitPattern: $0) }
      }
      memory.heard += method + [0x20]
      return TT_PASS
    }
    table.pointee.describe = { instance, buffer, capacity in
      guard let memory = HearingPlugin.memory(instance), let buffer else { return 0 }
      let text = memory.heard.prefix(capacity)
      for (index, byte) in text.enumerated() { buffer[index] = CChar(bitPattern: byte) }
      return Int32(text.count)
    }
    return UnsafePointer(table)
  }()

  private final class Memory {
    let context: UnsafeMutablePointer<tt_context>
    var heard: [UInt8] = []
    init(_ context: UnsafeMutablePointer<tt_context>) { self.context = context }
  }

  private static func memory(_ instance: OpaquePointer?) -> Memory? {
    instance.map { Unmanaged<Memory>.fromOpaque(UnsafeRawPointer($0)).takeUnretainedValue() }
  }
}
