import Timing

/// Every bound of finding servers in one place; each has a reason.
enum LocationLimits {
  /// Records read of one answer; a message over UDP holds fewer.
  static let recordsPerAnswer = 256
  /// Aliases followed in one answer, as resolvers do.
  static let aliases = 8
  /// NAPTR records followed for one transport, SRV records of one name, addresses of one host: providers publish two to eight.
  static let pointers = 4
  static let services = 16
  static let addresses = 16
  /// What one domain may lead to in all.
  static let targets = 64

  /// Questions that wait for an answer at one time: more would be lost on the way to a small resolver.
  static let openQuestions = 64

  /// An answer holds at least so long: a TTL of 0 must not mean a question for each call.
  static let floor = Gap.seconds(5)
  /// ... and at most so long, so that what a name server's mistake left behind is gone within the hour.
  static let ceiling = Gap.seconds(3600)
  /// "There is none" holds at most so long (RFC 2308 5 allows three hours): a domain that is entered while an operator waits should be found.
  static let negativeCeiling = Gap.seconds(300)
  /// ... and so long when the answer does not say.
  static let negativeDefault = Gap.seconds(60)

  /// After a failure the same is asked again in 2, 4, 8 ... 60 s (RFC 2308 7 allows to remember a failure for five minutes).
  static let retryFirst = Gap.seconds(2)
  static let retryLast = Gap.seconds(60)
}
