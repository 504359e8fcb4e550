import Configuration
import Synchronization
import Testing

@testable import Routing

@Suite struct PatternTests {
  private let rack = MatchBlockRack(groups: 20)
  private func translate(_ number: String, _ pattern: String, _ translation: String, jit: Bool = true) throws -> String? {
    let compiled = try NumberPattern(pattern, jit: jit)
    let template = try TranslationTemplate(translation, for: compiled)
    return rack.lend { block -> [UInt8]? in
      guard compiled.matches(Array(number.utf8), block) else { return nil }
      return template.expand(Array(number.utf8), block)
    }.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "References are .NET's: numbers with and without braces, names, the whole match, the dollar sign",
    arguments: [
      ("5551234", #"^(\d{3})(\d{4})$"#, "+1$1$2", "+15551234"),
      ("5551234", #"^(\d{3})(\d{4})$"#, "${2}0${1}", "12340555"),
      ("5551234", #"^(?<area>\d{3})(\d{4})$"#, "${area}", "555"),
      ("5551234", #"^(\d{3})"#, "$0", "555"),
      ("5551234", #"^(\d{3})"#, "$&", "555"),
      ("5551234", #"^(\d{3})"#, "a$$1", "a$1"),
      ("5551234", "5(x)?5", "<$1>", nil),
      ("5551234", "5(x)?5", "[$1]", "[]"),
      ("12345678901", "(1)(2)(3)(4)(5)(6)(7)(8)(9)(0)(1)", "$10${1}0", "010"),
      ("5551234", "^", "", ""),
    ])
  func references(number: String, pattern: String, translation: String, expected: String?) throws {
    guard let expected else {
      #expect(throws: TranslationTemplate.Fault.self) { try translate(number, pattern, translation) }
      return
    }
    #expect(try translate(number, pattern, translation) == expected)
    #expect(try translate(number, pattern, translation, jit: false) == expected)
  }

  @Test(
    "A reference that means nothing is refused with what would be accepted",
    arguments: [
      (#"^(\d+)$"#, "$2", "$2 refers to a group that ^(\\d+)$ does not have; accepted are $0 and $1"),
      (#"^\d+$"#, "+$1", "$1 refers to a group that ^\\d+$ does not have; it has none, so only $0 is accepted"),
      (#"^(\d)(\d+)$"#, "$10", "$10 refers to a group that ^(\\d)(\\d+)$ does not have; accepted are $0 to $2 (for group 1 followed by 0 write ${1}0)"),
      (#"^(\d+)$"#, "$99999999999999999999", nil),
      (#"^(\d+)$"#, "1$", "$ must be followed by a group's number; write $1, ${1}, $0, or $$ for a dollar sign"),
      (#"^(\d+)$"#, "$x", nil), (#"^(\d+)$"#, "${1", "${ is never closed; write ${1}"), (#"^(\d+)$"#, "${}", nil),
      (#"^(\d+)$"#, "${name}", "the pattern has no group named name"), (#"^(\d+)$"#, "1 2", nil), (#"^(\d+)$"#, "1\n", nil), (#"^(\d+)$"#, "sip:1@x", nil),
    ])
  func badReferences(pattern: String, translation: String, message: String?) throws {
    let fault = #expect(throws: TranslationTemplate.Fault.self) { try translate("1", pattern, translation) }
    if let message { #expect(fault?.message == message) }
  }

  @Test("A dollar sign matches only at the very end, not before a line feed")
  func dollarEndOnly() throws {
    #expect(try translate("1\n", "^1$", "x") == nil)
    #expect(try translate("1", "^1$", "x") == "x")
  }
  @Test("Look-around is allowed")
  func lookAround() throws {
    #expect(try translate("+14255551234", #"^\+(?!1900)(\d+)$"#, "$1") == "14255551234")
    #expect(try translate("+19005551234", #"^\+(?!1900)(\d+)$"#, "$1") == nil)
  }
  @Test("A match whose start was moved behind its end expands to nothing")
  func keepOut() throws {
    #expect(try translate("1234", #"^12\K34"#, "$0") == "34")
  }
  @Test("Patterns are bytes: UTF mode can not be switched on from inside, and a byte is one character")
  func bytes() throws {
    #expect(throws: NumberPattern.Fault.self) { try NumberPattern("(*UTF)^.$") }
    let two = try NumberPattern("^..$")
    #expect(rack.lend { two.matches(Array("é".utf8), $0) })
  }
  @Test("A pattern can not raise its own limits")
  func limitsFromInside() throws {
    let pattern = try NumberPattern("(*LIMIT_MATCH=4000000000)(*LIMIT_DEPTH=4000000000)(*LIMIT_HEAP=4000000000)^(1+)+$", jit: false)
    #expect(!rack.lend { pattern.matches(Array("111111111111111111111111111111111111111111111x".utf8), $0) })
    #expect(rack.limitHits.hits.load(ordering: .relaxed) == 1)
  }
  @Test("A pattern that is too long is refused")
  func tooLong() throws {
    let fault = #expect(throws: NumberPattern.Fault.self) { try NumberPattern(String(repeating: "1", count: RoutingLimits.patternBytes + 1)) }
    #expect(fault?.message == "it has 4097 bytes, at most 4096 are accepted")
  }
  @Test("With JIT and without, patterns give the same answers")
  func jitAgrees() throws {
    for pattern in ["^", "$", #"^\+1\d{10}$"#, #"^(?:\+|00)(\d{1,3})(\d+)$"#, "[0-9]{10}", #"^9(?=1)(\d+)#?$"#, "(5)(5)?(7)?", "^$"] {
      for number in ["", "+14155550100", "0044207946", "9155", "9155#", "57", "5", "abc", "1234567890123"] {
        #expect(try translate(number, pattern, "[$0]") == translate(number, pattern, "[$0]", jit: false))
      }
    }
  }
  @Test("Blocks lent one inside the other are different ones, and more than the rack holds are made")
  func lending() throws {
    let pattern = try NumberPattern("^(.)(.*)$")
    func nest(_ depth: Int) -> Bool {
      let number = Array("\(depth)abc".utf8)
      return rack.lend { block in
        guard pattern.matches(number, block) else { return false }
        let below = depth == 0 || nest(depth - 1)
        return below && block.group(0) == 0..<number.count && block.group(2).upperBound == number.count
      }
    }
    #expect(nest(RoutingLimits.idleMatchBlocks * 3))
    #expect(nest(RoutingLimits.idleMatchBlocks * 3))
  }
  @Test("Threads that route at the same time do not disturb each other")
  func threads() async throws {
    let network = Example.network()
    let table = try RoutingTable(network.configuration)
    let wrong = await withTaskGroup(of: Int.self) { group in
      for worker in 0..<8 {
        group.addTask {
          var wrong = 0
          for call in 0..<2_000 {
            let digits = String(4_155_550_000 + worker * 2_000 + call)
            let plan = table.plan(RouteQuery(incomingTrunk: Example.hq, called: Array("9\(digits)".utf8), calling: [], trunkStates: [], turn: call))
            if plan.attempts.first?.calledText != "1\(digits)" { wrong += 1 }
          }
          return wrong
        }
      }
      return await group.reduce(0, +)
    }
    #expect(wrong == 0)
  }
}

@Suite struct MatchLimitTests {
  @Test("A pattern that backtracks without end does not stall a call: it counts as no match, and is counted", .timeLimit(.minutes(1)))
  func pathological() throws {
    var network = Network(usages: ["A"])
    network.trunk("in", usages: ["A"])
    network.trunk("out")
    network.dialPlan(.global, (1, #"^(\d+)+$"#, "+9"), (2, #"^(\d|\d\d)+[;#]$"#, "+8"), (3, #"^(.*)x$"#, "+1$1"))
    network.route("bad", #"(\d|\d\d)+[;#]$"#, priority: 1, usages: ["A"], trunks: [1])
    network.route("good", "^", priority: 2, usages: ["A"], trunks: [1])
    let table = try RoutingTable(network.configuration)
    #expect(table.matchLimitHits == 0)
    let query = RouteQuery(incomingTrunk: 0, called: Array((String(repeating: "1", count: 60) + "x").utf8), calling: [], trunkStates: [], turn: 0)
    let plan = table.plan(query)
    #expect(table.plan(query) == plan)
    #expect(plan.normalized?.count == 62)
    #expect(plan.attempts.map(\.route) == [1])
    // Three patterns, twice.
    #expect(table.matchLimitHits == 6)
  }
  @Test("An explanation of a pattern that was given up says so")
  func explained() throws {
    var network = Network(usages: ["A"])
    network.trunk("in", usages: ["A"])
    network.dialPlan(.global, (1, #"^(\d+)+$"#, "+9"))
    let plan = try network.plan(from: 0, to: String(repeating: "1", count: 60) + "x", explain: true)
    #expect(plan.reasons.contains { $0.hasSuffix("matching was given up after 20000 steps.") })
  }
}
