import Control
import Glibc
import Linux

// The first thread: options, then the daemon until it is told to stop.
switch Options.parse(Array(CommandLine.arguments.dropFirst()), binary: Options.binaryPath()) {
case .say(let text):
  print(text)
case .wrong(let line):
  StandardError.write(line)
  exit(2)
case .run(let options):
  if let probe = options.probe { exit(PluginFolder.probe(probe.file, settings: probe.settings)) }
  do {
    DescriptorLimit.raise()
    // Before any thread: they inherit the blocked signals.
    let signals = try SignalWatcher()
    try Daemon(options, log: Log(), signals: signals, sockets: DescriptorStore()).run()
  } catch let error as ControlError {
    StandardError.write("tandemd: the configuration is refused:")
    for problem in error.problems { StandardError.write("  " + (problem.line.map { "line \($0): " } ?? "") + problem.text) }
    exit(1)
  } catch {
    StandardError.write("tandemd: \(error)")
    exit(1)
  }
}
