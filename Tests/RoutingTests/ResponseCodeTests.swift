import Configuration
import Routing
import Testing

@Suite struct ResponseCodeTests {
  private func table(_ rules: [Configuration.ResponseCodeRule]) throws -> RoutingTable {
    var network = Network()
    network.trunk("t", usages: []) { $0.responseCodeRules = rules }
    network.trunk("plain")
    return try RoutingTable(network.configuration)
  }
  private let noCircuit = Configuration.ResponseCodeRule(number: 10, receivedCode: 486, receivedCause: 34, translatedCode: 503)

  @Test("486 with cause 34 becomes 503, so that the next trunk is tried; a user who is busy stays busy")
  func noCircuitAvailable() throws {
    let table = try table([noCircuit])
    #expect(table.translate(status: 486, cause: 34, on: 0) == 503)
    #expect(table.translate(status: 486, cause: 17, on: 0) == 486)
    #expect(table.translate(status: 486, cause: nil, on: 0) == 486)
    #expect(table.translate(status: 480, cause: 34, on: 0) == 480)
  }
  @Test("Code 0 fits any code, cause -1 fits any and none")
  func wildcards() throws {
    let table = try table([
      .init(number: 1, receivedCode: 0, receivedCause: 17, translatedCode: 486), .init(number: 2, receivedCode: 404, receivedCause: -1, translatedCode: 480),
    ])
    #expect(table.translate(status: 503, cause: 17, on: 0) == 486)
    #expect(table.translate(status: 404, cause: 17, on: 0) == 486)
    #expect(table.translate(status: 404, cause: nil, on: 0) == 480)
    #expect(table.translate(status: 404, cause: 1, on: 0) == 480)
    #expect(table.translate(status: 503, cause: 1, on: 0) == 503)
  }
  @Test("The rule with the lowest number that matches decides, alone")
  func order() throws {
    let table = try table([
      .init(number: 20, receivedCode: 0, receivedCause: -1, translatedCode: 500), .init(number: 10, receivedCode: 404, receivedCause: -1, translatedCode: 410),
      .init(number: 30, receivedCode: 410, receivedCause: -1, translatedCode: 600),
    ])
    #expect(table.translate(status: 404, cause: nil, on: 0) == 410)
    #expect(table.translate(status: 603, cause: nil, on: 0) == 500)
  }
  @Test("Only failures are translated: provisionals, successes, redirections and codes beyond 699 stay", arguments: [100, 183, 200, 302, 399, 700, 0, -1])
  func onlyFailures(status: Int) throws {
    let table = try table([.init(number: 1, receivedCode: 0, receivedCause: -1, translatedCode: 500)])
    #expect(table.translate(status: status, cause: nil, on: 0) == status)
  }
  @Test("Rules hold for their own trunk only")
  func otherTrunk() throws {
    #expect(try table([noCircuit]).translate(status: 486, cause: 34, on: 1) == 486)
  }
}
