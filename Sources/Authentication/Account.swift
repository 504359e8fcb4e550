/// What proves who we are on one trunk. It belongs to that trunk and to nothing else: a challenge never chooses it.
///
/// Its text forms leave the password out, so that no log line or failed test can show it.
public struct Account: Sendable, Equatable {
  /// Holds neither `"` nor `\` nor control bytes (the configuration sees to it): it stands between quotes as it is.
  public var user: [UInt8]
  public var password: [UInt8]
  /// The only realm that is answered; `nil`: any.
  public var realm: [UInt8]?
  /// Those that are answered; a challenge with another one is passed over.
  public var algorithms: [DigestAlgorithm]

  public init(user: [UInt8], password: [UInt8], realm: [UInt8]? = nil, algorithms: [DigestAlgorithm] = DigestAlgorithm.allCases) {
    self.user = user
    self.password = password
    self.realm = realm
    self.algorithms = algorithms
  }
}

extension Account: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "account \(String(decoding: user, as: UTF8.self))" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["user": description]) }
}
