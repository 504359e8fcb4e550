import Configuration
import Routing
import Testing

/// What a commit refuses because of numbers and routes, in words that lead to the leaf.
@Suite struct ProblemTests {
  private func problem(_ change: (inout Network) -> Void) -> RoutingTable.Problem? {
    var network = Example.network()
    change(&network)
    do throws(RoutingTable.Problem) {
      _ = try RoutingTable(network.configuration)
      return nil
    } catch {
      return error
    }
  }

  @Test("The example has no problem")
  func none() { #expect(problem { _ in } == nil) }
  @Test("A route's pattern that does not compile is named with PCRE2's words, the place and what would be accepted")
  func routePattern() throws {
    let problem = try #require(problem { $0.configuration.voiceRoutes[0].pattern = #"^\+1(\d{10}$"# })
    #expect(problem.node == "voice-route national pattern")
    #expect(problem.value == #"^\+1(\d{10}$"#)
    #expect(problem.message == #"missing closing parenthesis at character 13; accepted is a PCRE2 regular expression such as ^\+1\d{10}$"#)
  }
  @Test("A dial-plan rule's pattern and translation are named with scope and number")
  func dialPlanRule() throws {
    #expect(problem { $0.dialPlan(.global, (7, "[", "$0")) }?.node == "dial-plan global rule 7 pattern")
    #expect(problem { $0.dialPlan(.site("hq"), (7, "^", "$1")) }?.node == "dial-plan site:hq rule 7 translation")
    #expect(problem { $0.dialPlan(.user("ann"), (7, "^", "$1")) }?.node == "dial-plan user:ann rule 7 translation")
  }
  @Test("Rules of trunk configurations are named, used by a trunk or not")
  func trunkRules() throws {
    let bad = [Configuration.NumberRule(number: 30, pattern: "^", translation: "$3")]
    #expect(problem { $0.collection(.site("x")) { $0.calledNumberRules = bad } }?.node == "trunk-configuration site:x called-number-rule 30 translation")
    #expect(problem { $0.collection(.global) { $0.callingNumberRules = bad } }?.node == "trunk-configuration global calling-number-rule 30 translation")
  }
  @Test("A usage that does not exist is named with those that do")
  func usage() throws {
    let trunk = try #require(problem { $0.collection(.global) { $0.pstnUsages = ["Natonal"] } })
    #expect(trunk == .init(node: "trunk-configuration global pstn-usage", value: "Natonal", message: "no such pstn-usage; accepted are Internal, National"))
    #expect(problem { $0.configuration.voiceRoutes[1].pstnUsages = ["X"] }?.node == "voice-route hq-dids pstn-usage")
    #expect(
      problem {
        $0.configuration.pstnUsages = []
        $0.configuration.voiceRoutes = []
      }?.message == "no such pstn-usage; there is none yet; type 'set pstn-usage National'")
  }
  @Test("suppress-caller-id needs an alternate-caller-id, and that must be a number")
  func callerID() throws {
    let missing = try #require(problem { $0.configuration.voiceRoutes[0].suppressCallerID = true })
    #expect(missing.node == "voice-route national suppress-caller-id")
    #expect(missing.message.contains("set voice-route national alternate-caller-id"))
    let bad = problem {
      $0.configuration.voiceRoutes[0].suppressCallerID = true
      $0.configuration.voiceRoutes[0].alternateCallerID = "a b"
    }
    #expect(bad?.node == "voice-route national alternate-caller-id")
  }
  @Test("A translated response code outside of 400 to 699 is refused")
  func responseCode() throws {
    let problem = problem { $0.collection(.global) { $0.responseCodeRules = [.init(number: 5, receivedCode: 486, receivedCause: -1, translatedCode: 200)] } }
    #expect(problem?.node == "trunk-configuration global response-code-rule 5 translated-code")
    #expect(problem?.description == "trunk-configuration global response-code-rule 5 translated-code '200': accepted are 400 to 699")
  }
  @Test("A route to a trunk that does not exist is refused")
  func trunkIndex() throws {
    #expect(problem { $0.configuration.voiceRoutes[0].trunks = [9] }?.node == "voice-route national trunk")
  }
}
