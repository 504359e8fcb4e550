import CEdit
import Control
import Glibc

/// The interactive prompt: libedit's editing and history, `?` and Tab answered from the daemon. History lives in memory only: lines may carry passwords.
///
/// libedit calls back with nothing but its handle; the prompt hangs there as client data.
final class Prompt {
  private static let historyLines: Int32 = 1000
  private var shell: Shell
  /// What libedit shows; it keeps the pointer, so the text must stay.
  private var promptText = strdup("")
  private let edit: OpaquePointer
  private let history: OpaquePointer

  init(_ shell: Shell) {
    self.shell = shell
    guard let edit = tandem_edit_open("tandem"), let history = history_init() else { fatalError("libedit can not be opened") }
    (self.edit, self.history) = (edit, history)
    tandem_history_bound(history, Prompt.historyLines)
  }

  func run() {
    tandem_edit_set_up(edit, history, { edit in Prompt.of(edit).flatMap { $0.promptText } }, Unmanaged.passUnretained(self).toOpaque())
    tandem_edit_bind(edit, "tandem-complete", "complete the word", "\t") { edit, _ in Prompt.of(edit)?.complete() ?? UInt8(CC_ERROR) }
    tandem_edit_bind(edit, "tandem-help", "list what may follow", "?") { edit, _ in Prompt.of(edit)?.help() ?? UInt8(CC_ERROR) }
    tandem_edit_catch_interrupt()
    while let line = nextLine() {
      if line.contains(where: { $0 != " " && $0 != "\t" }) { tandem_history_enter(history, line) }
      shell.width = terminalWidth()
      let outcome = shell.run(line)
      write(outcome.output, to: STDOUT_FILENO)
      write(outcome.errors, to: STDERR_FILENO)
      if outcome.ends { break }
    }
    write(shell.farewell(), to: STDERR_FILENO)
    history_end(history)
    el_end(edit)
  }

  /// `nil` at the end of input.
  private func nextLine() -> String? {
    while true {
      free(promptText)
      promptText = strdup(shell.prompt)
      var count: Int32 = 0
      if let text = el_gets(edit, &count), count > 0 {
        var line = String(cString: text)
        while line.last?.isNewline == true { line.removeLast() }
        return line
      }
      write("\n", to: STDOUT_FILENO)
      // Ctrl-C: a new line; the end of input or a lost terminal: leave.
      guard count < 0, errno == EINTR else { return nil }
      el_reset(edit)
    }
  }

  private static func of(_ edit: OpaquePointer?) -> Prompt? {
    guard let edit, let context = tandem_edit_context(edit) else { return nil }
    return Unmanaged<Prompt>.fromOpaque(context).takeUnretainedValue()
  }

  /// The line up to the cursor.
  private var typed: String {
    guard let line = el_line(edit)?.pointee, let buffer = line.buffer, let cursor = line.cursor else { return "" }
    return String(decoding: UnsafeRawBufferPointer(start: buffer, count: max(0, cursor - buffer)), as: UTF8.self)
  }

  private func complete() -> UInt8 {
    let line = typed
    guard CommandWords(line).openQuote == nil else { return UInt8(CC_ERROR) }
    let found = shell.completions(line)
    let insertion = found.insertion(after: CommandWords(line).beingTyped.partial)
    if !insertion.isEmpty {
      el_insertstr(edit, insertion)
      return UInt8(CC_REFRESH)
    }
    return list(found)
  }

  private func help() -> UInt8 {
    let line = typed
    guard Shell.isHelp(questionMarkAfter: line) else {
      el_insertstr(edit, "?")
      return UInt8(CC_REFRESH)
    }
    return list(shell.completions(line))
  }

  private func list(_ found: Completions) -> UInt8 {
    write("\n" + found.text(width: terminalWidth()), to: STDOUT_FILENO)
    return UInt8(CC_REDISPLAY)
  }
}
