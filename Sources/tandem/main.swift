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
  let outcome = options.words.isEmpty ? shell.run(file: options.file ?? "-") : shell.run(line(options.words))
  write(outcome.output, to: STDOUT_FILENO)
  write(outcome.errors, to: STDERR_FILENO)
  if options.words.isEmpty { write(shell.farewell(), to: STDERR_FILENO) }
  return outcome.worked ? 0 : 1
}

/// Arguments back as a line. One argument with blanks in it is a line already: `tandem 'show calls | json'`.
func line(_ words: [String]) -> String {
  words.count == 1 && words[0].contains(" ") ? words[0] : words.map(asTyped).joined(separator: " ")
}

/// An argument back as a word of a line: `[`, `]` and `|` have their meaning, everything else stands for itself.
func asTyped(_ argument: String) -> String { ["[", "]", "|"].contains(argument) ? argument : CommandWords.quoted(argument) }
