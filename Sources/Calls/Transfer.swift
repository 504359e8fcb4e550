import Media
import SIP
import Timing

/// One party of a call that is up is being replaced by another (RFC 5589): by REFER, which we carry out ourselves, or by an INVITE with Replaces (RFC 3891).
///
/// ```
/// REFER ─▶ trying ──2xx of the target──▶ joining ──2xx of the party that stays──▶ done: the leaving leg gets NOTIFY 200 and BYE
///             │ refused, next trunk, none left     │ refused
///             └───────────── the call is as it was ◀┘  (NOTIFY says why; the target gets CANCEL or BYE)
/// INVITE with Replaces ─────────────────▶ joining ──2xx──▶ done: the new leg gets its 200, the replaced one BYE
/// attended, both calls ours ──legs moved together──▶ syncing: each side is told what the other says; nothing to go back to
/// ```
/// Until `done` nothing of the call has changed but an offer to the party that stays. The leaving side may hang up meanwhile; a transfer that fails then leaves nobody to
/// go back to and ends the call.
struct Transfer: Sendable {
  enum Stage: UInt8, Sendable { case trying, joining, syncing }
  var stage = Stage.trying
  /// The leg that goes.
  var leaving: Int
  /// The leg that comes; `nil` before the first attempt. In `syncing` the leg that is offered next.
  var coming: Int?
  var attempts: [Call.Attempt] = []
  var next = 0
  /// Where the media of the new pair will go.
  var mediaPath = MediaPath.relay
  /// Sides whose ports are being bound for it.
  var opening: [MediaSide] = []
  /// Ports were taken for the leg that stays.
  var openedStaying = false
  /// NOTIFYs are owed to the leaving leg; `sequence`: the REFER's CSeq, which names the subscription (RFC 3515 2.4.6).
  var notifies = false
  var sequence: UInt32 = 0
  var referredBy: [UInt8] = []
  /// What was said last, so that nothing is said twice.
  var saidStatus = 0
  var lastStatus = 503
  var retries = 0
  /// The offer to the leg that stays is tried again then.
  var retryAt: Instant?
  /// No progress by then: the next trunk. And nobody answered by then.
  var progressAt: Instant?
  var endsAt: Instant?
  /// In `syncing`: after this leg the other one is told.
  var tellsOther = false

  init(leaving: Int) { self.leaving = leaving }

  var nextDeadline: Instant? {
    var earliest: Instant?
    for at in [retryAt, progressAt, endsAt] {
      if let at { earliest = earliest.map { min($0, at) } ?? at }
    }
    return earliest
  }
}

/// A REFER passed on to the other party (`refer-support peer`), while its NOTIFYs are awaited.
struct PassedRefer: Sendable {
  /// Who sent it, and who carries it out.
  var from: Int
  var to: Int
  var sequence: UInt32
  var endsAt: Instant
}
