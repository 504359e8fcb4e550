// What one decision costs and how that grows: routing against the number of routes, the source gate against the number of peers.
// Run alone on a quiet machine: swift run -c release benchmark-decisions
import Addressing
import Admission
import Configuration
import Routing

/// Best of five, in nanoseconds for one turn.
func nanoseconds(turns: Int, _ body: (Int) -> Int) -> Int {
  var best = Int.max
  var sink = 0
  for _ in 0..<5 {
    let spent = ContinuousClock().measure { for turn in 0..<turns { sink &+= body(turn) } }
    best = min(best, Int(spent / .nanoseconds(1)) / turns)
  }
  // Used, so that the work can not be left out.
  precondition(sink != .min)
  return best
}
func verdict(_ value: Int, atMost budget: Int) -> String { value <= budget ? "ok" : "OVER BUDGET" }
func padded(_ value: Int) -> String {
  let text = String(value)
  return String(repeating: " ", count: max(0, 8 - text.count)) + text
}

/// Routes that do not match, then one that does, with three trunks.
func routed(_ routes: Int) -> Configuration {
  var configuration = Configuration()
  configuration.listeners = [.init(name: "a", address: .init(IPAddress(127, 0, 0, 1), 5060), transport: .udp)]
  configuration.pstnUsages = ["All"]
  for index in 0..<4 {
    configuration.peers.append(.init(name: "p\(index)", type: "itsp", address: .dynamic))
    configuration.trunks.append(.init(name: "t\(index)", listener: 0, peer: index))
  }
  var settings = Configuration.TrunkConfiguration()
  settings.pstnUsages = ["All"]
  settings.calledNumberRules = [.init(number: 1, pattern: #"^\+(\d+)$"#, translation: "$1")]
  configuration.trunkConfigurations = [.init(scope: .global, settings: settings)]
  configuration.dialPlans = [.init(scope: .global, rules: [.init(number: 1, pattern: #"^9(\d{10})$"#, translation: "+1$1")])]
  for index in 0..<routes {
    configuration.voiceRoutes.append(.init(name: "r\(index)", pattern: #"^\+1\#(2_000_000 + index)\d{3}$"#, priority: 1, pstnUsages: ["All"], trunks: [1]))
  }
  configuration.voiceRoutes.append(.init(name: "last", pattern: #"^\+1\d{10}$"#, priority: 2, pstnUsages: ["All"], trunks: [1, 2, 3]))
  return configuration
}
/// Peers with an address and a prefix each.
func gated(_ peers: Int) -> Configuration {
  var configuration = Configuration()
  configuration.listeners = [.init(name: "a", address: .init(IPAddress(127, 0, 0, 1), 5060), transport: .udp)]
  for index in 0..<peers {
    let source = IPPrefix(IPAddress(v4: 0x0B00_0000 + UInt32(index) << 8), length: 24)
    configuration.peers.append(
      .init(name: "p\(index)", type: "itsp", address: .ip(IPAddress(v4: 0x0A00_0000 + UInt32(index))), sources: source.map { [$0] } ?? []))
    configuration.trunks.append(.init(name: "t\(index)", listener: 0, peer: index))
  }
  return configuration
}

print("a routing decision (3 attempts)\n  routes       ns   ns/route that does not match (budget 20)")
var base = 0
for routes in [0, 10, 100, 1_000, 10_000] {
  guard let table = try? RoutingTable(routed(routes)) else { fatalError("the configuration does not compile") }
  let query = RouteQuery(incomingTrunk: 0, called: Array("94155550100".utf8), calling: Array("+14255551234".utf8), trunkStates: [], turn: 1)
  let cost = nanoseconds(turns: routes >= 1_000 ? 500 : 20_000) { _ in table.plan(query).normalized?.count ?? 0 }
  if routes == 0 { base = cost }
  let each = routes == 0 ? 0 : max(0, cost - base) / routes
  print("\(padded(routes)) \(padded(cost)) \(routes >= 1_000 ? "\(padded(each)) \(verdict(each, atMost: 20))" : "")")
}

print("the source gate (budget 100)\n   peers  exact ns  stranger ns")
for peers in [1, 100, 10_000] {
  let gate = SourceGate(gated(peers), resolved: [])
  let exact = nanoseconds(turns: 200_000) { turn in
    gate.judge(source: .init(IPAddress(v4: 0x0A00_0000 + UInt32(turn % peers)), 5060), listener: 0) == .stranger ? 1 : 0
  }
  let stranger = nanoseconds(turns: 200_000) { turn in
    gate.judge(source: .init(IPAddress(v4: 0xC000_0000 &+ UInt32(truncatingIfNeeded: turn &* 7919)), 5060), listener: 0) == .stranger ? 1 : 0
  }
  print("\(padded(peers))  \(padded(exact)) \(verdict(exact, atMost: 100))  \(padded(stranger)) \(verdict(stranger, atMost: 100))")
}
