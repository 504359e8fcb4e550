import Configuration
import Routing
import Testing

@Suite struct RefusalTests {
  private func network(usages: [String]? = ["A"]) -> Network {
    var network = Network(usages: ["A", "B"])
    network.trunk("in", usages: usages)
    network.trunk("out-1")
    network.trunk("out-2")
    return network
  }

  @Test("A trunk without usages gets 403 and 12001: there is no inter-trunk call by default")
  func noUsages() throws {
    var bare = network(usages: nil)
    bare.route("all", "^", usages: ["A"], trunks: [1])
    #expect(try bare.plan(from: 0, to: "+1").refused == "403 12001")
    var empty = network(usages: [])
    empty.route("all", "^", usages: ["A"], trunks: [1])
    #expect(try empty.plan(from: 0, to: "+1").refused == "403 12001")
  }
  @Test("A narrower collection without usages takes them away, although a wider one has them")
  func wholeCollectionWins() throws {
    var network = network(usages: [])
    network.collection(.global) { $0.pstnUsages = ["A"] }
    network.route("all", "^", usages: ["A"], trunks: [2])
    #expect(try network.plan(from: 0, to: "+1").refused == "403 12001")
    #expect(try network.plan(from: 1, to: "+1").trunks == [2])
  }
  @Test("A route that matches but has none of the trunk's usages gets 403 and 12004")
  func unshared() throws {
    var network = network()
    network.route("other", "^", usages: ["B"], trunks: [1])
    #expect(try network.plan(from: 0, to: "+1").refused == "403 12004")
    network.configuration.voiceRoutes[0].pstnUsages = []
    #expect(try network.plan(from: 0, to: "+1").refused == "403 12004")
  }
  @Test("No route that matches gets 404 and 12004")
  func noRoute() throws {
    var network = network()
    #expect(try network.plan(from: 0, to: "+1").refused == "404 12004")
    network.route("uk", #"^\+44"#, usages: ["A"], trunks: [1])
    network.route("fr", #"^\+33"#, usages: ["B"], trunks: [1])
    #expect(try network.plan(from: 0, to: "+1").refused == "404 12004")
  }
  @Test("All trunks down gets 503 and 12000")
  func allDown() throws {
    var network = network()
    network.route("all", "^", usages: ["A"], trunks: [1, 2])
    let refusal = try network.plan(from: 0, to: "+1", states: [.up, .down, .down]).refusal
    #expect(refusal?.status == 503)
    #expect(refusal?.diagnostic == 12000)
    #expect(refusal?.cause == nil)
  }
  @Test("All trunks full gets 503 and 12000 with Q.850 cause 34, also where others are down", arguments: [RouteQuery.TrunkState.full, .down])
  func allFull(other: RouteQuery.TrunkState) throws {
    var network = network()
    network.route("all", "^", usages: ["A"], trunks: [1, 2])
    let refusal = try network.plan(from: 0, to: "+1", states: [.up, .full, other]).refusal
    #expect(refusal?.status == 503)
    #expect(refusal?.diagnostic == 12000)
    #expect(refusal?.cause == 34)
  }
  @Test("A route that leads only back to where the call came from, or nowhere, gets 404 and 12004")
  func onlyBack() throws {
    var back = network()
    back.route("all", "^", usages: ["A"], trunks: [0])
    #expect(try back.plan(from: 0, to: "+1").refused == "404 12004")
    var nowhere = network()
    nowhere.route("all", "^", usages: ["A"], trunks: [])
    #expect(try nowhere.plan(from: 0, to: "+1").refused == "404 12004")
  }
  @Test("Called-number rules that leave nothing to call get 404 and 12002")
  func nothingToCall() throws {
    var network = network()
    network.collection(.trunk("out-1")) { $0.calledNumberRules = [.init(number: 1, pattern: "^", translation: "")] }
    network.collection(.trunk("out-2")) { $0.removePlus = true }
    network.route("all", "^", usages: ["A"], trunks: [1, 2])
    #expect(try network.plan(from: 0, to: "+").refused == "404 12002")
    // Where one trunk has a number left, that one is tried.
    #expect(try network.plan(from: 0, to: "+1").trunks == [2])
  }
  @Test("The text of a refusal carries no digits of the number")
  func noDigits() throws {
    var network = network()
    network.route("other", "^.*77", usages: ["B"], trunks: [1])
    for number in ["+55512377", "55512377", "+55512388"] {
      let text = try #require(network.plan(from: 0, to: number).refusal?.text)
      #expect(!text.contains("555123"))
    }
  }
}
