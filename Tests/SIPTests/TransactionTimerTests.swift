import Addressing
import Testing
import Timing

@testable import SIP

@Suite("Transaction timers, to the instant")
struct TransactionTimerTests {
  /// The instants of the outputs with that name.
  static func times(_ seen: [(at: Int, output: TransactionLayer.Output)], _ name: String) -> [Int] {
    seen.filter { $0.output.name == name }.map(\.at)
  }

  @Test("Timer A doubles until timer B, without a cap — RFC 3261 17.1.1.2")
  func timerA() {
    var bench = TransactionBench()
    _ = bench.send()
    let seen = bench.run(until: .seconds(100))
    #expect(Self.times(seen, "transmit INVITE") == [500, 1500, 3500, 7500, 15500, 31500])
    #expect(Self.times(seen, "timedOut") == [32000])
    #expect(Self.times(seen, "clientEnded") == [32000])
    #expect(seen.count == 8)
    #expect(bench.layer.liveTransactions == 0)
    #expect(bench.counter("timeouts") == 1)
    #expect(bench.counter("retransmissions-sent") == 6)
  }

  @Test("Timer A stops with the provisional response, and nothing ever times out — RFC 3261 17.1.1.2")
  func provisionalStopsA() {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    bench.now = .init(nanoseconds: 700_000_000)
    bench.layer.advance(to: bench.now)
    _ = bench.drain()
    #expect(bench.receive(TransactionBench.response(180, to: wire)).names == ["response 180"])
    #expect(bench.run(until: .seconds(3600)).isEmpty)
    #expect(bench.layer.phase(of: id) == .proceeding)
  }

  @Test("Over a reliable transport nothing is repeated, and timer B holds — RFC 3261 17.1.1.2, 17.1.2.2", arguments: ["INVITE", "OPTIONS"])
  func reliable(method: String) {
    var bench = TransactionBench()
    _ = bench.send(method, on: TransactionBench.tcp)
    let seen = bench.run(until: .seconds(100))
    #expect(seen.map(\.output.name) == ["timedOut", "clientEnded"])
    #expect(seen.map(\.at) == [32000, 32000])
  }

  @Test("Timer E doubles up to T2, timer F ends it — RFC 3261 17.1.2.2")
  func timerE() {
    var bench = TransactionBench()
    _ = bench.send("OPTIONS")
    let seen = bench.run(until: .seconds(100))
    #expect(Self.times(seen, "transmit OPTIONS") == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500])
    #expect(Self.times(seen, "timedOut") == [32000])
  }

  @Test("After a provisional response timer E is T2 each time, and F is not moved — RFC 3261 17.1.2.2")
  func timerEProceeding() {
    var bench = TransactionBench()
    let (_, wire) = bench.send("OPTIONS")
    bench.now = .init(nanoseconds: 600_000_000)
    bench.layer.advance(to: bench.now)
    _ = bench.drain()
    _ = bench.receive(TransactionBench.response(100, to: wire, tag: nil))
    let seen = bench.run(until: .seconds(100))
    // E was running when the response came (set at 600 for one second) and is T2 from then on.
    #expect(Self.times(seen, "transmit OPTIONS") == [1600, 5600, 9600, 13600, 17600, 21600, 25600, 29600])
    #expect(Self.times(seen, "timedOut") == [32000])
  }

  @Test("Timer G doubles up to T2, timer H gives up — RFC 3261 17.2.1")
  func timerG() throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    #expect(bench.respond(486, to: request, in: id).names == ["transmit 486"])
    let seen = bench.run(until: .seconds(100))
    #expect(Self.times(seen, "transmit 486") == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500])
    #expect(Self.times(seen, "unacknowledged") == [32000])
    #expect(Self.times(seen, "serverEnded") == [32000])
    #expect(bench.counter("unacknowledged") == 1)
    #expect(bench.layer.liveTransactions == 0)
  }

  @Test("Over a reliable transport timer G is not set, timer H is — RFC 3261 17.2.1")
  func timerHReliable() throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept(from: TransactionBench.tcp)
    _ = bench.respond(486, to: request, in: id)
    #expect(bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" } == ["32000 unacknowledged", "32000 serverEnded"])
  }

  @Test("Timer I: T4 over UDP, nothing over a stream — RFC 3261 17.2.1", arguments: [false, true])
  func timerI(reliable: Bool) throws {
    var bench = TransactionBench()
    let flow = reliable ? TransactionBench.tcp : TransactionBench.udp
    let (id, request) = try bench.accept(from: flow)
    _ = bench.respond(486, to: request, in: id)
    var ack = TransactionBench.Incoming()
    ack.method = "ACK"
    ack.toTag = "here"
    let now = bench.receive(ack.message, from: flow).names
    let later = bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" }
    #expect(now == (reliable ? ["serverEnded"] : []))
    #expect(later == (reliable ? [] : ["5000 serverEnded"]))
  }

  @Test("Timer J: 64*T1 over UDP, nothing over a stream — RFC 3261 17.2.2", arguments: [false, true])
  func timerJ(reliable: Bool) throws {
    var bench = TransactionBench()
    let flow = reliable ? TransactionBench.tcp : TransactionBench.udp
    var options = TransactionBench.Incoming()
    options.method = "OPTIONS"
    let (id, request) = try bench.accept(options, from: flow)
    let now = bench.respond(200, to: request, in: id).names
    let later = bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" }
    #expect(now == (reliable ? ["transmit 200", "serverEnded"] : ["transmit 200"]))
    #expect(later == (reliable ? [] : ["32000 serverEnded"]))
  }

  @Test("Timers D and K: 64*T1 and T4 over UDP, nothing over a stream — RFC 3261 17.1.1.2, 17.1.2.2", arguments: ["INVITE", "OPTIONS"], [false, true])
  func timersDAndK(method: String, reliable: Bool) {
    var bench = TransactionBench()
    let flow = reliable ? TransactionBench.tcp : TransactionBench.udp
    let (_, wire) = bench.send(method, on: flow)
    let now = bench.receive(TransactionBench.response(404, to: wire), from: flow).names
    let later = bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" }
    let answered = (method == "INVITE" ? ["transmit ACK"] : []) + ["response 404"]
    #expect(now == answered + (reliable ? ["clientEnded"] : []))
    #expect(later == (reliable ? [] : [method == "INVITE" ? "32000 clientEnded" : "5000 clientEnded"]))
  }

  @Test("Timers L and M keep Accepted for 64*T1 over every transport — RFC 6026 8.4, 8.5", arguments: [false, true])
  func timersLAndM(reliable: Bool) throws {
    var bench = TransactionBench()
    let flow = reliable ? TransactionBench.tcp : TransactionBench.udp
    let (_, wire) = bench.send("INVITE", on: flow)
    _ = bench.receive(TransactionBench.response(200, to: wire), from: flow)
    let (server, request) = try bench.accept(from: flow)
    _ = bench.respond(200, to: request, in: server)
    #expect(Set(bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" }) == ["32000 clientEnded", "32000 serverEnded"])
    #expect(bench.layer.liveTransactions == 0)
  }

  @Test("Other values of T1, T2 and T4 move everything — RFC 3261 table 4")
  func otherValues() throws {
    var timers = TransactionLayer.Timers()
    timers.t1 = .milliseconds(100)
    timers.t2 = .milliseconds(300)
    timers.t4 = .milliseconds(700)
    var bench = TransactionBench(timers: timers)
    let (_, wire) = bench.send("OPTIONS")
    let seen = bench.run(until: .milliseconds(1000))
    #expect(Self.times(seen, "transmit OPTIONS") == [100, 300, 600, 900])
    _ = bench.receive(TransactionBench.response(200, to: wire))
    #expect(bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" } == ["1700 clientEnded"])
  }

  @Test("With a gap for 100 Trying, it goes out only if the answer is slow — RFC 3261 17.2.1")
  func tryingGap() throws {
    var timers = TransactionLayer.Timers()
    timers.trying = .milliseconds(200)
    var slow = TransactionBench(timers: timers)
    let (_, _) = try slow.accept()
    #expect(slow.run(until: .seconds(1)).map { "\($0.at) \($0.output.name)" } == ["200 transmit 100"])
    var quick = TransactionBench(timers: timers)
    let (id, request) = try quick.accept()
    #expect(quick.respond(180, to: request, in: id).names == ["transmit 180"])
    #expect(quick.run(until: .seconds(1)).isEmpty)
  }

  @Test("A late clock fires each timer once and goes on from there")
  func lateClock() {
    var bench = TransactionBench()
    _ = bench.send()
    bench.now = Instant(nanoseconds: 9_000_000_000)
    bench.layer.advance(to: bench.now)
    // No burst for the repetitions that were missed.
    #expect(bench.drain().names == ["transmit INVITE"])
    #expect(bench.layer.nextDeadline == Instant(nanoseconds: 10_000_000_000))
  }

  @Test("Without transactions there is no deadline once the last one has been looked at")
  func noDeadline() {
    var bench = TransactionBench()
    #expect(bench.layer.nextDeadline == nil)
    _ = bench.send()
    #expect(bench.layer.nextDeadline == Instant(nanoseconds: 500_000_000))
    _ = bench.run(until: .seconds(1000))
    #expect(bench.layer.nextDeadline == nil)
  }
}
