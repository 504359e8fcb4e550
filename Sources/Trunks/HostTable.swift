import CTandemTrunk
import SIP

/// The host's functions as plugins see them (`tt_host_v1` in tandem_trunk.h): the one constant table of the process, handed to every
/// plugin's entry.
///
/// Each function finds its instance through the context, checks that the handle is the message of the hook that runs now,
/// reads bounded bytes, and answers with a value: nothing a plugin passes here can trap, short of pointers that point nowhere.
enum HostTable {
  /// Lives as long as the process; immutable after it is made.
  nonisolated(unsafe) static let pointer: UnsafePointer<tt_host_v1> = {
    let table = UnsafeMutablePointer<tt_host_v1>.allocate(capacity: 1)
    table.initialize(to: make())
    return UnsafePointer(table)
  }()

  private static func make() -> tt_host_v1 {
    var table = tt_host_v1()
    table.struct_size = UInt32(MemoryLayout<tt_host_v1>.size)
    table.abi_major_min = PluginCheck.supportedMajor
    table.abi_major_max = PluginCheck.supportedMajor
    table.abi_minor = UInt32(TT_ABI_MINOR)
    table.version = version
    addMessageFunctions(to: &table)
    addURIFunctions(to: &table)
    addInstanceFunctions(to: &table)
    return table
  }
  private static var version: UnsafePointer<CChar> {
    let text: StaticString = "tandem"
    return UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  private static func addMessageFunctions(to table: inout tt_host_v1) {
    table.method = { context, message, buffer, capacity in
      read(context, message) { copy($0.pointee.method.token, to: buffer, capacity) }
    }
    table.status = { context, message in
      read(context, message) { $0.pointee.isRequest ? 0 : Int32(clamping: $0.pointee.status) }
    }
    table.set_status = { context, message, status, reason in
      edit(context, message) { $0.setStatus(Int(status), reason: reason.array) }
    }
    table.header = { context, message, name, index, buffer, capacity in
      read(context, message) { pointer in
        guard let value = pointer.pointee.value(of: name.array, index) else { return TT_ABSENT }
        return copy(value, to: buffer, capacity)
      }
    }
    table.set_header = { context, message, name, value in
      edit(context, message) { $0.setHeader(name.array, value.array) }
    }
    table.add_header = { context, message, name, value in
      edit(context, message) { $0.addHeader(name.array, value.array) }
    }
    table.remove_header = { context, message, name in
      edit(context, message) { $0.removeHeader(name.array) }
    }
  }

  private static func addURIFunctions(to table: inout tt_host_v1) {
    table.part = { context, message, header, part, buffer, capacity in
      read(context, message) { pointer in
        switch pointer.pointee.address(header.array) {
        case .not(let code): code
        case .address(let address): address.part(part).map { copy($0, to: buffer, capacity) } ?? TT_ABSENT
        }
      }
    }
    table.set_part = { context, message, header, part, value in
      edit(context, message) { target in
        target.editAddress(header.array) { $0.setPart(part, value.array) }
      }
    }
    table.uri_parameter = { context, message, header, name, buffer, capacity in
      read(context, message) { pointer in
        switch pointer.pointee.address(header.array) {
        case .not(let code): code
        case .address(let address): address.parameter(name.array[...]).map { copy($0, to: buffer, capacity) } ?? TT_ABSENT
        }
      }
    }
    table.set_uri_parameter = { context, message, header, name, value in
      edit(context, message) { target in
        target.editAddress(header.array) { $0.setParameter(name.array[...], value.array) }
      }
    }
    table.remove_uri_parameter = { context, message, header, name in
      edit(context, message) { target in
        target.editAddress(header.array) { $0.removeParameter(name.array[...]) }
      }
    }
  }

  private static func addInstanceFunctions(to table: inout tt_host_v1) {
    table.trunk = { context, message, buffer, capacity in
      guard let host = live(context, message) else { return TT_DEAD }
      return copy(host.currentTrunk, to: buffer, capacity)
    }
    table.setting = { context, path, index, buffer, capacity in
      guard let host = owner(of: context) else { return TT_DEAD }
      return host.settings.value(path.array, index).map { copy($0, to: buffer, capacity) } ?? TT_ABSENT
    }
    table.trunk_setting = { context, message, path, index, buffer, capacity in
      guard let host = live(context, message) else { return TT_DEAD }
      return host.currentTrunkSettings?.value(path.array, index).map { copy($0, to: buffer, capacity) } ?? TT_ABSENT
    }
    table.log = { context, level, text in owner(of: context)?.log(level: level, text.array) }
    table.raise_alarm = { context, name, text in
      guard let host = owner(of: context) else { return TT_DEAD }
      return (host.raiseAlarm(name.array, text.array) ? TT_OK : TT_REFUSED)
    }
    table.clear_alarm = { context, name in
      guard let host = owner(of: context) else { return TT_DEAD }
      return (host.clearAlarm(name.array) ? TT_OK : TT_ABSENT)
    }
    table.send_options = { context, trunk in owner(of: context)?.wish(options: trunk.array) ?? TT_DEAD }
  }
}

/// The instance a context belongs to; `nil` after it closed.
private func owner(of context: UnsafeMutablePointer<tt_context>?) -> PluginInstance? {
  guard let cell = context?.pointee.reserved else { return nil }
  return Unmanaged<PluginInstance>.fromOpaque(cell).takeUnretainedValue()
}

/// The instance, if this handle is the message of the hook that runs now.
private func live(_ context: UnsafeMutablePointer<tt_context>?, _ message: tt_message) -> PluginInstance? {
  guard let host = owner(of: context) else { return nil }
  guard host.current != nil, host.handle == message else {
    host.watch.deadHandles &+= 1
    return nil
  }
  return host
}

private func read(
  _ context: UnsafeMutablePointer<tt_context>?, _ message: tt_message, _ body: (UnsafeMutablePointer<SIPMessage>) -> Int32
) -> Int32 {
  guard let pointer = live(context, message)?.current else { return TT_DEAD }
  return body(pointer)
}

private func edit(
  _ context: UnsafeMutablePointer<tt_context>?, _ message: tt_message, _ body: (inout MessageEdit) -> Int32
) -> Int32 {
  guard let host = live(context, message), let pointer = host.current else { return TT_DEAD }
  guard host.editsLeft > 0 else {
    host.watch.refusedEdits &+= 1
    return TT_REFUSED
  }
  host.editsLeft -= 1
  var target = MessageEdit(message: pointer)
  let answer = body(&target)
  if answer == TT_REFUSED || answer == TT_MALFORMED || answer == TT_WRONG_KIND { host.watch.refusedEdits &+= 1 }
  return answer
}

/// Writes at most `capacity` bytes; the whole length is the answer.
private func copy(_ bytes: some Collection<UInt8>, to buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Int32 {
  if let buffer, capacity > 0 {
    var offset = 0
    for byte in bytes.prefix(capacity) {
      buffer[offset] = CChar(bitPattern: byte)
      offset += 1
    }
  }
  return Int32(clamping: bytes.count)
}
