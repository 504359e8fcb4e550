import Calls
import Linux

/// Log lines on their way from the signalling thread to the journal. Written on the first thread: the journal's socket blocks when its daemon is busy, and no call waits for that.
///
/// Bounded by `most` lines; what comes beyond is counted (`mailbox.notes-refused`) and lost, which takes a first thread that is away for long, since `NoteLimiter`
/// lets through a few hundred lines a second at most.
final class NoteKeeper {
  static let most = 4_096

  let mailbox: Mailbox<Exchange.Note>
  private let log: Log
  private var waiting: [Exchange.Note] = []

  init(log: Log) throws(SystemCallError) {
    mailbox = try Mailbox(bound: NoteKeeper.most)
    self.log = log
  }

  /// Writes what has come, in its order.
  func write() {
    mailbox.take(into: &waiting)
    for note in waiting { log.write(Log.Level(note.level), note.text, note.fields) }
  }
}

extension Log.Level {
  fileprivate init(_ level: Exchange.Note.Level) {
    self = Log.Level(rawValue: Int(level.rawValue)) ?? .info
  }
}
