import Addressing
public import Timing

/// RFC 3261 section 17 with RFC 6026: all client and server transactions of one shard.
///
/// Contract: after every mutating call drain `nextOutput()` until `nil`, then ask `nextDeadline`. Deterministic: names come from the generator passed in, no clock is read.
///
/// A response finds its client transaction by the branch we made (`Branch`), a request its server transaction by a keyed hash
/// of what RFC 3261 17.2.3 compares (`RequestKey`). CANCEL and requests that are refused at once (merged, unmatched CANCEL, no
/// room) are answered without a transaction, with a To tag derived from the request, so that their repetitions get the same answer.
///
/// It does not choose destinations, retry elsewhere, keep dialogs, or repeat a 2xx by itself (`repeatAnswer` is there for who does).
/// Bounds: `TransactionLimits`; and it must be drained.
public struct TransactionLayer: Sendable {
  /// T1, T2, T4 (RFC 3261 table 4); defaults 500 ms, 4 s, 5 s.
  public struct Timers: Sendable {
    public var t1 = Gap.milliseconds(500)
    public var t2 = Gap.seconds(4)
    public var t4 = Gap.seconds(5)
    /// How long an INVITE waits for the transaction user before 100 Trying is sent. RFC 3261 17.2.1 allows 200 ms; a back-to-back
    /// agent always takes longer than that, so the default is to send it at once.
    public var trying = Gap.milliseconds(0)
    public init() {}

    /// Whether every INVITE gets its 100 at once.
    public var isTryingImmediate: Bool { trying <= .zero }

    /// Asked of the intervals and not of the layer: a method of the layer would hold, and copy, all of it while one of its transactions is changed.
    func timing(over transport: Transport) -> TransactionTiming { TransactionTiming(self, isReliable: transport.isReliable) }
  }
  public struct ClientID: Hashable, Sendable, Comparable {
    public let rawValue: UInt64
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    init(rawValue: UInt64) { self.rawValue = rawValue }
    init(slot: UInt32, generation: UInt32) { rawValue = UInt64(generation) << 32 | UInt64(slot) }
    var slot: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
    var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
  }
  public struct ServerID: Hashable, Sendable, Comparable {
    public let rawValue: UInt64
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    init(rawValue: UInt64) { self.rawValue = rawValue }
    init(slot: UInt32, generation: UInt32) { rawValue = UInt64(generation) << 32 | UInt64(slot) }
    var slot: UInt32 { UInt32(truncatingIfNeeded: rawValue) }
    var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
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
    /// There was no room for this request; it was answered 503 without a transaction.
    case turnedAway(SIPMessage, Flow)
    case clientEnded(ClientID)
    case serverEnded(ServerID)
  }

  let shard: UInt8
  /// As handed in: who repeats a 2xx himself needs the same T1 and T2.
  public let timers: Timers
  let limit: Int
  var random: RandomSource
  let keyedHash: KeyedHash
  var clients: SlotArray<ClientTransaction>
  var servers: SlotArray<ServerTransaction>
  var serversByTransaction = HashIndex()
  var serversByMerge = HashIndex()
  var deadlines = DeadlineQueue<DeadlineKey>()
  var tally = TransactionTally()
  /// The key of the request at hand; kept for its storage.
  var incoming = RequestKey()
  private var outputs: [Output?] = []
  private var outputsTaken = 0
  /// Client transactions whose final response was handed up: their request is let go when the outputs have been drained.
  private var answered: [ClientID] = []

  /// `shard` is carried in every branch we make. `limit`: live transactions beyond which new requests are refused.
  public init(
    shard: UInt8, timers: Timers = Timers(), limit: Int = TransactionLimits.liveTransactions, random: RandomSource
  ) {
    self.shard = shard
    self.timers = timers
    self.limit = limit
    self.random = random
    keyedHash = KeyedHash(using: &self.random)
    // Names that a restored call kept from an earlier layer must not fit a transaction of this one.
    clients = SlotArray(firstGeneration: UInt32(truncatingIfNeeded: self.random.next()))
    servers = SlotArray(firstGeneration: UInt32(truncatingIfNeeded: self.random.next()))
  }

  // MARK: Out

  public mutating func nextOutput() -> Output? {
    guard outputsTaken < outputs.count else {
      outputs.removeAll(keepingCapacity: true)
      outputsTaken = 0
      letGoOfAnswered()
      return nil
    }
    // Taken out, not copied: who edits the message must be its only holder to do so in place.
    let output = outputs[outputsTaken].take()
    outputsTaken += 1
    // Until it is told of the end, the transaction user may ask for the request.
    if case .clientEnded(let id)? = output { clients.remove(id.slot) }
    return output
  }

  mutating func emit(_ output: Output) { outputs.append(output) }

  mutating func letGoWhenDrained(_ id: ClientID) { answered.append(id) }

  private mutating func letGoOfAnswered() {
    guard !answered.isEmpty else { return }
    for id in answered where clients.holds(id.slot, generation: id.generation) { clients[id.slot].request = nil }
    answered.removeAll(keepingCapacity: true)
  }

  /// May be earlier than anything there is to do, never later.
  public var nextDeadline: Instant? { deadlines.next }

  // MARK: Time

  /// A slot of either side under its generation: entries of former holders are recognised when they come due.
  struct DeadlineKey: Comparable, Sendable {
    var rawValue: UInt64
    init(slot: UInt32, generation: UInt32, isServer: Bool) {
      rawValue = UInt64(generation) << 32 | UInt64(slot) << 1 | (isServer ? 1 : 0)
    }
    var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) }
    var slot: UInt32 { UInt32(truncatingIfNeeded: rawValue) >> 1 }
    var isServer: Bool { rawValue & 1 == 1 }
    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  public mutating func advance(to now: Instant) {
    while let at = deadlines.next, let key = deadlines.popDue(at: now) {
      if key.isServer {
        guard servers.holds(key.slot, generation: key.generation), servers[key.slot].enteredAt == at else { continue }
        servers[key.slot].enteredAt = .never
        settleServer(key.slot, at: now)
      } else {
        guard clients.holds(key.slot, generation: key.generation), clients[key.slot].enteredAt == at else { continue }
        clients[key.slot].enteredAt = .never
        settleClient(key.slot, at: now)
      }
    }
  }

  // MARK: In

  /// A parsed message from the wire. Adds `received`/`rport` to a request's top Via (RFC 3261 18.2.1, RFC 3581), detects merged requests (482, 8.2.2.2).
  /// `origin`: who sent it, as the caller tells senders apart; requests of different origins are never one transaction.
  public mutating func receive(_ message: SIPMessage, from flow: Flow, origin: UInt32 = 0, at now: Instant) {
    if message.isRequest {
      receiveRequest(message, from: flow, origin: origin, at: now)
    } else {
      receiveResponse(message, from: flow, at: now)
    }
  }

  /// The transport says this destination can't be reached (ICMP, refused or closed connection): all client transactions waiting on it fail.
  /// Responses that still have to go out on a closed connection will ask for a new one (18.2.2).
  public mutating func unreachable(_ flow: Flow, at now: Instant) { unreachable([flow], at: now) }

  /// Several at once, for the price of one: all transactions are looked through, once.
  public mutating func unreachable(_ flows: [Flow], at now: Instant) {
    // For lookups only.
    let failed = Dictionary(grouping: flows, by: \.remote)
    for slot in 0..<clients.endIndex where clients.isInUse(slot) {
      for flow in failed[clients[slot].flow.remote] ?? [] where clients.isInUse(slot) { clientTransportFailed(slot, flow, at: now) }
    }
    for slot in 0..<servers.endIndex where servers.isInUse(slot) {
      for flow in failed[servers[slot].flow.remote] ?? [] where servers.isInUse(slot) { serverTransportFailed(slot, flow, at: now) }
    }
  }

  /// A request of ours that no datagram can carry: its transaction fails. Nothing else that goes to the same place is concerned.
  public mutating func tooLarge(_ request: SIPMessage, at now: Instant) {
    guard let branch = request.topVia.branch.flatMap({ Branch($0) }), branch.shard == shard, let slot = client(of: branch, method: request.method) else {
      return
    }
    clientTransportFailed(slot, clients[slot].flow, at: now)
  }

  /// A word that nobody outside can compute, the same for the same input as long as this layer lives. For tags that are to be known again.
  public func seal(_ word: UInt64) -> UInt64 {
    let bytes = withUnsafeBytes(of: word.littleEndian) { Array($0) }
    return keyedHash.hash(bytes.span)
  }

  // MARK: Looking at it

  /// Counters: name and value, in a fixed order.
  public var counters: [(name: StaticString, value: UInt64)] { tally.list }
  public var liveTransactions: Int { clients.count + servers.count }
}
