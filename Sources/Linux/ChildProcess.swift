import CTandemShims
import Glibc
public import Timing

/// A short-lived child of the daemon: its output is collected, and it is killed when it takes too long.
///
/// Call it before threads are started, or accept that descriptors opened meanwhile without close-on-exec leak into the child
/// (every descriptor of this module has it).
public enum ChildProcess {
  public enum End: Sendable, Equatable {
    case exited(status: Int32)
    case signalled(Int32)
    case timedOut
  }
  /// More output than this is cut off; a child that writes more is still read to its end.
  public static let outputBytes = 64 * 1024

  /// Runs `path` with `arguments` (the path itself is put before them), standard input from nothing.
  public static func run(_ path: String, _ arguments: [String], limit: Gap) throws(SystemCallError) -> (end: End, output: [UInt8], diagnostics: [UInt8]) {
    var output: [Int32] = [-1, -1]
    var diagnostics: [Int32] = [-1, -1]
    let first = tandem_pipe(&output)
    guard first == 0 else { throw SystemCallError("pipe2", errno: -first, object: path) }
    let second = tandem_pipe(&diagnostics)
    guard second == 0 else {
      output.forEach { close($0) }
      throw SystemCallError("pipe2", errno: -second, object: path)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    posix_spawn_file_actions_adddup2(&actions, diagnostics[1], 2)
    // Signals that this process blocks (SignalWatcher) must reach the child.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) }
    words.append(nil)
    var pid = pid_t()
    let failure = posix_spawn(&pid, path, &actions, &attributes, &words, environ)
    words.forEach { free($0) }
    posix_spawn_file_actions_destroy(&actions)
    posix_spawnattr_destroy(&attributes)
    close(output[1])
    close(diagnostics[1])
    defer {
      close(output[0])
      close(diagnostics[0])
    }
    guard failure == 0 else { throw SystemCallError("posix_spawn", errno: failure, object: path) }
    return collect(pid, output[0], diagnostics[0], until: MonotonicClock.now() + limit)
  }

  private static func collect(_ pid: pid_t, _ output: Int32, _ diagnostics: Int32, until deadline: Instant) -> (End, [UInt8], [UInt8]) {
    var collected: [[UInt8]] = [[], []]
    var waits = [pollfd(fd: output, events: Int16(POLLIN), revents: 0), pollfd(fd: diagnostics, events: Int16(POLLIN), revents: 0)]
    var expired = false
    while waits.contains(where: { $0.fd >= 0 }) {
      let left = deadline.since(MonotonicClock.now()).milliseconds
      guard left > 0 else {
        expired = true
        break
      }
      let ready = poll(&waits, 2, Int32(clamping: left))
      if ready < 0, errno != EINTR { break }
      guard ready > 0 else { continue }
      for index in 0..<2 where waits[index].fd >= 0 && waits[index].revents != 0 {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = read(waits[index].fd, &chunk, chunk.count)
        if count > 0 {
          collected[index].append(contentsOf: chunk.prefix(min(count, max(0, outputBytes - collected[index].count))))
        } else if count == 0 || errno != EINTR {
          waits[index].fd = -1
        }
      }
    }
    // A child that closed its output but lives on is waited for until the deadline as well.
    var status: Int32 = 0
    while !expired, waitpid(pid, &status, WNOHANG) == 0 {
      if MonotonicClock.now() >= deadline { expired = true } else { usleep(2_000) }
    }
    if expired {
      kill(pid, SIGKILL)
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      return (.timedOut, collected[0], collected[1])
    }
    let signal = status & 0x7F
    return (signal == 0 ? .exited(status: status >> 8 & 0xFF) : .signalled(signal), collected[0], collected[1])
  }
}
