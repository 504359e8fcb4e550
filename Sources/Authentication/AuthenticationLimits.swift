/// Every bound of the Authentication module in one place; each has a reason.
public enum AuthenticationLimits {
  /// One challenge or credentials field: three times the longest seen, one with a ticket in `opaque`.
  public static let fieldBytes = 4_096
  /// A realm, nonce or opaque that is echoed in every request of a trunk.
  public static let valueBytes = 1_024
  /// Challenges taken of one response: two origins, three algorithms each, and as many schemes that are skipped.
  public static let challenges = 12
  /// Parameters of one challenge: the RFC names ten.
  public static let parameters = 24
  /// Protection spaces remembered for one account, and credentials one request may carry: a provider's proxy and the server behind it, twice.
  public static let spaces = 4
  /// How often one request answers one protection space: the first challenge, and one that says `stale`.
  public static let answers = 2
  /// Nonces a challenger follows at a time; older ones become stale early.
  public static let nonces = 1_024
}
