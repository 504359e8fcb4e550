import Control
import Glibc

/// The daemon's command line. Every folder has a default: beside the checkout when the binary was built in one, the FHS places otherwise.
struct Options {
  var configFile: String?
  var stateDirectory: String
  var runtimeDirectory: String
  var pluginDirectory: String
  /// `--probe-plugin FILE [SETTINGS]`: try a plugin in this process and print what it says (see PluginFolder).
  var probe: (file: String, settings: String?)?

  static let usage = """
    usage: tandemd [--config FILE] [--state-dir DIR] [--runtime-dir DIR] [--plugin-dir DIR]

      --config FILE      configuration that seeds an empty state directory: set lines, or RFC 7951 JSON if its first byte is {
      --state-dir DIR    running configuration, commits, call records
      --runtime-dir DIR  control socket
      --plugin-dir DIR   trunk plugins: <id>.so beside <id>.yang
      --version          print the version
    """

  enum Outcome {
    case run(Options)
    /// Print this and exit 0.
    case say(String)
    /// A line for stderr, exit 2.
    case wrong(String)
  }

  static func parse(_ arguments: [String], binary: String) -> Outcome {
    let checkout = RuntimeDirectory.checkout(of: binary)
    let folder = binary.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    var options = Options(
      stateDirectory: checkout.map { $0 + "/.state" } ?? "/var/lib/tandem", runtimeDirectory: RuntimeDirectory.standard(binary: binary),
      pluginDirectory: checkout != nil ? folder + "/plugins" : "/usr/lib/tandem/plugins")
    var rest = arguments[...]
    while let word = rest.popFirst() {
      switch word {
      case "--help", "-h": return .say(usage)
      case "--version": return .say("tandemd \(Version.text)")
      case "--config", "--state-dir", "--runtime-dir", "--plugin-dir":
        guard let value = rest.popFirst(), !value.isEmpty else { return .wrong("tandemd: \(word) needs a path after it\n\(usage)") }
        switch word {
        case "--config": options.configFile = value
        case "--state-dir": options.stateDirectory = value
        case "--runtime-dir": options.runtimeDirectory = value
        default: options.pluginDirectory = value
        }
      case "--probe-plugin":
        guard let file = rest.popFirst() else { return .wrong("tandemd: --probe-plugin needs a file after it") }
        options.probe = (file, rest.popFirst())
      default:
        return .wrong("tandemd: \(word) is not an option\n\(usage)")
      }
    }
    return .run(options)
  }

  /// The absolute path of this executable.
  static func binaryPath() -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &buffer, Int(PATH_MAX))
    guard count > 0 else { return CommandLine.arguments.first ?? "tandemd" }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

enum Version {
  static let text = "0.1"
}
