import Records
import SIP
import Timing

/// A session with a timer is refreshed or ended: no dialog for which a Session-Expires was agreed lives longer than that without a 2xx that refreshes it (RFC 4028 10),
/// whatever became of the far side.
struct SessionChecker: Checker {
  let name = "Sessions"
  /// A call's end is seen by its BYE, or by its record, which waits for the ends of its legs.
  private static let patience = Gap.seconds(5)
  private struct Session {
    var callID: [UInt8]
    var endsAt: Instant
  }
  /// Dialogs that had their BYE, and Call-IDs of calls that are over: what is still answered in them is nobody's session.
  private var ended: Set<[UInt8]> = []
  private var sessions: [(dialog: [UInt8], session: Session)] = []

  mutating func observe(_ event: TraceEvent) -> String? {
    switch event.what {
    case .sent(let signal):
      if let message = signal.message { note(message, isOurs: true, at: event.at) }
    case .delivered(let signal):
      // Of a stranger nothing is taken.
      if signal.isOwed, let message = signal.message { note(message, isOurs: false, at: event.at) }
    case .record(let record):
      ended.formUnion(record.legs.map { Array($0.callID.utf8) })
      sessions.removeAll { ended.contains($0.session.callID) }
    default: break
    }
    guard let late = sessions.first(where: { $0.session.endsAt + Self.patience < event.at }) else { return nil }
    sessions.removeAll { $0.dialog == late.dialog }
    return "the session of \(String(decoding: late.session.callID, as: UTF8.self)) was to be refreshed by \(late.session.endsAt) and still goes on"
  }

  private mutating func note(_ message: SIPMessage, isOurs: Bool, at now: Instant) {
    let (ours, theirs) = isOurs == message.isRequest ? (message.from.tag, message.to.tag) : (message.to.tag, message.from.tag)
    guard let ours, let theirs else { return }
    let dialog = Array(message.callID) + [0] + ours + [0] + theirs
    if message.isRequest {
      guard message.method == .bye else { return }
      sessions.removeAll { $0.dialog == dialog }
      ended.insert(dialog)
      return
    }
    guard message.method == .invite || message.method == .update, (200...299).contains(message.status), !ended.contains(dialog),
      !ended.contains(Array(message.callID))
    else { return }
    let known = sessions.first { $0.dialog == dialog }?.session.endsAt
    sessions.removeAll { $0.dialog == dialog }
    guard let value = message.value(.sessionExpires), let seconds = Int(String(decoding: value.prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)) else {
      return
    }
    let end = now + .seconds(max(seconds, 2))
    sessions.append((dialog, Session(callID: Array(message.callID), endsAt: known.map { max($0, end) } ?? end)))
  }
}
