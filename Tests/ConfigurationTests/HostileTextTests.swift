import Testing

@testable import Configuration

/// No text may do more than be refused.
@Suite("Hostile texts")
struct HostileTextTests {
  /// A small generator, so that a failure can be had again from its seed.
  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  static func damaged(_ text: String, _ random: inout Generator) -> String {
    var bytes = Array(text.utf8)
    let pieces = [
      "[", "]", "{", "}", "\"", "'", "\\", ":", "itsp:", "x:y", "\n", "#", "0", "-1", "99999999999999999999", "null", "\u{0}", "é", "trunk", "set ",
    ]
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.insert(contentsOf: Array(pieces.randomElement(using: &random)!.utf8), at: place)
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...40, using: &random)))
      case 2: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &random) }
      default:
        let begin = Int.random(in: 0...bytes.count, using: &random)
        bytes.insert(contentsOf: bytes[begin..<min(bytes.count, begin + 60)], at: place)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("Damaged set lines and JSON are taken or refused; what is taken prints and loads back", arguments: [UInt64(1), 2, 3])
  func damaged(seed: UInt64) throws {
    var random = Generator(state: seed)
    let context = try Fixtures.context()
    let texts = [try Fixtures.example("two-pbx.conf"), try Fixtures.example("first-call.json"), AbsentPluginTests.json]
    var taken = 0
    for round in 0..<300 {
      let text = Self.damaged(texts[round % texts.count], &random)
      let database = try ConfigurationDatabase(context)
      guard (try? database.load(text, .override)) != nil else { continue }
      taken += 1
      _ = try? database.prepare()
      let lines = try database.show(as: .set)
      try database.load(lines, .override)
      #expect(try database.show(as: .set) == lines, "seed \(seed), round \(round)")
    }
    #expect(taken > 0)
  }

  @Test("Damaged commands and completions are taken or refused")
  func commands() throws {
    var random = Generator(state: 4)
    let database = try ConfigurationDatabase(Fixtures.context())
    try database.load(Fixtures.example("two-pbx.conf"), .override)
    let words = try Fixtures.example("two-pbx.conf").split(whereSeparator: \.isWhitespace).map(String.init) + ["[", "]", "", "'", "itsp:profile", "x:y", "{}"]
    for _ in 0..<2_000 {
      let command = (0..<Int.random(in: 0...8, using: &random)).map { _ in words.randomElement(using: &random)! }
      try? database.set(words: command)
      try? database.delete(words: Array(command.prefix(3)))
      _ = database.complete(words: command)
      _ = database.complete(words: command, mode: .existing)
      _ = database.acceptable(at: command)
      _ = try? database.show(as: .json, path: command)
    }
    _ = try? database.prepare()
  }

  @Test("JSON nested too deeply is refused before it is read", arguments: ["[", "{\"a\":"])
  func deep(opening: String) throws {
    let deep = String(repeating: opening, count: 200_000)
    let context = try Fixtures.context()
    let error = WrongConfigurationTests.refusal { _ = try ConfigurationTree(json: #"{"tandem:peer":[{"name":"a","x:y":"# + deep, context: context) }
    #expect(error?.problem.contains("too deeply") == true)
    let tree = ConfigurationTree(context)
    #expect(WrongConfigurationTests.refusal { try tree.set(words: ["peer", "a", "x:y", deep]) }?.problem.contains("too deeply") == true)
    #expect(tree.isEmpty)
  }
}
