/// A command line cut into words, with what an editor must know of it: where the last word begins, whether a quote is open, and what stands behind a `|`.
///
/// Words are separated by blanks. Inside '...' everything is literal; inside "..." a backslash takes the next `"` or `\` literally. Elsewhere a backslash is a character
/// like any other, so that patterns need no doubling. A `|` that stands alone and unquoted begins the pipe; a `#` at the beginning of a word a comment.
/// These are the configuration text's own rules; here they are kept for a line that is not finished.
public struct CommandWords: Sendable, Equatable {
  public struct Word: Sendable, Equatable {
    /// Without its quotes.
    public var text: String
    /// Offset in the line's UTF-8.
    public var start: Int
    public var isQuoted: Bool
  }
  public private(set) var words: [Word] = []
  /// The words behind `|`; `nil` without one.
  public private(set) var pipe: [Word]?
  /// The quote that is open at the end of the line.
  public private(set) var openQuote: Character?
  /// The line ends behind a word: what follows begins a new one.
  public private(set) var endsBetweenWords = true

  public init(_ line: String) {
    let bytes = Array(line.utf8)
    var position = 0
    while position < bytes.count {
      if Self.isBlank(bytes[position]) {
        position += 1
        endsBetweenWords = true
        continue
      }
      if bytes[position] == UInt8(ascii: "#") { break }
      endsBetweenWords = false
      let word = takeWord(bytes, &position)
      if word.text == "|", !word.isQuoted, pipe == nil { pipe = [] } else if pipe != nil { pipe?.append(word) } else { words.append(word) }
    }
  }

  /// The words before the one being typed, and that one ("" between words).
  public var beingTyped: (before: [String], partial: String) {
    let all = words.map(\.text)
    return endsBetweenWords || all.isEmpty ? (all, "") : (Array(all.dropLast()), all[all.count - 1])
  }

  private mutating func takeWord(_ bytes: [UInt8], _ position: inout Int) -> Word {
    let start = position
    var text: [UInt8] = []
    var quoted = false
    while position < bytes.count, !Self.isBlank(bytes[position]) {
      let byte = bytes[position]
      position += 1
      guard byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") else {
        text.append(byte)
        continue
      }
      quoted = true
      openQuote = Character(Unicode.Scalar(byte))
      while position < bytes.count, openQuote != nil {
        if bytes[position] == byte {
          openQuote = nil
        } else {
          if byte == UInt8(ascii: "\""), bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == byte || bytes[position + 1] == UInt8(ascii: "\\")
          {
            position += 1
          }
          text.append(bytes[position])
        }
        position += 1
      }
    }
    return Word(text: String(decoding: text, as: UTF8.self), start: start, isQuoted: quoted)
  }

  private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

  /// The lines of a text; a quote that is open at the end of one goes on in the next, and both are one line here. With each the number of its first.
  static func lines(of text: String) -> [(number: Int, line: String)] {
    var lines: [(number: Int, line: String)] = []
    var open = false
    // Swift takes "\r\n" for one character.
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      if open { lines[lines.count - 1].line += "\n" + line } else { lines.append((index + 1, String(line))) }
      open = CommandWords(lines[lines.count - 1].line).openQuote != nil
    }
    return lines
  }

  /// A word as it must be typed so that it is read back whole.
  public static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte >= 0x80 || "_-.:/@+,=%*^$".utf8.contains(byte)
    }
    if plain, !word.isEmpty { return word }
    if word == "[" || word == "]" { return word }
    if !word.contains("'") { return "'\(word)'" }
    return "\"" + word.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] } + "\""
  }
}
