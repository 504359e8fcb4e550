/// `show media`: what is relayed, and how much more fits.
public struct MediaStatus: Answer {
  /// One media realm's room. A relayed call takes two ports on each side.
  public struct Realm: Codable, Sendable, Equatable {
    public var name: String
    public var addresses: [String]
    /// Calls that could be relayed at once if all used this realm.
    public var capacityCalls: Int
    public var portsInUse: Int
    public var ports: Int
    public init(name: String, addresses: [String], capacityCalls: Int, portsInUse: Int, ports: Int) {
      self.name = name
      self.addresses = addresses
      self.capacityCalls = capacityCalls
      self.portsInUse = portsInUse
      self.ports = ports
    }
  }
  public struct Flow: Codable, Sendable, Equatable {
    public var call: String
    /// `direct`, `fast-path`, `relay`.
    public var path: String
    public var reason: String
    public var streams: [StreamStatus]
    public init(call: String, path: String, reason: String, streams: [StreamStatus]) {
      self.call = call
      self.path = path
      self.reason = reason
      self.streams = streams
    }
  }
  public var realms: [Realm]
  public var flows: [Flow]
  public init(realms: [Realm], flows: [Flow]) {
    self.realms = realms
    self.flows = flows
  }

  public func text(width: Int) -> String {
    var out = "No media realm is configured: calls can only be `direct`.\n"
    if !realms.isEmpty {
      var table = TextTable("REALM", ">CAPACITY IN CALLS", ">PORTS IN USE", ">OF", "ADDRESSES")
      for realm in realms {
        table.add(
          realm.name, String(realm.capacityCalls), String(realm.portsInUse), String(realm.ports), realm.addresses.joined(separator: " "))
      }
      out = table.text(width: width)
    }
    if flows.isEmpty { return out + "\nNo media flows.\n" }
    var table = TextTable("CALL", "PATH", "FROM", ">STREAM", ">PACKETS", ">LOST", ">LOSS %", ">JITTER MS", ">STRANGERS", "WHY")
    for flow in flows {
      if flow.streams.isEmpty { table.add(flow.call, flow.path, "", "", "", "", "", "", "", flow.reason) }
      for one in flow.streams {
        table.add(
          flow.call, flow.path, one.side, String(one.stream), String(one.packets), String(one.lost), decimal(one.lossPercent, 2),
          decimal(one.jitterMilliseconds, 1), String(one.strangers), flow.reason)
      }
    }
    return out + "\n" + table.text(width: width)
  }
}
