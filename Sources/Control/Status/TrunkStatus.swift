/// One line of `show trunks`.
public struct TrunkStatus: Codable, Sendable, Equatable {
  public var name: String
  /// `up` or `down`.
  public var state: String
  public var reason: String
  public var peer: String
  public var listener: String
  public var calls: Int
  /// 0 = no limit.
  public var maxCalls: Int
  public init(name: String, state: String, reason: String = "", peer: String, listener: String, calls: Int, maxCalls: Int) {
    self.name = name
    self.state = state
    self.reason = reason
    self.peer = peer
    self.listener = listener
    self.calls = calls
    self.maxCalls = maxCalls
  }
}

public struct TrunkList: Answer {
  public var trunks: [TrunkStatus]
  public init(trunks: [TrunkStatus]) { self.trunks = trunks }
  public func text(width: Int) -> String {
    if trunks.isEmpty { return "No trunk is configured: `set trunk NAME listener L peer P`.\n" }
    var table = TextTable("TRUNK", "STATE", ">CALLS", ">LIMIT", "LISTENER", "PEER", "REASON")
    for trunk in trunks {
      table.add(
        trunk.name, trunk.state, String(trunk.calls), trunk.maxCalls == 0 ? "" : String(trunk.maxCalls), trunk.listener, trunk.peer,
        trunk.reason)
    }
    return table.text(width: width)
  }
}
