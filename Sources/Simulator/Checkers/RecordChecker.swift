import Addressing
import Records
import SIP
import Timing

/// One record for each call that ended, no more, no fewer, and what it says is possible.
struct RecordChecker: Checker {
  let name = "Records"
  private var records: Set<String> = []
  /// First INVITEs whose transaction was new to us, and that could make a dialog.
  private var offered: Set<[UInt8]> = []
  /// When each was heard last, and how many came again when their transaction may have been gone.
  private var heardAt: [[UInt8]: Instant] = [:]
  private var again = 0
  /// Those of which nobody can say whether they became calls.
  private var doubtful: Set<[UInt8]> = []

  mutating func observe(_ event: TraceEvent) -> String? {
    switch event.what {
    case .delivered(let signal):
      guard Party.owning(signal.remote.ip) != nil, let message = signal.message ?? signal.fragment, message.isRequest, message.method == .invite else {
        return nil
      }
      let key = AnswerChecker.key(message)
      if signal.message == nil || !message.hasTarget || message.to.tag != nil || !message.values(.require).isEmpty || message.count(of: .recordRoute) > 1 {
        doubtful.insert(key)
      }
      if let before = heardAt[key], event.at.since(before) > .seconds(5) { again += 1 }
      heardAt[key] = event.at
      offered.insert(key)
    case .sent(let signal):
      // Refused before it was a call: merged, on the wrong listener, too many.
      guard let message = signal.message, !message.isRequest, message.method == .invite, [400, 403, 420, 482, 503].contains(message.status) else { return nil }
      doubtful.insert(AnswerChecker.key(message))
    case .record(let record):
      if !records.insert(record.id).inserted { return "a second record of call \(record.id)" }
      if record.ended < record.began { return "call \(record.id) ended before it began" }
      if let answered = record.answered, answered < record.began || answered > record.ended { return "call \(record.id) was answered outside its life" }
      if (record.outcome == .answered) != (record.answered != nil) {
        return "call \(record.id) is \(record.outcome.rawValue) with answer time \(record.answered ?? 0)"
      }
      if record.outcome != .answered, !(300...699).contains(record.status) { return "call \(record.id) failed with status \(record.status)" }
    case .ended:
      let certain = offered.subtracting(doubtful).count
      let possible = offered.count + again
      if records.count < certain || records.count > possible { return "\(records.count) records of \(certain)...\(possible) calls" }
    default: break
    }
    return nil
  }
}
