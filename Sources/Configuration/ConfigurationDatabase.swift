/// The configuration in force, the one being edited, and those before: running, candidate and past commits.
///
/// ```
///   set, delete, load ──▶ candidate ──prepare──▶ Prepared ──(the daemon applies it)──finish──▶ running
///                             ▲                                                                  │
///                             └────────────── rollback N, discard ◀──────── past (50) ◀──────────┘
/// ```
/// There is one candidate, shared by all who edit. A change is taken whole or not at all. A commit has two steps, so that the daemon can apply the
/// new configuration before it counts; between them nothing has happened yet.
///
/// It does no I/O: it hands out the texts to be stored (`stored`) and is made from them again. Bounds: `mostPast` commits, texts of
/// `WordSplitter.mostBytes`. Not `Sendable`: see `YANGContext`.
public final class ConfigurationDatabase {
  /// A commit that was in force once.
  public struct Commit: Sendable, Equatable, Codable {
    /// RFC 7951 JSON.
    public var json: String
    /// Seconds since 1970, UTC.
    public var time: Int64
    public var comment: String?
    /// Who committed, as the control socket knows them.
    public var user: String?
    public init(json: String, time: Int64, comment: String? = nil, user: String? = nil) {
      self.json = json
      self.time = time
      self.comment = comment
      self.user = user
    }
  }

  /// All that must outlive the process.
  public struct Stored: Sendable, Equatable, Codable {
    /// `nil`: nothing was ever committed.
    public var running: Commit?
    /// `nil`: the candidate is what runs.
    public var candidate: String?
    /// Newest first.
    public var past: [Commit]
    public init(running: Commit? = nil, candidate: String? = nil, past: [Commit] = []) {
      self.running = running
      self.candidate = candidate
      self.past = past
    }
  }

  /// Commits kept besides the running one: enough for weeks of changes, and at most some megabytes.
  public static let mostPast = 50

  public let context: YANGContext
  private(set) var candidate: ConfigurationTree
  private(set) var running: ConfigurationTree
  public private(set) var runningCommit: Commit?
  public private(set) var past: [Commit] = []
  /// Counts the changes of the candidate.
  private var revision = 0

  public init(_ context: YANGContext, stored: Stored = Stored()) throws(ConfigurationError) {
    self.context = context
    runningCommit = stored.running
    past = Array(stored.past.prefix(Self.mostPast))
    running = if let commit = stored.running { try ConfigurationTree(json: commit.json, context: context, isOurs: true) } else { ConfigurationTree(context) }
    candidate = if let text = stored.candidate { try ConfigurationTree(json: text, context: context, isOurs: true) } else { running.copy() }
  }

  public var stored: Stored {
    Stored(running: runningCommit, candidate: hasChanges ? candidate.json(compact: true) : nil, past: past)
  }
  /// Whether the candidate differs from what runs.
  public var hasChanges: Bool { !compare().isEmpty }

  // MARK: editing

  private func edit(_ body: (ConfigurationTree) throws(ConfigurationError) -> Void) throws(ConfigurationError) {
    try body(candidate)
    revision += 1
  }

  /// The words after `set`, as typed.
  public func set(_ text: String) throws(ConfigurationError) {
    try edit { tree throws(ConfigurationError) in try tree.set(text) }
  }
  public func set(words: [String]) throws(ConfigurationError) {
    try edit { tree throws(ConfigurationError) in try tree.set(words: words) }
  }
  /// The words after `delete`, as typed.
  public func delete(_ text: String) throws(ConfigurationError) {
    try edit { tree throws(ConfigurationError) in try tree.delete(text) }
  }
  public func delete(words: [String]) throws(ConfigurationError) {
    try edit { tree throws(ConfigurationError) in try tree.delete(words: words) }
  }

  public enum LoadMode: String, Sendable, Codable {
    /// Added to the candidate.
    case merge
    /// Instead of the candidate.
    case override
  }

  /// A whole text: JSON if its first character is `{`, else `set` and `delete` lines. Refused whole when any of it is wrong.
  public func load(_ text: String, _ mode: LoadMode) throws(ConfigurationError) {
    let tree = mode == .override ? ConfigurationTree(context) : candidate.copy()
    if Self.isJSON(text) {
      let source = try ConfigurationTree(json: text, context: context)
      if mode == .override {
        candidate = source
        revision += 1
        return
      }
      try tree.apply(lines: source.setLines().joined(separator: "\n"))
    } else {
      try tree.apply(lines: text)
    }
    candidate = tree
    revision += 1
  }

  static func isJSON(_ text: String) -> Bool {
    text.utf8.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
  }

  public func discard() {
    candidate = running.copy()
    revision += 1
  }

  /// Makes the candidate what ran N commits ago; 0 is what runs now.
  public func rollback(_ number: Int) throws(ConfigurationError) {
    candidate = try tree(rollback: number).copy()
    revision += 1
  }

  private func tree(rollback number: Int) throws(ConfigurationError) -> ConfigurationTree {
    if number == 0 { return running }
    guard number > 0, number <= past.count else {
      throw ConfigurationError(
        node: "rollback", value: "\(number)", problem: "is not a commit that is kept",
        accepted: past.isEmpty ? "0, for what runs now" : "0, for what runs now, to \(past.count)")
    }
    return try ConfigurationTree(json: past[number - 1].json, context: context, isOurs: true)
  }

  // MARK: reading

  public enum Source: Sendable, Equatable {
    case candidate, running
    case past(Int)
  }
  public enum Format: String, Sendable, Codable {
    /// `set` lines.
    case set
    case json
    /// An indented outline.
    case tree
  }

  /// The configuration as text; with a path, only what is there.
  public func show(_ source: Source = .candidate, as format: Format = .tree, path: [String] = []) throws(ConfigurationError) -> String {
    let tree =
      switch source {
      case .candidate: candidate
      case .running: running
      case .past(let number): try self.tree(rollback: number)
      }
    guard !path.isEmpty else {
      switch format {
      case .set: return Self.text(tree.setLines())
      case .json: return tree.json() + "\n"
      case .tree: return tree.outline()
      }
    }
    let nodes = try DeleteCommand.targets(ConfigurationTree.asWords(path), in: tree)
    switch format {
    case .set: return Self.text(nodes.flatMap { tree.setLines(of: $0) })
    case .json: return tree.json(of: nodes) + "\n"
    case .tree:
      var text = ""
      tree.appendOutline(of: nodes, depth: 0, to: &text)
      return text
    }
  }

  private static func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

  /// What the candidate changes against what runs (0) or ran N commits ago: `-set ...` and `+set ...` lines.
  public func compare() -> [String] { Comparison.lines(from: running, to: candidate) }
  public func compare(rollback number: Int) throws(ConfigurationError) -> [String] {
    Comparison.lines(from: try tree(rollback: number), to: candidate)
  }

  // MARK: committing

  /// A candidate that was found valid and is not in force yet.
  public struct Prepared {
    public let configuration: Configuration
    /// What a commit does as asked and still says.
    public let warnings: [String]
    /// `-set ...` and `+set ...` against what runs.
    public let changes: [String]
    let tree: ConfigurationTree
    let revision: Int
  }

  /// Validates the whole candidate and decodes it. Nothing changes. `check`: what else is wrong with it, asked of what is valid by itself even when not all is.
  /// Everything that is wrong is told at once.
  public func prepare(_ check: (Configuration) -> [ConfigurationError] = { _ in [] }) throws(ConfigurationError) -> Prepared {
    let tree = candidate.copy()
    tree.sort()
    let (configuration, warnings) = try tree.decoded(check)
    return Prepared(configuration: configuration, warnings: warnings, changes: compare(), tree: tree, revision: revision)
  }

  /// Makes a prepared configuration the running one. `time` in seconds since 1970, UTC.
  public func finish(_ prepared: Prepared, time: Int64, comment: String? = nil, user: String? = nil) {
    if let before = runningCommit { past = Array(([before] + past).prefix(Self.mostPast)) }
    runningCommit = Commit(json: prepared.tree.json(compact: true), time: time, comment: comment, user: user)
    running = prepared.tree
    // What was edited between the two steps stays in the candidate.
    if revision == prepared.revision { candidate = prepared.tree.copy() }
  }
}

extension ConfigurationTree {
  /// The whole tree validated and made into the typed value, with the warnings it deserves.
  public func decoded(_ check: (Configuration) -> [ConfigurationError] = { _ in [] }) throws(ConfigurationError) -> (
    configuration: Configuration, warnings: [String]
  ) {
    let (valid, wrong) = validPart()
    guard let valid else { throw ConfigurationError(joining: wrong) ?? ConfigurationError(node: "", problem: "can not be validated") }
    var decoder = Decoder(validated: valid, written: self)
    let isWhole = decoder.decode()
    let others = isWhole ? check(decoder.configuration) : []
    if let error = ConfigurationError(joining: wrong + decoder.errors + others) { throw error }
    return (decoder.configuration, Warnings(configuration: decoder.configuration, tree: self).collect())
  }
}
