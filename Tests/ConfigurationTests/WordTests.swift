import Testing

@testable import Configuration

@Suite("Words of configuration text")
struct WordTests {
  @Test(
    "Quotes, backslashes, comments and brackets",
    arguments: [
      ("a  b\tc", ["a", "b", "c"]),
      (#"'a b' "c d""#, ["a b", "c d"]),
      (#"'^\+(\d+)$' '$1'"#, [#"^\+(\d+)$"#, "$1"]),
      (#""a\"b\\c\d""#, [#"a"b\c\d"#]),
      (#"^\+1\d{10}$"#, [#"^\+1\d{10}$"#]),
      (#"a'b'"c"d"#, ["abcd"]),
      ("a # b", ["a"]),
      ("# a", []),
      ("a#b '#c'", ["a#b", "#c"]),
      ("''", [""]),
      ("[ a b ]", ["[", "a", "b", "]"]),
      ("[0-9]+", ["[0-9]+"]),
      ("\"don't\"", ["don't"]),
      ("été 'α β'", ["été", "α β"]),
    ])
  func split(text: String, words: [String]) throws {
    #expect(try WordSplitter.words(of: text).map(\.text) == words)
  }

  @Test("Lines end in LF or CR LF and are counted; a quoted word may go over several")
  func lines() throws {
    let lines = try WordSplitter.lines(of: "a b\r\n\r\n# c\n'd\ne' f\ng")
    #expect(lines.map { $0.map(\.text) } == [["a", "b"], ["d\ne", "f"], ["g"]])
    #expect(lines.map { $0.first?.line } == [1, 4, 6])
  }

  @Test(
    "A written word is read back as itself",
    arguments: [
      "", "a", "a b", "it's", #"a"b"#, #"it's "x" \ y"#, #"^\d+$"#, "#x", "[", "]", "a\nb", "tel:+1;ext=2", "é", "\\", "'\\'", "\t",
    ])
  func written(word: String) throws {
    let words = try WordSplitter.words(of: "x " + word.asConfigurationWord + " y")
    #expect(words.map(\.text) == ["x", word, "y"])
    #expect(words[1].opensList == false)
    #expect(words[1].closesList == false)
  }

  @Test("A text with NUL is refused")
  func control() {
    #expect(throws: ConfigurationError.self) { try WordSplitter.words(of: "a\u{0}b") }
  }
}
