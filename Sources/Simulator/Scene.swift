import Addressing
import Calls
import Configuration
import Routing

/// The configuration a run is played on: two listeners, one realm, three peers, number rules both ways, a route with a second choice.
struct Scene {
  let knobs: Knobs

  var configuration: Configuration {
    var c = Configuration()
    c.listeners = [
      .init(name: "lan", address: Ourselves.lan, transport: .udp), .init(name: "wan", address: Ourselves.wan, transport: .udp),
    ]
    let last = UInt16(30_000 + 2 * knobs.mediaPairs - 1)
    c.mediaRealms = [.init(name: "m", addresses: [Ourselves.ip], ports: [.init(first: 30_000, last: last)])]
    c.peers = Party.allCases.map { party in
      var peer = Configuration.Peer(name: party.name, type: "plain", address: .ip(party.address.ip), port: party.address.port)
      if let node = IPPrefix("\(party.secondNode.ip)/32") { peer.sources = [node] }
      peer.mediaNAT = knobs.mediaNAT && party != .hq
      return peer
    }
    c.trunks = Party.allCases.map { party in
      .init(
        name: party.name, listener: Int(party.listener), peer: party.rawValue, mediaRealm: 0, maxCalls: knobs.maxCalls,
        maxCallRate: knobs.maxCallRate)
    }
    c.pstnUsages = ["Internal", "National"]
    c.trunkConfigurations = Party.allCases.map { .init(scope: .trunk($0.name), settings: settings(of: $0)) }
    c.dialPlans = [.init(scope: .trunk("hq"), rules: [.init(number: 10, pattern: "^9(\\d{10})$", translation: "+1$1")])]
    c.voiceRoutes = [
      .init(name: "national", pattern: "^\\+1\\d{10}$", priority: 10, pstnUsages: ["National"], trunks: [Party.acme.trunk, Party.spare.trunk]),
      .init(name: "hq-dids", pattern: "^\\+1425555\\d{4}$", priority: 5, pstnUsages: ["Internal"], trunks: [Party.hq.trunk]),
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

  /// `turn`: a commit that leaves everything as it was, but the trunks in another order.
  func setup(turn: Int = 0) throws -> Exchange.Setup {
    let configuration = configuration
    return Exchange.Setup(
      configuration: configuration, routing: try RoutingTable(configuration), resolved: configuration.peers.map { _ in [] })
  }
}
