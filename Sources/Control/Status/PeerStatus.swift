/// One line of `show peers`.
public struct PeerStatus: Codable, Sendable, Equatable {
  public var name: String
  /// The plugin's id.
  public var type: String
  /// As configured: an address, a domain or `dynamic`.
  public var address: String
  /// What the address resolves to now.
  public var resolved: [String]
  /// `up` or `down`.
  public var state: String
  public var reason: String
  /// The plugin's own line.
  public var description: String
  public var alarms: [String]
  public init(
    name: String, type: String, address: String, resolved: [String], state: String, reason: String = "", description: String = "", alarms: [String] = []
  ) {
    self.name = name
    self.type = type
    self.address = address
    self.resolved = resolved
    self.state = state
    self.reason = reason
    self.description = description
    self.alarms = alarms
  }
}

public struct PeerList: Answer {
  public var peers: [PeerStatus]
  public init(peers: [PeerStatus]) { self.peers = peers }
  public func text(width: Int) -> String {
    if peers.isEmpty { return "No peer is configured: `set peer NAME type TYPE address ADDRESS`.\n" }
    var table = TextTable("PEER", "TYPE", "STATE", "ADDRESS", "REMARKS")
    for peer in peers {
      let remarks = [peer.reason, peer.description].filter { !$0.isEmpty } + peer.alarms.map { "alarm: \($0)" }
      let resolved = peer.resolved.joined(separator: " ")
      table.add(
        peer.name, peer.type, peer.state, resolved == peer.address || resolved.isEmpty ? peer.address : "\(peer.address) = \(resolved)",
        remarks.joined(separator: "; "))
    }
    return table.text(width: width)
  }
}
