import Addressing
import Calls
import Configuration
import SIP
import Testing
import Timing

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
}
