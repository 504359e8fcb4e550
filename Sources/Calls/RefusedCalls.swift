import Addressing
import Admission
import Configuration
import Records
import SIP
import Timing

/// What an INVITE leaves behind that was refused before there was a call: one call record like any other, with a ladder of what was said, and no slot in the table.
///
/// Whoever asks why his call failed finds the answer where all the others are. Every INVITE that came through the gate and got a final answer
/// is recorded once; not so the copy of an INVITE that came by another way (482): it is the same call, and that one has its record. In-dialog requests are no calls.
///
/// Cheap, since a peer that has lost its mind sends thousands: `CallLimits.refusalRecords` a second are written, the rest is counted
/// (`limit.refusal-records.hits`). An INVITE that could not be read has no transaction to absorb its repetitions: those are known by `answered`.
struct RefusedCalls: Sendable {
  /// Unreadable INVITEs that were answered last, by the tag of the answer.
  private var answered = RecentNames(capacity: CallLimits.unreadableInvites)
  private var second: Int64 = .min
  private var written = 0

  /// Whether one more record may be written in this second.
  mutating func admit(at now: Instant) -> Bool {
    let current = now.nanoseconds / 1_000_000_000
    if current != second { (second, written) = (current, 0) }
    written += 1
    return written <= CallLimits.refusalRecords
  }

  /// False for a repetition: `tag` is what the request was answered with, the same each time.
  mutating func isNew(_ tag: [UInt8]) -> Bool { answered.note(tag) }
}

/// Why an INVITE got no call.
struct EarlyRefusal {
  var status: Int
  var cause: Int?
  var reason: String
  /// In a server transaction, which said 100 first.
  var hasTransaction = true
}

extension Exchange {
  /// A request refused outside any call; a new INVITE is recorded.
  mutating func refuse(
    _ refusal: EarlyRefusal, _ request: SIPMessage, _ server: TransactionLayer.ServerID, on flow: SIP.Flow, trunk: Int,
    _ edit: (inout SIPMessage) -> Void = { _ in }
  ) {
    answer(refusal.status, request, server) { response in
      if let cause = refusal.cause { response.append(.reason, Reason(.q850, cause: cause).value) }
      edit(&response)
    }
    record(refusal, request, on: flow, trunk: trunk)
  }

  /// The record of an INVITE that makes no call; nothing for any other request. `trunk` -1: none of the listener's is the peer's.
  mutating func record(_ refusal: EarlyRefusal, _ request: SIPMessage, on flow: SIP.Flow, trunk: Int) {
    guard request.method == .invite, request.to.tag == nil else { return }
    environment.counters.callsOffered += 1
    environment.counters.callsRefused += 1
    guard environment.configuration.system.callRecords else { return }
    guard environment.refusedCalls.admit(at: environment.now) else {
      environment.counters.refusalRecordsOmitted += 1
      return
    }
    let name = trunk >= 0 ? environment.configuration.trunks[trunk].name : ""
    let number = (try? SIPURI(parsing: request.requestURI))?.number ?? []
    let leg = CallRecord.Leg(
      trunk: name, callID: String(decoding: request.callID, as: UTF8.self), remote: "\(flow.transport.name) \(flow.remote)",
      called: String(decoding: number, as: UTF8.self), calling: String(decoding: Exchange.callingNumber(request), as: UTF8.self), status: refusal.status)
    var ladder = Ladder()
    let said = refusal.hasTransaction && environment.transactions.timers.isTryingImmediate ? [100, refusal.status] : [refusal.status]
    for (sent, status) in [(false, 0)] + said.map({ (true, $0) }) {
      ladder.note(
        Ladder.Entry(
          at: environment.now, leg: 0, sent: sent, method: .invite, status: UInt16(truncatingIfNeeded: status), sequence: request.cseqNumber,
          hasSDP: !sent && !request.body.isEmpty, remote: flow.remote))
    }
    environment.actions.append(
      .record(
        CallRecord(
          id: table.nameWithoutSlot().text, began: environment.wallTime, answered: nil, ended: environment.wallTime, outcome: .refused,
          status: refusal.status, cause: refusal.cause, diagnostic: 0, reason: refusal.reason, route: nil, usage: nil, media: "none", legs: [leg],
          streams: []), ladder))
  }

  /// A request that is no SIP message but can be answered.
  mutating func refuseUnreadable(_ request: SIPMessage, status: Int, because why: StaticString, on flow: SIP.Flow, _ verdict: SourceGate.Verdict) {
    environment.counters.malformedAnswered += 1
    environment.transactions.answerStatelessly(status, to: request, on: flow)
    guard request.method == .invite, environment.refusedCalls.isNew(environment.transactions.tag(answering: request)) else { return }
    var trunk = -1
    if case .trunk(let index) = verdict { trunk = index }
    let refusal = EarlyRefusal(status: status, reason: "the INVITE could not be read: \(why)", hasTransaction: false)
    record(refusal, request, on: flow, trunk: trunk)
  }
}
