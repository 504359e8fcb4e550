import Addressing
import SIP
import Timing

/// Every INVITE from a peer gets exactly one final answer (RFC 3261 13.3, 17.2.1): one by the end of the run, never a second one.
struct AnswerChecker: Checker {
  let name = "Answers"
  /// T1 of the exchange: 64 of them after its answer a transaction is gone, and a repeated INVITE is a new one (17.2.1, 17.2.2).
  let t1: Gap

  init(t1: Gap) { self.t1 = t1 }

  private struct Question: Sendable {
    var summary: String
    var askedAt: Instant
    var answer: (status: Int, tag: [UInt8], at: Instant)?
    /// A damaged copy was answered by itself; whatever else comes for the same branch is not to be judged.
    var isPoisoned = false
    /// It came once more when its transaction may have been gone.
    var isRepeated = false
  }
  /// Looked up; iterated only to find the first unanswered one, in the order of `order`.
  private var questions: [[UInt8]: Question] = [:]
  private var order: [[UInt8]] = []
  private var stoppingAt = Instant(nanoseconds: 0)

  mutating func observe(_ event: TraceEvent) -> String? {
    switch event.what {
    case .delivered(let signal):
      guard signal.isOwed, let message = signal.message ?? signal.fragment, message.isRequest else { return nil }
      // A damaged one may be called anything and still be answered as an INVITE, by its CSeq.
      guard message.method == .invite || signal.message == nil else { return nil }
      let key = Self.key(message)
      // T4 after the ACK, or 64*T1 after the answer, whatever comes: from T4 on nobody can tell. On streams timer I is zero.
      let patience: Gap = message.isFromStream ? .seconds(0) : min(t1 * 64, .seconds(5))
      if let answer = questions[key]?.answer, event.at >= answer.at + patience { questions[key]?.isRepeated = true }
      if questions[key] == nil {
        questions[key] = Question(summary: signal.summary, askedAt: event.at)
        order.append(key)
      }
      if signal.message == nil { questions[key]?.isPoisoned = true }
    case .sent(let signal):
      guard let message = signal.message, !message.isRequest, message.method == .invite, message.status >= 200 else { return nil }
      return answered(message, event.at)
    case .stopping: stoppingAt = event.at
    case .halted:
      for key in order {
        guard let question = questions[key], question.answer == nil, !question.isPoisoned, !question.isRepeated, question.askedAt <= stoppingAt else {
          continue
        }
        return "not answered 5 s after stopping: \(question.summary)"
      }
    case .ended:
      for key in order {
        if let question = questions[key], question.answer == nil, !question.isPoisoned, !question.isRepeated {
          return "never finally answered: \(question.summary)"
        }
      }
    default: break
    }
    return nil
  }

  private mutating func answered(_ message: SIPMessage, _ now: Instant) -> String? {
    let key = Self.key(message)
    guard let question = questions[key] else { return "a final answer \(message.status) to an INVITE that never came" }
    guard !question.isPoisoned, !question.isRepeated else { return nil }
    let tag = Array(message.to.tag ?? [])
    if let before = question.answer, before.status != message.status || before.tag != tag {
      return "two final answers, \(before.status) and \(message.status), to \(question.summary)"
    }
    if question.answer == nil { questions[key]?.answer = (message.status, tag, now) }
    return nil
  }

  /// RFC 3261 17.2.3.
  static func key(_ message: SIPMessage) -> [UInt8] {
    let via = message.topVia
    var key = Array(via.branch ?? []) + [0] + via.host.map { $0 | 0x20 } + [0]
    key.appendDecimal(UInt64(via.port ?? 0))
    if !via.hasMagicCookie {
      key += [0] + message.callID + [0]
      key.appendDecimal(UInt64(message.cseqNumber))
    }
    return key
  }
}
