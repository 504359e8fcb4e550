import Addressing
import Configuration
import SIP
import ServerLocation
import Testing
import Timing

@testable import Trunks

/// A peer with several targets: which is tried when, and what the peer's state follows from.
@Suite struct TrunkTargetsTests {
  private let first = TransportAddress(IPAddress(203, 0, 113, 1), 5061)
  private let second = TransportAddress(IPAddress(203, 0, 113, 2), 5061)
  private let third = TransportAddress(IPAddress(203, 0, 113, 3), 5071)

  private func location(_ targets: TransportAddress...) -> ServerLocation {
    ServerLocation(
      servers: targets.enumerated().map {
        .init(rank: $0, weight: 0, name: DomainName("s\($0).example"), port: $1.port, addresses: [$1.ip], origin: .service)
      }, expires: second(100))
  }
  private func second(_ n: Int) -> Instant { Instant(nanoseconds: Int64(n) * 1_000_000_000) }

  private func table(_ targets: ServerLocation) throws -> TrunkTable {
    let configuration = scene(type: "bare")
    var trunks = TrunkTable(configuration, plugins: ["bare": bareTable()])
    let query = try #require(configuration.serverQuery(ofTrunk: 1))
    _ = trunks.locate([(query, targets)])
    return trunks
  }
  private func order(_ trunks: TrunkTable, at now: Int) -> [TransportAddress] {
    var random = RandomSource(seed: 1)
    return trunks.route(of: 1, at: second(now), using: &random).map { [$0.first.remote] + $0.others } ?? []
  }

  @Test("A target that failed is tried after the others for 60 s; heard of, it is back at once")
  func penalty() throws {
    var trunks = try table(location(first, second, third))
    #expect(order(trunks, at: 1) == [first, second, third])
    trunks.failed(1, target: first, reason: "no answer to INVITE", at: second(1))
    #expect(order(trunks, at: 2) == [second, third, first])
    #expect(order(trunks, at: 61) == [first, second, third])
    trunks.heard(from: 1, source: first, at: second(3))
    #expect(order(trunks, at: 3) == [first, second, third])
  }

  @Test("A trunk is as good as its best target: it goes to the end of the ring when all of them failed")
  func all() throws {
    var trunks = try table(location(first, second))
    trunks.failed(1, target: first, reason: "no answer to INVITE", at: second(1))
    #expect(trunks.states(at: second(2))[1] == .up)
    trunks.failed(1, target: second, reason: "no answer to INVITE", at: second(2))
    #expect(trunks.states(at: second(2))[1] == .lessPreferred)
    trunks.heard(from: 1, source: second, at: second(3))
    #expect(trunks.states(at: second(3))[1] == .up)
    #expect(order(trunks, at: 3) == [second, first])
  }

  @Test("503 puts a target behind the others; the only one has no other to stand behind")
  func overloaded() throws {
    var trunks = try table(location(first, second))
    trunks.overloaded(1, target: first, at: second(1))
    #expect(order(trunks, at: 1) == [second, first])
    trunks.overloaded(1, target: second, at: second(1))
    #expect(trunks.states(at: second(1))[1] == .up)
    var single = try table(location(first))
    single.overloaded(1, target: first, at: second(1))
    #expect(single.targetStates(ofPeer: 1, at: second(1)).first?.failure == nil)
  }

  @Test("When DNS changes, a target that stays keeps what is known of it, and the gate hears only of addresses that came or went")
  func change() throws {
    var trunks = try table(location(first, second))
    let query = try #require(trunks.targets[1].query)
    trunks.failed(1, target: second, reason: "no answer to INVITE", at: second(1))
    var isNews = trunks.locate([(query, location(second, third))])
    #expect(isNews)
    #expect(order(trunks, at: 2) == [third, second])
    #expect(trunks.addressesOfPeers(in: scene(type: "bare"))[1] == [second.ip, third.ip])
    isNews = trunks.locate([(query, ServerLocation(servers: location(second, third).servers, expires: second(900)))])
    #expect(!isNews)
    #expect(trunks.targetStates(ofPeer: 1, at: second(2)).map(\.expires) == [second(900), second(900)])
    isNews = trunks.locate([(query, ServerLocation(servers: [], trouble: "sip.example has no IPv4 address for SIP over TLS"))])
    #expect(isNews)
    #expect(trunks.states(at: second(2))[1] == .down)
    #expect(trunks.state(ofPeer: 1, at: second(2)).reason == "trunk named-tls: sip.example has no IPv4 address for SIP over TLS")
  }

  @Test("A commit keeps where a domain is; another port or transport of the trunk is another question")
  func commit() throws {
    var trunks = try table(location(first))
    trunks.reconfigure(scene(type: "bare") { $0.trunks.swapAt(0, 1) })
    #expect(trunks.destination(of: 0)?.remote == first)
    trunks.reconfigure(scene(type: "bare") { $0.peers[1].port = 5099 })
    #expect(trunks.destination(of: 1) == nil)
    #expect(trunks.state(ofPeer: 1, at: second(1)).reason == "trunk named-tls: sip.example is being looked up")
  }

  @Test("What is asked: the trunk's port before the peer's, the listener's transport and family, whether the peer names the transport; only domains")
  func queries() {
    let configuration = scene {
      $0.peers[1].transport = .tls
      $0.trunks.append(.init(name: "named-again", listener: 1, peer: 1))
      $0.trunks.append(.init(name: "named-port", listener: 1, peer: 1, peerPort: 5070))
    }
    let host = ServerQuery.Host.domain(DomainName("sip.example")!)
    #expect(
      configuration.serverQueries == [
        ServerQuery(host, transport: .tls, isTransportNamed: true, families: [.v4]),
        ServerQuery(host, transport: .tls, isTransportNamed: true, port: 5070, families: [.v4]),
      ])
    #expect(configuration.serverQuery(ofTrunk: 2) == nil)
  }
}
