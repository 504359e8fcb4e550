import Configuration
import FoundationEssentials
import Glibc
import Linux

/// The configuration's files below the state directory. Each is written whole or not at all. A commit holds from the moment `running.json` has its name: a
/// failure before that leaves the old one in force, here and after a restart; one after it is a warning.
///
/// | file | holds |
/// | --- | --- |
/// | `running.json` | the commit in force and its decoded snapshot, from which a restart starts |
/// | `previous.json` | what `running.json` was before, for when that can not be read |
/// | `running.json.damaged` | one that could not be read, for who wants to look at it |
/// | `past.json` | the commits before it, newest first |
/// | `candidate.json` | the candidate as RFC 7951 JSON, while it differs from what runs |
struct ConfigurationFiles {
  struct Saved {
    var stored = ConfigurationDatabase.Stored()
    /// `nil`: nothing was ever committed, or another version wrote it: then `stored.running` is to be decoded anew.
    var snapshot: Configuration?
    /// `running.json` could not be read, so this is the commit before it, or nothing: one sentence.
    var trouble: String?
  }
  private struct Running: Codable {
    /// Of the snapshot's form. Another number: it is not read.
    var version: Int
    var commit: ConfigurationDatabase.Commit
    var snapshot: Configuration
  }
  private struct CommitOnly: Codable { var commit: ConfigurationDatabase.Commit }
  private struct Past: Codable { var commits: [ConfigurationDatabase.Commit] }
  private static let version = 1

  let directory: String
  /// Why nothing is written: commits hold in memory, and say this.
  var unkept: String?
  private var running: String { directory + "/running.json" }
  private var previous: String { directory + "/previous.json" }
  private var past: String { directory + "/past.json" }
  private var candidate: String { directory + "/candidate.json" }
  private var damaged: String { running + ".damaged" }

  /// When `running.json` is damaged the commit before it is taken; without one nothing runs. Never an error: somebody must be able to look. The damaged file stays, also
  /// as `running.json.damaged`, until a commit takes its name. The other files are passed over when they are damaged.
  /// What a power cut left of files half written is removed.
  func load() -> Saved {
    if unkept == nil { for path in [running, previous, past, candidate, damaged] { try? Files.removeUnfinished(path) } }
    var saved = Saved()
    saved.stored.past = contents(past).flatMap { decoded(Past.self, $0) }?.commits ?? []
    saved.stored.candidate = contents(candidate).map { String(decoding: $0, as: UTF8.self) }
    do throws(SystemCallError) {
      guard let bytes = try Files.read(running) else { return saved }
      if !take(bytes, into: &saved) { saved.trouble = "\(running) is damaged" + (keepDamaged(bytes) ? " (kept as running.json.damaged)" : "") }
    } catch { saved.trouble = "\(error)" }
    if let trouble = saved.trouble {
      let isBefore = contents(previous).map { take($0, into: &saved) } ?? false
      let others = isBefore || !saved.stored.past.isEmpty ? "`rollback`, `show configuration` and `commit` put" : "`load FILE` and `commit` put"
      saved.trouble = "\(trouble): \(isBefore ? "the commit before it runs" : "no commit before it can be read, so nothing runs"); \(others) it right"
    }
    // `past.json` was written for a commit whose `running.json` was not, or is damaged: what it calls past runs.
    if let first = saved.stored.past.first, first == saved.stored.running { saved.stored.past.removeFirst() }
    return saved
  }

  /// `nil`: there is none, or it can not be read.
  private func contents(_ path: String) -> [UInt8]? { (try? Files.read(path)) ?? nil }

  private func keepDamaged(_ bytes: [UInt8]) -> Bool {
    if contents(damaged) == bytes { return true }
    return unkept == nil && (try? Files.write(bytes, to: damaged)) != nil
  }

  private func take(_ bytes: [UInt8], into saved: inout Saved) -> Bool {
    if let whole = decoded(Running.self, bytes), whole.version == Self.version {
      saved.stored.running = whole.commit
      saved.snapshot = whole.snapshot
    } else if let head = decoded(CommitOnly.self, bytes) {
      saved.stored.running = head.commit
    } else {
      return false
    }
    return true
  }

  /// Throws when the commit does not hold. Returns what went wrong after it did, as a sentence.
  func save(_ stored: ConfigurationDatabase.Stored, snapshot: Configuration) throws(SystemCallError) -> [String] {
    guard let commit = stored.running else { return [] }
    if let unkept { return [unkept] }
    try Files.write(encoded(Past(commits: stored.past)), to: past)
    if let before = contents(running) {
      if decoded(CommitOnly.self, before) != nil { try Files.write(before, to: previous) } else { _ = keepDamaged(before) }
    }
    let unsynced = try Files.replace(running, with: encoded(Running(version: Self.version, commit: commit, snapshot: snapshot)))
    var warnings = unsynced.map { ["the commit runs and is stored, but a power cut now may lose it: \($0)"] } ?? []
    do throws(SystemCallError) { try saveCandidate(stored.candidate) } catch {
      warnings.append("the commit runs and is stored, but the candidate before it may come back at a restart: \(error)")
    }
    return warnings
  }

  func saveCandidate(_ text: String?) throws(SystemCallError) {
    guard unkept == nil else { return }
    if let text { try Files.write(Array(text.utf8), to: candidate) } else { try Files.remove(candidate) }
  }

  private func encoded(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { preconditionFailure("a configuration is strings, numbers and booleans: it always encodes") }
    return [UInt8](data)
  }
  private func decoded<T: Decodable>(_: T.Type, _ bytes: [UInt8]) -> T? { try? JSONDecoder().decode(T.self, from: Data(bytes)) }
}
