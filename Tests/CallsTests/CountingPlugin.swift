import CTandemTrunk

/// A trunk plugin that counts what it is told of calls; `describe` says started, answered and ended.
enum CountingPlugin {
  nonisolated(unsafe) static let table: UnsafePointer<tt_plugin_v1> = {
    let table = UnsafeMutablePointer<tt_plugin_v1>.allocate(capacity: 1)
    table.initialize(to: PlainPlugin.table.pointee)
    table.pointee.open = { _, _ in
      let counts = UnsafeMutablePointer<Int32>.allocate(capacity: 3)
      counts.initialize(repeating: 0, count: 3)
      return OpaquePointer(counts)
    }
    table.pointee.close = { instance in if let instance { UnsafeMutablePointer<Int32>(instance).deallocate() } }
    table.pointee.call_event = { instance, event, _, _ in
      guard let instance, (0...2).contains(event) else { return }
      UnsafeMutablePointer<Int32>(instance)[Int(event)] += 1
    }
    table.pointee.describe = { instance, buffer, capacity in
      guard let instance, let buffer else { return 0 }
      let counts = UnsafeMutablePointer<Int32>(instance)
      let text = Array("\(counts[0]) \(counts[1]) \(counts[2])".utf8.prefix(capacity))
      for (index, byte) in text.enumerated() { buffer[index] = CChar(bitPattern: byte) }
      return Int32(text.count)
    }
    return UnsafePointer(table)
  }()
}
