import Control
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
      if !reused { throw Shell.Unreachable("\(error)") }
    }
    client = nil
    // A daemon that was restarted has closed the connection before it took the call: once more. One that closes on a fresh connection means it.
    guard reused else { throw Shell.Unreachable("tandemd closed the connection on \(path) without an answer: its log says why") }
    return try exchange(frame)
  }

  private func attempt(_ frame: [UInt8]) throws(SystemCallError) -> [UInt8]? {
    let client: ControlClient
    if let open = self.client { client = open } else { client = try ControlClient(path: path) }
    self.client = client
    try client.send(frame)
    return try client.receive()
  }
}
