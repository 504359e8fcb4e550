/// `show system`: what runs, since when, what is off and why.
public struct SystemStatus: Answer {
  /// A part that is not used, and why.
  public struct Off: Codable, Sendable, Equatable {
    public var what: String
    public var why: String
    public init(what: String, why: String) {
      self.what = what
      self.why = why
    }
  }
  public var version: String
  public var hostname: String?
  /// Seconds since 1970.
  public var started: Double
  /// Seconds.
  public var uptime: Double
  public var calls: Int
  /// Number of the commit that runs, its moment and comment in words.
  public var configuration: String
  /// Whether the candidate differs from what runs.
  public var hasUncommittedChanges: Bool
  public var off: [Off]
  public init(
    version: String, hostname: String? = nil, started: Double, uptime: Double, calls: Int, configuration: String, hasUncommittedChanges: Bool = false,
    off: [Off] = []
  ) {
    self.version = version
    self.hostname = hostname
    self.started = started
    self.uptime = uptime
    self.calls = calls
    self.configuration = configuration
    self.hasUncommittedChanges = hasUncommittedChanges
    self.off = off
  }

  public func text(width: Int) -> String {
    var out = properties([
      ("version", version), ("hostname", hostname ?? ""), ("started", moment(started)), ("up for", duration(uptime)), ("calls", String(calls)),
      ("configuration", configuration + (hasUncommittedChanges ? "; the candidate differs: `compare`" : "")),
    ])
    if !off.isEmpty {
      var table = TextTable("OFF", "WHY")
      for one in off { table.add(one.what, one.why) }
      out += "\n" + table.text(width: width)
    }
    return out
  }
}
