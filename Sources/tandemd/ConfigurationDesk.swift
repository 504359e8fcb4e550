import Addressing
import Configuration
import Control
import Linux
import Routing

/// Where configurations are edited and committed: the database, what a commit does to the live system, and the files.
///
/// ```
///   prepare ─▶ routing compiled ─▶ addresses exist ─▶ applied (listeners bound, exchange told) ─▶ files written ─▶ running
/// ```
/// The first step that fails names the node and nothing has changed; when the files can not be written, what ran before is applied again.
/// A restart needs none of this: `running` comes from the stored snapshot, and the YANG machinery is loaded when somebody first edits.
/// Belongs to the control thread.
final class ConfigurationDesk {
  /// What the desk asks of the daemon.
  struct Dependencies {
    var context: () throws(ConfigurationError) -> YANGContext
    /// Lets the live system follow: listeners bound first (refused naming the listener, nothing changed), then the exchange told. Calls that are up are not touched, but for those whose listener goes.
    var apply: (Configuration, RoutingTable) throws(ControlError) -> Void
    /// The calls that would lose their listener, by listener of what runs.
    var callsLosingListener: (Configuration) -> [(listener: String, calls: Int)] = { _ in [] }
    /// What is wrong with the certificates' files, and what is to be said of them.
    var certificateProblems: (Configuration) -> [ConfigurationError] = { _ in [] }
    var certificateWarnings: (Configuration) -> [String] = { _ in [] }
    var network: () throws(SystemCallError) -> NetworkInterfaces = NetworkInterfaces.now
    /// Seconds since 1970.
    var wallClock: () -> Double = WallClock.now
  }
  private let dependencies: Dependencies
  private let files: ConfigurationFiles
  /// In force.
  private(set) var running: Configuration
  /// Why the last commit is not what runs, or not what the next start finds; until the next commit.
  private(set) var trouble: String?
  private var stored: ConfigurationDatabase.Stored
  private var opened: ConfigurationDatabase?
  private let hasSnapshot: Bool

  /// `saved`: what `files.load()` found.
  init(_ dependencies: Dependencies, files: ConfigurationFiles, saved: ConfigurationFiles.Saved) {
    self.dependencies = dependencies
    self.files = files
    running = saved.snapshot ?? Configuration()
    stored = saved.stored
    trouble = saved.trouble
    hasSnapshot = saved.snapshot != nil
  }

  /// What a daemon that starts lets run: the snapshot; decoded anew when another version wrote it; `nil` when there is nothing, or `trouble` says why not.
  func restored() -> Configuration? {
    guard let commit = stored.running else { return nil }
    if hasSnapshot { return running }
    do throws(ControlError) {
      running = try told { () throws(ConfigurationError) in
        try ConfigurationTree(json: commit.json, context: try dependencies.context()).decoded().configuration
      }
      return running
    } catch {
      // It stays where an operator finds it: as the newest of the commits before.
      stored = ConfigurationDatabase.Stored(past: [commit] + stored.past)
      trouble = "the last commit is not understood by this version, so nothing runs; `rollback 1` or `load FILE`, then `commit` put it right: \(error.text)"
      return nil
    }
  }

  /// Loaded at first use.
  private func database() throws(ControlError) -> ConfigurationDatabase {
    if let opened { return opened }
    let database = try told { () throws(ConfigurationError) in try ConfigurationDatabase(try dependencies.context(), stored: stored) }
    opened = database
    return database
  }

  var hasUncommittedChanges: Bool { opened?.hasChanges ?? (stored.candidate != nil) }

  /// What runs since when, for `show system`.
  var summary: String {
    guard let commit = opened?.runningCommit ?? stored.running else { return "nothing was ever committed" }
    return "committed \(moment(Double(commit.time)))" + (commit.user.map { " by \($0)" } ?? "") + (commit.comment.map { ": \($0)" } ?? "")
  }

  // MARK: Editing

  func edit(_ lines: [String]) throws(ControlError) -> Done {
    let database = try database()
    try told { () throws(ConfigurationError) in
      // A line of its own says its errors without a number; it changes the candidate in place.
      if lines.count == 1, let line = lines.first, let (verb, rest) = split(line) {
        if verb == "set" { try database.set(rest) } else { try database.delete(rest) }
      } else {
        try database.load(lines.joined(separator: "\n"), .merge)
      }
    }
    return Done(warnings: keepCandidate(database))
  }

  func load(_ text: String, _ how: LoadKind) throws(ControlError) -> Done {
    let database = try database()
    try told { () throws(ConfigurationError) in try database.load(text, how == .merge ? .merge : .override) }
    return Done(message: how == .merge ? "Merged into the candidate." : "The candidate is what was loaded.", warnings: keepCandidate(database))
  }

  func rollback(_ number: Int) throws(ControlError) -> Done {
    let database = try database()
    try told { () throws(ConfigurationError) in try database.rollback(number) }
    let what = number == 0 ? "what runs" : number == 1 ? "what ran before the last commit" : "what ran \(number) commits ago"
    return Done(message: "The candidate is \(what): `commit` lets it run.", warnings: keepCandidate(database))
  }

  func discard() throws(ControlError) -> Done {
    let database = try database()
    database.discard()
    return Done(message: "The candidate is what runs.", warnings: keepCandidate(database))
  }

  private func split(_ line: String) -> (verb: String, rest: String)? {
    let verb = line.prefix { $0 != " " && $0 != "\t" }
    return verb == "set" || verb == "delete" ? (String(verb), String(line.dropFirst(verb.count))) : nil
  }

  /// The candidate outlives the daemon; when it can not be written it is edited all the same.
  private func keepCandidate(_ database: ConfigurationDatabase) -> [String] {
    do throws(SystemCallError) {
      try files.saveCandidate(database.stored.candidate)
      return []
    } catch { return ["the candidate is not kept over a restart: \(error)"] }
  }

  // MARK: Reading

  func show(_ query: ConfigurationQuery) throws(ControlError) -> ConfigurationText {
    let database = try database()
    return try told { () throws(ConfigurationError) in
      let source: ConfigurationDatabase.Source = query.source == .running ? .running : .candidate
      switch query.form {
      case .tree: return ConfigurationText(text: try database.show(source, as: .tree, path: query.path))
      case .set: return ConfigurationText(text: try database.show(source, as: .set, path: query.path))
      case .json: return ConfigurationText(text: try database.show(source, as: .json, path: query.path))
      case .compare:
        if query.source == .candidate, query.path.isEmpty { return ConfigurationText(text: lines(try database.compare(rollback: query.rollback ?? 0))) }
        let old = try database.show(.past(query.rollback ?? 0), as: .set)
        let new = try database.show(source, as: .set)
        return ConfigurationText(text: difference(from: old, to: new, below: query.path))
      }
    }
  }

  func compare(_ rollback: Int?) throws(ControlError) -> String {
    let database = try database()
    let changes = try told { () throws(ConfigurationError) in try database.compare(rollback: rollback ?? 0) }
    // A candidate that can not be committed ends no calls.
    guard rollback == nil, !changes.isEmpty, let prepared = try? database.prepare() else { return lines(changes) }
    return lines(changes + endingCalls(prepared.configuration).map { "warning: \($0)" })
  }

  /// The candidate decoded, for tests by it.
  func candidate() throws(ControlError) -> Configuration {
    let database = try database()
    return try told { () throws(ConfigurationError) in try database.prepare() }.configuration
  }

  func completions(_ words: [String], _ partial: String, deleting: Bool) -> [Completions.Word] {
    guard let database = try? database() else { return [] }
    return database.complete(words: words + [partial], mode: deleting ? .existing : .set).map { one in
      Completions.Word(one.isPlaceholder && !one.word.hasPrefix("<") ? "<\(one.word)>" : one.word, one.description)
    }
  }

  private func lines(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

  /// Lines that went and lines that came. Order that is policy is not looked at here; `compare` in configuration mode does.
  private func difference(from old: String, to new: String, below path: [String]) -> String {
    func rows(_ text: String) -> [Substring] {
      text.split(separator: "\n").filter { Array($0.split(separator: " ").dropFirst().prefix(path.count).map(String.init)) == path }
    }
    let (was, became) = (rows(old), rows(new))
    let (wasThere, isThere) = (Set(was), Set(became))
    return lines(was.filter { !isThere.contains($0) }.map { "-" + $0 } + became.filter { !wasThere.contains($0) }.map { "+" + $0 })
  }

  // MARK: Committing

  func check() throws(ControlError) -> CommitResult {
    let database = try database()
    let prepared = try prepare(database)
    return CommitResult(changes: prepared.changes.count, warnings: warnings(prepared), isCheck: true)
  }

  func commit(_ comment: String?, _ user: String) throws(ControlError) -> CommitResult {
    let database = try database()
    let prepared = try prepare(database)
    if prepared.changes.isEmpty, database.runningCommit != nil { return CommitResult(changes: 0) }
    let routing = try compiled(prepared.configuration)
    let warnings = warnings(prepared)
    try dependencies.apply(prepared.configuration, routing)
    let before = database.stored
    database.finish(prepared, time: Int64(dependencies.wallClock()), comment: comment, user: user)
    let stored: [String]
    do throws(SystemCallError) { stored = try files.save(database.stored, snapshot: prepared.configuration) } catch {
      try takeBack(before)
      throw ControlError(.refused, node: "commit", "could not be stored, so what ran before runs again: \(error)")
    }
    running = prepared.configuration
    trouble = nil
    return CommitResult(changes: prepared.changes.count, warnings: warnings + stored)
  }

  private func warnings(_ prepared: ConfigurationDatabase.Prepared) -> [String] {
    prepared.warnings + dependencies.certificateWarnings(prepared.configuration) + endingCalls(prepared.configuration)
  }

  /// What a commit does to calls that are up: nothing but this.
  private func endingCalls(_ configuration: Configuration) -> [String] {
    dependencies.callsLosingListener(configuration).map {
      "listener \($0.listener) carries \($0.calls == 1 ? "1 call: it ends" : "\($0.calls) calls: they end")"
    }
  }

  /// A first configuration, for an empty state directory: `set` lines or JSON, committed.
  func seed(_ text: String, from file: String) throws(ControlError) -> CommitResult {
    _ = try load(text, .override)
    return try commit("from \(file)", "tandemd")
  }

  /// Valid as data, for routing, and on this machine; what is not is told all at once.
  private func prepare(_ database: ConfigurationDatabase) throws(ControlError) -> ConfigurationDatabase.Prepared {
    let network: NetworkInterfaces
    do throws(SystemCallError) { network = try dependencies.network() } catch { throw ControlError(.unavailable, "\(error)") }
    return try told { () throws(ConfigurationError) in
      try database.prepare { configuration in
        routingProblems(configuration) + AddressCheck(configuration, network).problems + dependencies.certificateProblems(configuration)
      }
    }
  }

  private func routingProblems(_ configuration: Configuration) -> [ConfigurationError] {
    do throws(RoutingTable.Problem) {
      _ = try RoutingTable(configuration)
      return []
    } catch { return [ConfigurationError(node: error.node, value: error.value, problem: error.message)] }
  }

  private func takeBack(_ before: ConfigurationDatabase.Stored) throws(ControlError) {
    opened = nil
    stored = before
    if before.running != nil { try dependencies.apply(running, compiled(running)) }
  }
}

/// The database's errors as the control side tells them.
private func told<T>(_ body: () throws(ConfigurationError) -> T) throws(ControlError) -> T {
  do throws(ConfigurationError) { return try body() } catch {
    let all = [error] + error.others
    var problems = all.prefix(ConfigurationError.shown).map { one -> Problem in
      // The clause with the value comes from there: it knows which values are secret.
      let clause = one.node.isEmpty ? one.message : String(one.message.dropFirst(one.node.count + 2))
      return Problem(node: one.node, message: clause, line: one.line)
    }
    if all.count > problems.count { problems.append(Problem(message: "and \(all.count - problems.count) more")) }
    throw ControlError(.refused, problems)
  }
}
