import Timing

/// Every bound of call control in one place, with its reason.
enum CallLimits {
  /// Live calls in one shard: 24 bits of slot leave room, memory does not; 4 KiB a call makes this 200 MB.
  static let calls = 50_000
  /// A phone that rings longer than this is not going to be answered (RFC 3261 Timer C asks for more than 3 minutes).
  static let ringing = Gap.seconds(240)
  /// A call's record waits so long for the answers to our BYEs.
  static let recordPatience = Gap.seconds(2)
  /// Attempts one call may make: the routing timeout bounds the time, this bounds the state.
  static let attempts = 16
  /// How often other ports are tried when the ones taken can not be bound.
  static let portRetries = 3
  /// Our re-INVITE that met a 491 is sent again so often (RFC 3261 14.1), then the offer is refused.
  static let glareRetries = 3
  /// A re-INVITE answered with provisionals only is cancelled then: as long as a proxy would wait for a first INVITE (RFC 3261 16.6, Timer C).
  static let offer = Gap.seconds(180)
  /// Dialogs remembered after their BYE: what a hundred calls a second leave in the 32 s in which a 2xx may be repeated, at some 100 bytes each.
  static let endedDialogs = 8_192
  /// Bytes of one header value that may cross by `pass-header`.
  static let passedHeaderBytes = 1_024
}
