import Control
import Glibc
import Linux

/// Columns of the terminal on standard output; `Int.max` when it is none, so that nothing is folded in a pipe.
func terminalWidth() -> Int {
  var size = winsize()
  guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return Int.max }
  return Int(size.ws_col)
}

func write(_ text: String, to descriptor: Int32) {
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if written < 0, errno == EINTR { continue }
    guard written > 0 else { return }
    rest = rest.dropFirst(written)
  }
}

/// A whole file as text; `-` is standard input.
func readFile(_ path: String) -> Result<String, Shell.Unreachable> {
  do throws(SystemCallError) {
    guard let bytes = try Files.read(path == "-" ? "/dev/stdin" : path) else { return .failure(Shell.Unreachable("there is no such file")) }
    guard let text = String(validating: bytes, as: UTF8.self) else { return .failure(Shell.Unreachable("is not UTF-8 text")) }
    return .success(text)
  } catch {
    return .failure(Shell.Unreachable("\(error)"))
  }
}
