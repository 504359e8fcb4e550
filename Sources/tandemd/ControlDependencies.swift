import Calls
import Configuration
import Control
import Linux
import Records
import Routing
import Timing

/// What the control service asks of the daemon, as closures: a test fills them by hand, the daemon from its threads.
///
/// All are called on the control thread. A closure that needs the signalling thread waits for its next turn and throws `Unavailable` when there is none in time.
struct ControlDependencies {
  var version: String
  /// Seconds since 1970.
  var started: Double
  var wallClock: () -> Double = WallClock.now
  var plugins: () -> [PluginStatus] = { [] }
  /// Parts of the system that are not used, and why.
  var off: () -> [SystemStatus.Off] = { [] }
  var certificates: () -> [CertificateStatus] = { [] }
  /// What the first thread counts, and the boxes it takes from.
  var counters: () -> [(name: String, value: UInt64)] = { [] }
  var networkInterfaces: () throws(SystemCallError) -> NetworkInterfaces = NetworkInterfaces.now
  var exchange: ExchangeQuestions
  /// Newest first.
  var history: (_ limit: Int) throws(ControlError) -> [CallRecord] = { _ throws(ControlError) in [] }
  var record: (_ id: String) throws(ControlError) -> CallRecord? = { _ throws(ControlError) in nil }
  /// Of a call that has ended.
  var ladder: (_ id: String) throws(ControlError) -> LadderStatus? = { _ throws(ControlError) in nil }
}

/// What is asked of the exchange.
struct ExchangeQuestions {
  var calls: () throws(ControlError) -> [Exchange.CallView]
  /// Lets the media plane count anew; what `calls` tells afterwards is fresh.
  var countMedia: () -> Void
  var ladder: (_ id: String) throws(ControlError) -> Ladder?
  var trunks: () throws(ControlError) -> [Exchange.TrunkView]
  var peers: () throws(ControlError) -> [Exchange.PeerView]
  var counters: () throws(ControlError) -> [(name: String, value: UInt64)]
  var connections: () throws(ControlError) -> [ConnectionView] = { () throws(ControlError) in [] }
  /// By listener index.
  var listenerTroubles: () throws(ControlError) -> [String?] = { () throws(ControlError) in [] }
  var mediaCapacity: () throws(ControlError) -> [(realm: String, calls: Int, portsInUse: Int, ports: Int)]
  /// False: there is no such call.
  var clear: (_ id: String) throws(ControlError) -> Bool
  /// `trunk`: index in the running configuration.
  var test: (_ number: [UInt8], _ calling: [UInt8], _ trunk: Int) throws(ControlError) -> RoutePlan
}

extension ExchangeQuestions {
  /// How long the media thread gets to answer; it needs a turn, that is well below a millisecond when it is not overloaded.
  private static let countingMilliseconds = 20

  /// Put to a signalling thread.
  init(_ thread: SignallingThread) {
    calls = { () throws(ControlError) in try answered(thread.ask { exchange, _ in exchange.calls }) }
    countMedia = {
      _ = thread.ask { exchange, _ in exchange.requestMediaReports() }
      // A poll that watches nothing is a pause.
      (try? EventPoll())?.wait(.milliseconds(ExchangeQuestions.countingMilliseconds)) { _ in }
    }
    ladder = { id throws(ControlError) in try answered(thread.ask { exchange, _ in exchange.ladder(of: id) }) }
    trunks = { () throws(ControlError) in try answered(thread.ask { exchange, now in exchange.trunkViews(at: now) }) }
    peers = { () throws(ControlError) in try answered(thread.ask { exchange, now in exchange.peerViews(at: now) }) }
    counters = { () throws(ControlError) in
      try answered(thread.ask { exchange, _ in exchange.counters }) + answered(thread.transportCounters())
    }
    connections = { () throws(ControlError) in try answered(thread.connections()) }
    listenerTroubles = { () throws(ControlError) in try answered(thread.listenerTroubles()) }
    mediaCapacity = { () throws(ControlError) in try answered(thread.ask { exchange, _ in exchange.mediaCapacity }) }
    clear = { id throws(ControlError) in try answered(thread.ask { exchange, now in exchange.clear(call: id, at: now) }) }
    test = { number, calling, trunk throws(ControlError) in
      try answered(thread.ask { exchange, now in exchange.test(number: number, calling: calling, trunk: trunk, at: now) })
    }
  }
}

private func answered<Answer>(_ answer: Answer?) throws(ControlError) -> Answer {
  guard let answer else {
    throw ControlError(
      .unavailable, "the signalling thread did not answer within \(SignallingThread.patience.milliseconds / 1000) s: its log says what it does")
  }
  return answer
}
