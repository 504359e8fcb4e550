import Control
import Linux
import Records

/// Call records on their way from the signalling thread to SQLite. Written in batches on the control thread, so that a slow disk delays no call.
///
/// Without a store (unwritable folder, damaged file) calls go on; it was said once, and `show system` says it again.
final class RecordKeeper {
  struct Finished: Sendable {
    var record: CallRecord
    var ladder: Ladder
  }
  let mailbox: Mailbox<Finished>
  let store: CallRecordStore?
  /// Why there is no store, or why the last write failed.
  private(set) var trouble: String?
  private let log: Log
  private var waiting: [Finished] = []

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

  /// Writes what has come.
  func write() {
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
