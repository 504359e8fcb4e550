/// What becomes of a call: the attempts in order, or the refusal.
public struct RoutePlan: Sendable, Equatable {
  /// One outgoing attempt, in the order they are tried. Numbers are already translated for that trunk.
  public struct Attempt: Sendable, Equatable {
    public var trunk: Int
    /// Indexes of the route and of the usage that reached it.
    public var route: Int
    public var usage: Int
    /// For Request-URI and To. After called-number rules and `remove-plus`.
    public var called: [UInt8]
    /// For From (and PAI). After caller-id override, calling-number rules and `remove-plus`.
    public var calling: [UInt8]
    /// The route put another number in the caller's place (`suppress-caller-id`): nothing else of this attempt may name him either.
    public var isSubstituted: Bool
    public init(trunk: Int, route: Int, usage: Int, called: [UInt8], calling: [UInt8], isSubstituted: Bool = false) {
      self.trunk = trunk
      self.route = route
      self.usage = usage
      self.called = called
      self.calling = calling
      self.isSubstituted = isSubstituted
    }
  }
  public struct Refusal: Sendable, Equatable {
    /// The final status for the caller.
    public var status: Int
    /// The 12000 range of diagnostics (12001 no usages, 12004 no route ...).
    public var diagnostic: Int
    /// One clause without numbers of people, fit for a Reason header.
    public var text: String
    /// Q.850 cause for the Reason header; `nil` when the status says it all.
    public var cause: Int?
    public init(status: Int, diagnostic: Int, text: String, cause: Int? = nil) {
      self.status = status
      self.diagnostic = diagnostic
      self.text = text
      self.cause = cause
    }
  }
  public enum Outcome: Sendable, Equatable {
    /// At least one.
    case attempts([Attempt])
    case refused(Refusal)
  }
  public var outcome: Outcome
  /// The canonical (normalised) number; `nil` when no dial-plan rule matched and it does not begin with "+".
  public var normalized: [UInt8]?
  /// Sentences in the order things were decided; empty unless asked for.
  public var reasons: [String]
  public init(outcome: Outcome, normalized: [UInt8]?, reasons: [String]) {
    self.outcome = outcome
    self.normalized = normalized
    self.reasons = reasons
  }
}
