/// A trunk type, as a Swift plugin writes it: a value for each peer, made from the peer's settings, whose functions are the hooks of tandem_trunk.h.
///
/// The C header is the contract and says when each hook runs and what it may do; this is the same in Swift. A plugin is this
/// type, and two lines that export it:
///
///     private let table = PluginTable(Example.self) { Example.open($0, $1) }
///     @c @implementation
///     public func tandem_trunk_entry_v1(_ host: UnsafePointer<tt_host_v1>!) -> UnsafePointer<tt_plugin_v1>! { table.serve(host) }
///
/// `hooks` names those it has; the others are NULL in its table and cost nothing. One value is only ever used by one thread at a time.
public protocol TrunkPlugin {
  static var identity: PluginIdentity { get }
  static var hooks: PluginHooks { get }

  /// `settings`: the RFC 7951 JSON document of the header; `host.setting` reads single leaves of it.
  init(settings: String, host: PluginHost) throws(SettingsRefused)
  /// Settings changed while calls are up; by default a new value takes the place of this one.
  mutating func reconfigure(settings: String, host: PluginHost) throws(SettingsRefused)

  mutating func requestIn(_ message: borrowing Message, at now: Int64) -> Verdict
  mutating func requestOut(_ message: borrowing Message, at now: Int64) -> Verdict
  mutating func responseIn(_ message: borrowing Message, at now: Int64)
  mutating func responseOut(_ message: borrowing Message, at now: Int64)
  mutating func health(_ facts: HealthFacts) -> HealthVerdict
  mutating func call(_ event: CallEvent, id: UInt64, at now: Int64)
  /// The next deadline in ns; `nil`: never again.
  mutating func tick(at now: Int64) -> Int64?
  /// One line for `show peer`.
  func describe() -> String
}

extension TrunkPlugin {
  public mutating func reconfigure(settings: String, host: PluginHost) throws(SettingsRefused) {
    self = try Self(settings: settings, host: host)
  }
  public mutating func requestIn(_ message: borrowing Message, at now: Int64) -> Verdict { .pass }
  public mutating func requestOut(_ message: borrowing Message, at now: Int64) -> Verdict { .pass }
  public mutating func responseIn(_ message: borrowing Message, at now: Int64) {}
  public mutating func responseOut(_ message: borrowing Message, at now: Int64) {}
  public mutating func health(_ facts: HealthFacts) -> HealthVerdict { .asHost }
  public mutating func call(_ event: CallEvent, id: UInt64, at now: Int64) {}
  public mutating func tick(at now: Int64) -> Int64? { nil }
  public func describe() -> String { "" }
}

/// Who a plugin is; the bounds are the header's (32, 32 and 200 bytes).
public struct PluginIdentity: Sendable {
  public var id: StaticString
  public var version: StaticString
  public var description: StaticString
  public init(id: StaticString, version: StaticString, description: StaticString) {
    self.id = id
    self.version = version
    self.description = description
  }
}

/// The hooks a plugin has.
public struct PluginHooks: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }
  public static let requestIn = PluginHooks(rawValue: 1 << 0)
  public static let requestOut = PluginHooks(rawValue: 1 << 1)
  public static let responseIn = PluginHooks(rawValue: 1 << 2)
  public static let responseOut = PluginHooks(rawValue: 1 << 3)
  public static let health = PluginHooks(rawValue: 1 << 4)
  public static let call = PluginHooks(rawValue: 1 << 5)
  public static let tick = PluginHooks(rawValue: 1 << 6)
}

/// Settings a plugin can not serve; the peer is down with this reason.
public struct SettingsRefused: Error, Sendable {
  public var reason: String
  public init(_ reason: String) { self.reason = reason }
}

public enum Verdict: Sendable, Equatable {
  case pass
  /// 400-699.
  case refuse(Int32)
}

public enum HealthVerdict: Sendable, Equatable { case asHost, up, lessPreferred, down }

/// What the host knows about a trunk; instants in ns, `nil` = not yet.
public struct HealthFacts: Sendable, Equatable {
  public var trunk: String
  public var consecutiveFailures: UInt32
  public var now: Int64
  public var lastHeard: Int64?
  public var lastFailed: Int64?
  public var hostVerdict: HealthVerdict
}

public enum CallEvent: Sendable, Equatable { case started, answered, ended }
