import Control
import Glibc
import Linux

/// The way to the daemon: opened at the first call, opened again when the daemon was restarted since.
final class Connection {
  private let path: String
  private var client: ControlClient?
  init(directory: String) { path = RuntimeDirectory.controlSocket(in: directory) }

  func exchange(_ frame: [UInt8]) throws(Shell.Unreachable) -> [UInt8] {
    let client = try send(frame)
    do throws(SystemCallError) {
      if let answer = try client.receive() { return answer }
    } catch {
      self.client = nil
      throw Shell.Unreachable("\(error)")
    }
    // The call may have been taken: it is not sent again.
    self.client = nil
    throw Shell.Unreachable("tandemd closed the connection on \(path) without an answer: its log says why; `tandem show system` tells whether it runs")
  }

  /// Over the open connection; over a new one when there is none or the daemon has closed it since.
  private func send(_ frame: [UInt8]) throws(Shell.Unreachable) -> ControlClient {
    if let client {
      do throws(SystemCallError) {
        try client.send(frame)
        return client
      } catch {
        self.client = nil
      }
    }
    do throws(SystemCallError) {
      let fresh = try ControlClient(path: path)
      try fresh.send(frame)
      client = fresh
      return fresh
    } catch {
      throw Shell.Unreachable(error.errno == ENOENT || error.errno == ECONNREFUSED ? notRunning : "\(error)")
    }
  }

  private var notRunning: String {
    "no daemon listens on \(path): start it with `tandemd` (in a checkout `make build`, then `.build/release/tandemd`), or name its folder with --runtime-dir or TANDEM_RUNTIME_DIR"
  }
}
