import Addressing
import Calls
import Configuration
import Media
import Routing
import SIP
import Testing
import Timing

/// Commits that take away what calls stand on: peers, their addresses and names, listeners, ports.
@Suite struct PeerChangeTests {
  /// The provider has moved to another address, as a name does from one look-up to the next.
  private static func move(_ configuration: inout Configuration) { configuration.peers[1].address = .ip(IPAddress(10, 0, 0, 77)) }
  /// The provider and its trunk are gone.
  private static func remove(_ configuration: inout Configuration) {
    configuration.trunks.remove(at: 1)
    configuration.peers.remove(at: 1)
    configuration.trunks[1].peer = 1
    configuration.voiceRoutes = []
  }
  private static let changes: [@Sendable (inout Configuration) -> Void] = [{ move(&$0) }, { remove(&$0) }]

  @Test("A peer that is taken away, or has another address now, can hang up the calls it has, and answer our requests in them", arguments: [0, 1])
  func hangsUp(change: Int) throws {
    var bench = try Bench()
    try bench.established()
    try bench.commit(Self.changes[change])
    try bench.callee("OPTIONS", 1)
    #expect(bench.toCallee == ["200 OPTIONS"])
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    bench.callerAcknowledges(2)
    try bench.callee("BYE", 2)
    #expect(bench.toCallee.last == "200 BYE")
    #expect(bench.toCaller.last == "BYE")
    try bench.callerReplies(200, to: .bye)
    // The call is gone: silence again.
    bench.advance(by: .seconds(40))
    bench.forget()
    try bench.callee("BYE", 3)
    #expect(bench.sent.isEmpty)
    bench.finish()
  }

  @Test("Outside its calls it is a stranger: silence to a new INVITE, OPTIONS and what can not be read", arguments: [0, 1])
  func stranger(change: Int) throws {
    var bench = try Bench()
    try bench.established()
    try bench.commit(Self.changes[change])
    for method in ["INVITE", "OPTIONS", "REGISTER"] {
      bench.receive(
        Bench.request(
          method, uri: "sip:+14255551234@10.0.0.9", from: Bench.provider, branch: "x\(method)", callID: "x", body: method == "INVITE" ? Bench.sdp : ""),
        from: Bench.provider, listener: 1)
    }
    bench.receive("BYE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP \(Bench.provider);branch=z9hG4bK9\r\n\r\n", from: Bench.provider, listener: 1)
    #expect(bench.sent.isEmpty)
    #expect(bench.exchange.liveCalls == 1)
    try bench.hangUp()
    bench.finish()
  }

  @Test("It answers a call that was on its way: the call comes up, and is acknowledged", arguments: [0, 1])
  func answers(change: Int) throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    try bench.commit(Self.changes[change])
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCallee == ["INVITE", "ACK"])
    #expect(bench.toCaller.last == "200 INVITE")
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }

  @Test("A caller that is taken away can still cancel, and its repeated INVITE makes no second call")
  func cancels() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    try bench.commit { $0.peers[0].address = .ip(IPAddress(10, 0, 0, 70)) }
    bench.dial()
    #expect(bench.exchange.liveCalls == 1)
    bench.cancel()
    #expect(bench.toCaller.suffix(2) == ["200 CANCEL", "487 INVITE"])
    bench.caller("ACK", 1, branch: "1")
    bench.forget()
    bench.advance(by: .seconds(10))
    #expect(!bench.toCaller.contains("487 INVITE"))
    bench.finish()
  }

  @Test("A peer that gets another name is the same peer to a request that is repeated: no second answer — RFC 3261 17.2.1")
  func renamed() throws {
    var bench = try Bench()
    bench.dial()
    try bench.commit { for index in $0.peers.indices { $0.peers[index].name += "-new" } }
    bench.forget()
    bench.dial()
    #expect(bench.toCaller == ["100 INVITE"])
    #expect(bench.exchange.liveCalls == 1)
    bench.cancel()
    bench.finish()
  }

  @Test("Calls on a listener that goes end while both sides can be told, also the one that has not acknowledged yet", arguments: [0, 1])
  func listenerGoes(listener: Int) throws {
    for isAcknowledged in [true, false] {
      var bench = try Bench()
      try bench.answered()
      if isAcknowledged { bench.callerAcknowledges() }
      bench.forget()
      var new = bench.edited
      new.listeners.remove(at: listener)
      new.trunks.removeAll { $0.listener == listener }
      for index in new.trunks.indices where new.trunks[index].listener > listener { new.trunks[index].listener -= 1 }
      new.voiceRoutes = []
      bench.exchange.leaveListeners(to: new, at: bench.now)
      bench.drain()
      #expect(bench.toCallee == ["BYE"])
      // Where only the other side's listener goes, the caller's BYE waits for its ACK as ever.
      #expect(bench.toCaller == (isAcknowledged || listener == 0 ? ["BYE"] : []))
      #expect(bench.exchange.calls.map(\.state) == ["ending"])
      try bench.commit { $0 = new }
      bench.finish()
      #expect(bench.records.first?.reason.contains("listener") == true)
    }
  }

  @Test("A trunk that gets another name: its peer's other nodes are still heard in the call, another peer is not")
  func otherNode() throws {
    var bench = try Bench { $0.peers[1].sources = [IPPrefix("10.0.2.0/24")!] }
    try bench.established()
    try bench.commit { $0.trunks[1].name = "acme-new" }
    let node = TransportAddress(IPAddress(10, 0, 2, 9), 5080)
    try bench.callee("BYE", 1, from: Bench.backup)
    #expect(bench.sent.map(\.message.status) == [481])
    try bench.callee("BYE", 1, from: node)
    #expect(bench.heard(node) == ["200 BYE"])
    #expect(bench.toCaller == ["BYE"])
    try bench.callerReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A name that leads elsewhere, or nowhere: who was a peer is heard in its calls until they end")
  func nameLeadsElsewhere() throws {
    var bench = try Bench()
    try bench.commit { $0.peers[1].address = .domain("acme.example") }
    bench.resolve([[], [Bench.provider.ip], []])
    try bench.established()
    bench.resolve([[], [], []])
    bench.resolve([[], [IPAddress(10, 0, 0, 78)], []])
    try bench.callee("OPTIONS", 1)
    #expect(bench.toCallee == ["200 OPTIONS"])
    try bench.callee("BYE", 2)
    #expect(bench.toCallee.last == "200 BYE" && bench.toCaller == ["BYE"])
    try bench.callerReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A call answered after its trunks went keeps the global settings")
  func globalSettings() throws {
    var bench = try Bench()
    bench.dial()
    try bench.commit {
      $0.trunks[0].name = "hq-new"
      $0.trunks[1].name = "acme-new"
      var settings = Configuration.TrunkConfiguration()
      settings.maxCallDuration = 100
      $0.trunkConfigurations.append(.init(scope: .global, settings: settings))
    }
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(101))
    #expect(bench.toCaller.contains("BYE") && bench.toCallee.contains("BYE"))
    bench.finish()
  }

  @Test("A listener that goes and comes back: an answer that comes late by it is acknowledged and ended by it — RFC 3261 13.2.2.4")
  func listenerComesBack() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    let before = bench.edited
    var without = before
    without.listeners.removeLast()
    without.trunks = [without.trunks[0]]
    without.voiceRoutes = []
    bench.exchange.leaveListeners(to: without, at: bench.now)
    bench.drain()
    try bench.commit { $0 = without }
    try bench.commit { $0 = before }
    bench.exchange.receive(
      Array(Bench.response(200, to: try bench.attempt(), toTag: "b1", body: Bench.sdp).utf8), on: Flow(listener: 1, transport: .udp, remote: Bench.provider),
      at: bench.now)
    var listeners: [UInt16] = []
    while let action = bench.exchange.nextAction() { if case .transmit(_, let flow) = action { listeners.append(flow.listener) } }
    #expect(listeners == [1, 1])
    bench.finish()
  }

  @Test("A call that is over, whose caller has not acknowledged yet: its listener goes, and its BYE before it (seed 217)")
  func overButUnacknowledged() throws {
    var bench = try Bench()
    try bench.answered()
    try bench.callee("BYE")
    #expect(bench.toCaller.last == "200 INVITE")
    bench.forget()
    var new = bench.edited
    new.listeners[0].address.port = 5061
    bench.exchange.leaveListeners(to: new, at: bench.now)
    bench.drain()
    #expect(bench.toCaller == ["BYE"])
    try bench.commit { $0 = new }
    bench.finish()
    #expect(bench.records.first?.reason == "acme-1 hung up")
  }

  @Test("A call in set-up on a listener that goes: 503 to the caller, CANCEL to the called side; calls on other listeners stay")
  func listenerGoesEarly() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.forget()
    var new = bench.edited
    new.listeners.append(.init(name: "more", address: TransportAddress(IPAddress(10, 0, 0, 9), 5088), transport: .udp))
    bench.exchange.leaveListeners(to: new, at: bench.now)
    bench.drain()
    #expect(bench.sent.isEmpty)
    new.listeners[1].address.port = 5071
    bench.exchange.leaveListeners(to: new, at: bench.now)
    bench.drain()
    #expect(bench.toCaller == ["503 INVITE"] && bench.toCallee == ["CANCEL"])
    bench.finish()
  }

  @Test("Ports of a live call are not handed out again when their realm shrinks and grows back, or gets another name")
  func portsStay() throws {
    for isRenamed in [true, false] {
      var bench = try Bench { $0.mediaRealms[0].ports = [.init(first: 20_000, last: 20_007)] }
      try bench.established()
      func taken() -> [UInt16] {
        bench.media.compactMap { if case .open(_, _, let anchor) = $0 { anchor.ports[0] } else { nil } }
      }
      let first = taken()
      if isRenamed {
        try bench.commit { $0.mediaRealms[0].name = "other" }
      } else {
        try bench.commit { $0.mediaRealms[0].ports = [.init(first: 30_000, last: 30_007)] }
        try bench.commit { $0.mediaRealms[0].ports = [.init(first: 20_000, last: 20_007)] }
      }
      #expect(bench.exchange.mediaCapacity.map(\.portsInUse) == [4])
      bench.callerTag = ""
      bench.dial(branch: "b", callID: "call-b", fromTag: "b")
      #expect(taken().count == 4 && Set(taken()).count == 4, "\(taken())")
      #expect(first == Array(taken().prefix(2)))
      bench.exchange.endAllCalls(at: bench.now)
      bench.drain()
      bench.finish(records: 2)
    }
  }
}
