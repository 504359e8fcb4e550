import Admission
public import Addressing
public import CTandemTrunk
public import Configuration
public import Media
public import Records
public import Routing
public import SIP
public import Timing
import Trunks

/// One shard of the exchange: everything pure joined. Bytes, media events and time go in; actions and the next deadline come out.
///
/// Contract: after every mutating call drain `nextAction()` until `nil`, then ask `nextDeadline`.
public struct Exchange {
  /// What a commit hands over. `resolved`: addresses of each peer, by peer index.
  public struct Setup: Sendable {
    public var configuration: Configuration
    public var routing: RoutingTable
    public var resolved: [[IPAddress]]
    public init(configuration: Configuration, routing: RoutingTable, resolved: [[IPAddress]]) {
      self.configuration = configuration
      self.routing = routing
      self.resolved = resolved
    }
  }
  public enum Action: Sendable {
    case transmit([UInt8], Flow)
    case media(MediaCommand)
    /// A call ended; keep this, and its ladder for `show call ID ladder`.
    case record(CallRecord, Ladder)
    /// One line for the log.
    case note(Note)
  }
  public struct Note: Sendable {
    public enum Level: UInt8, Sendable { case error = 3, warning = 4, notice = 5, info = 6 }
    public var level: Level
    public var text: String
    /// Structured journal fields, upper-case names (`TANDEM_CALL`, `TANDEM_TRUNK`).
    public var fields: [(name: StaticString, value: String)]
  }

  /// `wallClock`: seconds since 1970 at monotonic instant 0, for call records.
  public init(shard: UInt8, setup: Setup, plugins: [String: UnsafePointer<tt_plugin_v1>], random: RandomSource, wallClock: Double, at now: Instant) { fatalError() }

  /// One datagram, or one message framed from a stream.
  public mutating func receive(_ bytes: [UInt8], on flow: Flow, at now: Instant) { fatalError() }
  public mutating func unreachable(_ flow: Flow, at now: Instant) { fatalError() }
  public mutating func media(_ event: MediaEvent, at now: Instant) { fatalError() }
  public mutating func advance(to now: Instant) { fatalError() }
  /// A commit; calls that are up are not touched.
  public mutating func reconfigure(_ setup: Setup, wallClock: Double, at now: Instant) { fatalError() }
  /// `request call clear ID`; false when there is no such call.
  public mutating func clear(call id: String, at now: Instant) -> Bool { fatalError() }
  /// Stop serving: new calls get 503, every call is ended with BYE or CANCEL. Done when `liveCalls` is 0.
  public mutating func endAllCalls(at now: Instant) { fatalError() }
  public var nextDeadline: Instant? { fatalError() }
  public mutating func nextAction() -> Action? { fatalError() }
  public var liveCalls: Int { fatalError() }

  // Views for the control side.
  public struct CallView: Sendable {
    public var id: String
    /// `calling`, `ringing`, `up`, `ending`.
    public var state: String
    public var incomingTrunk: String
    public var outgoingTrunk: String?
    public var called: String
    public var calling: String
    public var began: Double
    public var answered: Double?
    public var mediaPath: MediaPath?
    public var mediaReason: String
    public var route: String?
    /// For each leg: trunk, SIP Call-ID, far address, our media address and the peer's.
    public var legs: [LegView]
    public struct LegView: Sendable {
      public var trunk: String
      public var callID: String
      public var remote: TransportAddress
      public var dialog: String
      public var localMedia: TransportAddress?
      public var remoteMedia: TransportAddress?
    }
    /// As of the last report.
    public var streams: [StreamStatistics]
  }
  public var calls: [CallView] { fatalError() }
  public func ladder(of id: String) -> Ladder? { fatalError() }
  public struct TrunkView: Sendable {
    public var name: String
    public var calls: Int
    public var isUp: Bool
    public var reason: String
  }
  public func trunkViews(at now: Instant) -> [TrunkView] { fatalError() }
  public struct PeerView: Sendable {
    public var name: String
    public var type: String
    public var addresses: [IPAddress]
    public var isUp: Bool
    public var reason: String
    public var description: String
    public var alarms: [String]
  }
  public func peerViews(at now: Instant) -> [PeerView] { fatalError() }
  /// Every counter: name and value, in a fixed order.
  public var counters: [(name: String, value: UInt64)] { fatalError() }
  /// Asks the media plane for counts; they arrive as `.report` events.
  public mutating func requestMediaReports() { fatalError() }
  /// The routing engine with today's trunk states, for `test number`.
  public func test(number: [UInt8], calling: [UInt8], trunk: Int, at now: Instant) -> RoutePlan { fatalError() }
}
