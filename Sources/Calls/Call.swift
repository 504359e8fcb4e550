import Addressing
import Media
import Records
import Routing
import SDP
import SIP
import Timing

/// One call: the caller's leg, the attempts made for it, and what joins them. A true back-to-back user agent (RFC 7092):
/// each leg is a dialog of its own.
///
/// ```
///            INVITE                 ports bound              18x                 2xx            ACK
///  (new) ──────────▶ opening ──────────────▶ calling ─────────────▶ alerting ─────────▶ up ─────────▶ up
///     │ refused          │ no ports, next        │ next trunk on 5xx,     │ CANCEL, error
///     ▼                  ▼                       ▼ silence, no progress   ▼
///   over ◀───────────────────────────────────────────────────────────── over ◀──────── BYE from either side
/// ```
/// `over` means that the outcome is known and the caller told; transactions on the legs may still be ending (a late 2xx after
/// CANCEL is acknowledged and ended). The value is gone when every leg is `gone` and the media counts have come.
///
/// The whole state is this one value; `CallCoding` writes it out and reads it back. Files: `CallSetup` (from INVITE to answer),
/// `CallSession` (offers while it is up), `CallEnding`, `CallMedia`, `CallSending`.
struct Call: Sendable {
  enum Phase: UInt8, Sendable { case opening, calling, alerting, up, over }

  /// One trunk to try. Route and usage as they were called when the decision was made: a commit may give their places to others.
  struct Attempt: Sendable, Equatable {
    /// Index in the configuration in force; -1 once the trunk was removed from it.
    var trunk: Int
    var route: String
    var usage: String
    var called: [UInt8]
    var calling: [UInt8]
    /// The route put another number in the caller's place: nothing else of this attempt names him.
    var isSubstituted: Bool
    /// Which contact of a redirection it is for; 0: the number the caller dialled.
    var contact: UInt16 = 0
  }

  let id: CallID
  var phase = Phase.opening
  var legs: [Leg] = []
  /// The attempt that is being made, or that answered.
  var active: Int?
  /// The leg on the caller's side: the caller's own, until a transfer put another one in its place.
  var near = 0
  var attempts: [Attempt] = []
  var nextAttempt = 0
  /// Where else the trunk of the present attempt leads: the servers of its peer that were not tried yet.
  var otherTargets: [TransportAddress] = []
  /// Canonical numbers the call has been led to by 3xx, after the first one; empty: it was not redirected. A number that comes again is a loop.
  var redirections: [[UInt8]] = []
  var redirectionDepth: UInt8 = 0
  var contacts: UInt16 = 0
  /// The number as dialled, and Max-Forwards as it came.
  var maxForwards = 70
  var displayName: [UInt8] = []

  // Media.
  var mediaPath: MediaPath?
  var mediaReason = ""
  /// Sides whose ports are being bound.
  var opening: [MediaSide] = []
  var portRetries = 0
  /// A media session exists in the media plane; its counts are awaited at the end.
  var sessionOpen = false
  var countsAwaited = false
  var streams: [StreamStatistics] = []
  /// Whether the relayed media still lives; `nil` before the answer, and when neither trunk wants it watched.
  var watch: MediaWatch?
  /// When the next counts are asked for.
  var watchAt: Instant?

  /// The offer on its way from one leg to the other, if there is one.
  @Rare var offer: OfferUnderWay?

  /// A party that is being replaced by another, and a REFER that the other party was asked to carry out.
  @Rare var transfer: Transfer?
  @Rare var passedRefer: PassedRefer?

  // Deadlines; `nil` = not armed.
  var progressAt: Instant?
  var routingAt: Instant?
  var ringingAt: Instant?
  var durationAt: Instant?
  /// Nothing happens in it: it is put to rest then.
  var restAt: Instant?
  /// What the exchange has entered for us.
  var scheduledAt: Instant?

  // What the record says.
  var began: Double
  var answered: Double?
  var ended: Double?
  var outcome = CallRecord.Outcome.failed
  var status = 0
  var cause: Int?
  var diagnostic = 0
  var reason = ""
  var ladder = Ladder()
  var isRecorded = false
  /// The record waits so long for the ends of the legs, so that its ladder shows them.
  var recordAt: Instant?
  /// The last refusal met while trunks were tried: what the caller is told if none takes the call.
  var lastRefusal: (status: Int, cause: Int?)?
  /// Why the last attempt could not be made, for the record; not kept over a restart.
  var lastFailure: String?
  /// Places this call holds, by trunk index: incoming first.
  var places: [Int] = []

  init(id: CallID, began: Double) {
    self.id = id
    self.began = began
  }

  /// The leg across from `leg`.
  func other(than leg: Int) -> Int? { leg == near ? active : near }

  /// One of the two legs whose media are joined.
  func isPaired(_ leg: Int) -> Bool { leg == near || leg == active }

  var isGone: Bool { phase == .over && isRecorded && hasOnlyGoneLegs }
  /// By index: to iterate would copy each leg.
  var hasOnlyGoneLegs: Bool { legs.indices.allSatisfy { legs[$0].state == .gone } }

  var nextDeadline: Instant? {
    var earliest: Instant?
    func consider(_ deadline: Instant?) {
      guard let deadline else { return }
      if let known = earliest, known <= deadline { return }
      earliest = deadline
    }
    consider(progressAt)
    consider(routingAt)
    consider(ringingAt)
    consider(durationAt)
    consider(restAt)
    consider(recordAt)
    consider(watchAt)
    consider(offer?.retryAt)
    consider(offer?.endsAt)
    consider(transfer?.nextDeadline)
    consider(passedRefer?.endsAt)
    for leg in legs.indices {
      consider(legs[leg].repetition?.nextDeadline)
      if phase == .up, legs[leg].state == .confirmed { consider(legs[leg].session?.nextDeadline) }
    }
    return earliest
  }

  /// Up, with no transaction open, no offer under way and no media to watch: all it waits for is the next request, or a deadline.
  var canRest: Bool {
    phase == .up && offer == nil && !sessionOpen && legs.indices.allSatisfy { legs[$0].state == .gone || (legs[$0].isQuiet && legs[$0].requests.isEmpty) }
  }

  /// Whether it is to be put to rest now; called after each event.
  mutating func rests(at now: Instant) -> Bool {
    guard canRest else {
      restAt = nil
      return false
    }
    guard let at = restAt else {
      restAt = now + CallLimits.rest
      return false
    }
    if at <= now { restAt = nil }
    return at <= now
  }

  /// Everything that is due at `environment.now`.
  mutating func advance(_ environment: inout CallEnvironment) {
    let now = environment.now
    for index in legs.indices {
      switch legs[index].repetition?.advance(to: now, t2: environment.transactions.timers.t2) {
      case .repeatAnswer: repeatAnswer(leg: index, &environment)
      case .giveUp: answerNeverAcknowledged(leg: index, &environment)
      case nil: break
      }
      advanceSession(leg: index, &environment)
    }
    if let at = progressAt, at <= now {
      progressAt = nil
      giveUpAttempt(because: "no progress in time", &environment)
    }
    if let at = routingAt, at <= now {
      routingAt = nil
      routingTimedOut(&environment)
    }
    if let at = ringingAt, at <= now {
      ringingAt = nil
      end(.noAnswer, status: 480, cause: 19, reason: "nobody answered in \(CallLimits.ringing.milliseconds / 1000) s", by: nil, &environment)
    }
    if let at = durationAt, at <= now {
      durationAt = nil
      end(.answered, status: status, cause: 102, reason: "max-call-duration was reached", by: nil, &environment)
    }
    if let at = watchAt, at <= now { askForCounts(&environment) }
    if let at = recordAt, at <= now {
      recordAt = nil
      // Counts that have not come by now are not coming: the media thread lost them.
      countsAwaited = false
      settle(&environment)
    }
    advanceTransfer(&environment)
    advancePassedRefer(&environment)
    if let at = offer?.endsAt, at <= now { withdrawOffer(status: 504, &environment) }
    if let at = offer?.retryAt, at <= now {
      offer?.retryAt = nil
      sendOffer(&environment)
    }
  }
}
