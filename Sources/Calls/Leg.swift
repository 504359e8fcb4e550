import Authentication
import Media
import Records
import SDP
import SIP
import Timing

/// One side of a call: a dialog, its offer/answer state, and the transactions of ours that are open on it.
///
/// Leg 0 is the caller's; each further one is an attempt towards a trunk. A leg shares nothing with another leg: what crosses is
/// read from one and written anew on the other (`LegMessages`).
struct Leg: Sendable {
  enum State: UInt8, Sendable {
    /// INVITE sent or received, no final answer.
    case inviting
    /// 2xx sent or received.
    case confirmed
    /// Our BYE or CANCEL is on its way and its end not yet known.
    case leaving
    case gone
  }
  var state: State
  /// Index in the configuration in force; -1 once the trunk was removed from it.
  var trunk: Int
  var trunkName: String
  /// Where messages to this side go when the dialog names no better address.
  var flow: Flow
  /// Our host:port in Via and Contact on this side.
  var sentBy: [UInt8]
  var contact: [UInt8]
  /// Before the far side has named its tag, `remoteTag` is empty.
  var dialog: Dialog
  /// As numbers, for records.
  var called: [UInt8]
  var calling: [UInt8]
  var offerAnswer: OfferAnswer
  /// As it stood with the present offer open: provisional answers of several forks each start from here.
  @Rare var offerBase: OfferAnswer?
  var anchor: MediaAnchor?

  // The far side's INVITE that we owe a final answer.
  var request: SIPMessage?
  var server: TransactionLayer.ServerID?
  // Our 2xx that has not been acknowledged.
  var repetition: AnswerRepetition?
  var answer: SIPMessage?
  var answerServer: TransactionLayer.ServerID?
  /// A BYE waits until that ACK (RFC 3261 15: the called side must not send BYE before it).
  var leaveWhenAcknowledged = false

  // Our INVITE without a final answer.
  var client: TransactionLayer.ClientID?
  var inviteSequence: UInt32 = 0
  var heardProvisional = false
  /// The credentials of that INVITE, and of its ACK; `nil`: the trunk has none.
  var trial: Trial?
  /// We gave this INVITE up; a 2xx that still comes is acknowledged and ended.
  var abandoned = false
  /// For a repeated 2xx of the INVITE with that number.
  var acknowledgement: [UInt8]?
  var acknowledgedSequence: UInt32 = 0
  var farewell: TransactionLayer.ClientID?
  var farewellTrial: Trial?
  /// Requests of ours besides INVITE and BYE.
  var requests: [OpenRequest] = []
  var far = FarAbilities()
  /// Of a request that is being sent, until `requests` has it.
  var lastTrial: Trial?

  /// The session timer; `nil`: there is none.
  var session: SessionTimer?
  /// What the INVITE or UPDATE that waits for its answer says of it.
  var sessionAsk: SessionAsk?
  /// The Min-SE of a 422 we met; 0: none.
  var sessionFloor: UInt32 = 0
  /// `client` is a re-INVITE of our own, and no offer that crosses.
  var ownOffer = OwnOffer.none
  enum OwnOffer: UInt8, Sendable {
    case none
    /// It refreshes the session.
    case refresh
    /// It asks whether this leg goes with another one (`Transfer.Stage.joining`).
    case join
    /// It tells the leg what its new partner says.
    case sync
  }

  /// The last final status on this leg.
  var status = 0

  init(
    state: State, trunk: Int, trunkName: String, flow: Flow, sentBy: [UInt8], contact: [UInt8], dialog: Dialog, called: [UInt8], calling: [UInt8],
    sessionID: UInt64
  ) {
    self.state = state
    self.trunk = trunk
    self.trunkName = trunkName
    self.flow = flow
    self.sentBy = sentBy
    self.contact = contact
    self.dialog = dialog
    self.called = called
    self.calling = calling
    offerAnswer = OfferAnswer(sessionID: sessionID)
  }

  var hasDialog: Bool { !dialog.remoteTag.isEmpty }
  /// No INVITE transaction open in either direction, nothing unacknowledged: a new offer may start here.
  var isQuiet: Bool { state == .confirmed && client == nil && server == nil && repetition == nil }

  /// Takes the far side's tag, route set and target from a response to our INVITE (RFC 3261 12.1.2, 13.2.2.4).
  mutating func adopt(_ response: SIPMessage) {
    guard let tag = response.to.tag else { return }
    dialog.remoteTag = Array(tag)
    dialog.confirm(by: response)
    if response.status < 200 { dialog.state = .early }
  }
}
