import Addressing
import Records
import SIP
import Timing

/// One record for each INVITE that opened a call or was refused one, no more, no fewer, and what it says is possible.
///
/// What was answered finally is what must be recorded: whether a call came of it, or a plugin, a missing Contact or an unknown extension was in its way.
struct RecordChecker: Checker {
  let name = "Records"
  private var records: Set<String> = []
  /// INVITEs of peers outside any dialog, and those of them that got a final answer.
  private var offered: Set<[UInt8]> = []
  private var answered: Set<[UInt8]> = []
  /// When each was heard last, and how many more records there may be: INVITEs that came again when their transaction may have been gone, and damaged
  /// copies, which are answered by themselves.
  private var heardAt: [[UInt8]: Instant] = [:]
  private var again = 0
  private var replacing: Set<[UInt8]> = []
  /// There when stopping was asked for.
  private var stopped: [String] = []

  mutating func observe(_ event: TraceEvent) -> String? {
    switch event.what {
    case .delivered(let signal):
      guard signal.standing == .peer, let message = signal.message ?? signal.fragment, message.isRequest, message.method == .invite else {
        return nil
      }
      let key = AnswerChecker.key(message)
      if signal.message == nil { again += 1 }
      if let before = heardAt[key] {
        if message.isFromStream || event.at.since(before) > .seconds(5) { again += 1 }
      } else if message.to.tag == nil {
        offered.insert(key)
      }
      heardAt[key] = event.at
      if signal.message?.has(.replaces) ?? false { replacing.insert(key) }
    case .sent(let signal):
      // 482: the same call by another way, which has its record.
      guard let message = signal.message, !message.isRequest, message.method == .invite, message.status >= 200, message.status != 482 else { return nil }
      let key = AnswerChecker.key(message)
      // Its leg stands in the record of the call that it became part of, unless it was refused before.
      if replacing.contains(key) {
        again += 1
        return nil
      }
      if offered.contains(key) { answered.insert(key) }
    case .record(let record):
      if !records.insert(record.id).inserted { return "a second record of call \(record.id)" }
      return impossible(record)
    case .stopping(let calls): stopped = calls
    case .halted(let unfinished):
      if let first = unfinished.first { return "call \(first) is not ending 5 s after stopping was asked for" }
      if let first = stopped.first(where: { !records.contains($0) }) { return "call \(first) has no record 5 s after stopping was asked for" }
    case .ended:
      let possible = answered.count + again
      if records.count < answered.count || records.count > possible { return "\(records.count) records of \(answered.count)...\(possible) calls" }
    default: break
    }
    return nil
  }

  private func impossible(_ record: CallRecord) -> String? {
    if record.ended < record.began { return "call \(record.id) ended before it began" }
    if let answered = record.answered, answered < record.began || answered > record.ended { return "call \(record.id) was answered outside its life" }
    if (record.outcome == .answered) != (record.answered != nil) {
      return "call \(record.id) is \(record.outcome.rawValue) with answer time \(record.answered ?? 0)"
    }
    if record.outcome != .answered, !(300...699).contains(record.status) { return "call \(record.id) failed with status \(record.status)" }
    return nil
  }
}
