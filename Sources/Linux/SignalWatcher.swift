import CTandemShims
import Glibc

/// TERM, INT and HUP as readable events (signalfd); SIGPIPE is ignored for good.
///
/// Create it on the first thread before any other is started: threads inherit the blocked set, and a signal that one of them does not block would kill the process.
public final class SignalWatcher: Sendable {
  public enum Signal: Sendable, Equatable { case terminate, interrupt, hangUp }
  public let descriptor: Descriptor

  public init() throws(SystemCallError) {
    signal(SIGPIPE, SIG_IGN)
    let watched = [SIGTERM, SIGINT, SIGHUP]
    descriptor = Descriptor(
      owning: try retrying("signalfd", "signals") { watched.withUnsafeBufferPointer { tandem_signal_create($0.baseAddress, Int32($0.count)) } })
  }

  /// The next signal that has arrived; `nil` when there is none.
  public func next() -> Signal? {
    switch tandem_signal_next(descriptor.number) {
    case SIGTERM: .terminate
    case SIGINT: .interrupt
    case SIGHUP: .hangUp
    default: nil
    }
  }
}
