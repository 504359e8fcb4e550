import Control
import Linux
import Records
import Timing

/// Call records on their way from the signalling thread to SQLite. Written in batches on the control thread, so that a slow disk delays no call.
///
/// The first record that comes starts a batch, which is written `gathering` later: a transaction writes the log's pages anew however few rows it has, so one for
/// each record costs more than the call itself. Whoever reads the store writes first, so nobody sees the delay; a crash loses what had gathered.
///
/// Without a store (unwritable folder, damaged file) calls go on; it was said once, and `show system` says it again.
final class RecordKeeper {
  struct Finished: Sendable {
    var record: CallRecord
    var ladder: Ladder
  }
  /// A quarter of a second: at 5,000 calls a second a fiftieth of what the mailbox holds.
  private static let gathering = Gap.milliseconds(250)

  let mailbox: Mailbox<Finished>
  let store: CallRecordStore?
  /// Why there is no store, or why the last write failed.
  private(set) var trouble: String?
  private let log: Log
  private var waiting: [Finished] = []
  /// When the batch is written; `nil` = nothing has come.
  private(set) var due: Instant?

  init(path: String, log: Log) throws(SystemCallError) {
    mailbox = try Mailbox()
    self.log = log
    do throws(CallRecordStore.StoreError) {
      store = try CallRecordStore(path: path)
    } catch {
      store = nil
      trouble = "\(error)"
      log.write(.error, "no call records are kept: \(error)")
    }
  }

  /// The mailbox rang: a batch begins.
  func begin(at now: Instant) {
    mailbox.hush()
    if due == nil { due = now + RecordKeeper.gathering }
  }

  /// Writes what has come.
  func write() {
    due = nil
    mailbox.take(into: &waiting)
    guard let store, !waiting.isEmpty else { return }
    do throws(CallRecordStore.StoreError) {
      try store.insert(waiting.map { CallRecordStore.Row($0.record, $0.ladder) })
      trouble = nil
    } catch {
      if trouble == nil { log.write(.error, "\(waiting.count) call records are lost: \(error)") }
      trouble = "\(error)"
    }
  }
}
