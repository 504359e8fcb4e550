import CTandemShims
public import Timing

/// Waits for many descriptors at once (epoll, level-triggered). Each is entered under a key of the owner's choice, by which its readiness is reported.
///
/// Belongs to one thread. The kernel forgets a descriptor when its last copy is closed; remove it before closing all the same when copies may exist.
public final class EventPoll {
  public struct Ready: Sendable {
    public var key: UInt64
    public var readable: Bool
    public var writable: Bool
    /// An error or the end of the stream is pending; a read will tell which.
    public var failed: Bool
  }
  /// Reports taken in one turn; what is left comes in the next.
  public static let turn = 64

  private let descriptor: Descriptor
  private var events = [tandem_ready](repeating: tandem_ready(), count: EventPoll.turn)

  public init() throws(SystemCallError) {
    descriptor = Descriptor(owning: try retrying("epoll_create", "event loop") { tandem_poll_create() })
  }

  public func add(_ other: Descriptor, key: UInt64, readable: Bool = true, writable: Bool = false) throws(SystemCallError) {
    _ = try retrying("epoll_ctl", "event loop") { tandem_poll_control(descriptor.number, 1, other.number, readable, writable, key) }
  }
  public func change(_ other: Descriptor, key: UInt64, readable: Bool, writable: Bool) throws(SystemCallError) {
    _ = try retrying("epoll_ctl", "event loop") { tandem_poll_control(descriptor.number, 3, other.number, readable, writable, key) }
  }
  public func remove(_ other: Descriptor) {
    // A descriptor that was never entered is no concern of the caller's.
    _ = tandem_poll_control(descriptor.number, 2, other.number, false, false, 0)
  }

  /// A descriptor that a C library owns and closes: what it wants to hear of; neither = no more.
  func watch(foreign number: Int32, key: UInt64, readable: Bool, writable: Bool) {
    if !readable, !writable {
      _ = tandem_poll_control(descriptor.number, 2, number, false, false, 0)
    } else if tandem_poll_control(descriptor.number, 3, number, readable, writable, key) < 0 {
      _ = tandem_poll_control(descriptor.number, 1, number, readable, writable, key)
    }
  }

  /// Waits until something is ready or `timeout` has passed (rounded up to a millisecond; `nil` = no limit), and hands each report to `body`. An interrupted wait is a turn without reports.
  public func wait(_ timeout: Gap?, _ body: (Ready) -> Void) {
    let limit = timeout.map { max(0, $0.nanoseconds) } ?? -1
    let count = events.withUnsafeMutableBufferPointer { tandem_poll_wait(descriptor.number, $0.baseAddress, Int32($0.count), limit) }
    guard count > 0 else { return }
    for index in 0..<Int(count) {
      let event = events[index]
      body(Ready(key: event.key, readable: event.readable, writable: event.writable, failed: event.failed))
    }
  }
}
