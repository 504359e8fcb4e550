public import Addressing
public import CTandemTrunk
public import Configuration
public import Routing
public import SIP
public import Timing

/// The trunks of one shard: the peer each leads to, its plugin instance, and how it has been doing.
/// Trunk-type-blind: what a type does differently is done by its plugin through the hooks below.
public struct TrunkTable {
  /// `plugins`: by id, the constant table of each plugin that loaded (`Linux` found it; nothing here opens a library).
  /// A peer whose plugin is absent is down, with the reason.
  public init(_ configuration: Configuration, resolved: [[IPAddress]], plugins: [String: UnsafePointer<tt_plugin_v1>]) { fatalError() }

  /// Where requests of a trunk go now; `nil`: not resolved, or the peer is dynamic and not registered.
  public func destination(of trunk: Int) -> Flow? { fatalError() }
  /// What we write as our host[:port] in Via and Contact on this trunk.
  public func sentBy(_ trunk: Int) -> [UInt8] { fatalError() }
  public func contactHost(_ trunk: Int) -> [UInt8] { fatalError() }
  /// For routing: up, less preferred, down. (`full` is Admission's.)
  public func states(at now: Instant) -> [RouteQuery.TrunkState] { fatalError() }
  /// A transaction to the peer got an answer, or the peer sent something.
  public mutating func heard(from trunk: Int, at now: Instant) { fatalError() }
  /// A transaction to the peer timed out or its transport failed: the trunk goes to the end of the ring for 60 s.
  public mutating func failed(_ trunk: Int, reason: StaticString, at now: Instant) { fatalError() }

  // Plugin hooks; each sees only messages of its own leg and may edit them.
  public enum Verdict: Sendable, Equatable {
    case pass
    /// A request is refused with this status; `nil` reason = default phrase.
    case refuse(status: Int)
  }
  public mutating func requestIn(_ message: inout SIPMessage, trunk: Int, at now: Instant) -> Verdict { fatalError() }
  public mutating func requestOut(_ message: inout SIPMessage, trunk: Int, at now: Instant) -> Verdict { fatalError() }
  public mutating func responseIn(_ message: inout SIPMessage, trunk: Int, at now: Instant) { fatalError() }
  public mutating func responseOut(_ message: inout SIPMessage, trunk: Int, at now: Instant) { fatalError() }
  public enum CallEvent: Sendable { case started, answered, ended }
  public mutating func call(_ event: CallEvent, id: UInt64, trunk: Int, at now: Instant) { fatalError() }

  public mutating func advance(to now: Instant) { fatalError() }
  public var nextDeadline: Instant? { fatalError() }
  /// New configuration: instances of peers that stay are reconfigured, of others closed.
  public mutating func reconfigure(_ configuration: Configuration, resolved: [[IPAddress]]) { fatalError() }
  /// Closes every instance.
  public mutating func close() { fatalError() }

  /// For `show peers`: one line of the plugin's own (`describe`), and alarms it raised.
  public func description(ofPeer peer: Int) -> String { fatalError() }
  public struct PeerState: Sendable, Equatable {
    public var isUp: Bool
    public var reason: String
    public var alarms: [String]
  }
  public func state(ofPeer peer: Int, at now: Instant) -> PeerState { fatalError() }
}
