import Addressing
import CTandemTrunk
import Configuration
import SIP
import ServerLocation
import Testing
import Timing

@testable import Trunks

/// What the health of servers means for trunks and peers.
@Suite("Trunks and the health of their servers")
struct TrunkHealthTests {
  private static let first = TransportAddress(IPAddress(203, 0, 113, 1), 5061)
  private static let other = TransportAddress(IPAddress(203, 0, 113, 2), 5061)
  private static let carrier = TransportAddress(IPAddress(198, 51, 100, 7), 5060)

  private static func table(_ plugin: UnsafePointer<tt_plugin_v1> = bareTable(), edit: (inout Configuration) -> Void = { _ in }) throws -> TrunkTable {
    let configuration = asked(edit)
    var trunks = TrunkTable(configuration, plugins: ["bare": plugin])
    let servers = [first, other].enumerated().map {
      ServerLocation.Server(rank: $0, weight: 0, name: nil, port: $1.port, addresses: [$1.ip], origin: .service)
    }
    let query = try #require(configuration.serverQuery(ofTrunk: 1))
    _ = trunks.locate([(query, ServerLocation(servers: servers))])
    return trunks
  }
  /// The scene with every peer asked.
  private static func asked(_ edit: (inout Configuration) -> Void = { _ in }) -> Configuration {
    scene(type: "bare") {
      for peer in $0.peers.indices { $0.peers[peer].optionsInterval = 30 }
      edit(&$0)
    }
  }
  /// Turns until `seconds`; OPTIONS to `answering` are answered at once. Returns those that were sent.
  @discardableResult
  private static func run(_ trunks: inout TrunkTable, from start: Int = 0, to seconds: Int, answering: [TransportAddress]) -> [TrunkTable.Probe] {
    var sent: [TrunkTable.Probe] = []
    var now = second(start)
    while let due = trunks.nextDeadline, due <= second(seconds) {
      now = max(now, due)
      trunks.advance(to: now)
      for probe in trunks.takeProbes() {
        sent.append(probe)
        if answering.contains(probe.target) { trunks.probeAnswered(probe, status: 200, rest: nil, at: now) }
      }
      if let next = trunks.nextDeadline { #expect(next > now, "a deadline that is not kept") }
    }
    return sent
  }
  private static func order(_ trunks: TrunkTable, at now: Int) -> [TransportAddress] {
    var random = RandomSource(seed: 1)
    return trunks.route(of: 1, at: second(now), using: &random).map { [$0.first.remote] + $0.others } ?? []
  }

  @Test("A server that is down is not tried while another is up; the trunk is down with the last of them, and up with one answer")
  func servers() throws {
    var trunks = try Self.table()
    Self.run(&trunks, to: 20, answering: [Self.other, Self.carrier])
    #expect(Self.order(trunks, at: 20) == [Self.other])
    #expect(!trunks.leads(1, to: Self.first, at: second(20)))
    #expect(trunks.states(at: second(20))[1] == .up)
    let news = trunks.takeNews().filter { $0.trunk == "named-tls" }
    #expect(news.map(\.isTrouble) == [true])
    #expect(news.first?.text.hasPrefix("trunk named-tls: 203.0.113.1:5061 is down (no answer to OPTIONS); see") == true)
    Self.run(&trunks, from: 20, to: 60, answering: [])
    #expect(trunks.isDown(1, at: second(60)))
    #expect(trunks.state(ofPeer: 1, at: second(60)).reason.contains("none of its 2 servers can be used; 203.0.113.1:5061: no answer to OPTIONS, down for"))
    #expect(trunks.targetStates(ofPeer: 1, at: second(60)).map(\.isDown) == [true, true])
    _ = trunks.takeNews()
    trunks.probeAnswered(.init(trunk: 1, target: Self.other), status: 486, rest: nil, at: second(61))
    #expect(trunks.states(at: second(61))[1] == .up)
    #expect(Self.order(trunks, at: 61) == [Self.other])
    #expect(trunks.takeNews().map(\.text).first?.hasSuffix("s; the trunk is up") == true)
  }

  @Test("408 and 503 to OPTIONS are misses, any other final answer is life — decision 20", arguments: [200, 401, 404, 405, 480, 500, 501, 603, 408, 503])
  func statuses(status: Int) throws {
    var trunks = try Self.table()
    var now = second(0)
    var count = 0
    while let due = trunks.nextDeadline, count < 5 {
      now = max(now, due)
      trunks.advance(to: now)
      for probe in trunks.takeProbes() where probe.target == Self.carrier {
        count += 1
        trunks.probeAnswered(probe, status: status, rest: nil, at: now)
      }
    }
    #expect(trunks.isDown(0, at: now) == [408, 503].contains(status))
  }

  @Test("An answer to a call is life, a request of the peer is a reason to ask")
  func calls() throws {
    var trunks = try Self.table()
    Self.run(&trunks, to: 30, answering: [Self.first, Self.other])
    #expect(trunks.isDown(0, at: second(30)))
    trunks.heard(from: 0, source: Self.carrier, at: second(30))
    #expect(trunks.isDown(0, at: second(30)))
    trunks.advance(to: second(30))
    #expect(trunks.takeProbes() == [.init(trunk: 0, target: Self.carrier)])
    trunks.heard(from: 0, source: Self.carrier, isAnswer: true, at: second(31))
    #expect(trunks.states(at: second(31))[0] == .up)
  }

  @Test("503 with Retry-After takes a server out until then, also the only one; without it the only one stays")
  func retryAfter() throws {
    var trunks = try Self.table()
    trunks.overloaded(1, target: Self.first, rest: .seconds(20), at: second(1))
    #expect(Self.order(trunks, at: 2) == [Self.other])
    trunks.overloaded(0, target: Self.carrier, at: second(1))
    #expect(!trunks.isDown(0, at: second(1)))
    trunks.overloaded(0, target: Self.carrier, rest: .seconds(0), at: second(1))
    #expect(!trunks.isDown(0, at: second(1)))
    trunks.overloaded(0, target: Self.carrier, rest: .seconds(20), at: second(1))
    #expect(trunks.isDown(0, at: second(20)) && !trunks.isDown(0, at: second(21)))
    #expect(trunks.state(ofPeer: 0, at: second(1)).reason.contains("trunk carrier-udp: 503, wants to be left alone for 20 s"))
    Self.run(&trunks, from: 1, to: 25, answering: [Self.first, Self.other, Self.carrier])
    #expect(trunks.takeNews().filter { $0.trunk == "carrier-udp" }.map(\.isTrouble) == [true, false])
  }

  @Test("A commit keeps what is known of a server; another interval begins anew, 0 is never")
  func commit() throws {
    var trunks = try Self.table()
    Self.run(&trunks, to: 30, answering: [Self.first, Self.other])
    trunks.reconfigure(Self.asked { $0.trunks.swapAt(0, 1) })
    #expect(trunks.isDown(1, at: second(30)))
    trunks.reconfigure(Self.asked { $0.peers[0].optionsInterval = 0 })
    let sent = Self.run(&trunks, from: 30, to: 300, answering: [Self.first, Self.other])
    #expect(!trunks.isDown(0, at: second(300)))
    #expect(!sent.contains { $0.trunk == 0 || $0.trunk == 3 })
  }

  @Test("The plugin is asked when servers go down or come back, hears what the host thinks, and decides")
  func verdict() throws {
    var trunks = try Self.table(
      bareTable { $0.health = { _, facts in facts!.pointee.host_verdict == TT_HEALTH_DOWN ? TT_HEALTH_LESS_PREFERRED : TT_HEALTH_DEFAULT } })
    Self.run(&trunks, to: 30, answering: [Self.first, Self.other])
    #expect(trunks.states(at: second(30))[0] == .lessPreferred)
    // It is used, so it leads somewhere.
    var random = RandomSource(seed: 1)
    #expect(trunks.route(of: 0, at: second(30), using: &random)?.first.remote == Self.carrier)
    trunks.probeAnswered(.init(trunk: 0, target: Self.carrier), status: 200, rest: nil, at: second(31))
    #expect(trunks.states(at: second(31))[0] == .up)
  }

  @Test("A peer whose plugin is gone is not asked: nothing is sent in its name")
  func withoutPlugin() {
    var trunks = TrunkTable(scene(type: "absent") { for peer in $0.peers.indices { $0.peers[peer].optionsInterval = 30 } }, plugins: [:])
    let sent = Self.run(&trunks, to: 60, answering: [])
    #expect(sent.isEmpty)
  }

  @Test("send_options: one trunk or all, at once; TT_ABSENT for a trunk that is not the peer's, TT_REFUSED where OPTIONS are off")
  func wishes() throws {
    for isOff in [false, true] {
      var trunks = try Self.table { if isOff { $0.peers[0].optionsInterval = 0 } }
      Self.run(&trunks, to: 10, answering: [Self.first, Self.other, Self.carrier, TransportAddress(IPAddress(198, 51, 100, 7), 5070)])
      let instance = try #require(trunks.services[0].instance)
      #expect(instance.wish(options: Array("named-tls".utf8)) == TT_ABSENT)
      #expect(instance.wish(options: Array("carrier-udp".utf8)) == (isOff ? TT_REFUSED : TT_OK))
      let first = Self.run(&trunks, from: 12, to: 12, answering: []).map(\.trunk)
      #expect(first == (isOff ? [] : [0]))
      _ = instance.wish(options: [])
      // The first was asked a moment ago.
      let second = Self.run(&trunks, from: 13, to: 13, answering: []).map(\.trunk)
      #expect(second == (isOff ? [] : [3]))
    }
  }
}
