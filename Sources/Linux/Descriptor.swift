import Glibc

/// A file descriptor that is closed with its last reference. The number is only for system calls of this module and for `EventPoll`.
///
/// A class, so that sockets can stand in arrays and dictionaries; immutable, so that it may cross threads. A descriptor handed over by the service manager's
/// store will come in by `init(owning:)` too.
public final class Descriptor: Sendable {
  public let number: Int32
  public init(owning number: Int32) { self.number = number }
  deinit { _ = close(number) }
}
