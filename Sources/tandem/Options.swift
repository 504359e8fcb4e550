import Control
import Glibc

/// The command line's own arguments; the first that is none of them begins the command.
struct Options {
  struct Usage: Error { var text: String }
  var runtimeDirectory: String
  var json = false
  var file: String?
  var words: [String] = []
  var wantsHelp = false

  static let help = """
    usage: tandem [--runtime-dir DIR] [--json] [COMMAND ... | -f FILE]

      COMMAND           as typed at the prompt: tandem show trunks
      -f FILE           the lines of a file, `-` for standard input; stops at the first that fails
      --json            answers for programs (also at the end of a command)
      --runtime-dir DIR the daemon's runtime directory (or TANDEM_RUNTIME_DIR)

    Without a command there is a prompt; `?` lists what may follow, Tab completes, exit leaves.

    """

  static func parse(_ arguments: [String]) -> Result<Options, Usage> {
    let environment = getenv("TANDEM_RUNTIME_DIR").map { String(cString: $0) }
    var options = Options(runtimeDirectory: environment.flatMap { $0.isEmpty ? nil : $0 } ?? RuntimeDirectory.standard(binary: executable()))
    var rest = arguments[...]
    while let argument = rest.first, argument.hasPrefix("-"), argument != "-" {
      rest.removeFirst()
      switch argument {
      case "--json": options.json = true
      case "--help", "-h": options.wantsHelp = true
      case "--runtime-dir", "-f":
        guard let value = rest.popFirst() else { return .failure(Usage(text: "tandem: \(argument) wants a value\n\n\(help)")) }
        if argument == "-f" { options.file = value } else { options.runtimeDirectory = value }
      default:
        guard argument.hasPrefix("--runtime-dir=") else {
          return .failure(Usage(text: "tandem: '\(argument)' is no option\n\n\(help)"))
        }
        options.runtimeDirectory = String(argument.dropFirst("--runtime-dir=".count))
      }
    }
    options.words = Array(rest)
    // What is set may be called anything, `--json` too.
    if options.words.last == "--json", !["set", "delete"].contains(options.words.first) {
      options.words.removeLast()
      options.json = true
    }
    if options.file != nil, !options.words.isEmpty {
      return .failure(Usage(text: "tandem: either -f FILE or a command, not both ('\(options.words.joined(separator: " "))')\n"))
    }
    return .success(options)
  }

  private static func executable() -> String {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &path, path.count)
    return length > 0 ? String(decoding: path.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
  }
}
