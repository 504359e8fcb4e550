/// Every bound of this module, with its reason.
enum RoutingLimits {
  /// Bytes of a number. E.164 has 15 digits; the rest is room for prefixes, carrier codes and `;ext=`. Keeps pattern matching short.
  static let numberBytes = 64
  /// Bytes of one pattern. A few hundred alternatives; longer lists belong into several routes.
  static let patternBytes = 4096
  /// PCRE2's match limit: steps of backtracking for one pattern against one number. An honest pattern needs some tens; the limit is reached within about a millisecond.
  static let matchSteps: UInt32 = 20_000
  /// PCRE2's depth limit: nested backtracking points. A number has at most `numberBytes` places to nest at.
  static let matchDepth: UInt32 = 4_000
  /// PCRE2's heap limit in KiB, for the interpreter's frames.
  static let matchHeapKiB: UInt32 = 1_024
  /// Match blocks kept ready. One per thread that routes at the same time is enough; more are made and freed when needed.
  static let idleMatchBlocks = 8
}
