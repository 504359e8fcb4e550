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
/// | `past.json` | the commits before it, newest first |
/// | `candidate.json` | the candidate as RFC 7951 JSON, while it differs from what runs |
struct ConfigurationFiles {
  struct Saved {
    var stored = ConfigurationDatabase.Stored()
    /// `nil`: nothing was ever committed, or another version wrote it: then `stored.running` is to be decoded anew.
    var snapshot: Configuration?
    /// `running.json` could not be read, so this is the commit before it: one sentence.
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
  private var running: String { directory + "/running.json" }
  private var previous: String { directory + "/previous.json" }
  private var past: String { directory + "/past.json" }
  private var candidate: String { directory + "/candidate.json" }

  /// When `running.json` is damaged the commit before it is taken, and the damaged file stays as `running.json.damaged`; without one it is an error (starting empty would drop a
  /// configuration). The other files are passed over when they are damaged.
  func load() throws(SystemCallError) -> Saved {
    var saved = Saved()
    saved.stored.past = try Files.read(past).flatMap { decoded(Past.self, $0) }?.commits ?? []
    saved.stored.candidate = try Files.read(candidate).map { String(decoding: $0, as: UTF8.self) }
    guard let bytes = try Files.read(running) else { return saved }
    if !take(bytes, into: &saved) {
      guard let before = try Files.read(previous), take(before, into: &saved) else {
        throw SystemCallError("read", errno: EBADMSG, object: running, advice: "it is damaged: restore it, or move it away to start with --config FILE")
      }
      try? Files.write(bytes, to: running + ".damaged")
      saved.trouble =
        "\(running) is damaged (kept as running.json.damaged): the commit before it runs; `rollback`, `show configuration` and `commit` put it right"
    }
    // `past.json` was written for a commit whose `running.json` was not, or is damaged: what it calls past runs.
    if let first = saved.stored.past.first, first == saved.stored.running { saved.stored.past.removeFirst() }
    return saved
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
    try Files.write(encoded(Past(commits: stored.past)), to: past)
    if let before = try Files.read(running), decoded(CommitOnly.self, before) != nil { try Files.write(before, to: previous) }
    let unsynced = try Files.replace(running, with: encoded(Running(version: Self.version, commit: commit, snapshot: snapshot)))
    var warnings = unsynced.map { ["the commit runs and is stored, but a power cut now may lose it: \($0)"] } ?? []
    do throws(SystemCallError) { try saveCandidate(stored.candidate) } catch {
      warnings.append("the commit runs and is stored, but the candidate before it may come back at a restart: \(error)")
    }
    return warnings
  }

  func saveCandidate(_ text: String?) throws(SystemCallError) {
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
