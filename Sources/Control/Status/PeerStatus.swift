/// One line of `show peers`.
public struct PeerStatus: Codable, Sendable, Equatable {
  public var name: String
  /// The plugin's id.
  public var type: String
  /// As configured: an address, a domain or `dynamic`.
  public var address: String
  /// What the address resolves to now.
  public var resolved: [String]
  /// Where requests to it can go, in the order in which they are tried.
  public var targets: [PeerTarget]
  /// `up` or `down`.
  public var state: String
  public var reason: String
  /// The plugin's own line.
  public var description: String
  public var alarms: [String]
  public init(
    name: String, type: String, address: String, resolved: [String], targets: [PeerTarget] = [], state: String, reason: String = "", description: String = "",
    alarms: [String] = []
  ) {
    self.name = name
    self.type = type
    self.address = address
    self.resolved = resolved
    self.targets = targets
    self.state = state
    self.reason = reason
    self.description = description
    self.alarms = alarms
  }
}

/// One address that a peer's name leads to.
public struct PeerTarget: Codable, Sendable, Equatable {
  public var transport: String
  /// `ADDRESS:PORT`.
  public var address: String
  /// The server's name in DNS.
  public var name: String?
  /// What led to it: `NAPTR`, `SRV`, `A` (the name's own addresses), or `configured`.
  public var origin: String
  /// `up`; `last`: it failed lately and is tried after the others; `down`: it is not tried.
  public var state: String
  public var reason: String?
  /// Seconds until DNS is asked again at the latest; absent where nothing expires.
  public var secondsLeft: Int?
  /// Seconds since the resolver fails: the address is of before.
  public var secondsFailing: Int?
  public init(
    transport: String, address: String, name: String? = nil, origin: String, state: String, reason: String? = nil, secondsLeft: Int? = nil,
    secondsFailing: Int? = nil
  ) {
    self.transport = transport
    self.address = address
    self.name = name
    self.origin = origin
    self.state = state
    self.reason = reason
    self.secondsLeft = secondsLeft
    self.secondsFailing = secondsFailing
  }

  var remarks: String {
    var parts = [[origin, name ?? ""].filter { !$0.isEmpty }.joined(separator: " ")]
    if let secondsFailing {
      parts.append("the resolver has not answered for \(secondsFailing) s")
    } else if let secondsLeft {
      parts.append("\(secondsLeft) s left")
    }
    if let reason { parts.append(reason) }
    return parts.joined(separator: ", ")
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
      // One that is configured as it stands there tells nothing new.
      for target in peer.targets where target.origin != "configured" {
        table.add("", "", target.state, "  \(target.transport) \(target.address)", target.remarks)
      }
    }
    return table.text(width: width)
  }
}
