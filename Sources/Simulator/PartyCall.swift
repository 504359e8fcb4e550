import Addressing
import SIP
import Timing

/// One call as a party sees it: its dialog, the transactions open on it, and what it has in mind to do.
struct PartyCall: Sendable {
  enum State: Sendable {
    /// No 2xx yet.
    case inviting
    case up
    /// Our BYE is on its way.
    case leaving
    case over
  }
  let number: Int
  let isCaller: Bool
  var state = State.inviting
  let callID: [UInt8]
  /// Ours; a callee that forks answers with others too.
  var localTag: [UInt8]
  var remoteTag: [UInt8] = []
  /// From the first response or request that makes one.
  var dialog: Dialog?

  // The first INVITE: sent, or received.
  var client: TransactionLayer.ClientID?
  var invite: SIPMessage?
  var server: TransactionLayer.ServerID?
  var wantsCancel = false
  var isCancelled = false

  // A 2xx received.
  var inviteSequence: UInt32 = 1
  var acknowledgement: [UInt8]?
  var isAcknowledged = false
  /// The peer never sends an ACK for the first 2xx.
  var withholdsAcknowledgement = false

  // A 2xx sent, until its ACK.
  var repetition: AnswerRepetition?
  var answer: SIPMessage?
  var answerServer: TransactionLayer.ServerID?

  // In-dialog INVITEs.
  var offerClient: TransactionLayer.ClientID?
  var offerServer: TransactionLayer.ServerID?
  var offerRequest: SIPMessage?
  var offersLeft = 0

  var byeClient: TransactionLayer.ClientID?
  var referClient: TransactionLayer.ClientID?

  // The session timer: seconds agreed, whether it is ours to refresh, and how many there were.
  var knowsTimers = false
  var takesUpdate = false
  var neglectsTimer = false
  var session: Int?
  var refreshes = false
  var timerNumber = 0
  /// As last written.
  var lastDescription: [UInt8] = []

  // Media.
  var sessionID: UInt64 = 0
  var version: UInt64 = 1
  var port: UInt16 = 0
  var direction = "sendrecv"
  var remoteMedia: TransportAddress?
  var packetsLeft = 0
  var sequence: UInt16 = 0
  /// Its own Contact is replaced by one that leads elsewhere.
  var hasForeignContact = false
  var isRouteRecorded = false
  var usesSecondNode = false

  init(number: Int, isCaller: Bool, callID: [UInt8], localTag: [UInt8]) {
    self.number = number
    self.isCaller = isCaller
    self.callID = callID
    self.localTag = localTag
  }
}
