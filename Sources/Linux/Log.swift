import CSystemd
import Glibc

/// The log: to the journal with structured fields when stderr leads there, else plain lines on stderr.
///
/// A value without state, to be copied freely; every line is one system call, so lines of several threads do not mix. The journal limits rates itself.
public struct Log: Sendable {
  /// syslog's numbers.
  public enum Level: Int, Sendable, CaseIterable, Comparable {
    case critical = 2, error, warning, notice, info, debug
    /// The more urgent is the smaller.
    public static func < (a: Level, b: Level) -> Bool { a.rawValue < b.rawValue }
    var name: String {
      switch self {
      case .critical: "critical"
      case .error: "error"
      case .warning: "warning"
      case .notice: "notice"
      case .info: "info"
      case .debug: "debug"
      }
    }
  }
  public let usesJournal: Bool
  /// Less urgent lines are left out.
  public var threshold: Level

  public init(threshold: Level = .info) {
    self.threshold = threshold
    usesJournal = Log.standardErrorIsJournal()
  }

  /// `fields`: upper-case names without a leading underscore (`TANDEM_TRUNK`).
  public func write(_ level: Level, _ message: String, _ fields: [(name: StaticString, value: String)] = []) {
    guard level <= threshold else { return }
    if usesJournal { toJournal(level, message, fields) } else { toStandardError(level, message, fields) }
  }

  private func toJournal(_ level: Level, _ message: String, _ fields: [(name: StaticString, value: String)]) {
    var text: [UInt8] = []
    var ends: [Int] = []
    func add(_ name: String, _ value: String) {
      text.append(contentsOf: "\(name)=\(value)".utf8)
      ends.append(text.count)
    }
    add("MESSAGE", message)
    add("PRIORITY", String(level.rawValue))
    add("SYSLOG_IDENTIFIER", "tandemd")
    for field in fields { add(field.name.description, field.value) }
    text.withUnsafeMutableBytes { bytes in
      var start = 0
      let parts = ends.map { end in
        defer { start = end }
        return iovec(iov_base: bytes.baseAddress! + start, iov_len: end - start)
      }
      _ = sd_journal_sendv(parts, Int32(parts.count))
    }
  }

  private func toStandardError(_ level: Level, _ message: String, _ fields: [(name: StaticString, value: String)]) {
    var line = Array("\(level.name): ".utf8)
    line.append(contentsOf: Log.oneLine(message))
    for field in fields { line.append(contentsOf: Log.oneLine(" \(field.name)=\(field.value)")) }
    line.append(UInt8(ascii: "\n"))
    // A log that can not be written is nobody's to hear of.
    _ = write(STDERR_FILENO, line, line.count)
  }
  private func write(_ number: Int32, _ bytes: [UInt8], _ count: Int) -> Int { Glibc.write(number, bytes, count) }

  /// Control characters could forge lines or drive a terminal.
  private static func oneLine(_ text: String) -> [UInt8] { text.utf8.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: " ") : $0 } }

  /// systemd says in JOURNAL_STREAM which `device:inode` leads to the journal; stderr may have been redirected since.
  private static func standardErrorIsJournal() -> Bool {
    guard let value = getenv("JOURNAL_STREAM") else { return false }
    var about = stat()
    guard fstat(STDERR_FILENO, &about) == 0 else { return false }
    return String(cString: value) == "\(about.st_dev):\(about.st_ino)"
  }
}
