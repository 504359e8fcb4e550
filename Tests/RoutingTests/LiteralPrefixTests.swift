import Testing
import Timing

@testable import Routing

@Suite struct LiteralPrefixTests {
  @Test(
    "The prefix is what every match begins with, and no more",
    arguments: [
      (#"^\+1425\d{7}$"#, "+1425"), (#"^911$"#, "911"), ("^", ""), ("", ""), ("1425", ""), (#"^\+?1425"#, ""), ("^12+", "1"), ("^12*3", "1"), ("^12{0}", "1"),
      ("^12?", "1"), (#"^\++1"#, ""), (##"^\*67\#"##, "*67#"), (#"^1\d"#, "1"), (#"^1\1"#, "1"), ("^1(2)", "1"), ("^1[23]", "1"), ("^1.", "1"),
      (#"^\+1(425|206)"#, "+1"),
      ("^1|2", ""), ("^1(2|3)|4", ""), ("^1[(]|2", ""), (#"^1\(|2"#, ""), (#"^1\)(2|3)"#, "1"), (#"^12\E*"#, ""), (#"^\Q12\E"#, ""), ("^12(?#x)*", ""),
      ("(?i)^1", ""),
      ("^1(?x)2 3", "1"), ("^1\\", "1"),
    ])
  func prefix(pattern: String, expected: String) {
    #expect(LiteralPrefix.of(Array(pattern.utf8)) == Array(expected.utf8))
  }

  @Test("Patterns give the same answers with the prefix and without — random patterns and numbers", arguments: 0..<8)
  func agrees(seed: UInt64) {
    let tokens = [
      "1", "2", "1", "2", #"\+"#, ##"\#"##, "?", "*", "+", "{0,1}", "{2}", "(", ")", "(?:", "|", "[1", "]", "[(]", ".", "$", "^", #"\d"#, #"\E"#, #"\Q"#,
      "(?#c)", "(?=", "(?!", "(?x)",
      " ", "(?i)", #"\K"#, #"\("#, "(*ACCEPT)", "(?|", "#", "x",
    ]
    let rack = MatchBlockRack(groups: 30)
    var random = RandomSource(seed: seed)
    var compiled = 0
    var withPrefix = 0
    for _ in 0..<2_500 {
      var text = "^"
      for _ in 0..<Int.random(in: 1...9, using: &random) { text += tokens.randomElement(using: &random) ?? "" }
      guard let fast = try? NumberPattern(text), let plain = try? NumberPattern(text, prefix: false) else { continue }
      compiled += 1
      if !fast.prefix.isEmpty { withPrefix += 1 }
      for _ in 0..<12 {
        let number = Array((0..<Int.random(in: 0...5, using: &random)).map { _ in "12+#x".utf8.randomElement(using: &random) ?? 0 })
        let answers = rack.lend { block in (fast.matches(number, block), plain.matches(number, block)) }
        #expect(answers.0 == answers.1, "\(text) with \(String(decoding: number, as: UTF8.self))")
      }
    }
    // The comparison means something only if it compared.
    #expect(compiled > 300)
    #expect(withPrefix > 50)
  }
}
