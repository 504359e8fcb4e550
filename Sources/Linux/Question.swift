import Glibc
public import Timing

/// A question one thread puts to another and waits for: the asker posts it in a mailbox and calls `wait`, the server calls `take`, works, and calls `answer`.
///
/// ```
/// asked ──take──▶ taken ──answer──▶ answered
///   └──limit passed──▶ withdrawn (take says false: it must not be worked on)
/// ```
/// So a question that timed out was never carried out, and the asker may say so. Once taken the asker waits for the end: servers work on questions for
/// microseconds, and one that hangs is the watchdog's business. Only who has to end in time abandons a question that is being worked on: its answer is nobody's.
/// `@unchecked`: the state is reached under the mutex alone.
public final class Question<Answer: Sendable>: @unchecked Sendable {
  private enum State {
    case asked, taken, withdrawn, abandoned
    case answered(Answer)
  }
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var state = State.asked

  public init() {
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    changed.initialize(to: pthread_cond_t())
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }
  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  /// For the server: false when it was withdrawn, or taken before.
  public func take() -> Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard case .asked = state else { return false }
    state = .taken
    return true
  }

  public func answer(_ answer: Answer) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    if case .abandoned = state { return }
    guard case .taken = state else { preconditionFailure("only a question that was taken is answered, once") }
    state = .answered(answer)
    pthread_cond_signal(changed)
  }

  /// For the asker, once: the answer, or `nil` when nobody took the question within `limit` (it is withdrawn then).
  /// `working`: also `nil` when it was taken but not answered for so long; then it may have been carried out.
  public func wait(_ limit: Gap, working: Gap? = nil) -> Answer? {
    let end = MonotonicClock.now() + limit
    var deadline = timespec(end)
    var patience = timespec(end + (working ?? Gap(nanoseconds: 0)))
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      switch state {
      case .answered(let answer): return answer
      case .withdrawn, .abandoned: return nil
      case .taken where working != nil:
        if pthread_cond_timedwait(changed, mutex, &patience) == ETIMEDOUT, case .taken = state {
          state = .abandoned
          return nil
        }
      case .taken: pthread_cond_wait(changed, mutex)
      case .asked:
        if pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT, case .asked = state {
          state = .withdrawn
          return nil
        }
      }
    }
  }
}

extension timespec {
  /// Of the monotonic clock.
  fileprivate init(_ instant: Instant) {
    self.init(tv_sec: Int(instant.nanoseconds / 1_000_000_000), tv_nsec: Int(instant.nanoseconds % 1_000_000_000))
  }
}
