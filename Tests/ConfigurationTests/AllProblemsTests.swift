import Testing

@testable import Configuration

@Suite("Everything that is wrong is told at once")
struct AllProblemsTests {
  private func error(_ lines: String, _ check: (Configuration) -> [ConfigurationError] = { _ in [] }) throws -> [ConfigurationError] {
    let tree = try Fixtures.tree(Fixtures.example("first-call.conf") + "\n" + lines)
    let error = try #require(WrongConfigurationTests.refusal { _ = try tree.decoded(check) })
    return [error] + error.others
  }

  @Test("What is missing, what refers to nothing, what can not be together, and what others find")
  func kinds() throws {
    let errors = try error(
      """
      set trunk bare listener lan-udp
      set trunk lost peer nobody listener lan-udp
      set voice-route r pattern '^1$' pstn-usage National trunk nowhere
      set listener twin interface lan port 5060 transport udp
      """
    ) { configuration in
      [ConfigurationError(node: "seen", problem: configuration.trunks.map(\.name).joined(separator: " "))]
    }
    #expect(errors.map(\.node).sorted() == ["listener twin port", "seen", "trunk bare", "trunk lost peer", "voice-route r trunk"])
    #expect(errors.last?.problem == "acme-1 hq", "others look at what is valid by itself")
  }

  @Test("What is wrong only because it names what is wrong is not told")
  func consequences() throws {
    let errors = try error(
      """
      set peer p type itsp address 192.0.2.1
      set trunk lost peer nobody listener lan-udp
      set voice-route r pattern '^1$' pstn-usage National trunk lost
      set trunk-configuration trunk:lost pstn-usage [ National ]
      """)
    #expect(errors.map(\.node) == ["trunk lost peer"])
  }

  @Test("Looks are bounded: it is said that there may be more")
  func bounded() throws {
    let errors = try error((0..<40).map { "set trunk t\($0) peer nobody\($0) listener lan-udp" }.joined(separator: "\n"))
    #expect(errors.count == 21)
    #expect(errors.last?.problem.hasPrefix("more may be wrong") == true)
  }
}
