/// One word of a configuration line.
struct Word: Equatable {
  var text: String
  /// Written in quotes: never a bracket or a comment.
  var isQuoted: Bool
  /// `nil`: the word did not come from a text.
  var line: Int?

  var opensList: Bool { !isQuoted && text == "[" }
  var closesList: Bool { !isQuoted && text == "]" }
}

/// Splits configuration text into lines of words, much as a shell does.
///
/// | written | is |
/// | --- | --- |
/// | `word` | itself; a backslash is an ordinary character, so that `^\d+$` needs no quotes |
/// | `'...'` | everything between, backslashes too; it may go over several lines |
/// | `"..."` | the same, but `\"` and `\\` stand for a quote and a backslash |
/// | `# ...` | at the beginning of a word: a comment until the end of the line |
/// | `[`, `]` | alone: the beginning and end of several values |
///
/// Quoted and bare parts that touch make one word. Lines end in LF or CR LF.
struct WordSplitter {
  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  /// Bytes of one text; a configuration of 100,000 lines is below a tenth of it.
  static let mostBytes = 64 << 20

  private init(_ text: String) { bytes = Array(text.utf8) }

  static func lines(of text: String) throws(ConfigurationError) -> [[Word]] {
    guard text.utf8.count <= mostBytes else {
      throw ConfigurationError(node: "", problem: "the text has \(text.utf8.count) bytes", accepted: "at most \(mostBytes)")
    }
    var splitter = WordSplitter(text)
    var lines: [[Word]] = []
    while let words = try splitter.nextLine() {
      if !words.isEmpty { lines.append(words) }
    }
    return lines
  }

  /// The words of one command; a line break separates words like a space.
  static func words(of text: String) throws(ConfigurationError) -> [Word] {
    try lines(of: text).flatMap { $0 }
  }

  private mutating func nextLine() throws(ConfigurationError) -> [Word]? {
    guard position < bytes.count else { return nil }
    var words: [Word] = []
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\n"):
        position += 1
        line += 1
        return words
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "#"): skipComment()
      default: words.append(try nextWord())
      }
    }
    return words
  }

  private mutating func skipComment() {
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
  }

  private mutating func nextWord() throws(ConfigurationError) -> Word {
    let begin = line
    var text: [UInt8] = []
    var isQuoted = false
    loop: while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\n"), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break loop
      case UInt8(ascii: "'"), UInt8(ascii: "\""):
        isQuoted = true
        try appendQuoted(to: &text)
      default:
        text.append(bytes[position])
        position += 1
      }
    }
    guard let valid = String(validating: text, as: UTF8.self) else {
      throw ConfigurationError(line: begin, node: "", problem: "there is a word that is not UTF-8")
    }
    if text.contains(0) { throw ConfigurationError(line: begin, node: "", problem: "there is a word with a NUL character") }
    return Word(text: valid, isQuoted: isQuoted, line: begin)
  }

  private mutating func appendQuoted(to text: inout [UInt8]) throws(ConfigurationError) {
    let begin = line
    let quote = bytes[position]
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == quote { return }
      if byte == UInt8(ascii: "\n") { line += 1 }
      if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), position < bytes.count,
        bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "\\")
      {
        text.append(bytes[position])
        position += 1
        continue
      }
      text.append(byte)
    }
    let mark = quote == UInt8(ascii: "'") ? "'" : "\""
    throw ConfigurationError(line: begin, node: "", problem: "a quote \(mark) begins here and never ends", accepted: "\(mark)...\(mark)")
  }
}

extension String {
  /// This word as it must be written in a configuration line to be read back as itself.
  var asConfigurationWord: String {
    let bare =
      !isEmpty
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "%"),
          UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: ";"), UInt8(ascii: "~"):
          true
        default: byte >= 0x80
        }
      }
    if bare { return self }
    if !utf8.contains(UInt8(ascii: "'")) { return "'" + self + "'" }
    var out = "\""
    for scalar in unicodeScalars {
      if scalar == "\"" || scalar == "\\" { out.unicodeScalars.append("\\") }
      out.unicodeScalars.append(scalar)
    }
    return out + "\""
  }
}
