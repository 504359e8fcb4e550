public import Timing

/// Every bound of the Trunks module in one place; each has a reason.
public enum TrunkLimits {
  /// How long a failed trunk stands at the end of the ring: two probe intervals, so that a peer that is back is found before.
  public static let penalty = Gap.seconds(60)

  /// Decided: an OPTIONS without an answer for so long is a miss; after the first miss the next comes at once, so that ...
  public static let probePatience = Gap.seconds(2)
  /// ... so many in a row, 12 s after the silence was met at the latest, make a server down.
  public static let missesUntilDown = 5
  /// Decided: how often a server that is down is asked. One that sends us a request is asked at once.
  public static let probeIntervalDown = Gap.seconds(60)
  /// First OPTIONS of many servers fall within so long: soon enough after a start, and 500 peers are ten in 100 ms.
  public static let probeSpread = Gap.seconds(5)
  /// What Retry-After may ask for. A peer's mistake must not be a day's outage; one that means it says it again.
  public static let restCeiling = Gap.seconds(300)
  /// Lines about servers kept until the exchange takes them, after each event.
  public static let news = 256

  /// What one hook may take. A hook is table look-ups, microseconds; this is a thousand times that, so only a hook that blocks or loops meets it.
  public static let hookBudget = Gap.milliseconds(2)
  /// So many overruns within `overrunWindow` take the plugin out: at 2 ms each a shard could serve no more than 500 messages a second.
  public static let overruns = 10
  public static let overrunWindow = Gap.seconds(10)
  /// ... if they are at least one hook in so many. A thread that loses its turn within a hook of a microsecond is one in thousands.
  public static let overrunShare = 20
  /// A plugin that asks for less would spin the shard.
  public static let tickFloor = Gap.milliseconds(10)

  /// Alarms one instance may hold; `show alarms` stays readable.
  public static let alarms = 16
  public static let alarmNameBytes = 32
  public static let alarmTextBytes = 200
  /// Log lines kept until the daemon takes them; the rest is counted.
  public static let notes = 64
  public static let noteBytes = 512
  public static let descriptionBytes = 512

  /// Edits in one hook: four times the headers of a large INVITE's identity part; a loop in a plugin ends here.
  public static let editsPerHook = 64
  /// One header value a plugin may write; as much as an Identity header (RFC 8224) with a full certificate URL needs, twice.
  public static let valueBytes = 8192

  /// Nesting and leaves of one peer's settings; YANG modules of trunk types are flat.
  public static let settingsDepth = 16
  public static let settingsLeaves = 4096
}
