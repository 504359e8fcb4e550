import Configuration
import Glibc
import Linux
import Testing

@testable import tandemd

@Suite("The configuration's files")
struct ConfigurationFilesTests {
  private let folder: String
  private var files: ConfigurationFiles { ConfigurationFiles(directory: folder) }

  init() throws {
    var template = Array("/tmp/tandem-files-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func commit(_ number: Int) -> ConfigurationDatabase.Commit { ConfigurationDatabase.Commit(json: "{\"n\":\(number)}", time: Int64(number)) }
  private func stored(_ running: Int, past: [Int]) -> ConfigurationDatabase.Stored {
    ConfigurationDatabase.Stored(running: commit(running), past: past.map(commit))
  }

  @Test("What was saved is loaded")
  func roundTrip() throws {
    defer { clean() }
    #expect(try files.save(stored(2, past: [1]), snapshot: Configuration()).isEmpty)
    let loaded = files.load()
    #expect(loaded.stored == stored(2, past: [1]))
    #expect(loaded.snapshot != nil)
  }

  @Test("A commit whose running.json could not be written is not in force after a restart, and rollback 1 is not what runs")
  func halfWritten() throws {
    defer { clean() }
    _ = try files.save(stored(2, past: [1]), snapshot: Configuration())
    // past.json of the next commit, as a full disk leaves it behind.
    let running = try #require(try contents("running.json"))
    _ = try files.save(stored(3, past: [2, 1]), snapshot: Configuration())
    try running.write(to: folder + "/running.json")
    #expect(files.load().stored == stored(2, past: [1]))
  }

  @Test("A candidate that can not be written is a warning: the commit holds")
  func candidate() throws {
    defer { clean() }
    // A folder stands where the file is wanted.
    try #require(mkdir(folder + "/candidate.json", 0o700) == 0)
    let warnings = try files.save(stored(1, past: []), snapshot: Configuration())
    #expect(warnings.count == 1 && warnings[0].contains("candidate"))
    rmdir(folder + "/candidate.json")
    #expect(files.load().stored.running == commit(1))
  }

  @Test("What a power cut left of files half written is gone after a start, and nothing else is")
  func unfinished() throws {
    defer { clean() }
    _ = try files.save(stored(2, past: [1]), snapshot: Configuration())
    let left = ["running", "past", "candidate", "previous"].map { "\($0).json.new-4711-18446744073709551615" } + ["running.json.damaged.new-1-2"]
    let others = ["my.running.json.new-1-2", "running.json.newer", "running.json.old"]
    for name in left + others { try [UInt8](repeating: 0, count: 3).write(to: folder + "/" + name) }
    #expect(files.load().stored == stored(2, past: [1]))
    #expect(try Files.list(folder) == (others + ["past.json", "running.json"]).sorted())
    for name in others { unlink(folder + "/" + name) }
  }

  private func contents(_ name: String) throws -> [UInt8]? {
    guard let file = fopen(folder + "/" + name, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return bytes
  }

  private func clean() {
    for name in ["running.json", "past.json", "candidate.json"] { unlink(folder + "/" + name) }
    rmdir(folder)
  }
}

extension [UInt8] {
  fileprivate func write(to path: String) throws {
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    try #require(fwrite(self, 1, count, file) == count)
  }
}
