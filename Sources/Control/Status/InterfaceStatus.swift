/// One line of `show interfaces`.
public struct InterfaceStatus: Codable, Sendable, Equatable {
  public var name: String
  /// The network device; `nil` when the configuration names none and none carries its addresses.
  public var device: String?
  public var addresses: [String]
  /// `up`, `down` or `missing`.
  public var state: String
  public var reason: String
  public init(name: String, device: String? = nil, addresses: [String], state: String, reason: String = "") {
    self.name = name
    self.device = device
    self.addresses = addresses
    self.state = state
    self.reason = reason
  }
}

public struct InterfaceList: Answer {
  public var interfaces: [InterfaceStatus]
  public init(interfaces: [InterfaceStatus]) { self.interfaces = interfaces }
  public func text(width: Int) -> String {
    if interfaces.isEmpty { return "No interface is configured: `set interface NAME address ADDRESS/LENGTH`.\n" }
    var table = TextTable("INTERFACE", "DEVICE", "STATE", "ADDRESSES", "REASON")
    for one in interfaces { table.add(one.name, one.device ?? "", one.state, one.addresses.joined(separator: " "), one.reason) }
    return table.text(width: width)
  }
}
