import CTandemTrunk
import Linux
import Timing
import Trunks

/// The trunk plugins found at start: every `<id>.so` of the plugin folder with its `<id>.yang`.
///
/// Each is first tried in a child process, before threads start: a plugin that crashes as it is loaded or opened takes the child with it
/// and is named; the others are loaded. Libraries stay loaded until the process ends (Swift libraries can not be unmapped).
struct PluginFolder {
  struct Plugin {
    var id: String
    var file: String
    var version: String
    var summary: String
    /// The text of its YANG module.
    var yang: String
    var table: UnsafePointer<tt_plugin_v1>
  }
  /// In the order of their ids.
  private(set) var plugins: [Plugin] = []
  /// What could not be loaded: the file's id and one sentence.
  private(set) var refused: [(id: String, reason: String)] = []

  /// Looks through `folder`. A folder that does not exist has no plugins, and that is said. `memory`: where the findings about plugins that were sound are kept.
  init(_ folder: String, daemon: String, memory: ProbeMemory, log: Log) {
    let names: [String]
    do {
      names = try Files.list(folder).filter { $0.hasSuffix(".so") }.sorted()
    } catch {
      log.write(.warning, "no trunk plugins: \(error)")
      return
    }
    for name in names {
      let id = String(name.dropLast(3))
      do {
        plugins.append(try PluginFolder.load(id, folder: folder, daemon: daemon, memory: memory))
      } catch {
        refused.append((id, "\(error)"))
        log.write(.error, "\(error)", [("TANDEM_PLUGIN", id)])
      }
    }
    let found = plugins.map { "\($0.id) \($0.version)" }.joined(separator: ", ")
    log.write(.notice, plugins.isEmpty ? "no trunk plugin in \(folder)" : "trunk plugins: \(found) (unsigned, from \(folder))")
  }

  private struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  private static func load(_ id: String, folder: String, daemon: String, memory: ProbeMemory) throws -> Plugin {
    let file = "\(folder)/\(id).so"
    let module = "\(folder)/\(id).yang"
    guard let yang = try Files.read(module).map({ String(decoding: $0, as: UTF8.self) }) else {
      throw Refusal(description: "plugin \(file): there is no \(module); put the plugin's YANG module there")
    }
    switch try probed(file, daemon: daemon, memory: memory) {
    case .unsound(let reason): throw Refusal(description: reason)
    case .sound(let report):
      guard report.id == id else {
        throw Refusal(description: "plugin \(file): it calls itself \(report.id); the file must be named \(report.id).so")
      }
      let table = try PluginProbe.table(entry: UnsafeRawPointer(PluginLibrary(path: file).entry), file: file)
      return Plugin(id: id, file: file, version: report.version, summary: report.summary, yang: yang, table: table)
    }
  }

  /// What a child process finds out about the plugin; from memory when neither it nor we have changed since.
  private static func probed(_ file: String, daemon: String, memory: ProbeMemory) throws -> PluginProbe.Verdict {
    if let output = memory.output(about: file) {
      let verdict = PluginProbe.judge(.exited(status: 0), output: output, file: file, diagnostics: "")
      if case .sound = verdict { return verdict }
    }
    let child = try ChildProcess.run(daemon, ["--probe-plugin", file, "{}"], limit: .seconds(PluginProbe.secondsToLive))
    let end: PluginProbe.ChildEnd =
      switch child.end {
      case .exited(let status): .exited(status: status)
      case .signalled(let number): .signalled(number)
      case .timedOut: .timedOut
      }
    let output = String(decoding: child.output, as: UTF8.self)
    let last = String(decoding: child.diagnostics, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
    let verdict = PluginProbe.judge(end, output: output, file: file, diagnostics: last)
    if case .sound = verdict { memory.remember(output, about: file) }
    return verdict
  }

  var tables: [String: UnsafePointer<tt_plugin_v1>] {
    Dictionary(plugins.map { ($0.id, $0.table) }, uniquingKeysWith: { first, _ in first })
  }

  /// The child's side: `tandemd --probe-plugin FILE SETTINGS`. Returns the exit status.
  static func probe(_ file: String, settings: String?) -> Int32 {
    do {
      let library = try PluginLibrary(path: file)
      print(try PluginProbe.run(entry: UnsafeRawPointer(library.entry), file: file, settings: settings).text, terminator: "")
      return 0
    } catch {
      StandardError.write("\(error)")
      return 1
    }
  }
}
