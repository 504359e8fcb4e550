public import CTandemTrunk

/// The trial of a plugin before it is trusted: its entry is called, its table checked, an instance opened with the peer's settings, described and closed.
///
/// A plugin may crash in any of that, so the trial runs in a child process: `tandemd --probe-plugin FILE SETTINGS`, started by the
/// daemon once for each plugin and each peer of its type, before threads start. Both sides are here, without the process itself.
///
///     parent                                   child
///     start, stdout = pipe, 5 s to live ──▶    PluginProbe.run(entry, settings) ──▶ print report.text, exit 0
///     PluginProbe.judge(end, output)   ◀──     or it dies on the way
///
/// The parent loads a plugin only if its child's verdict is `.sound`; otherwise it goes on without it, with the verdict's text as
/// alarm: that plugin's peers are down, the rest runs. A plugin that no peer uses is probed with settings `nil`: identity only.
public enum PluginProbe {
  /// What the child found out about a plugin that is sound enough to talk to.
  public struct Report: Sendable, Equatable {
    public var id: String
    public var version: String
    /// The plugin's own one line.
    public var summary: String
    /// `nil`: the settings were accepted, or none were tried.
    public var refusal: String?
    /// What `describe` said.
    public var description: String

    /// One `key value` line each; every value is one line already.
    public var text: String {
      "id \(id)\nversion \(version)\nsummary \(summary)\n" + (refusal.map { "refusal \($0)\n" } ?? "") + "description \(description)\nend\n"
    }

    /// Reads what `text` wrote; `nil` when the end is missing, which is how a child that died halfway shows.
    public init?(text: String) {
      var values: [String: String] = [:]
      for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
        let words = line.split(separator: " ", maxSplits: 1)
        values[String(words[0])] = words.count > 1 ? String(words[1]) : ""
      }
      guard values["end"] != nil, let id = values["id"], let version = values["version"] else { return nil }
      self.init(id: id, version: version, summary: values["summary"] ?? "", refusal: values["refusal"], description: values["description"] ?? "")
    }
    public init(id: String, version: String, summary: String, refusal: String?, description: String) {
      (self.id, self.version, self.summary, self.refusal, self.description) = (id, version, summary, refusal, description)
    }
  }

  /// Calls the entry (the address of `tandem_trunk_entry_v1`) and checks what it returns. The parent uses it too, after a sound verdict.
  public static func table(entry: UnsafeRawPointer, file: String) throws(PluginRefusal) -> UnsafePointer<tt_plugin_v1> {
    typealias Entry = @convention(c) (UnsafePointer<tt_host_v1>?) -> UnsafePointer<tt_plugin_v1>?
    let table = unsafeBitCast(entry, to: Entry.self)(HostTable.pointer)
    try PluginCheck.verify(table, file: file)
    guard let table else { throw PluginRefusal(description: "plugin \(file): its entry returned nothing") }
    return table
  }

  /// The child's part. `settings`: the peer's plugin settings as RFC 7951 JSON; `nil`: nothing is opened.
  public static func run(entry: UnsafeRawPointer, file: String, settings: String?) throws(PluginRefusal) -> Report {
    let table = try table(entry: entry, file: file)
    let (id, version, summary) = PluginCheck.identity(of: table)
    var report = Report(id: id, version: version, summary: summary, refusal: nil, description: "")
    guard let settings else { return report }
    guard let leaves = PluginSettings(settings, module: id) else {
      throw PluginRefusal(description: "plugin \(file): the settings it is to be tried with are no RFC 7951 JSON object")
    }
    let setup = PluginInstance.Setup(
      peer: "probe", settings: leaves, document: PluginSettings.document(peer: "probe", settings: settings, trunks: []),
      trunkSettings: [:], trunkNames: [:], isAsked: false)
    let instance = PluginInstance(table, watch: PluginWatch(id: id), setup: setup, clock: nil)
    if instance.instance == nil { report.refusal = instance.refusal }
    report.description = instance.describe()
    instance.close()
    return report
  }

  /// How a child ended.
  public enum ChildEnd: Sendable, Equatable {
    case exited(status: Int32)
    case signalled(Int32)
    /// It was killed because it took longer than `secondsToLive`.
    case timedOut
  }
  /// Loading and opening is a matter of milliseconds; on a busy machine at boot it may be a second.
  public static let secondsToLive = 5

  public enum Verdict: Sendable, Equatable {
    case sound(Report)
    /// Not loaded; the text names the plugin and what it did.
    case unsound(String)
  }

  /// The parent's part: what a child's end and its output mean. `diagnostics`: the last line of its standard error, if any.
  public static func judge(_ end: ChildEnd, output: String, file: String, diagnostics: String = "") -> Verdict {
    let told = diagnostics.isEmpty ? "" : " (\(printable(diagnostics.utf8.prefix(TrunkLimits.noteBytes))))"
    switch end {
    case .exited(status: 0):
      guard let report = Report(text: output) else { return .unsound("plugin \(file): it ended the process while it was tried\(told); not loaded") }
      return .sound(report)
    case .exited(let status):
      return .unsound(
        diagnostics.isEmpty ? "plugin \(file): its trial ended with status \(status); not loaded" : printable(diagnostics.utf8.prefix(TrunkLimits.noteBytes)))
    case .signalled(let number):
      return .unsound("plugin \(file): it died with signal \(number) while it was tried\(told); not loaded. Remove it or install another version")
    case .timedOut:
      return .unsound("plugin \(file): it did not answer within \(secondsToLive) s while it was tried; not loaded. Remove it or install another version")
    }
  }
}
