import CTandemTrunk

/// The host's side of one instance: settings, log and alarms. Valid while the instance lives, and only used from inside its hooks.
public struct PluginHost {
  let context: UnsafeMutablePointer<tt_context>
  var functions: tt_host_v1 { context.pointee.host.pointee }

  /// A leaf of this plugin's module below the peer: `profile`, `timers/retry`; `index` counts the values of a leaf-list. `nil`: not set.
  public func setting(_ path: String, _ index: UInt32 = 0) -> String? {
    let found = path.withBytes { path in
      collect { functions.setting(context, path, index, $0, $1) }
    }
    return found.map { String(decoding: $0, as: UTF8.self) }
  }

  public enum LogLevel: Int32, Sendable { case error = 3, warning, notice, info }
  public func log(_ level: LogLevel, _ text: String) {
    text.withBytes { functions.log(context, level.rawValue, $0) }
  }

  /// Shown with the peer until cleared; the same name replaces its text.
  public func raiseAlarm(_ name: String, _ text: String) {
    name.withBytes { name in text.withBytes { _ = functions.raise_alarm(context, name, $0) } }
  }
  public func clearAlarm(_ name: String) {
    name.withBytes { _ = functions.clear_alarm(context, $0) }
  }
}

extension PluginHost {
  /// Has the peer asked with OPTIONS whether it is alive, on one trunk or on all; false: there is no such trunk, or `options-interval` is 0.
  @discardableResult
  public func sendOptions(trunk: String = "") -> Bool { trunk.withBytes { functions.send_options(context, $0) } == TT_OK }
}

/// Reads a host function's bytes: once into a buffer that holds nearly everything, again only when the text is longer.
func collect(_ read: (UnsafeMutablePointer<CChar>?, Int) -> Int32) -> [UInt8]? {
  var length: Int32 = 0
  func fill(_ capacity: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      length = buffer.withMemoryRebound(to: CChar.self) { read($0.baseAddress, capacity) }
      count = max(0, min(Int(length), capacity))
    }
  }
  let first = fill(128)
  guard length >= 0 else { return nil }
  return Int(length) <= 128 ? first : fill(Int(length))
}

extension String {
  func withBytes<R>(_ body: (tt_bytes) -> R) -> R {
    var copy = self
    return copy.withUTF8 { text in
      text.withMemoryRebound(to: CChar.self) { body(tt_bytes(data: $0.baseAddress, length: $0.count)) }
    }
  }
}
extension StaticString {
  /// Names written in a plugin's source cost nothing to pass.
  var bytes: tt_bytes {
    tt_bytes(data: UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self), length: utf8CodeUnitCount)
  }
}
extension [UInt8] {
  func withBytes<R>(_ body: (tt_bytes) -> R) -> R {
    withUnsafeBufferPointer { bytes in
      bytes.withMemoryRebound(to: CChar.self) { body(tt_bytes(data: $0.baseAddress, length: $0.count)) }
    }
  }
}
