import Configuration
import Routing
import Testing

/// The four outcomes of the first configuration, and what `test number` prints for them.
@Suite struct ExampleTests {
  @Test("A call from the exchange to 9 and ten digits leaves on the provider's trunk without the plus")
  func exchangeToProvider() throws {
    let plan = try Example.network().plan(from: Example.hq, to: "94155550100", by: "+14255551000")
    #expect(plan.trunks == [Example.acme])
    #expect(plan.attempts.first?.calledText == "14155550100")
    #expect(plan.attempts.first?.callingText == "+14255551000")
    #expect(plan.attempts.first?.route == 0)
    #expect(plan.attempts.first?.usage == 1)
    #expect(plan.normalized == Array("+14155550100".utf8))
    #expect(plan.reasons.isEmpty)
  }
  @Test("A call from the provider to one of the exchange's numbers leaves on the exchange's trunk with the plus")
  func providerToExchange() throws {
    let plan = try Example.network().plan(from: Example.acme, to: "14255551234")
    #expect(plan.trunks == [Example.hq])
    #expect(plan.attempts.first?.calledText == "+14255551234")
  }
  @Test("A call from the provider to a number only an unshared usage reaches is refused with 403 and 12004")
  func tollFraud() throws {
    let plan = try Example.network().plan(from: Example.acme, to: "14155550100")
    #expect(plan.refused == "403 12004")
    #expect(plan.normalized == Array("+14155550100".utf8))
  }
  @Test("A call from the provider to a number no rule brings into form is refused with 404")
  func noRoute() throws {
    let plan = try Example.network().plan(from: Example.acme, to: "5550100")
    #expect(plan.refused == "404 12004")
    #expect(plan.normalized == nil)
  }

  @Test("The explanation of a call that is placed names every rule, usage, route and translation in order")
  func explainedPlan() throws {
    let plan = try Example.network().plan(from: Example.hq, to: "94155550100", by: "+14255551000", explain: true)
    #expect(
      plan.reasons == [
        "A call from trunk hq to 94155550100.",
        #"dial-plan trunk:hq rule 10 (^9(\d{10})$ to +1$1) matches: 94155550100 becomes +14155550100."#,
        "Trunk hq may use pstn-usage National, in this order (trunk-configuration trunk:hq).",
        #"Usage National, route national (priority 10, ^\+1\d{10}$) matches +14155550100."#,
        #"Trunk acme-1, called-number-rule 10 (^\+(\d+)$ to $1) matches: +14155550100 becomes 14155550100."#,
        "Attempt 1: trunk acme-1, called number 14155550100, calling number +14255551000.",
      ])
  }
  @Test("The explanation of a refusal ends with status, diagnostic and the reason")
  func explainedRefusal() throws {
    let plan = try Example.network().plan(from: Example.acme, to: "14155550100", explain: true)
    #expect(
      plan.reasons.suffix(3) == [
        #"Usage Internal, route hq-dids (priority 5, ^\+1425555\d{4}$) does not match: 1 does not fit at character 4."#,
        #"Route national (^\+1\d{10}$) matches, but trunk acme-1 can not reach it: it has pstn-usage National."#,
        "Refused with 403, diagnostic 12004: route national matches, but no pstn-usage of trunk acme-1 reaches it.",
      ])
  }
  @Test("An explanation changes nothing but the reasons", arguments: ["94155550100", "14255551234", "14155550100", "5550100", "+14155550100", ""])
  func explanationIsFree(number: String) throws {
    for trunk in [Example.hq, Example.acme] {
      let plain = try Example.network().plan(from: trunk, to: number)
      var explained = try Example.network().plan(from: trunk, to: number, explain: true)
      #expect(!explained.reasons.isEmpty)
      explained.reasons = []
      #expect(plain == explained)
    }
  }
}
