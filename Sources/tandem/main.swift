// tandem: the command line. What it understands is in Control; here are the terminal, the files and the socket.
import Control
import Glibc
import Linux

exit(run(Array(CommandLine.arguments.dropFirst())))

func run(_ arguments: [String]) -> Int32 {
  let options: Options
  switch Options.parse(arguments) {
  case .failure(let usage):
    write(usage.text, to: STDERR_FILENO)
    return 2
  case .success(let parsed): options = parsed
  }
  if options.wantsHelp {
    write(Options.help, to: STDOUT_FILENO)
    return 0
  }
  let connection = Connection(directory: options.runtimeDirectory)
  let interactive = options.words.isEmpty && options.file == nil && isatty(STDIN_FILENO) == 1
  var shell = Shell(interactive: interactive, json: options.json, width: terminalWidth(), readFile: readFile) { frame throws(Shell.Unreachable) in
    try connection.exchange(frame)
  }
  if interactive {
    Prompt(shell).run()
    return 0
  }
  let outcome = options.words.isEmpty ? shell.run(file: options.file ?? "-") : shell.run(options.words.map(asTyped).joined(separator: " "))
  write(outcome.output, to: STDOUT_FILENO)
  write(outcome.errors, to: STDERR_FILENO)
  if options.words.isEmpty { write(shell.farewell(), to: STDERR_FILENO) }
  return outcome.worked ? 0 : 1
}

/// An argument back as a word of a line: `[`, `]` and `|` have their meaning, everything else stands for itself.
func asTyped(_ argument: String) -> String { ["[", "]", "|"].contains(argument) ? argument : CommandWords.quoted(argument) }
