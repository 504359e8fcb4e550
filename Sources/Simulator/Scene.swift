import Addressing
import Calls
import Configuration
import Routing

/// The configuration a run is played on: two listeners, one realm, three peers, number rules both ways, a route with a second choice.
struct Scene {
  let knobs: Knobs

  /// `turn`: peers and trunks stand in another order after each commit, so that every index of theirs means another one.
  func configuration(turn: Int) -> Configuration {
    var c = Configuration()
    let parties = (0..<3).map { Party.allCases[($0 + turn) % 3] }
    func place(_ party: Party) -> Int { parties.firstIndex(of: party) ?? 0 }
    c.listeners = [
      .init(name: "lan", address: Ourselves.lan, transport: .udp), .init(name: "wan", address: Ourselves.wan, transport: .udp),
    ]
    let last = UInt16(30_000 + 2 * knobs.mediaPairs - 1)
    c.mediaRealms = [.init(name: "m", addresses: [Ourselves.ip], ports: [.init(first: 30_000, last: last)])]
    c.peers = parties.map { party in
      var peer = Configuration.Peer(name: party.name, type: "plain", address: .ip(party.address.ip), port: party.address.port)
      if let node = IPPrefix("\(party.secondNode.ip)/32") { peer.sources = [node] }
      peer.mediaNAT = knobs.mediaNAT && party != .hq
      return peer
    }
    c.trunks = parties.map { party in
      .init(
        name: party.name, listener: Int(party.listener), peer: place(party), mediaRealm: 0, maxCalls: knobs.maxCalls,
        maxCallRate: knobs.maxCallRate)
    }
    c.pstnUsages = ["Internal", "National"]
    c.trunkConfigurations = Party.allCases.map { .init(scope: .trunk($0.name), settings: settings(of: $0)) }
    c.dialPlans = [.init(scope: .trunk("hq"), rules: [.init(number: 10, pattern: "^9(\\d{10})$", translation: "+1$1")])]
    c.voiceRoutes = [
      .init(name: "national", pattern: "^\\+1\\d{10}$", priority: 10, pstnUsages: ["National"], trunks: [place(.acme), place(.spare)]),
      .init(name: "hq-dids", pattern: "^\\+1425555\\d{4}$", priority: 5, pstnUsages: ["Internal"], trunks: [place(.hq)]),
    ]
    return c
  }

  private func settings(of party: Party) -> Configuration.TrunkConfiguration {
    var s = Configuration.TrunkConfiguration()
    s.pstnUsages = party == .hq ? ["National"] : ["Internal"]
    if party == .acme { s.calledNumberRules = [.init(number: 10, pattern: "^\\+(\\d+)$", translation: "$1")] }
    s.fastFailover = knobs.fastFailover
    s.progressTimeout = knobs.progressTimeout
    s.routingTimeout = knobs.routingTimeout
    s.maxCallDuration = knobs.maxCallDuration
    s.rtcpTimeout = knobs.mediaSilence
    s.forwardPAI = knobs.passesIdentity
    if knobs.failsOverOnEverything { s.failoverCodes = [.init(first: 400, last: 599)] }
    return s
  }

  func setup(turn: Int = 0) throws -> Exchange.Setup {
    let configuration = configuration(turn: turn)
    return Exchange.Setup(
      configuration: configuration, routing: try RoutingTable(configuration), resolved: configuration.peers.map { _ in [] })
  }
}
