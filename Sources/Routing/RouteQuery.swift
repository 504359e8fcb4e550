/// What is known of a call when its way is sought.
public struct RouteQuery: Sendable {
  /// Index of the incoming trunk in the configuration.
  public var incomingTrunk: Int
  /// User part of the Request-URI as dialled (visual separators removed).
  public var called: [UInt8]
  /// From (or PAI) number; empty when withheld.
  public var calling: [UInt8]
  /// Whether each of the configuration's trunks may be tried now, by index. A trunk beyond the end counts as up.
  public var trunkStates: [TrunkState]
  /// Rotates the order of the trunks within a route (round robin); any number.
  public var turn: Int
  /// The number may lead back to the trunk that named it: it named another number than the one it was called for (3xx, REFER).
  public var mayReturn = false
  public enum TrunkState: UInt8, Sendable { case up, lessPreferred, full, down }
  public init(incomingTrunk: Int, called: [UInt8], calling: [UInt8], trunkStates: [TrunkState], turn: Int) {
    self.incomingTrunk = incomingTrunk
    self.called = called
    self.calling = calling
    self.trunkStates = trunkStates
    self.turn = turn
  }
}
