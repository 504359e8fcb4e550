public import Configuration

/// A configuration compiled for routing: patterns compiled once, lists resolved to indexes. Immutable; built at commit, shared by all shards.
public struct RoutingTable: Sendable {
  public struct Problem: Error, Sendable, Equatable {
    /// The node as the CLI writes it (`voice-route national pattern`), the value, what is wrong and what would be accepted.
    public let node: String
    public let value: String
    public let message: String
    public init(node: String, value: String, message: String) {
      self.node = node
      self.value = value
      self.message = message
    }
  }
  public init(_ configuration: Configuration) throws(Problem) { fatalError() }

  /// The routing decision for a call that arrives on a trunk: the plan, and with `explain` every rule that was tried and why the others did not match.
  public func plan(_ query: RouteQuery, explain: Bool = false) -> RoutePlan { fatalError() }
}

public struct RouteQuery: Sendable {
  /// Index of the incoming trunk in the configuration.
  public var incomingTrunk: Int
  /// User part of the Request-URI as dialled (visual separators removed).
  public var called: [UInt8]
  /// From (or PAI) number; empty when withheld.
  public var calling: [UInt8]
  /// Bytes of the configuration's trunks' state, by index: whether a trunk may be tried now.
  public var trunkStates: [TrunkState]
  /// Rotates the order of the trunks within a route (round robin); any number.
  public var turn: Int
  public enum TrunkState: UInt8, Sendable { case up, lessPreferred, full, down }
  public init(incomingTrunk: Int, called: [UInt8], calling: [UInt8], trunkStates: [TrunkState], turn: Int) {
    self.incomingTrunk = incomingTrunk
    self.called = called
    self.calling = calling
    self.trunkStates = trunkStates
    self.turn = turn
  }
}

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
    public init(trunk: Int, route: Int, usage: Int, called: [UInt8], calling: [UInt8]) {
      self.trunk = trunk
      self.route = route
      self.usage = usage
      self.called = called
      self.calling = calling
    }
  }
  public struct Refusal: Sendable, Equatable {
    public var status: Int
    /// The 12000 range of diagnostics (12001 no usages, 12004 no route ...).
    public var diagnostic: Int
    public var text: String
    public init(status: Int, diagnostic: Int, text: String) {
      self.status = status
      self.diagnostic = diagnostic
      self.text = text
    }
  }
  public enum Outcome: Sendable, Equatable {
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

extension RoutingTable {
  /// Whether media between two trunks may bypass us; reasons as in `plan`.
  public func bypass(incoming: Int, outgoing: Int, explain: Bool = false) -> (allowed: Bool, reasons: [String]) { fatalError() }
  /// Response-code translation for finals received on a trunk; the same code when no rule matches.
  public func translate(status: Int, cause: Int?, on trunk: Int) -> Int { fatalError() }
}
