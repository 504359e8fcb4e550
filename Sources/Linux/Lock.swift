import Glibc

/// A value behind a mutex (pthread_mutex: a third of the cost of `Synchronization.Mutex`, and the thread sanitizer understands it).
///
/// Held for a few instructions only; never while calling the operating system or another lock's owner.
/// `@unchecked`: the value is reached through `withLock` alone.
public final class Lock<Value>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private var value: Value

  public init(_ value: sending Value) {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    self.value = value
  }
  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }
  public func withLock<Result: Sendable, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
