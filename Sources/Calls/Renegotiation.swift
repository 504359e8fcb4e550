import SDP
import Timing

/// One offer on its way across an established call (RFC 3261 section 14): received on a leg as re-INVITE, sent on the other, answered back.
struct Renegotiation: Sendable, Equatable {
  /// The leg whose INVITE we owe an answer; `nil` when the offer is ours alone (restoring what held before a cancelled one).
  var from: Int?
  var to: Int
  /// As received, before it is rebuilt for the other leg.
  var offer: SessionDescription
  /// Met a 491: sent again then.
  var retryAt: Instant?
  var retries = 0
  /// Given up then: a far side that sends provisionals only would hold the call's session for ever.
  var endsAt: Instant?
}
