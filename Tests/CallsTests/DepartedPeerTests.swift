import Addressing
import Calls
import Configuration
import SIP
import ServerLocation
import Testing
import Timing
import Trunks

/// A commit takes a peer away while a call with it is up.
@Suite struct DepartedPeerTests {
  /// The caller's peer and trunk are gone; what is left has moved up.
  private static func withoutCaller(_ c: inout Configuration) {
    c.peers.removeFirst()
    c.trunks.removeFirst()
    for index in c.trunks.indices { c.trunks[index].peer -= 1 }
    c.voiceRoutes = [.init(name: "national", pattern: "^\\+1\\d{10}$", priority: 10, pstnUsages: ["National"], trunks: [0])]
  }

  @Test("Who a commit shut out can still end the call he has, and does not get another word — decided")
  func bye() throws {
    var bench = try Bench()
    try bench.established()
    try bench.commit(Self.withoutCaller)
    bench.caller("OPTIONS", 2)
    #expect(bench.toCaller == ["200 OPTIONS"])
    bench.forget()
    bench.dial(branch: "new", callID: "new", fromTag: "new")
    bench.receive(Bench.request("OPTIONS", uri: "sip:10.0.0.9", from: Bench.pbx, branch: "o"), from: Bench.pbx)
    bench.caller("BYE", 3, toTag: String(bench.callerTag.reversed()))
    bench.caller("BYE", 3, from: TransportAddress(IPAddress(10, 0, 0, 77), 5090))
    bench.caller("BYE", 3, from: Bench.pbx, listener: 1)
    #expect(bench.sent.isEmpty)
    try bench.hangUp()
    #expect(bench.toCaller == ["200 BYE"] && bench.toCallee == ["BYE"])
    #expect(bench.exchange.liveCalls == 0)
    bench.forget()
    bench.caller("BYE", 90, branch: "again")
    #expect(bench.sent.isEmpty)
    bench.finish()
    #expect(bench.records.first?.reason == "hq hung up")
  }

  @Test("His answer to our BYE is heard, and the ACK of our 2xx")
  func answers() throws {
    var bench = try Bench()
    try bench.answered()
    try bench.commit(Self.withoutCaller)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(5))
    #expect(bench.sent.isEmpty, "the 2xx is not repeated any more")
    try bench.callee("BYE")
    try bench.callerReplies(200, to: .bye)
    #expect(bench.exchange.liveCalls == 0)
    bench.finish()
  }

  @Test("He can cancel the call he is making")
  func cancel() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    try bench.commit(Self.withoutCaller)
    bench.cancel()
    #expect(bench.toCaller.suffix(2) == ["200 CANCEL", "487 INVITE"])
    #expect(bench.toCallee.last == "CANCEL")
    bench.finish()
  }

  @Test("A peer that gets another address keeps its trunk, and its call goes on from the old one, over two commits")
  func moved() throws {
    var bench = try Bench()
    try bench.established()
    try bench.commit { $0.peers[0].address = .ip(IPAddress(10, 0, 0, 50)) }
    try bench.commit { $0.trunks[0].maxCalls = 3 }
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    try bench.hangUp()
    bench.finish()
  }

  private static let (old, new) = (IPAddress(10, 0, 0, 1), IPAddress(10, 0, 0, 50))
  /// The caller's peer has a name, which leads to where he is.
  private static func named() throws -> Bench {
    var bench = try Bench { $0.peers[0].address = .domain("pbx.example") }
    bench.resolve([[old], [], []])
    return bench
  }

  @Test(
    "A name that leads elsewhere takes nothing from a call that is up: re-INVITE, ACK, answers and BYE come from the old address, also after a second change")
  func resolved() throws {
    var bench = try Self.named()
    try bench.established()
    for address in [Self.new, IPAddress(10, 0, 0, 51)] { bench.resolve([[address], [], []]) }
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    bench.advance(by: .seconds(5))
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    bench.forget()
    bench.dial(branch: "new", callID: "new", fromTag: "new")
    #expect(bench.sent.isEmpty, "a new call from there is a stranger's")
    try bench.callee("BYE")
    try bench.callerReplies(200, to: .bye)
    #expect(bench.exchange.liveCalls == 0)
    bench.finish()
  }

  @Test("The far side of a name that leads elsewhere ends its call from the old address")
  func resolvedBye() throws {
    var bench = try Self.named()
    try bench.established()
    bench.resolve([[Self.new], [], []])
    try bench.hangUp()
    #expect(bench.toCaller == ["200 BYE"] && bench.toCallee == ["BYE"])
    bench.finish()
    #expect(bench.records.first?.reason == "hq hung up")
  }

  /// Whether an answer to nothing is taken up, or its source is a stranger's.
  private static func isRead(_ bench: inout Bench, from source: TransportAddress = Bench.pbx) throws -> Bool {
    func strangers() -> UInt64? { bench.exchange.counters.first { $0.name == "gate.strangers" }?.value }
    let before = try #require(strangers())
    bench.receive(Bench.response(183, to: try bench.attempt(), toTag: "x"), from: source)
    return strangers() == before
  }

  @Test("A place that was shut out is read from as long as its last call, and for the ACK of a refusal 32 s more; other strangers never")
  func forgotten() throws {
    var bench = try Bench()
    try bench.established()
    try bench.commit(Self.withoutCaller)
    bench.advance(by: .seconds(100))
    #expect(try Self.isRead(&bench))
    #expect(try !Self.isRead(&bench, from: TransportAddress(IPAddress(10, 0, 0, 77), 5060)))
    try bench.hangUp()
    #expect(bench.exchange.liveCalls == 0)
    bench.advance(by: .seconds(31))
    #expect(try Self.isRead(&bench))
    bench.advance(by: .seconds(2))
    #expect(try !Self.isRead(&bench))
    bench.finish()
  }

  @Test("The ACK of a refusal is heard when its call is gone already — RFC 3261 17.2.1")
  func refused() throws {
    var bench = try Bench()
    bench.dial()
    try bench.commit(Self.withoutCaller)
    try bench.reply(486)
    #expect(bench.toCaller == ["100 INVITE", "486 INVITE"])
    #expect(bench.exchange.liveCalls == 0)
    let tag = String(decoding: try #require(bench.sent.last { $0.to == Bench.pbx }?.message.to.tag), as: UTF8.self)
    bench.caller("ACK", 1, branch: "1", toTag: tag)
    bench.advance(by: .seconds(20))
    #expect(bench.toCaller == ["100 INVITE", "486 INVITE"], "it is not repeated any more")
    bench.finish()
  }

  @Test("A place with two calls is kept for the second")
  func twoCalls() throws {
    var bench = try Bench()
    try bench.established()
    let first = bench.callerTag
    bench.callerTag = ""
    bench.dial(branch: "2", callID: "call-2", fromTag: "a2")
    let second = try bench.attempt(1)
    bench.receive(Bench.response(200, to: second, toTag: "b2", body: Bench.sdp), from: Bench.provider, listener: 1)
    bench.caller("ACK", 1, fromTag: "a2", callID: "call-2")
    let tag = bench.callerTag
    try bench.commit(Self.withoutCaller)
    bench.caller("BYE", 2, toTag: first)
    try bench.calleeReplies(200, to: .bye)
    #expect(bench.exchange.liveCalls == 1)
    bench.advance(by: .seconds(60))
    bench.forget()
    bench.caller("BYE", 2, fromTag: "a2", toTag: tag, callID: "call-2")
    #expect(bench.toCaller == ["200 BYE"])
    try bench.calleeReplies(200, to: .bye)
    bench.finish(records: 2)
  }
}

extension Bench {
  /// The names of peers lead there now.
  mutating func resolve(_ resolved: [[IPAddress]]) {
    let found = edited.trunks.indices.compactMap { trunk -> (ServerQuery, ServerLocation)? in
      guard let query = edited.serverQuery(ofTrunk: trunk), case .domain = query.host else { return nil }
      let server = ServerLocation.Server(
        rank: 0, weight: 0, name: nil, port: query.port ?? 5060, addresses: resolved[edited.trunks[trunk].peer], origin: .address)
      return (query, ServerLocation(servers: [server]))
    }
    exchange.locate(found, at: now)
    drain()
  }
}
