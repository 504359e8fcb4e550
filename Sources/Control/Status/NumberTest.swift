/// `test number`: what the routing engine would do with a call, and why.
public struct NumberTest: Answer {
  public struct Attempt: Codable, Sendable, Equatable {
    public var trunk: String
    public var route: String
    public var usage: String
    /// As sent on that trunk.
    public var called: String
    public var calling: String
    public init(trunk: String, route: String, usage: String, called: String, calling: String) {
      self.trunk = trunk
      self.route = route
      self.usage = usage
      self.called = called
      self.calling = calling
    }
  }
  public var number: String
  /// The trunk the call would come in on.
  public var trunk: String
  /// After the dial plan; `nil` when no rule matched and the number has no "+".
  public var normalized: String?
  /// `routed` or `refused`.
  public var outcome: String
  /// In the order they would be tried.
  public var attempts: [Attempt]
  /// When refused: the status, the diagnostic (12000 range, 0 = none) and its text.
  public var status: Int?
  public var diagnostic: Int?
  public var refusal: String?
  /// How it was decided, a sentence a step.
  public var reasons: [String]
  public init(
    number: String, trunk: String, normalized: String?, outcome: String, attempts: [Attempt] = [], status: Int? = nil, diagnostic: Int? = nil,
    refusal: String? = nil, reasons: [String] = []
  ) {
    self.number = number
    self.trunk = trunk
    self.normalized = normalized
    self.outcome = outcome
    self.attempts = attempts
    self.status = status
    self.diagnostic = diagnostic
    self.refusal = refusal
    self.reasons = reasons
  }

  public func text(width: Int) -> String {
    var out = properties([
      ("number", "\(number) from \(trunk)"), ("normalized", normalized ?? "no rule matches"),
      (
        "outcome",
        status.map { "refused with \($0)" + ((diagnostic ?? 0) == 0 ? "" : ", diagnostic \(diagnostic ?? 0)") + (refusal.map { ": \($0)" } ?? "") } ?? outcome
      ),
    ])
    if !attempts.isEmpty {
      var table = TextTable(">TRY", "TRUNK", "CALLED", "CALLING", "ROUTE", "PSTN USAGE")
      for (index, one) in attempts.enumerated() { table.add(String(index + 1), one.trunk, one.called, one.calling, one.route, one.usage) }
      out += "\n" + table.text(width: width)
    }
    if !reasons.isEmpty { out += "\n" + reasons.map { "- \(printable($0))\n" }.joined() }
    return out
  }
}
