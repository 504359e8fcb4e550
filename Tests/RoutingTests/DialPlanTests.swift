import Configuration
import Routing
import Testing

@Suite struct DialPlanTests {
  /// One trunk in, one out, a route that takes everything.
  private func network(_ build: (inout Network) -> Void = { _ in }) -> Network {
    var network = Network(usages: ["All"])
    network.trunk("in", site: "hq", usages: ["All"])
    network.trunk("out")
    network.route("all", "^", usages: ["All"], trunks: [1])
    build(&network)
    return network
  }

  @Test("The first rule by number that matches decides, whatever order they were entered in")
  func firstMatch() throws {
    let network = network { $0.dialPlan(.global, (20, #"^(\d+)$"#, "+2$1"), (10, #"^(\d{4})$"#, "+1$1")) }
    #expect(try network.plan(from: 0, to: "1234").normalized == Array("+11234".utf8))
    #expect(try network.plan(from: 0, to: "12345").normalized == Array("+212345".utf8))
  }
  @Test("The trunk's dial plan holds whole before its site's, and that before the global one")
  func narrowest() throws {
    var network = network { $0.dialPlan(.global, (1, #"^(\d+)$"#, "+1$1")) }
    #expect(try network.plan(from: 0, to: "5").normalized == Array("+15".utf8))
    network.dialPlan(.site("hq"), (1, #"^(\d+)$"#, "+2$1"))
    #expect(try network.plan(from: 0, to: "5").normalized == Array("+25".utf8))
    network.dialPlan(.trunk("in"), (1, #"^7$"#, "+3"))
    #expect(try network.plan(from: 0, to: "7").normalized == Array("+3".utf8))
    // No rule of the narrower plan matches: the wider ones are not asked.
    #expect(try network.plan(from: 0, to: "5").refused == "404 12004")
  }
  @Test("A number no rule matches is used as it is if it begins with +, and else refused with 404")
  func unmatched() throws {
    let network = network { $0.dialPlan(.global, (1, "^9(.*)$", "+$1")) }
    #expect(try network.plan(from: 0, to: "+15550100").normalized == Array("+15550100".utf8))
    let refused = try network.plan(from: 0, to: "15550100")
    #expect(refused.refused == "404 12004")
    #expect(refused.normalized == nil)
    #expect(refused.refusal?.text.isEmpty == false)
  }
  @Test("A number without any dial plan is used as it is if it begins with +, and else refused with 404")
  func noPlan() throws {
    #expect(try network().plan(from: 0, to: "+15550100").trunks == [1])
    #expect(try network().plan(from: 0, to: "15550100").refused == "404 12004")
  }
  @Test("A rule may match a number that begins with +")
  func plusIsTranslatedToo() throws {
    let network = network { $0.dialPlan(.global, (1, #"^\+0(\d+)$"#, "+49$1")) }
    #expect(try network.plan(from: 0, to: "+0891234").normalized == Array("+49891234".utf8))
  }
  @Test("The result of a rule replaces the whole number, also where the pattern matched a part of it")
  func wholeNumber() throws {
    let network = network { $0.dialPlan(.global, (1, "55(5)", "+1$1")) }
    #expect(try network.plan(from: 0, to: "9995559999").normalized == Array("+15".utf8))
  }
  @Test("An empty number, one longer than 64 bytes and one with bytes no number has are refused with 404 and 12002")
  func invalid() throws {
    let network = network { $0.dialPlan(.global, (1, "^(.*)$", "+$1")) }
    for bad in ["", String(repeating: "5", count: 65), "555 0100", "555\r\nX: y", "555@example.com", "555<", "555\"", "555\u{7f}", "5\u{e9}"] {
      let plan = try network.plan(from: 0, to: bad)
      #expect(plan.refused == "404 12002")
      #expect(plan.normalized == nil)
    }
    #expect(try network.plan(from: 0, to: String(repeating: "5", count: 63)).trunks == [1])
    #expect(try network.plan(from: 0, to: "+1425;ext=12#*").trunks == [1])
  }
  @Test("A rule whose result is empty or longer than 64 bytes refuses the call with 404 and 12002")
  func invalidResult() throws {
    let longer = network { $0.dialPlan(.global, (1, "^(.*)$", "+$1")) }
    #expect(try longer.plan(from: 0, to: String(repeating: "5", count: 64)).refused == "404 12002")
    let empty = network { $0.dialPlan(.global, (1, "^(.*)$", "")) }
    #expect(try empty.plan(from: 0, to: "555").refused == "404 12002")
  }
  @Test("The explanation says of each earlier rule where the number left its pattern")
  func explained() throws {
    let network = network {
      $0.dialPlan(
        .global, (1, #"^9(\d{10})$"#, "+1$1"), (2, #"^(\d{3})$"#, "+$1"), (3, #"^55501(\d{5})$"#, "+$1"), (4, "[a-z]", "$0"), (5, #"^(\d{7})$"#, "+1425$1"))
    }
    let reasons = try network.plan(from: 0, to: "5550100", explain: true).reasons
    #expect(
      reasons[1...5] == [
        #"dial-plan global rule 1 (^9(\d{10})$) does not match 5550100: 5 does not fit at character 1."#,
        #"dial-plan global rule 2 (^(\d{3})$) does not match 5550100: the number goes on after its first 3 characters."#,
        #"dial-plan global rule 3 (^55501(\d{5})$) does not match 5550100: the number ends too early."#,
        "dial-plan global rule 4 ([a-z]) does not match 5550100: no part of the number fits.",
        #"dial-plan global rule 5 (^(\d{7})$ to +1425$1) matches: 5550100 becomes +14255550100."#,
      ])
  }
}
