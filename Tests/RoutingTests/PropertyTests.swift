import Configuration
import Routing
import Testing
import Timing

/// What holds for any configuration; the networks are random, the seeds fixed.
@Suite struct PropertyTests {
  private static let usages = ["A", "B", "C", "D"]
  private static let patterns = ["^", #"^\+1\d{10}$"#, #"^\+1425"#, #"^\+44"#, "55", #"^\+(?!1)\d+$"#, #"0$"#]

  private func some<Element>(of all: [Element], _ random: inout RandomSource) -> [Element] {
    all.shuffled(using: &random).filter { _ in Bool.random(using: &random) }
  }
  private func network(_ random: inout RandomSource) -> Network {
    var network = Network(usages: Self.usages)
    for index in 0..<Int.random(in: 2...6, using: &random) {
      let usages = some(of: Self.usages, &random)
      network.trunk("t\(index)", routable: Int.random(in: 0..<6, using: &random) > 0, usages: usages) {
        $0.removePlus = Bool.random(using: &random)
        if Bool.random(using: &random) { $0.calledNumberRules = [.init(number: 1, pattern: #"^\+(\d+)$"#, translation: "00$1")] }
      }
    }
    network.dialPlan(.global, (1, #"^9(\d+)$"#, "+1$1"), (2, #"^0(\d+)$"#, "+44$1"))
    let trunks = Array(network.configuration.trunks.indices)
    for index in 0..<Int.random(in: 0...8, using: &random) {
      network.route(
        "r\(index)", Self.patterns.randomElement(using: &random) ?? "^", priority: Int.random(in: 0...3, using: &random),
        usages: some(of: Self.usages, &random),
        trunks: some(of: trunks, &random))
    }
    return network
  }
  private func query(_ network: Network, _ random: inout RandomSource) -> RouteQuery {
    let prefix = ["9425555", "+1425555", "+44207", "0207", "555", "+9"].randomElement(using: &random) ?? ""
    let states = network.configuration.trunks.map { _ in RouteQuery.TrunkState(rawValue: UInt8.random(in: 0...3, using: &random)) ?? .up }
    return RouteQuery(
      incomingTrunk: Int.random(in: 0..<network.configuration.trunks.count, using: &random),
      called: Array("\(prefix)\(Int.random(in: 0...9999, using: &random))".utf8),
      calling: Array("+1425".utf8), trunkStates: states, turn: Int.random(in: -5...50, using: &random))
  }

  @Test("No attempt but through a shared usage, on a trunk of the route that is up, not the incoming one, once — any network", arguments: 0..<200)
  func attemptsAreLegal(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let network = network(&random)
    let configuration = network.configuration
    let table = try RoutingTable(configuration)
    for _ in 0..<20 {
      let query = query(network, &random)
      let plan = table.plan(query)
      let incoming = configuration.trunkConfiguration(for: query.incomingTrunk)
      var order: [(Int, Int)] = []
      for attempt in plan.attempts {
        let route = configuration.voiceRoutes[attempt.route]
        let usage = configuration.pstnUsages[attempt.usage]
        #expect(incoming.pstnUsages.contains(usage))
        #expect(route.pstnUsages.contains(usage))
        #expect(route.trunks.contains(attempt.trunk))
        #expect(attempt.trunk != query.incomingTrunk)
        #expect(query.trunkStates[attempt.trunk] == .up || query.trunkStates[attempt.trunk] == .lessPreferred)
        #expect(configuration.peers[configuration.trunks[attempt.trunk].peer].routable)
        order.append((incoming.pstnUsages.firstIndex(of: usage) ?? -1, route.priority))
      }
      #expect(Set(plan.trunks).count == plan.trunks.count)
      #expect(zip(order, order.dropFirst()).allSatisfy { $0 <= $1 })
      if case .attempts(let attempts) = plan.outcome { #expect(!attempts.isEmpty) }
      if let refusal = plan.refusal { #expect([403, 404, 503].contains(refusal.status)) }
    }
  }

  @Test("Adding a trunk that no route names and a route that only unshared usages reach changes no outcome", arguments: 0..<200)
  func unrelatedAdditions(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let network = network(&random)
    var larger = network
    larger.configuration.pstnUsages.append("Z")
    let added = larger.trunk("added", usages: ["Z"])
    // A pattern that matches none of the numbers: one that matched would turn 404 into 403, as it should.
    larger.route("added", #"^\+7"#, priority: 0, usages: ["Z"], trunks: [added])
    larger.route("added-2", #"^\+7"#, priority: 0, usages: Self.usages, trunks: [added])
    larger.collection(.site("elsewhere")) { $0.pstnUsages = ["Z"] }
    larger.dialPlan(.trunk("added"), (1, "^", "+7"))
    let table = try RoutingTable(network.configuration)
    let largerTable = try RoutingTable(larger.configuration)
    for _ in 0..<20 {
      let query = query(network, &random)
      #expect(table.plan(query) == largerTable.plan(query))
      var withState = query
      withState.trunkStates.append(.up)
      #expect(table.plan(query) == largerTable.plan(withState))
    }
  }

  @Test("Equal queries give equal plans and reasons, from the same table and from one built again", arguments: 0..<50)
  func deterministic(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    let network = network(&random)
    let first = try RoutingTable(network.configuration)
    let second = try RoutingTable(network.configuration)
    for _ in 0..<20 {
      let query = query(network, &random)
      let plan = first.plan(query, explain: true)
      #expect(plan == first.plan(query, explain: true))
      #expect(plan == second.plan(query, explain: true))
    }
  }

  @Test("Over the turns every trunk that is up comes first equally often")
  func fairness() throws {
    var network = Network(usages: ["A"])
    network.trunk("in", usages: ["A"])
    for index in 1...5 { network.trunk("t\(index)") }
    network.route("all", "^", usages: ["A"], trunks: [1, 2, 3, 4, 5])
    var firsts = [Int](repeating: 0, count: 6)
    for turn in 0..<500 { firsts[try network.plan(from: 0, to: "+1", turn: turn).trunks.first ?? 0] += 1 }
    #expect(firsts == [0, 100, 100, 100, 100, 100])
  }
}
