import Addressing
import Calls
import Configuration
import SIP
import ServerLocation
import Testing
import Timing
import Trunks

/// A peer with several servers (RFC 3263 4.3): within one call they are tried one after the other, then the next trunk.
@Suite struct TargetFailoverTests {
  static let second = TransportAddress(IPAddress(10, 0, 0, 22), 5082)

  static func location(_ targets: TransportAddress...) -> ServerLocation {
    ServerLocation(
      servers: targets.enumerated().map {
        .init(rank: $0, weight: 0, name: DomainName("s\($0).acme.example"), port: $1.port, addresses: [$1.ip], origin: .service)
      })
  }
  /// Trunk `acme-1` leads to `provider`, then `second`; trunk `spare-1` is the next of the route.
  static func bench(edit: (inout Configuration) -> Void = { _ in }) throws -> Bench {
    var bench = try Bench { configuration in
      Bench.hunting(&configuration)
      configuration.peers[1].address = .domain("acme.example")
      configuration.peers[1].port = nil
      edit(&configuration)
    }
    try bench.locate(location(Bench.provider, second))
    return bench
  }

  @Test("503 from one server: the next of the same trunk is tried, in a dialog and branch of its own, the domain stays in the Request-URI — RFC 3263 4.3")
  func unavailable() throws {
    var bench = try Self.bench()
    bench.dial()
    try bench.reply(503)
    #expect(bench.toCallee == ["INVITE", "ACK"])
    #expect(bench.heard(Self.second) == ["INVITE"])
    #expect(bench.toSpare == [])
    let (one, two) = (try bench.attempt(0), try bench.attempt(1))
    #expect(one.topVia.branch != two.topVia.branch && one.callID != two.callID)
    for invite in [one, two] { #expect(String(decoding: invite.requestURI, as: UTF8.self) == "sip:14155550100@acme.example") }
    try bench.reply(200, attempt: 1, from: Self.second, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.caller("BYE")
    // The Contact of the answer names `provider`, an address of this peer: requests go there (RFC 3261 12.2.1.1).
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
    #expect(bench.records.first?.legs.map(\.status) == [200, 503, 200])
  }

  @Test("A server that can not be reached: the next one, at once")
  func unreachable() throws {
    var bench = try Self.bench()
    bench.dial()
    bench.exchange.unreachable(Flow(listener: 1, transport: .udp, remote: Bench.provider), at: bench.now)
    bench.drain()
    #expect(bench.heard(Self.second) == ["INVITE"])
    #expect(bench.toSpare == [])
    bench.cancel()
    bench.finish()
  }

  @Test("A server that is silent: the next one after progress-timeout, and a late answer of the first is acknowledged and ended — decided")
  func silent() throws {
    var bench = try Self.bench()
    bench.dial()
    bench.advance(by: .milliseconds(9_900))
    #expect(bench.heard(Self.second) == [])
    bench.advance(by: .milliseconds(200))
    #expect(bench.heard(Self.second) == ["INVITE"])
    try bench.reply(200, attempt: 0, body: Bench.sdp)
    #expect(bench.toCallee.suffix(2) == ["ACK", "BYE"])
    try bench.calleeReplies(200, to: .bye)
    bench.advance(by: .seconds(10))
    #expect(bench.toSpare == ["INVITE"])
    bench.cancel()
    bench.finish()
  }

  @Test("A server that said 100 and then nothing leads to the next trunk: its neighbours lead to the same network")
  func trying() throws {
    var bench = try Self.bench()
    bench.dial()
    try bench.reply(100)
    bench.advance(by: .milliseconds(10_200))
    #expect(bench.heard(Self.second) == [])
    #expect(bench.toSpare == ["INVITE"])
    bench.cancel()
    bench.finish()
  }

  @Test("Other refusals say nothing about the server: the next trunk on 5xx, the caller on 4xx", arguments: [500, 502, 504, 404, 486])
  func refused(status: Int) throws {
    var bench = try Self.bench()
    bench.dial()
    try bench.reply(status)
    #expect(bench.heard(Self.second) == [])
    #expect(bench.toSpare == (status >= 500 ? ["INVITE"] : []))
    bench.cancel()
    bench.finish()
  }

  @Test("All servers of a trunk refuse: the next trunk; 503 tries them even where failover-code leaves it out")
  func exhausted() throws {
    for failsOver in [true, false] {
      var bench = try Self.bench {
        if !failsOver { Bench.settings(&$0, "acme-1") { $0.failoverCodes = [.init(first: 500, last: 500)] } }
      }
      bench.dial()
      try bench.reply(503)
      try bench.reply(503, attempt: 1, from: Self.second)
      #expect(bench.toSpare == (failsOver ? ["INVITE"] : []))
      bench.cancel()
      bench.finish()
    }
  }

  @Test("The server that failed comes last in the next call, and first again when it is heard of")
  func remembered() throws {
    var bench = try Self.bench()
    bench.dial()
    bench.advance(by: .seconds(11))
    try bench.reply(486, attempt: 1, from: Self.second)
    bench.forget()
    bench.dial(branch: "2", callID: "call-2")
    #expect(bench.toCallee.filter { $0 == "INVITE" } == [])
    #expect(bench.heard(Self.second).last == "INVITE")
    try bench.reply(486, attempt: 2, from: Self.second)
    bench.receive(Bench.request("OPTIONS", uri: "sip:10.0.0.9:5070", from: Bench.provider, branch: "o", callID: "o"), from: Bench.provider, listener: 1)
    bench.forget()
    bench.dial(branch: "3", callID: "call-3")
    #expect(bench.heard(Self.second).filter { $0 == "INVITE" } == [])
    #expect(bench.toCallee.last == "INVITE")
    try bench.reply(486, attempt: 3)
    bench.finish(records: 3)
  }

  @Test("All servers of one trunk together hold one place on it, and take one from its rate")
  func places() throws {
    var bench = try Self.bench {
      $0.trunks[1].maxCalls = 1
      $0.trunks[1].maxCallRate = 1
    }
    bench.dial()
    try bench.reply(503)
    #expect(bench.heard(Self.second) == ["INVITE"])
    #expect(bench.exchange.trunkViews(at: bench.now).map(\.calls) == [1, 1, 0])
    bench.cancel()
    bench.finish()
  }

  @Test("Every address of the peer may send; one that DNS takes away still may while a call is up with it")
  func gate() throws {
    var bench = try Self.bench()
    let invite = { (source: TransportAddress, id: String) in
      Bench.request("OPTIONS", uri: "sip:10.0.0.9:5070", from: source, branch: id, callID: id)
    }
    bench.receive(invite(Self.second, "o1"), from: Self.second, listener: 1)
    #expect(bench.heard(Self.second) == ["200 OPTIONS"])
    try bench.established()
    try bench.locate(Self.location(Self.second))
    try bench.callee("BYE")
    #expect(bench.toCallee == ["200 BYE"])
    bench.finish()
    try bench.locate(Self.location(Bench.backup))
    bench.forget()
    bench.receive(invite(Bench.provider, "o2"), from: Bench.provider, listener: 1)
    #expect(bench.toCallee == [])
  }

  @Test("A target that DNS took away while the one before it was tried is left out")
  func gone() throws {
    var bench = try Self.bench()
    bench.dial()
    try bench.locate(Self.location(Bench.provider))
    try bench.reply(503)
    #expect(bench.heard(Self.second) == [])
    #expect(bench.toSpare == ["INVITE"])
    bench.cancel()
    bench.finish()
  }

  @Test("A domain that is not found yet refuses calls on its trunk with the next trunk, and takes them as soon as it is found")
  func unknown() throws {
    var bench = try Self.bench()
    try bench.locate(ServerLocation(servers: [], trouble: "NAPTR acme.example: timeout"))
    bench.dial()
    #expect(bench.toCallee == [] && bench.toSpare == ["INVITE"])
    #expect(bench.exchange.peerViews(at: bench.now)[1].reason == "trunk acme-1: NAPTR acme.example: timeout")
    bench.cancel()
    bench.finish()
    bench.forget()
    try bench.locate(Self.location(Self.second))
    bench.dial(branch: "2", callID: "call-2")
    #expect(bench.heard(Self.second) == ["INVITE"])
  }
}

extension Bench {
  /// What the resolver says of `acme.example`.
  mutating func locate(_ location: ServerLocation) throws {
    let query = try #require(edited.serverQuery(ofTrunk: 1))
    exchange.locate([(query, location)], at: now)
    drain()
  }
}
