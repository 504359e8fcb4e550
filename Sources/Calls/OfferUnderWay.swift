import SDP
import SIP
import Timing

/// One offer on its way across the call: received on one leg, sent on the other, its answer carried back (RFC 3264; RFC 6337 section 2, table 1).
///
/// Offers and answers travel in pairs of messages. What an offer leaves by follows from what it came by and from what the other side takes:
///
/// ```
/// pattern (RFC 6337 table 1)  offer in        its answer in      came so from a leg, it leaves on the other by
/// 1, 3                        INVITE          2xx, reliable 1xx  INVITE (the first by CallSetup), re-INVITE
/// 2                           2xx of INVITE   ACK                2xx of the other side's INVITE, which had no offer
/// 4                           reliable 1xx    PRACK              reliable 1xx of the other side's INVITE, which had no offer
/// 5                           PRACK           200 of PRACK       UPDATE (we never put an offer into a PRACK of ours)
/// 6                           UPDATE          200 of UPDATE      UPDATE if allowed; else re-INVITE once both legs are up; else refused, 504
/// -                           (ours alone)    any                re-INVITE: what the other side last said is told anew
/// ```
/// States: `asked` ──offer──▶ `ports` ──bound──▶ `waiting` ──leg is ready──▶ `sent` ──answer──▶ gone. One at a time for each pair of early dialogs, and one while
/// the call is up: RFC 3264 section 4 forbids a second offer before the first is answered, and a second one from the other side is glare (491).
///
/// Bounds: `endsAt` ends every stay. What is not here: the first INVITE's own offer, which several forks may answer, is `Leg.offerBase`.
struct OfferUnderWay: Sendable {
  /// The message an offer is in.
  enum Carrier: UInt8, Sendable { case invite, success, provisional, prack, update }
  enum Stage: UInt8, Sendable {
    /// `to` sent an INVITE without a description, ours to `from` is one too: the offer is awaited.
    case asked
    /// Media ports for its streams are being bound.
    case ports
    /// The leg it goes to is not ready: an ACK is awaited, or the time to try again.
    case waiting
    /// The answer is awaited.
    case sent
  }
  /// The leg that is owed an answer; `nil` when the offer is ours alone.
  var from: Int?
  var cameBy = Carrier.invite
  var to: Int
  var leavesBy = Carrier.invite
  /// As received, before it is rebuilt for the other leg; `nil` while it is only asked for.
  var offer: SessionDescription?
  var stage = Stage.waiting
  /// The UPDATE or PRACK it came in (an INVITE's are in its leg).
  var request: SIPMessage?
  var server: TransactionLayer.ServerID?
  /// Our UPDATE (an INVITE's is in its leg).
  var client: TransactionLayer.ClientID?
  /// Of the INVITE whose 2xx or reliable 1xx it came in: CSeq; and RSeq of the 1xx. Of a 1xx that it leaves by: its status.
  var sequence: UInt32 = 0
  var reliableSequence: UInt32 = 0
  var status = 0
  /// Met a 491: sent again then.
  var retryAt: Instant?
  var retries = 0
  /// Given up then: a far side that sends provisionals only would hold the call's session for ever.
  var endsAt: Instant?

  init(from: Int?, to: Int, offer: SessionDescription?, endsAt: Instant? = nil) {
    self.from = from
    self.to = to
    self.offer = offer
    self.endsAt = endsAt
  }

  /// The offerer's 2xx is not acknowledged before the answer is there.
  var owesAcknowledgement: Bool { cameBy == .success && from != nil && stage != .asked }
}
