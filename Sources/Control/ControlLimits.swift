/// The bounds of the control side, each with its reason. A local user may be careless or hostile; the daemon stays small either way.
public enum ControlLimits {
  /// Bytes of one Varlink frame without its NUL: a configuration of some ten thousand routes fits, a runaway client does not.
  public static let frameBytes = 4 << 20
  /// Bytes of one reply the client takes: call histories and configurations may be longer than what may be sent.
  public static let replyBytes = 64 << 20
  /// Frames waiting on one connection behind the call being served. Clients take turns; a pipeline longer than this is a mistake.
  public static let queuedCalls = 64
  /// Bytes one connection may have waiting in all: one largest frame and a little more.
  public static let queuedBytes = frameBytes + (64 << 10)
  /// Records `show calls history` returns when nothing is said.
  public static let historyDefault = 50
  /// Records one `ListCallHistory` may return.
  public static let historyMost = 10_000
  /// Lines one `Edit` may carry.
  public static let editLines = 10_000
  /// Completions returned for one word; a longer list is no help to anybody.
  public static let completions = 200
}
