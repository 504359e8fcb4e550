import Addressing
import Calls
import Configuration
import Media
import SIP
import Testing
import Timing

/// Both sides, the operator and the network do whatever comes to mind; nothing may trap, no invariant break, and nothing be left at the end.
@Suite struct MonkeyTests {
  private static let statuses = [100, 180, 183, 199, 200, 200, 200, 202, 302, 401, 404, 408, 481, 486, 487, 488, 491, 500, 503, 603]
  private static let bodies = ["", Bench.sdp, Bench.sdp, Bench.held, Bench.heldAnswer, "v=0\r\n", Bench.sdp + "m=video 4002 RTP/AVP 31\r\n"]

  @Test("Whatever happens in whatever order, every call ends, everything is given back, each has one record", arguments: 0..<30)
  func anything(seed: Int) throws {
    var random = RandomSource(seed: UInt64(seed))
    func pick<T>(_ list: [T]) -> T { list[Int(random.next() % UInt64(list.count))] }
    var bench = try Bench(plugin: seed % 3 == 0 ? MarkingPlugin.table : PlainPlugin.table) {
      Bench.hunting(&$0)
      if seed % 2 == 0 { for index in $0.trunks.indices { $0.trunks[index].maxCalls = 2 } }
    }
    var past: [(bytes: [UInt8], from: TransportAddress, listener: UInt16)] = []
    var dialled = 0
    for _ in 0..<50 {
      switch random.next() % 16 {
      case 0, 1:
        dialled += 1
        bench.callerTag = ""
        if random.next() % 8 == 0 { bench.refusals = [pick([MediaSide.incoming, .outgoing])] }
        bench.dial(branch: "m\(dialled)", callID: "call-\(dialled)", body: pick([Bench.sdp, Bench.sdp, Bench.sdp, pick(Self.bodies)]))
      case 2: bench.cancel(branch: "m\(max(dialled, 1))", sequence: 1)
      case 3: bench.caller("ACK", pick([1, 1, 2, 3]), callID: "call-\(dialled)")
      case 4: bench.caller(pick(["BYE", "OPTIONS", "INFO"]), pick([2, 3, 4]), callID: "call-\(dialled)")
      case 5: bench.caller("INVITE", pick([2, 3, 4, 5]), callID: "call-\(dialled)", body: pick(Self.bodies))
      case 6...10:
        // An answer to any request we ever sent, from where it went.
        let requests = bench.sent.filter { $0.message.isRequest && $0.message.method != .ack }
        guard !requests.isEmpty else { break }
        let chosen = random.next() % 3 == 0 ? pick(requests) : requests[requests.count - 1]
        let listener: UInt16 = chosen.to == Bench.pbx ? 0 : 1
        let status = pick(Self.statuses)
        let text = Bench.response(
          status, to: chosen.message, toTag: pick(["b1", "b1", "b2"]), extra: pick(["", "Reason: Q.850;cause=17\r\n"]), body: pick(Self.bodies)
        )
        .replacingContact("<sip:x@\(chosen.to)>")
        past.append((Array(text.utf8), chosen.to, listener))
        bench.receive(text, from: chosen.to, listener: listener)
      case 11:
        guard !bench.attempts.isEmpty else { break }
        let number = Int(random.next() % UInt64(bench.attempts.count))
        let source = bench.attempts[number].requestURI.elementsEqual("sip:+14155550100@10.0.0.3:5080".utf8) ? Bench.backup : Bench.provider
        try bench.callee(
          pick(["BYE", "INVITE", "INVITE", "ACK", "OPTIONS", "CANCEL"]), pick([1, 2, 3]), attempt: number, tag: pick(["b1", "b1", "b2"]), from: source,
          body: pick(Self.bodies))
      case 12: bench.advance(by: .milliseconds(pick([1, 100, 600, 2_500, 4_100, 11_000, 33_000])))
      case 13:
        guard let again = past.isEmpty ? nil : pick(past) else { break }
        bench.receive(String(decoding: again.bytes, as: UTF8.self), from: again.from, listener: again.listener)
      case 14:
        if random.next() % 2 == 0 {
          bench.exchange.unreachable(Flow(listener: 1, transport: .udp, remote: pick([Bench.provider, Bench.backup])), at: bench.now)
        } else if let call = bench.exchange.calls.last {
          _ = bench.exchange.clear(call: call.id, at: bench.now)
        }
        bench.drain()
      default:
        guard random.next() % 3 == 0 else { break }
        let name = "spare-\(random.next() % 100)"
        let renames = Int(random.next() % 3)
        try bench.commit { $0.trunks[renames].name = renames == 0 ? "hq" : renames == 1 ? pick(["acme-1", name]) : name }
      }
    }
    let records = bench.records.count + bench.exchange.calls.count { call in !bench.records.contains { $0.id == call.id } }
    bench.advance(by: .seconds(300))
    bench.exchange.endAllCalls(at: bench.now)
    bench.drain()
    bench.finish(records: records)
  }
}
