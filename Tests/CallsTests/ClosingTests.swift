import Addressing
import Calls
import Configuration
import Media
import Records
import Routing
import SIP
import Testing
import Timing

extension Bench {
  /// A commit.
  mutating func commit(_ edit: (inout Configuration) -> Void) throws {
    edit(&edited)
    exchange.reconfigure(
      .init(configuration: edited, routing: try RoutingTable(edited)), wallClock: 1_700_000_000, at: now)
    drain()
  }
  mutating func clear() throws {
    let id = try #require(exchange.calls.first?.id)
    let isFound = exchange.clear(call: id, at: now)
    #expect(isFound)
    drain()
  }
}

@Suite struct ClosingTests {
  enum Phase: CaseIterable, Sendable { case opening, calling, trying, alerting, answered, up, offering, hunting }

  /// A call brought into a phase.
  private static func bench(in phase: Phase) throws -> Bench {
    var bench = try Bench(edit: Bench.hunting)
    switch phase {
    case .opening:
      bench.holdsMedia = true
      bench.dial()
    case .calling: bench.dial()
    case .trying:
      bench.dial()
      try bench.reply(100)
    case .alerting:
      bench.dial()
      try bench.reply(180)
    case .answered: try bench.answered()
    case .up: try bench.established()
    case .offering:
      try bench.established()
      bench.caller("INVITE", 2, body: Bench.held)
    case .hunting:
      bench.dial()
      try bench.reply(503)
    }
    return bench
  }

  @Test("A call cleared by the operator ends in every phase, both sides told", arguments: Phase.allCases)
  func cleared(phase: Phase) throws {
    var bench = try Self.bench(in: phase)
    try bench.clear()
    #expect(bench.exchange.calls.first?.state ?? "ending" == "ending")
    switch phase {
    case .opening, .calling, .trying, .alerting, .hunting: #expect(bench.toCaller.last == "480 INVITE")
    case .answered: #expect(bench.toCaller.last == "200 INVITE")
    case .up: #expect(bench.toCaller.last == "BYE")
    case .offering: #expect(bench.toCaller.contains("BYE") && bench.toCaller.contains("487 INVITE"))
    }
    if phase == .answered {
      bench.callerAcknowledges()
      #expect(bench.toCaller.last == "BYE")
    }
    if [.answered, .up, .offering].contains(phase) { #expect(bench.toCallee.contains("BYE")) }
    if [.trying, .alerting].contains(phase) { #expect(bench.toCallee.last == "CANCEL") }
    bench.finish()
    #expect(bench.records.first?.reason.contains("operator") == true)
    var again = bench.exchange
    let isFound = again.clear(call: bench.records[0].id, at: bench.now)
    #expect(!isFound)
  }

  @Test("Stopping ends every call, whatever its phase, and refuses new ones with 503")
  func stopping() throws {
    for phase in Phase.allCases {
      var bench = try Self.bench(in: phase)
      bench.exchange.endAllCalls(at: bench.now)
      bench.drain()
      #expect(bench.exchange.calls.allSatisfy { $0.state == "ending" })
      bench.dial(branch: "new", callID: "new", fromTag: "new")
      #expect(bench.last(to: Bench.pbx)?.status == 503)
      bench.finish(records: 2)
    }
  }

  @Test("max-call-duration ends the call: of both trunks' limits the lower counts, and 0 is none", arguments: [(60, 90), (90, 60), (60, 0), (0, 60)])
  func duration(caller: Int, called: Int) throws {
    var bench = try Bench {
      Bench.settings(&$0, "hq") { $0.maxCallDuration = caller }
      Bench.settings(&$0, "acme-1") { $0.maxCallDuration = called }
    }
    try bench.established()
    bench.advance(by: .seconds(59))
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.advance(by: .seconds(1))
    #expect(bench.toCaller == ["BYE"] && bench.toCallee == ["BYE"])
    #expect(bench.exchange.calls.map(\.state) == ["ending"])
    bench.finish()
    #expect(bench.records.first?.reason == "max-call-duration was reached")
  }

  @Test("Stopping waits 2 s for the caller's ACK and then hangs up; nothing is left after that — RFC 3261 15")
  func stoppingWithoutAcknowledgement() throws {
    for isEnding in [false, true] {
      var bench = try Bench()
      try bench.answered()
      if isEnding {
        // Over already, and waiting for the ACK to hang up.
        try bench.callee("BYE")
      }
      bench.exchange.endAllCalls(at: bench.now)
      bench.drain()
      if !isEnding { try bench.calleeReplies(200, to: .bye) }
      bench.advance(by: .milliseconds(1_900))
      #expect(!bench.toCaller.contains("BYE"))
      bench.advance(by: .milliseconds(100))
      #expect(bench.toCaller.last == "BYE")
      try bench.callerReplies(200, to: .bye)
      #expect(bench.exchange.liveCalls == 0)
      #expect(bench.records.count == 1)
      bench.finish()
    }
  }

  @Test("Stopping with several calls: each side of each gets its BYE")
  func stoppingSeveral() throws {
    var bench = try Bench()
    try bench.established()
    bench.callerTag = ""
    bench.dial(branch: "b", callID: "call-b", fromTag: "b")
    try bench.reply(200, attempt: 1, body: Bench.sdp)
    bench.caller("ACK", 1, fromTag: "b", callID: "call-b")
    bench.forget()
    bench.exchange.endAllCalls(at: bench.now)
    bench.drain()
    #expect(bench.toCaller == ["BYE", "BYE"] && bench.toCallee == ["BYE", "BYE"])
    bench.finish(records: 2)
  }

  @Test("A commit that takes away the called side's trunk leaves the call to end cleanly, in every phase", arguments: Phase.allCases)
  func calledTrunkRemoved(phase: Phase) throws {
    var bench = try Self.bench(in: phase)
    try bench.commit {
      $0.trunks.remove(at: 1)
      $0.voiceRoutes = [.init(name: "national", pattern: "^\\+1\\d{10}$", priority: 10, pstnUsages: ["National"], trunks: [1])]
    }
    try go(on: &bench, after: phase)
  }

  @Test("A commit that takes away the caller's trunk leaves the call to end cleanly, in every phase", arguments: Phase.allCases)
  func callersTrunkRemoved(phase: Phase) throws {
    var bench = try Self.bench(in: phase)
    try bench.commit {
      $0.trunks.remove(at: 0)
      $0.voiceRoutes = [.init(name: "national", pattern: "^\\+1\\d{10}$", priority: 10, pstnUsages: ["National"], trunks: [0, 1])]
    }
    try go(on: &bench, after: phase)
  }

  @Test("A commit that renames every trunk leaves the call to end cleanly, in every phase", arguments: Phase.allCases)
  func renamed(phase: Phase) throws {
    var bench = try Self.bench(in: phase)
    try bench.commit { for index in $0.trunks.indices { $0.trunks[index].name += "-new" } }
    try go(on: &bench, after: phase)
  }

  @Test("A commit that turns listeners, peers, trunks and realms around carries the call along, in every phase", arguments: Phase.allCases)
  func reordered(phase: Phase) throws {
    var bench = try Self.bench(in: phase)
    try bench.commit {
      $0.listeners.reverse()
      $0.trunks.reverse()
      $0.peers.reverse()
      $0.mediaRealms.insert(.init(name: "a", addresses: [IPAddress(10, 0, 0, 8)]), at: 0)
      for index in $0.trunks.indices {
        $0.trunks[index].listener = 1 - $0.trunks[index].listener
        $0.trunks[index].peer = 2 - $0.trunks[index].peer
        $0.trunks[index].mediaRealm = 1
      }
      for index in $0.voiceRoutes.indices { $0.voiceRoutes[index].trunks = $0.voiceRoutes[index].trunks.map { 2 - $0 } }
    }
    bench.reversed = true
    #expect(bench.exchange.trunkViews(at: bench.now).map(\.calls) == (phase == .hunting ? [1, 0, 1] : [0, 1, 1]))
    try go(on: &bench, after: phase)
  }

  @Test("A commit that takes away the realm, or moves its ports, leaves nothing taken behind", arguments: Phase.allCases)
  func realmChanged(phase: Phase) throws {
    var bench = try Self.bench(in: phase)
    try bench.commit { $0.mediaRealms[0].ports = [.init(first: 40_000, last: 40_100)] }
    bench.movesPorts = true
    try go(on: &bench, after: phase)
    bench = try Self.bench(in: phase)
    try bench.commit { $0.mediaRealms = [.init(name: "other", addresses: [IPAddress(10, 0, 0, 9)])] }
    try go(on: &bench, after: phase)
  }

  /// What may happen next happens, then the call is cleared.
  private func go(on bench: inout Bench, after phase: Phase) throws {
    let provider: UInt16 = bench.reversed ? 0 : 1
    func answer(_ status: Int, _ number: Int, from source: TransportAddress, body: String = "") throws {
      bench.receive(Bench.response(status, to: try bench.attempt(number), toTag: "b1", body: body), from: source, listener: provider)
    }
    switch phase {
    case .opening:
      for command in bench.media {
        if case .open(let session, let side, _) = command { bench.exchange.media(.opened(session: session, side: side), at: bench.now) }
      }
      bench.drain()
    case .calling: try answer(503, 0, from: Bench.provider)
    case .trying: bench.advance(by: .seconds(11))
    case .alerting: try answer(200, 0, from: Bench.provider, body: Bench.sdp)
    case .hunting: try answer(200, 1, from: Bench.backup, body: Bench.sdp)
    case .answered, .up: break
    case .offering:
      let request = try #require(bench.requests(to: Bench.provider).last { $0.method == .invite })
      bench.receive(Bench.response(200, to: request, body: Bench.heldAnswer), from: Bench.provider, listener: provider)
    }
    if let id = bench.exchange.calls.first?.id { _ = bench.exchange.clear(call: id, at: bench.now) }
    bench.drain()
    // Ports outside the new ranges belong to the call alone.
    if bench.movesPorts { bench.faults.removeAll { $0.hasPrefix("ports") } }
    bench.finish()
  }
}
