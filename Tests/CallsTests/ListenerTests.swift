import Addressing
import Calls
import Configuration
import Routing
import SIP
import Testing
import Timing

extension Bench {
  /// A commit, done as the daemon does it; `warns` is false for one that gives the exchange no time to say goodbye.
  mutating func commit(warns: Bool = true, _ edit: (inout Configuration) -> Void) throws {
    edit(&edited)
    let setup = Exchange.Setup(configuration: edited, routing: try RoutingTable(edited))
    if warns {
      exchange.leaveListeners(to: edited, at: now)
      drain()
    }
    exchange.reconfigure(setup, wallClock: 1_700_000_000, at: now)
    drain()
  }
}

@Suite("Commits that take a listener away") struct ListenerTests {
  private func moved(_ configuration: inout Configuration) { configuration.listeners[1].address.port = 5071 }

  @Test("A call whose listener goes is ended with BYE on both sides while its socket is open, and the record says why — decided")
  func ends() throws {
    var bench = try Bench()
    try bench.established()
    var next = bench.edited
    moved(&next)
    #expect(bench.exchange.callsLosingListener(to: next).map { "\($0.listener) \($0.calls)" } == ["wan 1"])
    bench.exchange.leaveListeners(to: next, at: bench.now)
    bench.drain()
    #expect(bench.toCaller == ["BYE"])
    #expect(bench.toCallee == ["BYE"])
    try bench.commit(moved)
    try bench.callerReplies(200, to: .bye)
    #expect(bench.toCallee == ["BYE"])
    bench.finish()
    #expect(bench.records.map(\.reason) == ["listener wan was changed by a commit"])
    #expect(bench.records.map(\.outcome) == [.answered])
  }

  @Test("A removed listener is named as removed; calls elsewhere go on")
  func removed() throws {
    var bench = try Bench {
      $0.listeners.append(.init(name: "dmz", address: TransportAddress(IPAddress(10, 0, 0, 9), 5080), transport: .udp))
      $0.trunks[2].listener = 2
      $0.voiceRoutes.append(.init(name: "spare", pattern: "^\\+44\\d+$", priority: 1, pstnUsages: ["National"], trunks: [2]))
    }
    try bench.established()
    bench.dial("+441234567", branch: "2", callID: "call-2", fromTag: "a2")
    #expect(bench.toSpare == ["INVITE"])
    bench.receive(Bench.response(180, to: try bench.attempt(1)), from: Bench.backup, listener: 2)
    bench.forget()
    try bench.commit {
      $0.trunks.removeLast()
      $0.listeners.removeLast()
      for index in $0.voiceRoutes.indices { $0.voiceRoutes[index].trunks.removeAll { $0 == 2 } }
    }
    #expect(bench.toSpare == ["CANCEL"])
    #expect(bench.toCaller == ["503 INVITE"])
    #expect(bench.toCallee == [])
    #expect(bench.exchange.calls.map(\.state).sorted() == ["ending", "up"])
    try bench.hangUp()
    bench.finish(records: 2)
    #expect(bench.records.map(\.reason).contains("listener dmz was removed by a commit"))
  }

  @Test("A listener that is renamed, or stands elsewhere in the list, keeps its calls")
  func renamed() throws {
    var bench = try Bench()
    try bench.established()
    try bench.commit {
      $0.listeners[1].name = "internet"
      $0.listeners.swapAt(0, 1)
      for index in $0.trunks.indices { $0.trunks[index].listener = 1 - $0.trunks[index].listener }
    }
    #expect(bench.sent.isEmpty)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.caller("BYE", 2, listener: 1)
    #expect(bench.toCaller == ["200 BYE"] && bench.toCallee == ["BYE"])
    bench.finish()
  }

  @Test("An answer that waits for its ACK is not waited for: the caller gets BYE while he can — RFC 3261 15")
  func unacknowledged() throws {
    var bench = try Bench()
    try bench.answered()
    bench.forget()
    try bench.commit { $0.listeners[0].address.port = 5061 }
    #expect(bench.toCaller == ["BYE"])
    #expect(bench.toCallee == ["BYE"])
    bench.finish()
    #expect(bench.records.map(\.reason) == ["listener lan was changed by a commit"])
  }

  @Test("Without the goodbye nothing goes out by another listener's socket, and the call ends all the same")
  func silent() throws {
    var bench = try Bench()
    try bench.established()
    bench.flows = []
    try bench.commit(warns: false) {
      $0.listeners[1].address.port = 5071
      $0.listeners.swapAt(0, 1)
      for index in $0.trunks.indices { $0.trunks[index].listener = 1 - $0.trunks[index].listener }
    }
    #expect(bench.flows.allSatisfy { $0.remote == Bench.pbx ? $0.listener == 1 : $0.listener == .max })
    bench.finish()
    #expect(bench.records.map(\.reason) == ["listener wan was changed by a commit"])
  }
}
