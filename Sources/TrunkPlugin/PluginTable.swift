public import CTandemTrunk

/// The constant C table of a Swift plugin. One global of the plugin's module; immutable once made, so every thread may read it.
public final class PluginTable: @unchecked Sendable {
  public typealias Open = @convention(c) (UnsafeMutablePointer<tt_context>?, tt_bytes) -> OpaquePointer?
  private let table: UnsafeMutablePointer<tt_plugin_v1>

  /// `open` must be written where the type is known, because a C function can not be generic: `{ Example.open($0, $1) }`.
  public init<Plugin: TrunkPlugin>(_ plugin: Plugin.Type, open: Open) {
    table = .allocate(capacity: 1)
    table.initialize(to: tt_plugin_v1())
    table.pointee.abi_major = UInt32(TT_ABI_MAJOR)
    table.pointee.abi_minor = UInt32(TT_ABI_MINOR)
    table.pointee.struct_size = UInt32(MemoryLayout<tt_plugin_v1>.size)
    // A string literal is followed by a NUL.
    table.pointee.id = plugin.identity.id.bytes.data
    table.pointee.version = plugin.identity.version.bytes.data
    table.pointee.description = plugin.identity.description.bytes.data
    table.pointee.open = open
    setLife()
    setHooks(plugin.hooks)
  }

  /// What the entry returns: the table, or `nil` for a host this was not built for.
  public func serve(_ host: UnsafePointer<tt_host_v1>?) -> UnsafePointer<tt_plugin_v1>? {
    guard let host, host.pointee.struct_size >= MemoryLayout<tt_host_v1>.size else { return nil }
    guard (host.pointee.abi_major_min...max(host.pointee.abi_major_min, host.pointee.abi_major_max)).contains(UInt32(TT_ABI_MAJOR)) else { return nil }
    return UnsafePointer(table)
  }

  private func setLife() {
    table.pointee.close = { Unmanaged<Instance>.fromOpaque(UnsafeRawPointer($0!)).release() }
    table.pointee.reconfigure = { instance, settings in
      let owner = Instance.of(instance)
      do throws(SettingsRefused) {
        try owner.plugin.reconfigure(settings: settings.string, host: owner.host)
        return 0
      } catch {
        owner.host.log(.error, error.reason)
        return 1
      }
    }
    table.pointee.describe = { instance, buffer, capacity in
      let text = Array(Instance.of(instance).plugin.describe().utf8)
      guard let buffer else { return Int32(clamping: text.count) }
      for (offset, byte) in text.prefix(capacity).enumerated() { buffer[offset] = CChar(bitPattern: byte) }
      return Int32(clamping: text.count)
    }
  }

  private func setHooks(_ hooks: PluginHooks) {
    if hooks.contains(.requestIn) {
      table.pointee.request_in = { instance, message, now in
        let owner = Instance.of(instance)
        return owner.plugin.requestIn(Message(context: owner.host.context, handle: message), at: now).code
      }
    }
    if hooks.contains(.requestOut) {
      table.pointee.request_out = { instance, message, now in
        let owner = Instance.of(instance)
        return owner.plugin.requestOut(Message(context: owner.host.context, handle: message), at: now).code
      }
    }
    if hooks.contains(.responseIn) {
      table.pointee.response_in = { instance, message, now in
        let owner = Instance.of(instance)
        owner.plugin.responseIn(Message(context: owner.host.context, handle: message), at: now)
      }
    }
    if hooks.contains(.responseOut) {
      table.pointee.response_out = { instance, message, now in
        let owner = Instance.of(instance)
        owner.plugin.responseOut(Message(context: owner.host.context, handle: message), at: now)
      }
    }
    if hooks.contains(.health) { table.pointee.health = { Instance.of($0).plugin.health(HealthFacts($1!.pointee)).code } }
    if hooks.contains(.call) {
      table.pointee.call_event = { instance, event, call, now in
        let named: CallEvent = event == TT_CALL_STARTED ? .started : event == TT_CALL_ANSWERED ? .answered : .ended
        Instance.of(instance).plugin.call(named, id: call, at: now)
      }
    }
    if hooks.contains(.tick) { table.pointee.tick = { Instance.of($0).plugin.tick(at: $1) ?? .max } }
  }
}

extension TrunkPlugin {
  /// What the table's `open` does for this type.
  public static func open(_ context: UnsafeMutablePointer<tt_context>?, _ settings: tt_bytes) -> OpaquePointer? {
    guard let context else { return nil }
    let host = PluginHost(context: context)
    do throws(SettingsRefused) {
      let instance = Instance(try Self(settings: settings.string, host: host), host: host)
      return OpaquePointer(Unmanaged.passRetained(instance).toOpaque())
    } catch {
      host.log(.error, error.reason)
      return nil
    }
  }
}

/// What the host holds as `tt_instance`.
private final class Instance {
  var plugin: any TrunkPlugin
  let host: PluginHost
  init(_ plugin: any TrunkPlugin, host: PluginHost) {
    self.plugin = plugin
    self.host = host
  }
  /// The host only ever hands back what `open` returned.
  static func of(_ pointer: OpaquePointer?) -> Instance {
    Unmanaged<Instance>.fromOpaque(UnsafeRawPointer(pointer!)).takeUnretainedValue()
  }
}

extension tt_bytes {
  fileprivate var string: String { String(decoding: UnsafeRawBufferPointer(start: data, count: data == nil ? 0 : length), as: UTF8.self) }
}
extension Verdict {
  fileprivate var code: Int32 {
    switch self {
    case .pass: TT_PASS
    case .refuse(let status): status
    }
  }
}
extension HealthVerdict {
  fileprivate var code: Int32 {
    switch self {
    case .asHost: TT_HEALTH_DEFAULT
    case .up: TT_HEALTH_UP
    case .lessPreferred: TT_HEALTH_LESS_PREFERRED
    case .down: TT_HEALTH_DOWN
    }
  }
}
extension HealthFacts {
  fileprivate init(_ facts: tt_health_v1) {
    trunk = facts.trunk.string
    consecutiveFailures = facts.consecutive_failures
    now = facts.now
    lastHeard = facts.last_heard == .max ? nil : facts.last_heard
    lastFailed = facts.last_failed == .max ? nil : facts.last_failed
    hostVerdict = facts.host_verdict == TT_HEALTH_LESS_PREFERRED ? .lessPreferred : facts.host_verdict == TT_HEALTH_DOWN ? .down : .up
  }
}
