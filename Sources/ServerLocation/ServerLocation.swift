public import Addressing
public import Timing

/// Where the servers behind a `ServerQuery` are: what DNS said, ready to choose from. A value that crosses threads.
public struct ServerLocation: Sendable, Equatable {
  /// What led to a server.
  public enum Origin: String, Sendable { case configured, address = "A", service = "SRV", pointer = "NAPTR" }

  /// One server: an SRV record, or the domain itself.
  public struct Server: Sendable, Equatable {
    /// 0 is tried first. Servers of the same rank share the calls by weight.
    public var rank: Int
    public var weight: UInt16
    /// `nil`: the configuration names an address.
    public var name: DomainName?
    public var port: UInt16
    /// Tried in this order.
    public var addresses: [IPAddress]
    public var origin: Origin
    public init(rank: Int, weight: UInt16, name: DomainName?, port: UInt16, addresses: [IPAddress], origin: Origin) {
      self.rank = rank
      self.weight = weight
      self.name = name
      self.port = port
      self.addresses = addresses
      self.origin = origin
    }
  }

  /// By rank.
  public var servers: [Server]
  /// When the first of the records it rests on expires; `nil`: nothing here expires.
  public var expires: Instant?
  /// Since when the resolver has not answered a question this rests on; the answers of before hold meanwhile.
  public var failingSince: Instant?
  /// What is wrong with it: a question that fails, or a domain without servers.
  public var trouble: String?

  public init(servers: [Server], expires: Instant? = nil, failingSince: Instant? = nil, trouble: String? = nil) {
    self.servers = servers
    self.expires = expires
    self.failingSince = failingSince
    self.trouble = trouble
  }

  /// A numeric address needs no question (RFC 3263 4.1, 4.2); `nil` for a domain.
  public init?(of query: ServerQuery) {
    guard case .address(let address) = query.host else { return nil }
    let usable = query.families.contains(address.family) ? [address] : []
    self.init(servers: [Server(rank: 0, weight: 0, name: nil, port: query.port ?? query.transport.defaultPort, addresses: usable, origin: .configured)])
  }

  /// Every target, in the order of ranks and of the answers, each once.
  public var targets: [TransportAddress] { Self.flattened(servers) }

  /// The targets in the order in which one call tries them: ranks in turn, within a rank by weight (RFC 2782).
  public func targets(using random: inout RandomSource) -> [TransportAddress] {
    guard servers.count > 1 else { return targets }
    var ordered: [Server] = []
    var start = 0
    while start < servers.count {
      var end = start + 1
      while end < servers.count, servers[end].rank == servers[start].rank { end += 1 }
      ordered += Self.drawn(Array(servers[start..<end]), using: &random)
      start = end
    }
    return Self.flattened(ordered)
  }

  /// RFC 2782 "Weight": those of weight 0 first, then again and again the first whose running sum reaches a number drawn from 0 to the sum of all.
  /// Where all weigh nothing "any order" is allowed: theirs is drawn too, so that they share the calls.
  private static func drawn(_ servers: [Server], using random: inout RandomSource) -> [Server] {
    if servers.count == 1 { return servers }
    var left = servers.filter { $0.weight == 0 }.shuffled(using: &random) + servers.filter { $0.weight > 0 }
    var out: [Server] = []
    while left.count > 1 {
      let drawn = Int.random(in: 0...left.reduce(0) { $0 + Int($1.weight) }, using: &random)
      var sum = 0
      let index = left.firstIndex {
        sum += Int($0.weight)
        return sum >= drawn
      }
      out.append(left.remove(at: index ?? 0))
    }
    return out + left
  }

  private static func flattened(_ servers: [Server]) -> [TransportAddress] {
    var out: [TransportAddress] = []
    for server in servers {
      for address in server.addresses where out.count < LocationLimits.targets {
        let target = TransportAddress(address, server.port)
        if !out.contains(target) { out.append(target) }
      }
    }
    return out
  }
}
