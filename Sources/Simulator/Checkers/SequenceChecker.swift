import SIP

/// Each leg's CSeq strictly rises over the requests we send in it (RFC 3261 12.2.1.1). ACK and CANCEL carry their INVITE's number; a repetition has
/// the branch of what it repeats.
struct SequenceChecker: Checker {
  let name = "Sequence"
  private var highest: [[UInt8]: UInt32] = [:]
  private var branches: Set<[UInt8]> = []

  mutating func observe(_ event: TraceEvent) -> String? {
    guard case .sent(let signal) = event.what, let message = signal.message, message.isRequest, message.method != .ack, message.method != .cancel,
      branches.insert(Array(message.topVia.branch ?? [])).inserted
    else { return nil }
    let leg = Array(message.callID) + [0] + (message.from.tag ?? [])
    let dialog = leg + [0] + (message.to.tag ?? [])
    let before = max(highest[dialog] ?? 0, highest[leg + [0]] ?? 0)
    if before > 0, message.cseqNumber <= before { return "CSeq \(message.cseqNumber) after \(before): \(signal.summary)" }
    highest[dialog] = message.cseqNumber
    return nil
  }
}
