import Addressing
import Calls
import Configuration
import SIP
import Testing
import Timing

/// OPTIONS of ours on the wire, and what silence and answers mean for calls.
@Suite struct HealthTests {
  /// The route has `acme-1`, then `spare-1`; both providers are asked, the PBX is not.
  private static func bench(_ edit: (inout Configuration) -> Void = { _ in }) throws -> Bench {
    try Bench { configuration in
      Bench.hunting(&configuration)
      for peer in [1, 2] { configuration.peers[peer].optionsInterval = 30 }
      edit(&configuration)
    }
  }
  private static func answer(_ bench: inout Bench, _ status: Int = 200, from source: TransportAddress, extra: String = "") throws {
    let options = try #require(bench.requests(to: source).last { $0.method == .options })
    bench.receive(Bench.response(status, to: options, toTag: "o", extra: extra), from: source, listener: 1)
  }
  private static func options(_ bench: Bench, to address: TransportAddress) -> [SIPMessage] {
    var branches: Set<[UInt8]> = []
    return bench.requests(to: address).filter { $0.method == .options && branches.insert(Array($0.topVia.branch ?? [])).inserted }
  }
  /// In steps of 100 ms; every OPTIONS to those who answer is answered at the next.
  private static func run(_ bench: inout Bench, steps: Int, answering: [TransportAddress], until isDone: (Bench) -> Bool = { _ in false }) {
    var seen = bench.sent.count
    for _ in 0..<steps where !isDone(bench) {
      bench.advance(by: .milliseconds(100))
      for (message, to, _, _) in bench.sent[min(seen, bench.sent.count)...] where message.method == .options && message.isRequest && answering.contains(to) {
        bench.receive(Bench.response(200, to: message, toTag: "o"), from: to, listener: 1)
      }
      seen = bench.sent.count
    }
  }
  /// Asked for the first time, both answer.
  private static func begun() throws -> Bench {
    var bench = try bench()
    run(&bench, steps: 60, answering: [Bench.backup, Bench.provider])
    return bench
  }
  private static func end(_ bench: inout Bench) {
    bench.exchange.endAllCalls(at: bench.now)
    bench.drain()
    #expect(bench.faults == [])
  }

  @Test("OPTIONS to a peer: to itself, from our host, with what RFC 3261 8.1.1 and 11.1 want; none to one with options-interval 0")
  func shape() throws {
    var bench = try Self.begun()
    #expect(Self.options(bench, to: Bench.pbx).isEmpty)
    let sent = Self.options(bench, to: Bench.provider)
    #expect(sent.count == 1)
    let options = try #require(sent.first)
    func text(_ name: HeaderName) -> String { options.value(name).map { String(decoding: $0, as: UTF8.self) } ?? "" }
    #expect(String(decoding: options.requestURI, as: UTF8.self) == "sip:\(Bench.provider)")
    #expect(text(.to) == "<sip:10.0.0.2>" && text(.from).hasPrefix("<sip:10.0.0.9>;tag="))
    #expect(text(.contact) == "<sip:10.0.0.9:5070>")
    #expect(text(.maxForwards) == "70" && text(.cseq) == "1 OPTIONS" && text(.accept) == "application/sdp")
    #expect(options.callID.count == 32)
    Self.end(&bench)
  }

  @Test("A provider falls silent: down within 12 s of the first OPTIONS it does not answer; calls go to the other, and back with one answer")
  func silence() throws {
    var bench = try Self.begun()
    bench.forget()
    Self.run(&bench, steps: 450, answering: [Bench.backup]) { !$0.exchange.trunkViews(at: $0.now)[1].isUp }
    let first = try #require(bench.sent.first { $0.to == Bench.provider && $0.message.method == .options }?.at)
    #expect(bench.now.since(first) <= .seconds(12))
    #expect(bench.exchange.trunkViews(at: bench.now)[1].isUp == false)
    #expect(bench.notes.contains { $0.hasPrefix("trunk acme-1: \(Bench.provider) is down (no answer to OPTIONS); the trunk is down") })
    bench.forget()
    bench.dial(branch: "d", callID: "call-d", fromTag: "d")
    #expect(bench.toSpare == ["INVITE"] && bench.heard(Bench.provider) == [])
    try bench.reply(486, attempt: 0, from: Bench.backup)
    Self.run(&bench, steps: 610, answering: [Bench.backup]) { !Self.options($0, to: Bench.provider).isEmpty }
    try Self.answer(&bench, from: Bench.provider)
    #expect(bench.exchange.trunkViews(at: bench.now)[1].isUp)
    #expect(bench.notes.last?.hasSuffix("the trunk is up") == true)
    bench.forget()
    for number in 0..<2 { bench.dial(branch: "e\(number)", callID: "call-e\(number)", fromTag: "e\(number)") }
    #expect(bench.heard(Bench.provider).contains("INVITE"))
    Self.end(&bench)
  }

  @Test("A provider that is down sends a request: it is asked at once")
  func wakes() throws {
    var bench = try Self.bench()
    bench.advance(by: .seconds(20))
    #expect(bench.exchange.trunkViews(at: bench.now)[1].isUp == false)
    bench.forget()
    bench.receive(
      Bench.request("OPTIONS", uri: "sip:x@10.0.0.9:5070", from: Bench.provider, branch: "w", callID: "w"), from: Bench.provider, listener: 1)
    #expect(bench.exchange.trunkViews(at: bench.now)[1].isUp == false)
    bench.advance(by: .milliseconds(1))
    #expect(Self.options(bench, to: Bench.provider).count == 1)
    try Self.answer(&bench, from: Bench.provider)
    #expect(bench.exchange.trunkViews(at: bench.now)[1].isUp)
    Self.end(&bench)
  }

  @Test("503 with Retry-After to a call: the next trunk, and that one not again until then; the caller never sees it — RFC 3261 21.5.4, decided")
  func retryAfter() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.reply(503, extra: "Retry-After: 30 (busy);duration=3600\r\n")
    #expect(bench.toSpare == ["INVITE"])
    #expect(bench.exchange.trunkViews(at: bench.now)[1].isUp == false)
    bench.receive(Bench.response(503, to: try bench.attempt(1), extra: "Retry-After: 30\r\n"), from: Bench.backup, listener: 1)
    let refusal = try #require(bench.last(to: Bench.pbx))
    #expect(refusal.status == 503 && refusal.value(.retryAfter) == nil)
    bench.forget()
    bench.dial(branch: "2", callID: "call-2", fromTag: "2")
    #expect(bench.toCallee.isEmpty && bench.toSpare.isEmpty)
    bench.advance(by: .seconds(30))
    bench.forget()
    bench.dial(branch: "3", callID: "call-3", fromTag: "3")
    #expect(bench.attempts.count == 3)
    Self.end(&bench)
  }

  @Test("A trunk that goes down while a call hunts is passed over")
  func duringHunt() throws {
    var bench = try Self.bench { $0.trunkConfigurations[0].settings.routingTimeout = 0 }
    bench.advance(by: .seconds(5))
    bench.dial()
    #expect(bench.attempts.count == 1)
    bench.advance(by: .seconds(20))
    // Both are down by now, so nobody else was asked.
    #expect(bench.attempts.count == 1)
    #expect(bench.statuses(to: Bench.pbx).last == 503)
    Self.end(&bench)
  }

  @Test("Our OPTIONS go on over commits that move their trunk; what comes then counts for the right one, and for nobody when it is gone")
  func commits() throws {
    var bench = try Self.bench()
    bench.advance(by: .seconds(20))
    #expect(bench.exchange.trunkViews(at: bench.now).map(\.isUp) == [true, false, false])
    bench.receive(
      Bench.request("OPTIONS", uri: "sip:x@10.0.0.9:5070", from: Bench.provider, branch: "w", callID: "w"), from: Bench.provider, listener: 1)
    bench.advance(by: .milliseconds(1))
    try bench.commit { c in
      c.trunks.swapAt(1, 2)
      c.voiceRoutes[0].trunks = [2]
      c.voiceRoutes[2].trunks = [1]
    }
    try Self.answer(&bench, from: Bench.provider)
    #expect(bench.exchange.trunkViews(at: bench.now).map(\.isUp) == [true, false, true])
    bench.advance(by: .seconds(35))
    try bench.commit { c in
      c.trunks.removeLast()
      c.voiceRoutes.removeFirst()
    }
    try Self.answer(&bench, 404, from: Bench.provider)
    Self.end(&bench)
  }

  @Test("OPTIONS are answered with what we take — RFC 3261 11.2", arguments: [false, true])
  func answered(inDialog: Bool) throws {
    var bench = try Bench()
    if inDialog {
      try bench.established()
      bench.caller("OPTIONS", 2)
    } else {
      bench.receive(Bench.request("OPTIONS", uri: "sip:10.0.0.9", from: Bench.pbx, branch: "o", callID: "o"), from: Bench.pbx)
    }
    let answer = try #require(bench.last(to: Bench.pbx))
    func text(_ name: HeaderName) -> String? { answer.value(name).map { String(decoding: $0, as: UTF8.self) } }
    #expect(answer.status == 200 && answer.method == .options)
    #expect(text(.allow)?.contains("INVITE") == true && text(.accept)?.contains("application/sdp") == true && text(.acceptEncoding) == "identity")
    #expect(answer.has(.supported))
    Self.end(&bench)
  }
}
