import CTandemShims
import Glibc

/// The command line's end of the control socket: blocking, whole frames, each ended by a NUL (Varlink).
public final class ControlClient {
  /// No answer is larger; a daemon that sends more is not ours.
  public static let frameBytes = 64 << 20

  private let descriptor: Descriptor
  private let path: String
  private var pending: [UInt8] = []
  private var chunk = [UInt8](repeating: 0, count: 65_536)

  public init(path: String) throws(SystemCallError) {
    self.path = path
    descriptor = Descriptor(
      owning: try retrying(
        "connect", path,
        advice: {
          switch $0 {
          case ENOENT, ECONNREFUSED: "no tandemd runs there: start it, or name its folder with --runtime-dir or TANDEM_RUNTIME_DIR"
          case EACCES: "user \(geteuid()) may not talk to it: `usermod -aG tandem USER`, then log in again"
          default: nil
          }
        }
      ) { tandem_unix_connect(path, false) })
  }

  /// For `poll` by the caller, beside a terminal.
  public var number: Int32 { descriptor.number }

  /// Sends one frame and its NUL. The frame itself must hold none.
  public func send(_ frame: some Collection<UInt8>) throws(SystemCallError) {
    precondition(!frame.contains(0), "a frame holds no NUL")
    let bytes = Array(frame) + [0]
    var done = 0
    while done < bytes.count {
      let sent = bytes.withUnsafeBytes { orErrno(Glibc.send(descriptor.number, $0.baseAddress! + done, $0.count - done, Int32(MSG_NOSIGNAL))) }
      if sent == -Int(EINTR) { continue }
      if sent < 0 { throw SystemCallError("send", errno: Int32(-sent), object: path, advice: "tandemd closed the connection") }
      done += sent
    }
  }

  /// Waits for the next frame, without its NUL; `nil` when the daemon has closed the connection.
  public func receive() throws(SystemCallError) -> [UInt8]? {
    var searched = 0
    while true {
      if let end = pending[searched...].firstIndex(of: 0) {
        let frame = Array(pending[..<end])
        pending.removeFirst(end + 1)
        return frame
      }
      searched = pending.count
      guard searched <= ControlClient.frameBytes else { throw SystemCallError("recv", errno: EMSGSIZE, object: path, advice: "that is no tandemd") }
      let got = chunk.withUnsafeMutableBytes { orErrno(recv(descriptor.number, $0.baseAddress, $0.count, 0)) }
      if got == 0 { return nil }
      if got == -Int(EINTR) { continue }
      if got < 0 { throw SystemCallError("recv", errno: Int32(-got), object: path) }
      pending.append(contentsOf: chunk[..<got])
    }
  }
}
