public import Configuration
import Synchronization

/// A configuration compiled for routing: patterns compiled once, lists resolved to indexes. Immutable; built at commit, shared by all shards.
///
/// The decision is one pure function (`plan`): the same query gives the same plan on any thread, and the sentences of an explained plan come from
/// the very code that decides. What it does not do: emergency numbers, users, location-based routing and bandwidth are tested by their own parts, before or
/// after.
public struct RoutingTable: Sendable {
  /// Why a configuration can not be compiled.
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
  let compiled: CompiledRouting

  /// Fails with the first problem in the order of the configuration.
  public init(_ configuration: Configuration) throws(Problem) { compiled = try CompiledRouting(configuration) }

  /// The routing decision for a call that arrives on a trunk: the plan, and with `explain` every rule that was tried and why the others did not match.
  public func plan(_ query: RouteQuery, explain: Bool = false) -> RoutePlan {
    compiled.rack.lend { block in
      var planner = RoutePlanner(compiled, query, explain: explain)
      return planner.plan(block)
    }
  }

  /// Patterns that were given up at a match, depth or heap limit since the table was built. Each counted as no match.
  public var matchLimitHits: Int { compiled.rack.limitHits.hits.load(ordering: .relaxed) }
}

extension RoutingTable.Problem: CustomStringConvertible {
  public var description: String { "\(node) '\(value)': \(message)" }
}
