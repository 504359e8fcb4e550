import CTandemTrunk
import SIP
import Timing

/// One instance of a plugin: the peer it serves, what the plugin called it, and the host's side of it while a hook runs.
///
/// The plugin holds two things of ours. `context` is a small cell, emptied when the plugin's `close` has returned and freed with this object. A message handle is a number that changes with each hook; `current` points to the caller's
/// message only while the hook runs. Both are checked in `HostTable`, which is how a plugin that breaks its rules gets TT_DEAD.
final class PluginInstance {
  let table: tt_plugin_v1
  let watch: PluginWatch
  let peer: String
  private let context: UnsafeMutablePointer<tt_context>
  private let clock: (() -> Instant)?
  private(set) var instance: OpaquePointer?

  private(set) var settings: PluginSettings
  private var document: String
  /// By trunk name; the leaves of the trunk-configuration in force there.
  private var trunkSettings: [[UInt8]: PluginSettings]
  /// By trunk index.
  private var trunkNames: [Int: [UInt8]]
  private var isAsked: Bool

  // While a hook runs.
  private(set) var current: UnsafeMutablePointer<SIPMessage>?
  private(set) var handle: tt_message = 0
  private var trunk = -1
  var editsLeft = 0

  private(set) var alarms: [(name: String, text: String)] = []
  private(set) var notes: [PluginNote] = []
  /// Trunks that the plugin wants to be asked with OPTIONS, by name; an empty name is all of them.
  private(set) var wishes: [[UInt8]] = []
  var nextTick: Instant? = Instant(nanoseconds: 0)
  /// The plugin did not take over the last settings.
  var isStale = false

  struct Setup {
    var peer: String
    var settings: PluginSettings
    var document: String
    var trunkSettings: [[UInt8]: PluginSettings]
    var trunkNames: [Int: [UInt8]]
    /// Whether the configuration lets OPTIONS be sent to the peer.
    var isAsked: Bool
  }

  init(_ table: UnsafePointer<tt_plugin_v1>, watch: PluginWatch, setup: Setup, clock: (() -> Instant)?) {
    self.table = table.pointee
    self.watch = watch
    self.clock = clock
    peer = setup.peer
    settings = setup.settings
    document = setup.document
    trunkSettings = setup.trunkSettings
    trunkNames = setup.trunkNames
    isAsked = setup.isAsked
    context = .allocate(capacity: 1)
    context.initialize(to: tt_context(host: HostTable.pointer, reserved: nil))
    context.pointee.reserved = Unmanaged.passUnretained(self).toOpaque()
    instance = document.withBytes { self.table.open(context, $0) }
    if self.table.tick == nil { nextTick = nil }
  }

  deinit {
    close()
    context.deinitialize(count: 1)
    context.deallocate()
  }

  /// Name and settings of the trunk of the message in the running hook.
  var currentTrunk: [UInt8] { trunkNames[trunk] ?? [] }
  var currentTrunkSettings: PluginSettings? { trunkSettings[currentTrunk] }

  /// The last line the plugin logged as an error while it opened; why it is down.
  var refusal: String {
    notes.last { $0.level == TT_LOG_ERROR }?.text ?? "the plugin gave no reason"
  }

  func close() {
    guard let instance else { return }
    table.close(instance)
    self.instance = nil
    alarms = []
    wishes = []
    context.pointee.reserved = nil
  }

  /// Hands over new settings; false when the plugin has no `reconfigure` and must be opened anew.
  func reconfigure(_ setup: Setup) -> Bool {
    trunkNames = setup.trunkNames
    isAsked = setup.isAsked
    guard setup.document != document, let instance else {
      isStale = false
      return true
    }
    guard let reconfigure = table.reconfigure else { return false }
    let old = (settings, trunkSettings)
    (settings, trunkSettings) = (setup.settings, setup.trunkSettings)
    isStale = setup.document.withBytes { reconfigure(instance, $0) } != 0
    if isStale { (settings, trunkSettings) = old } else { document = setup.document }
    return true
  }

  /// Runs a hook with a live handle for `message`.
  @inline(__always)
  func show<R>(_ message: inout SIPMessage, trunk: Int, at now: Instant, _ hook: (OpaquePointer, tt_message) -> R) -> R? {
    guard let instance else { return nil }
    handle &+= 1
    self.trunk = trunk
    editsLeft = TrunkLimits.editsPerHook
    return withUnsafeMutablePointer(to: &message) { pointer in
      current = pointer
      defer { current = nil }
      return measured(at: now) { hook(instance, handle) }
    }
  }

  /// Runs a function of the plugin against its time budget.
  @inline(__always)
  func measured<R>(at now: Instant, _ body: () -> R) -> R {
    guard let clock else { return body() }
    let began = clock()
    let result = body()
    watch.spent(clock().since(began), at: now)
    return result
  }

  func tick(at now: Instant) {
    guard let instance, let tick = table.tick else { return }
    let next = measured(at: now) { tick(instance, now.nanoseconds) }
    nextTick = next == Int64.max ? nil : max(Instant(nanoseconds: next), now + TrunkLimits.tickFloor)
  }

  func describe() -> String {
    guard let instance, let describe = table.describe else { return "" }
    var buffer = [CChar](repeating: 0, count: TrunkLimits.descriptionBytes)
    let length = buffer.withUnsafeMutableBufferPointer { describe(instance, $0.baseAddress, $0.count) }
    return printable(buffer.prefix(max(0, min(Int(length), buffer.count))).map { UInt8(bitPattern: $0) })
  }

  // MARK: What the plugin asks of the host
  func log(level: Int32, _ text: [UInt8]) {
    guard notes.count < TrunkLimits.notes else { return watch.droppedNotes &+= 1 }
    let level = min(max(level, Int32(TT_LOG_ERROR)), Int32(TT_LOG_INFO))
    notes.append(PluginNote(level: level, peer: peer, plugin: watch.id, text: printable(text.prefix(TrunkLimits.noteBytes))))
  }
  func takeNotes() -> [PluginNote] {
    defer { notes = [] }
    return notes
  }

  /// TT_OK, or why not.
  func wish(options trunk: [UInt8]) -> Int32 {
    guard trunk.isEmpty || trunkSettings[trunk] != nil else { return TT_ABSENT }
    guard isAsked else { return TT_REFUSED }
    if wishes.contains([]) || wishes.contains(trunk) { return TT_OK }
    if trunk.isEmpty { wishes = [] }
    wishes.append(trunk)
    return TT_OK
  }
  func takeWishes() -> [[UInt8]] {
    defer { wishes = [] }
    return wishes
  }

  func raiseAlarm(_ name: [UInt8], _ text: [UInt8]) -> Bool {
    guard !name.isEmpty, name.count <= TrunkLimits.alarmNameBytes, text.count <= TrunkLimits.alarmTextBytes else { return false }
    let name = printable(name)
    if let index = alarms.firstIndex(where: { $0.name == name }) {
      alarms[index].text = printable(text)
      return true
    }
    guard alarms.count < TrunkLimits.alarms else { return false }
    alarms.append((name, printable(text)))
    return true
  }
  func clearAlarm(_ name: [UInt8]) -> Bool {
    let name = printable(name)
    guard let index = alarms.firstIndex(where: { $0.name == name }) else { return false }
    alarms.remove(at: index)
    return true
  }
}

/// A line a plugin logged.
public struct PluginNote: Sendable, Equatable {
  /// As in syslog: 3 error, 4 warning, 5 notice, 6 info.
  public var level: Int32
  public var peer: String
  public var plugin: String
  public var text: String
  public init(level: Int32, peer: String, plugin: String, text: String) {
    self.level = level
    self.peer = peer
    self.plugin = plugin
    self.text = text
  }
}

/// A plugin's text as one line that can not disturb a terminal or a log.
func printable(_ bytes: some Collection<UInt8>) -> String {
  String(decoding: bytes.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
}

extension String {
  /// The text's bytes as the ABI wants them, valid inside `body`.
  func withBytes<R>(_ body: (tt_bytes) -> R) -> R {
    var copy = self
    return copy.withUTF8 { text in
      text.withMemoryRebound(to: CChar.self) { body(tt_bytes(data: $0.baseAddress, length: $0.count)) }
    }
  }
}
