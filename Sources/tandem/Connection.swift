import Control
import Glibc
import Linux

/// The way to the daemon: opened at the first call, opened again when the daemon was restarted since.
final class Connection {
  private let path: String
  private var client: ControlClient?
  init(directory: String) { path = RuntimeDirectory.controlSocket(in: directory) }

  func exchange(_ frame: [UInt8]) throws(Shell.Unreachable) -> [UInt8] {
    let reused = client != nil
    do throws(SystemCallError) {
      if let answer = try attempt(frame) { return answer }
    } catch {
      client = nil
      if !reused { throw Shell.Unreachable(error.errno == ENOENT || error.errno == ECONNREFUSED ? notRunning : "\(error)") }
    }
    client = nil
    // A daemon that was restarted has closed the connection before it took the call: once more. One that closes on a fresh connection means it.
    guard reused else { throw Shell.Unreachable("tandemd closed the connection on \(path) without an answer: its log says why") }
    return try exchange(frame)
  }

  private var notRunning: String {
    "no daemon listens on \(path): start it with `tandemd` (in a checkout `make build`, then `.build/release/tandemd`), or name its folder with --runtime-dir or TANDEM_RUNTIME_DIR"
  }

  private func attempt(_ frame: [UInt8]) throws(SystemCallError) -> [UInt8]? {
    let client: ControlClient
    if let open = self.client { client = open } else { client = try ControlClient(path: path) }
    self.client = client
    try client.send(frame)
    return try client.receive()
  }
}
