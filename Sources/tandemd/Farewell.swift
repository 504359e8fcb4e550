import Glibc
import Linux
import Synchronization
import Timing

/// The end of the process: takes the signals on a thread of its own and sees to it that the process is gone `whole` later, whatever the other threads are busy with.
///
/// ```
/// SIGTERM, SIGINT ──▶ began ──bell──▶ the first thread ends calls, writes records, closes plugins, returns from `main`
///                       └──hanging──▶ _exit(1), with a line that says so
/// ```
/// Who supervises us waits for so long and no longer, and a machine that is switched off does not wait at all. SIGHUP does nothing: there is nothing to read
/// again, commits are the only way in.
final class Farewell: Sendable {
  /// From the signal to the end of the process.
  static let whole = Gap.seconds(5)
  /// From the signal on, for calls to end: a BYE and its repetitions at 0.5, 1.5 and 3.5 s (RFC 3261 timer E).
  static let calls = Gap.milliseconds(3_600)
  /// For one question to the signalling thread.
  static let question = Gap.milliseconds(400)
  /// From the signal on: a step hangs (a disk, a long commit).
  private static let hanging = Gap.milliseconds(4_800)

  private let bell: EventSignal
  /// The signal's instant in nanoseconds; 0 = none has come.
  private let at = Atomic<Int64>(0)

  /// For the first thread's poll.
  var descriptor: Descriptor { bell.descriptor }
  /// When the end began; `nil` = not yet.
  var began: Instant? {
    let nanoseconds = at.load(ordering: .acquiring)
    return nanoseconds == 0 ? nil : Instant(nanoseconds: nanoseconds)
  }

  /// The first thread knows: the bell is still.
  func heard() { bell.clear() }

  init(_ signals: SignalWatcher, log: Log) throws(SystemCallError) {
    bell = try EventSignal()
    let poll = try EventPoll()
    try poll.add(signals.descriptor, key: 0)
    let hand = Handover(poll)
    try Thread.spawn(name: "farewell") { [self] in watch(signals, hand.value, log) }
  }

  private func watch(_ signals: SignalWatcher, _ poll: EventPoll, _ log: Log) {
    while true {
      poll.wait(began.map { max(.milliseconds(0), ($0 + Self.hanging).since(MonotonicClock.now())) }) { _ in }
      while let signal = signals.next() {
        if signal != .hangUp, began == nil {
          at.store(max(1, MonotonicClock.now().nanoseconds), ordering: .releasing)
          bell.ring()
        }
      }
      guard let began, began + Self.hanging <= MonotonicClock.now() else { continue }
      lastWord(log)
      _exit(1)
    }
  }

  /// Said by another thread: the journal may be what hangs.
  private func lastWord(_ log: Log) {
    guard let said = try? EventSignal(), let poll = try? EventPoll() else { return }
    let spawned: Void? = try? Thread.spawn(name: "last word") {
      log.write(.critical, "stopping took \(Self.hanging.milliseconds) ms and is cut short: a disk or a commit hangs; what was not written is lost")
      said.ring()
    }
    if spawned != nil, (try? poll.add(said.descriptor, key: 0)) != nil { poll.wait(.milliseconds(100)) { _ in } }
  }
}
