/// A configuration as text in the form asked for; printed as it is, also by `--json` (the JSON form is JSON already).
public struct ConfigurationText: Answer {
  public var text: String
  public init(text: String) { self.text = text }
  public func text(width: Int) -> String { text.isEmpty || text.hasSuffix("\n") ? text : text + "\n" }
}

/// `compare`: lines that begin with `+` or `-`, then a `warning:` for each listener whose calls a commit would end; no line, no difference.
public struct Comparison: Answer {
  public var text: String
  public init(text: String) { self.text = text }
  public func text(width: Int) -> String {
    text.isEmpty ? "No difference.\n" : ConfigurationText(text: text).text(width: width)
  }
}

/// The life of a change: `commit`, `commit check`.
public struct CommitResult: Answer {
  /// Lines of difference between what ran and what was committed.
  public var changes: Int
  public var warnings: [String]
  public var isCheck: Bool
  public init(changes: Int, warnings: [String] = [], isCheck: Bool = false) {
    self.changes = changes
    self.warnings = warnings
    self.isCheck = isCheck
  }
  public func text(width: Int) -> String {
    let said =
      if isCheck { changes == 0 ? "The candidate is valid and changes nothing." : "The candidate is valid; it changes \(lines)." } else if changes == 0 {
        "Nothing to commit: the candidate is what runs."
      } else { "Committed: \(lines) changed. Calls that are up were not touched." }
    return Done(message: said, warnings: warnings).text(width: width)
  }
  private var lines: String { changes == 1 ? "1 line" : "\(changes) lines" }
}

/// What may stand at the end of a line.
public struct Completions: Answer {
  public struct Word: Codable, Sendable, Equatable {
    /// The whole word; a placeholder in angle brackets (`<name>`) stands for what the operator makes up.
    public var word: String
    public var description: String
    public init(_ word: String, _ description: String = "") {
      self.word = word
      self.description = description
    }
    /// Told but never typed in.
    public var isPlaceholder: Bool { word.hasPrefix("<") }
  }
  public var words: [Word]
  public init(words: [Word]) { self.words = words }
  public func text(width: Int) -> String {
    if words.isEmpty { return "Nothing may follow here.\n" }
    let longest = words.map(\.word.count).max() ?? 0
    return words.map { one in
      let line = "  \(pad(printable(one.word), longest, .left))  \(printable(one.description))"
      return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }
}
