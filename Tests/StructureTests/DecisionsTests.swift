import Testing

/// docs/decisions.md says what an operator can observe and names the test that shows it; a test that was renamed or removed must not be named on.
@Suite struct DecisionsTests {
  @Test("Every line of docs/decisions.md names tests that exist")
  func names() {
    let sources = Tree.files(in: "Tests").filter { !$0.hasPrefix("Tests/StructureTests/") && $0.hasSuffix(".swift") }.map(Tree.read)
    let system = Tree.files(in: "Tests/System", ending: ".py").map(Tree.read)
    let checkers = Set(Tree.files(in: "Sources/Simulator/Checkers", ending: ".swift").compactMap { $0.split(separator: "/").last?.dropLast(6) })
    var lines = 0
    for line in Tree.lines("docs/decisions.md") where line.hasPrefix("| ") && !line.hasPrefix("| ---") && !line.hasPrefix("| what happens") {
      let cells = line.split(separator: "|")
      guard cells.count >= 2, let proof = cells.last(where: { !$0.allSatisfy(\.isWhitespace) }) else { continue }
      lines += 1
      let sentences = odd(proof.split(separator: "\"", omittingEmptySubsequences: false))
      let words = odd(proof.split(separator: "`", omittingEmptySubsequences: false))
      #expect(!sentences.isEmpty || !words.isEmpty, "names nothing: \(line)")
      for sentence in sentences { #expect(sources.contains { $0.contains("\"\(sentence)\"") }, "no test \"\(sentence)\"") }
      for word in words {
        #expect(checkers.contains(word) || system.contains { $0.contains("def \(word)(") }, "no system test or checker \(word)")
      }
    }
    #expect(lines > 40)
  }

  private func odd(_ parts: [Substring]) -> [Substring] { parts.enumerated().filter { $0.offset % 2 == 1 }.map(\.element) }
}
