import Configuration
import Routing
import Testing

/// The numbers of an attempt: rules of the outgoing trunk, the route's substitute, `remove-plus`.
@Suite struct TranslationTests {
  private func attempt(
    to called: String, by calling: String = "", callerID: String? = nil, incoming: (inout Configuration.TrunkConfiguration) -> Void = { _ in },
    _ outgoing: (inout Configuration.TrunkConfiguration) -> Void
  ) throws -> RoutePlan.Attempt? {
    var network = Network(usages: ["A"])
    network.trunk("in", usages: ["A"], incoming)
    network.trunk("out", usages: [], outgoing)
    network.route("all", "^", usages: ["A"], trunks: [1], callerID: callerID)
    return try network.plan(from: 0, to: called, by: calling).attempts.first
  }

  /// Lync's own example rules.
  private let rules: [Configuration.NumberRule] = [
    .init(number: 10, pattern: #"^\+1425(\d{7})$"#, translation: "$1"),
    .init(number: 20, pattern: #"^\+(1\d{10})$"#, translation: "$1"),
    .init(number: 30, pattern: #"^\+(\d{9}\d+)$"#, translation: "011$1"),
  ]
  @Test(
    "Called-number rules turn +E.164 into the trunk's form: the first match wins, no match leaves the number",
    arguments: [("+14255551234", "5551234"), ("+14155551234", "14155551234"), ("+442079460000", "011442079460000"), ("+12345", "+12345")])
  func called(number: String, expected: String) throws {
    let attempt = try attempt(to: number, by: number) { $0.calledNumberRules = rules }
    #expect(attempt?.calledText == expected)
    // The two lists are separate.
    #expect(attempt?.callingText == number)
  }
  @Test(
    "Calling-number rules do the same for the caller",
    arguments: [("+14255551234", "5551234"), ("+14155551234", "14155551234"), ("+442079460000", "011442079460000"), ("2001", "2001")])
  func calling(number: String, expected: String) throws {
    let attempt = try attempt(to: "+14155550100", by: number) { $0.callingNumberRules = rules }
    #expect(attempt?.callingText == expected)
    #expect(attempt?.calledText == "+14155550100")
  }
  @Test("Only the outgoing trunk's rules act")
  func incomingRulesAreSilent() throws {
    let attempt = try attempt(
      to: "+14255551234", by: "+14255550000",
      incoming: {
        $0.calledNumberRules = rules; $0.callingNumberRules = rules; $0.removePlus = true
      }
    ) { _ in }
    #expect(attempt?.calledText == "+14255551234")
    #expect(attempt?.callingText == "+14255550000")
  }
  @Test("remove-plus takes one leading plus from both numbers, after the rules")
  func removePlus() throws {
    let plain = try attempt(to: "+14255551234", by: "+14255550000") { $0.removePlus = true }
    #expect(plain?.calledText == "14255551234")
    #expect(plain?.callingText == "14255550000")
    let after = try attempt(to: "+14255551234", by: "2001") {
      $0.removePlus = true
      $0.calledNumberRules = [.init(number: 1, pattern: #"^\+1(\d+)$"#, translation: "+0$1")]
    }
    #expect(after?.calledText == "04255551234")
    #expect(after?.callingText == "2001")
  }
  @Test("The route's substitute replaces the caller before calling-number rules and remove-plus")
  func substitute() throws {
    let attempt = try attempt(to: "+1", by: "+14255551234", callerID: "+442079460000") {
      $0.callingNumberRules = [.init(number: 1, pattern: #"^\+44(\d+)$"#, translation: "+0$1")]
      $0.removePlus = true
    }
    #expect(attempt?.callingText == "02079460000")
  }
  @Test("An alternate caller ID without suppress-caller-id is not used")
  func alternateAlone() throws {
    var network = Network(usages: ["A"])
    network.trunk("in", usages: ["A"])
    network.trunk("out")
    network.configuration.voiceRoutes = [
      .init(name: "r", pattern: "^", priority: 1, pstnUsages: ["A"], trunks: [1], suppressCallerID: false, alternateCallerID: "+1999")
    ]
    #expect(try network.plan(from: 0, to: "+1", by: "2001").attempts.first?.callingText == "2001")
  }
  @Test("A withheld caller stays withheld whatever the rules say, unless the route substitutes")
  func withheld() throws {
    let anything: (inout Configuration.TrunkConfiguration) -> Void = { $0.callingNumberRules = [.init(number: 1, pattern: "^.*$", translation: "+1999")] }
    #expect(try attempt(to: "+1", anything)?.calling == [])
    #expect(try attempt(to: "+1", callerID: "+1888", anything)?.callingText == "+1999")
  }
  @Test("A calling number that is none is withheld, not passed on")
  func badCaller() throws {
    for bad in ["a\r\nVia: x", "a@b", String(repeating: "1", count: 65)] { #expect(try attempt(to: "+1", by: bad) { _ in }?.calling == []) }
    #expect(try attempt(to: "+1", by: "alice") { _ in }?.callingText == "alice")
  }
  @Test("A calling-number rule may withhold the caller; one whose result is too long leaves it")
  func emptyAndLong() throws {
    #expect(try attempt(to: "+1", by: "2001") { $0.callingNumberRules = [.init(number: 1, pattern: "^", translation: "")] }?.calling == [])
    let long = try attempt(to: "+1", by: String(repeating: "2", count: 40)) { $0.callingNumberRules = [.init(number: 1, pattern: "^.*$", translation: "$0$0")] }
    #expect(long?.calling.count == 40)
  }
  @Test("Each attempt has the numbers of its own trunk")
  func perTrunk() throws {
    var network = Network(usages: ["A"])
    network.trunk("in", usages: ["A"])
    network.trunk("one", usages: []) { $0.removePlus = true }
    network.trunk("two", usages: []) { $0.calledNumberRules = [.init(number: 1, pattern: #"^\+"#, translation: "00")] }
    network.trunk("three")
    network.route("all", "^", usages: ["A"], trunks: [1, 2, 3])
    #expect(try network.plan(from: 0, to: "+49").attempts.map(\.calledText) == ["49", "00", "+49"])
  }
}
