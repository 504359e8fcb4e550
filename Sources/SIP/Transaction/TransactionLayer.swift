public import Timing

/// RFC 3261 section 17 with RFC 6026: all client and server transactions of one shard.
///
/// Contract: after every mutating call drain `nextOutput()` until `nil`, then ask `nextDeadline`. Deterministic: names come from the generator passed in, no clock is read.
public struct TransactionLayer: Sendable {
  /// T1, T2, T4 (RFC 3261 table 4); defaults 500 ms, 4 s, 5 s.
  public struct Timers: Sendable {
    public var t1 = Gap.milliseconds(500)
    public var t2 = Gap.seconds(4)
    public var t4 = Gap.seconds(5)
    public init() {}
  }
  public struct ClientID: Hashable, Sendable, Comparable {
    public let rawValue: UInt64
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }
  public struct ServerID: Hashable, Sendable, Comparable {
    public let rawValue: UInt64
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  public enum Output: Sendable {
    case transmit([UInt8], Flow)
    /// A new request for the transaction user; answer through `respond`. Never ACK, never CANCEL that matched an INVITE.
    case request(ServerID, SIPMessage, Flow)
    /// An ACK for a 2xx, or one that matches no transaction.
    case ack(SIPMessage, Flow)
    /// A CANCEL matched this INVITE transaction (it was answered 200 here, 481 when none matched).
    case cancelled(ServerID)
    /// A response, retransmissions absorbed; every 2xx to INVITE is handed up (RFC 6026).
    case response(ClientID, SIPMessage, Flow)
    /// Timer B or F: no final answer in time.
    case timedOut(ClientID)
    case transportFailed(ClientID)
    /// Timer H: a non-2xx final answer was never acknowledged (for counting).
    case unacknowledged(ServerID)
    /// A response that matches no transaction (counted, dropped), except a 2xx to INVITE, which is handed up with its flow for RFC 3261 13.2.2.4.
    case stray(SIPMessage, Flow)
    case clientEnded(ClientID)
    case serverEnded(ServerID)
  }

  /// `shard` is carried in every branch we make.
  public init(shard: UInt8, timers: Timers = Timers(), random: RandomSource) { fatalError() }

  /// A parsed message from the wire. Adds `received`/`rport` to a request's top Via (RFC 3261 18.2.1, RFC 3581), detects merged requests (482, 8.2.2.2).
  public mutating func receive(_ message: SIPMessage, from flow: Flow, at now: Instant) { fatalError() }
  /// Sends a request in a new client transaction (not ACK). Adds the top Via: transport and `sentBy` (our host[:port] as the far side should see it), branch, rport.
  public mutating func send(_ request: SIPMessage, on flow: Flow, sentBy: [UInt8], at now: Instant) -> ClientID { fatalError() }
  /// An ACK for a 2xx: its own branch, no transaction. Returns the bytes so that the caller can send them again for a repeated 2xx.
  public mutating func sendAcknowledgement(_ ack: SIPMessage, on flow: Flow, sentBy: [UInt8]) -> [UInt8] { fatalError() }
  /// Cancels an INVITE that has had a provisional response (the caller waits for one); builds the CANCEL of 9.1. Its own transaction's result is absorbed.
  /// If no final answer comes within 64*T1 the INVITE transaction times out (9.1).
  public mutating func cancel(_ id: ClientID, reason: [UInt8]?, at now: Instant) { fatalError() }
  /// Sends a response in a server transaction (any number of provisionals, one final; 2xx to INVITE may be sent again by the caller in the Accepted state).
  public mutating func respond(_ response: SIPMessage, in id: ServerID, at now: Instant) { fatalError() }
  /// A final answer without keeping state: for requests refused before a transaction is worth it (stateless UAS, 8.2.7).
  public mutating func answerStatelessly(_ response: SIPMessage, on flow: Flow) { fatalError() }
  /// The transport says this destination can't be reached (ICMP, refused or closed connection): all client transactions waiting on it fail.
  public mutating func unreachable(_ flow: Flow, at now: Instant) { fatalError() }
  public mutating func advance(to now: Instant) { fatalError() }
  public var nextDeadline: Instant? { fatalError() }
  public mutating func nextOutput() -> Output? { fatalError() }
  /// Counters: name and value, in a fixed order.
  public var counters: [(name: StaticString, value: UInt64)] { fatalError() }
  public var liveTransactions: Int { fatalError() }
}
