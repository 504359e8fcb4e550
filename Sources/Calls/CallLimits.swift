import Timing

/// Every bound of call control in one place, with its reason.
enum CallLimits {
  /// Live calls in one shard: 24 bits of slot leave room, memory does not; 4 KiB a call makes this 200 MB.
  static let calls = 50_000
  /// A call in which nothing happened for so long is put to rest (`CallTable`): most of what happens after the answer is over by then, and memory for calls
  /// that do not rest yet is bounded by the rate of calls.
  static let rest = Gap.seconds(3)
  /// A phone that rings longer than this is not going to be answered (RFC 3261 Timer C asks for more than 3 minutes).
  static let ringing = Gap.seconds(240)
  /// When the appliance stops, a missing ACK is waited for so long before the BYE goes out; 5 s are left for all of it.
  static let stopping = Gap.seconds(2)
  /// A call's record waits so long for the answers to our BYEs.
  static let recordPatience = Gap.seconds(2)
  /// Attempts one call may make: the routing timeout bounds the time, this bounds the state.
  static let attempts = 16
  /// Targets of one trunk that one call tries; with `attempts`, fewer legs than a tag can count (256).
  static let targets = 8
  /// How often other ports are tried when the ones taken can not be bound.
  static let portRetries = 3
  /// Our re-INVITE that met a 491 is sent again so often (RFC 3261 14.1), then the offer is refused.
  static let glareRetries = 3
  /// A re-INVITE answered with provisionals only is cancelled then: as long as a proxy would wait for a first INVITE (RFC 3261 16.6, Timer C).
  static let offer = Gap.seconds(180)
  /// Dialogs remembered after their BYE: what a hundred calls a second leave in the 32 s in which a 2xx may be repeated, at some 100 bytes each.
  static let endedDialogs = 8_192
  /// Records of refused INVITEs written in one second: what the disk takes beside as many calls.
  static let refusalRecords = 500
  /// INVITEs that could not be read, remembered to tell their repetitions: as many as are recorded in a second, at some 50 bytes each.
  static let unreadableInvites = 512
  /// A session refresh that can not be sent now is tried again after so long.
  static let refreshPause = Gap.seconds(2)
  /// Requests besides INVITE and BYE that may be open on one leg: a user who presses digits faster than they are answered.
  static let openRequests = 8
  /// Of an INFO that crosses; digits take some thirty.
  static let infoBodyBytes = 1_024
  /// How often in a row one call is redirected by 3xx: a forwarded number that is forwarded to a mailbox, and once more.
  static let redirectionDepth: UInt8 = 3
  /// Contacts of one 3xx that are tried, and that are looked at.
  static let redirectionBreadth = 5
  static let redirectionContacts = 20
  /// Legs of one call, those that are gone included: attempts, and one for each transfer. Two digits of a tag number them.
  static let legs = 64
  /// How soon the party that stays is offered its new partner once more when something else is under way there.
  static let joinPause = Gap.milliseconds(300)
  /// Of a Referred-By that is taken notice of.
  static let referredByBytes = 400
  /// Of a caller's display name; more than a telephone shows.
  static let displayNameBytes = 64
  /// Bytes of one header value that may cross by `pass-header`.
  static let passedHeaderBytes = 1_024
  /// Fields of one name that may cross by `pass-header`: a History-Info of more diversions than that is a loop.
  static let passedHeaderFields = 16
}
