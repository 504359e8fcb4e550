import Configuration
import Routing
import Testing

@Suite struct RouteOrderTests {
  /// An incoming trunk 0 with the usages given, and outgoing trunks 1...count.
  private func network(usages: [String], trunks count: Int, all: [String] = ["A", "B", "C"]) -> Network {
    var network = Network(usages: all)
    network.trunk("in", usages: usages)
    for index in 1...count { network.trunk("out-\(index)") }
    return network
  }

  @Test("The order of the incoming trunk's usages comes before the priority of routes")
  func usageBeforePriority() throws {
    var network = network(usages: ["B", "A"], trunks: 2)
    network.route("a", "^", priority: 1, usages: ["A"], trunks: [1])
    network.route("b", "^", priority: 9, usages: ["B"], trunks: [2])
    let plan = try network.plan(from: 0, to: "+1")
    #expect(plan.trunks == [2, 1])
    // Usages are named by their place in the global list.
    #expect(plan.attempts.map(\.usage) == [1, 0])
    #expect(plan.attempts.map(\.route) == [1, 0])
  }
  @Test("Under one usage routes go by ascending priority, equal ones in the order of the configuration")
  func priority() throws {
    var network = network(usages: ["A"], trunks: 4)
    network.route("late", "^", priority: 20, usages: ["A"], trunks: [1])
    network.route("tie-1", "^", priority: 10, usages: ["B", "A"], trunks: [3])
    network.route("tie-2", "^", priority: 10, usages: ["A"], trunks: [2])
    network.route("early", "^", priority: 5, usages: ["A"], trunks: [4])
    #expect(try network.plan(from: 0, to: "+1").trunks == [4, 3, 2, 1])
  }
  @Test("A route whose pattern does not match is passed over")
  func pattern() throws {
    var network = network(usages: ["A"], trunks: 2)
    network.route("uk", #"^\+44"#, priority: 1, usages: ["A"], trunks: [1])
    network.route("rest", "^", priority: 2, usages: ["A"], trunks: [2])
    #expect(try network.plan(from: 0, to: "+1425").trunks == [2])
    #expect(try network.plan(from: 0, to: "+4420").trunks == [1, 2])
  }
  @Test("The trunks of a route take turns: each call begins with the next one, and any number will do as the turn")
  func roundRobin() throws {
    var network = network(usages: ["A"], trunks: 3)
    network.route("all", "^", usages: ["A"], trunks: [1, 2, 3])
    #expect(try (0...3).map { try network.plan(from: 0, to: "+1", turn: $0).trunks } == [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 2, 3]])
    #expect(try network.plan(from: 0, to: "+1", turn: -1).trunks == [3, 1, 2])
    for extreme in [Int.min, .max] { #expect(try network.plan(from: 0, to: "+1", turn: extreme).trunks.sorted() == [1, 2, 3]) }
  }
  @Test("The share of a trunk that is down falls to the others evenly")
  func evenShare() throws {
    var network = network(usages: ["A"], trunks: 3)
    network.route("all", "^", usages: ["A"], trunks: [1, 2, 3])
    let firsts = try (0..<6).compactMap { try network.plan(from: 0, to: "+1", states: [.up, .up, .down, .up], turn: $0).trunks.first }
    #expect(firsts.filter { $0 == 1 }.count == 3)
    #expect(firsts.filter { $0 == 3 }.count == 3)
  }
  @Test("Less preferred trunks come after the others of their route, but before the next route")
  func lessPreferred() throws {
    var network = network(usages: ["A"], trunks: 4)
    network.route("first", "^", priority: 1, usages: ["A"], trunks: [1, 2, 3])
    network.route("second", "^", priority: 2, usages: ["A"], trunks: [4])
    let states: [RouteQuery.TrunkState] = [.up, .lessPreferred, .up, .lessPreferred, .up]
    #expect(try network.plan(from: 0, to: "+1", states: states).trunks == [2, 1, 3, 4])
    #expect(try network.plan(from: 0, to: "+1", states: states, turn: 1).trunks == [2, 3, 1, 4])
  }
  @Test("Trunks that are down or full are left out")
  func downAndFull() throws {
    var network = network(usages: ["A"], trunks: 3)
    network.route("all", "^", usages: ["A"], trunks: [1, 2, 3])
    #expect(try network.plan(from: 0, to: "+1", states: [.up, .down, .full, .up]).trunks == [3])
  }
  @Test("A trunk whose state is not given counts as up")
  func unknownState() throws {
    var network = network(usages: ["A"], trunks: 2)
    network.route("all", "^", usages: ["A"], trunks: [1, 2])
    #expect(try network.plan(from: 0, to: "+1", states: [.up, .down]).trunks == [2])
  }
  @Test("The state of the incoming trunk does not matter")
  func incomingState() throws {
    var network = network(usages: ["A"], trunks: 1)
    network.route("all", "^", usages: ["A"], trunks: [1])
    for state in [RouteQuery.TrunkState.full, .down, .lessPreferred] { #expect(try network.plan(from: 0, to: "+1", states: [state, .up]).trunks == [1]) }
  }
  @Test("The incoming trunk is not a candidate for its own call")
  func hairpin() throws {
    var network = network(usages: ["A"], trunks: 1)
    network.route("all", "^", usages: ["A"], trunks: [0, 1])
    #expect(try network.plan(from: 0, to: "+1").trunks == [1])
  }
  @Test("A trunk of a peer that is not routable is never a candidate, but may send calls")
  func notRoutable() throws {
    var network = network(usages: ["A"], trunks: 1)
    let silent = network.trunk("silent", routable: false, usages: ["A"])
    network.route("all", "^", usages: ["A"], trunks: [silent, 1])
    #expect(try network.plan(from: 0, to: "+1").trunks == [1])
    #expect(try network.plan(from: silent, to: "+1").trunks == [1])
  }
  @Test("A trunk that several routes or usages reach is tried once, for the first of them")
  func onceOnly() throws {
    var network = network(usages: ["A", "B"], trunks: 2)
    network.route("first", "^", priority: 1, usages: ["A", "B"], trunks: [1, 1])
    network.route("second", "^", priority: 2, usages: ["A"], trunks: [1, 2])
    network.route("third", "^", priority: 1, usages: ["B"], trunks: [2, 1])
    let plan = try network.plan(from: 0, to: "+1")
    #expect(plan.trunks == [1, 2])
    #expect(plan.attempts.map(\.route) == [0, 1])
    #expect(plan.attempts.map(\.usage) == [0, 0])
  }
  @Test("The explanation tells each trunk's fate")
  func explained() throws {
    var network = network(usages: ["A"], trunks: 5)
    let silent = network.trunk("silent", routable: false)
    network.route("all", "^", usages: ["A"], trunks: [0, 1, 2, 3, silent, 4])
    network.route("more", "^", priority: 11, usages: ["A"], trunks: [4, 5])
    let reasons = try network.plan(from: 0, to: "+1", states: [.up, .down, .full, .lessPreferred, .up, .up], explain: true).reasons
    for expected in [
      "Trunk in is left out: the call came from it.", "Trunk out-1 is left out: it is down.", "Trunk out-2 is left out: it is full.",
      "Trunk out-3 is less preferred now: it comes after the others of this route.", "Trunk silent is left out: its peer peer-silent is not routable.",
      "Trunk out-4 is in the plan already.", "Attempt 3: trunk out-5, called number +1, calling number (none).",
    ] { #expect(reasons.contains(expected)) }
  }
}
