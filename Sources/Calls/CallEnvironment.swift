import Addressing
import Admission
import Configuration
import Media
import Records
import Routing
import SIP
import Timing
import Trunks

/// Everything a call works with that is not its own: the layers below it, the configuration in force, and the queue of actions.
/// One per shard; calls get it `inout` for the length of one event.
struct CallEnvironment {
  var now: Instant
  var configuration: Configuration
  /// The effective collection of each trunk, by trunk index.
  var settings: [TrunkSettings]
  /// Its count of patterns that were given up begins anew with each table; `patternLimitHits` goes on.
  var routing: RoutingTable {
    willSet { earlierPatternLimitHits &+= UInt64(clamping: routing.matchLimitHits) &- UInt64(clamping: newValue.matchLimitHits) }
  }
  private(set) var earlierPatternLimitHits: UInt64 = 0
  var gate: SourceGate
  var origins: PeerOrigins
  /// Connections whose far side has shown which peer it is: its index, -1 once a commit has taken it away. Looked up, and renumbered by a commit.
  var identified: [UInt32: Int] = [:]
  var load: TrunkLoad
  var trunks: TrunkTable
  var transactions: TransactionLayer
  var anchors: AnchorPool
  var random: RandomSource
  /// Seconds since 1970 at instant 0.
  var wallClock: Double
  var stopping = false
  var counters = ExchangeCounters()
  var actions = ActionQueue()
  /// Whose client transaction it is. Looked up, never iterated.
  var owners: [TransactionLayer.ClientID: Owner] = [:]
  /// Whose INVITE server transaction it is (CANCEL names it).
  var served: [TransactionLayer.ServerID: Owner] = [:]
  /// Dialogs that no call owns, by their BYE, where it may be challenged. Looked up, never iterated but to rename trunks.
  var declined: [TransactionLayer.ClientID: DeclinedDialog] = [:]
  /// Requests of ours outside any call. Looked up, never iterated but to rename trunks.
  var ownRequests: [TransactionLayer.ClientID: OwnRequest] = [:]
  var endedDialogs = EndedDialogs()
  var refusedCalls = RefusedCalls()
  /// As they were said.
  private(set) var ambiguousTrunks: [String] = []
  var departed = DepartedPeers()
  /// Carried out when the present event is over.
  var joins: [Join] = []
  /// Legs that a transfer took into another call, by the name in their tags; the calls that have them are live. Looked up, never iterated but to let go.
  var movedLegs: [LegName: LegName] = [:]
  /// Why far addresses can not be reached, while that is being told. Looked up, never iterated.
  var failureReasons: [TransportAddress: String] = [:]
  /// Rotates trunks within a route.
  var turn = 0

  struct Owner: Sendable {
    var call: CallID
    var leg: Int
  }

  var patternLimitHits: UInt64 { earlierPatternLimitHits &+ UInt64(clamping: routing.matchLimitHits) }

  var wallTime: Double { wallClock + Double(now.nanoseconds) / 1e9 }

  /// What we take from each trunk's peer, by trunk index.
  private(set) var capabilities: [Capabilities] = []
  private(set) var unboundCapabilities = Capabilities()

  /// With the configuration in force.
  mutating func reviewCapabilities() {
    capabilities = settings.map { Capabilities($0.value) }
    unboundCapabilities = Capabilities(settings(of: -1).value)
  }

  /// Of a trunk that is no more, or of nobody's (-1), those of the global collection.
  func capabilities(of trunk: Int) -> Capabilities { capabilities.indices.contains(trunk) ? capabilities[trunk] : unboundCapabilities }

  func settings(of trunk: Int) -> TrunkSettings {
    if settings.indices.contains(trunk) { return settings[trunk] }
    // The trunk went with a commit.
    return TrunkSettings(configuration.trunkConfigurations.first { $0.scope == .global }?.settings ?? Configuration.TrunkConfiguration())
  }

  // A call may outlive its trunk (a commit took it away; its index is then -1): nobody is told, nothing is given back.

  mutating func tell(_ event: TrunkTable.CallEvent, _ call: CallID, trunk: Int) {
    if trunk >= 0 { trunks.call(event, id: call.rawValue, trunk: trunk, at: now) }
  }
  /// Whether requests of a trunk that are too large for a packet go over TCP.
  func movesLarge(_ trunk: Int) -> Bool {
    configuration.trunks.indices.contains(trunk) && configuration.peers[configuration.trunks[trunk].peer].sendsLargeOverTCP
  }

  mutating func failed(_ trunk: Int, target: TransportAddress, reason: StaticString) {
    if trunk >= 0 { trunks.failed(trunk, target: target, reason: reason, at: now) }
  }
  mutating func overloaded(_ trunk: Int, target: TransportAddress, rest: Gap?) {
    if trunk >= 0 { trunks.overloaded(trunk, target: target, rest: rest, at: now) }
  }
  mutating func release(_ trunk: Int) {
    if trunk >= 0 { load.release(trunk: trunk) }
  }
  func translated(status: Int, cause: Int?, on trunk: Int) -> Int {
    trunk >= 0 ? routing.translate(status: status, cause: cause, on: trunk) : status
  }

  /// Who speaks on a flow: by its address and listener, and by the certificate of its connection where one was asked for.
  func judge(_ flow: SIP.Flow) -> SourceGate.Verdict {
    gate.judge(source: flow.remote, listener: Int(flow.listener), peer: flow.connection == 0 || identified.isEmpty ? nil : identified[flow.connection])
  }

  /// A number for the peer behind a verdict of the gate, the same over commits.
  func origin(of verdict: SourceGate.Verdict) -> UInt32 {
    switch verdict {
    case .stranger: 0
    case .noTrunkHere(let peer): origins[peer]
    case .trunk(let trunk): origins[configuration.trunks[trunk].peer]
    }
  }

  /// Trunks that a source does not tell apart: a commit can not know to what names will resolve. Each pair is said once, until it is gone.
  mutating func warnOfAmbiguousTrunks() {
    let found = gate.ambiguities.map { pair in
      let (first, second) = (configuration.trunks[pair.first], configuration.trunks[pair.second])
      return "trunks \(first.name) and \(second.name) can not be told apart: a request from \(pair.source) on listener "
        + "\(configuration.listeners[first.listener].name) is taken for \(first.name); set another listener or peer-port for one of them"
    }
    for text in found where !ambiguousTrunks.contains(text) { note(.warning, text) }
    ambiguousTrunks = found
  }

  /// Whether two addresses are one peer's now.
  func isSamePeer(_ a: IPAddress, _ b: IPAddress) -> Bool {
    // On no listener: which peer, not which trunk.
    guard case .noTrunkHere(let first) = gate.judge(source: TransportAddress(a, 0), listener: -1),
      case .noTrunkHere(let second) = gate.judge(source: TransportAddress(b, 0), listener: -1)
    else { return false }
    return first == second
  }

  /// Lines written in one function are of one kind.
  mutating func note(_ level: Exchange.Note.Level, _ text: String, _ fields: [(name: StaticString, value: String)] = [], kind: StaticString = #function) {
    actions.append(.note(Exchange.Note(level: level, kind: kind, text: text, fields: fields)))
  }
}

/// Actions in the order they must be carried out.
struct ActionQueue {
  private var items: [Exchange.Action?] = []
  private var head = 0

  mutating func append(_ action: Exchange.Action) { items.append(action) }

  mutating func next() -> Exchange.Action? {
    guard head < items.count else {
      if head > 0 {
        items.removeAll(keepingCapacity: items.count < 4096)
        head = 0
      }
      return nil
    }
    defer { head += 1 }
    return items[head].take()
  }
}

/// What the exchange counts beside the transaction layer's own counters.
struct ExchangeCounters {
  var strangers: UInt64 = 0
  var malformed: UInt64 = 0
  var malformedAnswered: UInt64 = 0
  var refusedMethods: UInt64 = 0
  var unknownDialogs: UInt64 = 0
  var foreignDialogSources: UInt64 = 0
  var strayResponses: UInt64 = 0
  var callsOffered: UInt64 = 0
  var callsAnswered: UInt64 = 0
  var callsRefused: UInt64 = 0
  var callLimitHits: UInt64 = 0
  var refusalRecordsOmitted: UInt64 = 0
  var failovers: UInt64 = 0
  var targetFailovers: UInt64 = 0
  var mediaRefused: UInt64 = 0
  var tooLarge: UInt64 = 0
  var redirections: UInt64 = 0
  var transfersTaken: UInt64 = 0
  var transfersDone: UInt64 = 0
  var transfersFailed: UInt64 = 0
  var transfersRefused: UInt64 = 0
  var replacesRefused: UInt64 = 0
  var challengesAnswered: UInt64 = 0
  var challengesRefused: UInt64 = 0
  var foreignChallenges: UInt64 = 0

  var listed: [(name: String, value: UInt64)] {
    [
      ("gate.strangers", strangers), ("message.malformed", malformed), ("message.malformed-answered", malformedAnswered),
      ("request.refused-method", refusedMethods), ("dialog.unknown", unknownDialogs),
      ("dialog.foreign-source", foreignDialogSources), ("response.stray", strayResponses), ("call.offered", callsOffered),
      ("call.answered", callsAnswered), ("call.refused", callsRefused), ("limit.calls.hits", callLimitHits),
      ("limit.refusal-records.hits", refusalRecordsOmitted),
      ("call.failovers", failovers), ("call.target-failovers", targetFailovers), ("call.redirections", redirections), ("transfer.taken", transfersTaken),
      ("transfer.done", transfersDone),
      ("transfer.failed", transfersFailed), ("transfer.refused", transfersRefused), ("replaces.refused", replacesRefused), ("media.refused", mediaRefused),
      ("message.too-large", tooLarge),
      ("challenge.answered", challengesAnswered), ("challenge.refused", challengesRefused), ("challenge.foreign", foreignChallenges),
    ]
  }
}

/// The effective collection of a trunk, by reference: calls ask for single settings of it all the time, and to hand out the value would count a dozen arrays.
@dynamicMemberLookup
final class TrunkSettings: Sendable {
  let value: Configuration.TrunkConfiguration
  init(_ value: Configuration.TrunkConfiguration) { self.value = value }
  @inline(__always) subscript<Setting>(dynamicMember path: KeyPath<Configuration.TrunkConfiguration, Setting>) -> Setting { value[keyPath: path] }
}
