/// One line of `show listeners`.
public struct ListenerStatus: Codable, Sendable, Equatable {
  public var name: String
  /// `udp`, `tcp`, `tls`.
  public var transport: String
  /// `192.0.2.1:5060`.
  public var address: String
  /// What is written towards peers behind 1:1 NAT.
  public var publicAddress: String?
  /// `listening` or `failed`.
  public var state: String
  public var reason: String
  public init(name: String, transport: String, address: String, publicAddress: String? = nil, state: String, reason: String = "") {
    self.name = name
    self.transport = transport
    self.address = address
    self.publicAddress = publicAddress
    self.state = state
    self.reason = reason
  }
}

public struct ListenerList: Answer {
  public var listeners: [ListenerStatus]
  public init(listeners: [ListenerStatus]) { self.listeners = listeners }
  public func text(width: Int) -> String {
    if listeners.isEmpty { return "No listener is configured: `set listener NAME interface I port 5060 transport udp`.\n" }
    var table = TextTable("LISTENER", "TRANSPORT", "ADDRESS", "PUBLIC", "STATE", "REASON")
    for one in listeners { table.add(one.name, one.transport, one.address, one.publicAddress ?? "", one.state, one.reason) }
    return table.text(width: width)
  }
}
