import Addressing
import SIP
import Timing

/// No 2xx is left alone (RFC 3261 13.2.2.4, 13.3.1.4): ours is followed by their ACK or by a BYE within 64*T1; theirs by our ACK or a BYE at once,
/// each fork's too.
struct AcknowledgementChecker: Checker {
  let name = "Acknowledgements"
  let t1: Gap

  private struct Open: Sendable {
    var dialog: [UInt8]
    var until: Instant
    var summary: String
  }
  private var ours: [Open] = []
  private var theirs: [Open] = []
  private var settled: Set<[UInt8]> = []
  /// Our INVITEs by branch: when the first 2xx came, and whether they were refused.
  private struct Invite: Sendable {
    var callID: [UInt8]
    var tag: [UInt8]
    /// What the Via must still say (18.1.2): a damaged one is not ours.
    var sentBy: [UInt8]
    /// The To tag of one in a dialog: its answer has no other.
    var remoteTag: [UInt8]?
    var sentAt: Instant
    /// A response came, so that timer B no longer runs.
    var isHeard = false
    var cancelledAt: Instant?
    var answeredAt: Instant?
    var isRefused = false
  }
  private var invites: [[UInt8]: Invite] = [:]

  init(t1: Gap) { self.t1 = t1 }

  mutating func observe(_ event: TraceEvent) -> String? {
    let now = event.at
    if let late = ours.first(where: { $0.until < now }) { return "neither ACK nor BYE after our 2xx in 64*T1: \(late.summary)" }
    if let late = theirs.first(where: { $0.until < now }) { return "neither ACK nor BYE from us after their 2xx: \(late.summary)" }
    switch event.what {
    case .sent(let signal):
      if let message = signal.message { sent(message, signal, now) }
    case .delivered(let signal):
      if let message = signal.message, signal.isOwed { delivered(message, signal, now) }
    case .ended:
      if let open = ours.first ?? theirs.first { return "the run ended before an ACK or BYE for \(open.summary)" }
    default: break
    }
    return nil
  }

  private mutating func sent(_ message: SIPMessage, _ signal: TraceEvent.Signal, _ now: Instant) {
    let local = message.isRequest ? message.from.tag : message.to.tag
    let remote = message.isRequest ? message.to.tag : message.from.tag
    let dialog = Self.dialog(message, local: local, remote: remote)
    if message.isRequest {
      switch message.method {
      case .ack:
        theirs.removeAll { $0.dialog == dialog }
      case .bye:
        close(dialog)
      case .invite:
        let branch = Array(message.topVia.branch ?? [])
        if invites[branch] == nil {
          invites[branch] = Invite(
            callID: Array(message.callID), tag: Array(message.from.tag ?? []), sentBy: Self.sentBy(message), remoteTag: message.to.tag.map { Array($0) },
            sentAt: now)
        }
      case .cancel:
        let branch = Array(message.topVia.branch ?? [])
        if invites[branch]?.cancelledAt == nil { invites[branch]?.cancelledAt = now }
      default: break
      }
    } else if message.method == .invite, (200...299).contains(message.status), !settled.contains(dialog),
      !ours.contains(where: { $0.dialog == dialog + number(message) })
    {
      let key = dialog + number(message)
      guard !settled.contains(key) else { return }
      ours.append(Open(dialog: key, until: now + t1 * 64 + .seconds(1), summary: signal.summary))
    }
  }

  private mutating func delivered(_ message: SIPMessage, _ signal: TraceEvent.Signal, _ now: Instant) {
    if message.isRequest {
      let dialog = Self.dialog(message, local: message.to.tag, remote: message.from.tag)
      if message.method == .bye { close(dialog) }
      // A new INVITE in the dialog says as well that the last one's answer was heard; only its ACK was lost.
      if message.method == .invite { forgive(dialog, but: dialog + number(message)) }
      if message.method == .ack {
        let key = dialog + number(message)
        ours.removeAll { $0.dialog == key }
        settled.insert(key)
      }
      return
    }
    // 12.2.1.2: the far side no longer knows the dialog.
    if message.status == 481 || message.status == 408 { close(Self.dialog(message, local: message.from.tag, remote: message.to.tag)) }
    guard message.method == .invite, let branch = message.topVia.branch, var invite = invites[Array(branch)],
      invite.callID == Array(message.callID), invite.tag == Array(message.from.tag ?? []), message.count(of: .via) == 1, invite.sentBy == Self.sentBy(message)
    else { return }
    defer { invites[Array(branch)] = invite }
    // Timer B, or 64*T1 after a CANCEL (9.1): the transaction is gone, and what comes now is nobody's.
    let isTooLate = !invite.isHeard && now >= invite.sentAt + t1 * 64 || invite.answeredAt == nil && (invite.cancelledAt.map { now >= $0 + t1 * 64 } ?? false)
    guard !isTooLate else { return invite.isRefused = true }
    invite.isHeard = true
    guard message.status >= 200 else { return }
    if message.status >= 300 {
      if invite.answeredAt == nil { invite.isRefused = true }
      return
    }
    // Behind a refusal, or long after the first answer, no transaction of ours is there to hear it.
    guard !invite.isRefused, let tag = message.to.tag, message.hasTarget, invite.remoteTag.map({ tag.elementsEqual($0) }) ?? true else { return }
    let since = invite.answeredAt ?? now
    invite.answeredAt = since
    guard now < since + t1 * 64 else { return }
    let dialog = Self.dialog(message, local: message.from.tag, remote: tag)
    guard !settled.contains(dialog), !theirs.contains(where: { $0.dialog == dialog }) else { return }
    theirs.append(Open(dialog: dialog, until: now + .seconds(1), summary: signal.summary))
  }

  /// A BYE either way: nothing more is owed in this dialog.
  private mutating func close(_ dialog: [UInt8]) {
    settled.insert(dialog)
    theirs.removeAll { $0.dialog == dialog }
    ours.removeAll { $0.dialog.starts(with: dialog) }
  }

  private mutating func forgive(_ dialog: [UInt8], but last: [UInt8]) {
    ours.removeAll { $0.dialog.starts(with: dialog) && $0.dialog != last }
  }

  private static func sentBy(_ message: SIPMessage) -> [UInt8] {
    var out = Array(message.topVia.host) + [0]
    out.appendDecimal(UInt64(message.topVia.port ?? 0))
    return out
  }

  private func number(_ message: SIPMessage) -> [UInt8] {
    var out: [UInt8] = [0]
    out.appendDecimal(UInt64(message.cseqNumber))
    return out
  }

  static func dialog(_ message: SIPMessage, local: ArraySlice<UInt8>?, remote: ArraySlice<UInt8>?) -> [UInt8] {
    Array(message.callID) + [0] + (local ?? []) + [0] + (remote ?? [])
  }
}
