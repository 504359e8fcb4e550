public import Addressing
public import Timing

/// The media ports of one realm: a `PortPool` for each of its addresses, the addresses taken in turn. Hands out anchors.
///
/// All streams of one anchor are on one address. An address that can not serve all of them is passed over; `nil` means that none could, and then nothing
/// was taken. Owner: the exchange, one for each media realm of the configuration.
public struct RealmPorts: Sendable {
  public struct Address: Sendable, Equatable {
    /// What we bind, and what we write into SDP.
    public var bind: IPAddress
    public var advertised: IPAddress
    public init(bind: IPAddress, advertised: IPAddress) {
      self.bind = bind
      self.advertised = advertised
    }
  }
  private var realm: UInt16
  private var pools: [(address: Address, pool: PortPool)]
  /// Index of the address whose turn it is.
  private var turn = 0

  /// `realm`: index of the media realm in the configuration.
  public init(realm: UInt16, addresses: [Address], ranges: [ClosedRange<UInt16>]) {
    self.realm = realm
    pools = addresses.map { ($0, PortPool(ranges: ranges)) }
  }

  /// A commit: new addresses and ranges. Ports that calls hold stay taken where they still belong to the realm; the others are forgotten when given back.
  public mutating func reconfigure(realm: UInt16, addresses: [Address], ranges: [ClosedRange<UInt16>]) {
    let old = pools
    pools = addresses.map { address in
      (address, PortPool(ranges: ranges, replacing: old.first { $0.address.bind == address.bind }?.pool))
    }
    self.realm = realm
    turn = 0
  }

  /// Ports for the m-lines `relayed` of a description with `streams` m-lines. `family`: of the peer's signalling or media address; `nil` = any.
  public mutating func take(relayed: [Int], of streams: Int, family: IPAddress.Family? = nil, at now: Instant) -> MediaAnchor? {
    for step in pools.indices {
      let index = (turn + step) % pools.count
      let address = pools[index].address
      guard family == nil || family == address.bind.family else { continue }
      let wanted = relayed.filter { (0..<streams).contains($0) }
      guard pools[index].pool.canTake(wanted.count, at: now) else { continue }
      var ports = [UInt16](repeating: 0, count: streams)
      for stream in wanted { ports[stream] = pools[index].pool.take(at: now) ?? 0 }
      turn = (index + 1) % pools.count
      return MediaAnchor(realm: realm, bind: address.bind, advertised: address.advertised, ports: ports)
    }
    return nil
  }

  public mutating func giveBack(_ anchor: MediaAnchor, at now: Instant) {
    guard let index = index(of: anchor) else { return }
    for port in anchor.ports where port != 0 { pools[index].pool.release(port, at: now) }
  }

  /// Marks the ports of an anchor that are of this realm as taken: a commit may have brought them (back) here while a call has them. False when none is.
  public mutating func hold(_ anchor: MediaAnchor) -> Bool {
    guard let index = index(of: anchor) else { return false }
    var isHere = false
    for port in anchor.ports where port != 0 && pools[index].pool.hold(port) { isHere = true }
    return isHere
  }
  public func has(_ port: UInt16, at bind: IPAddress) -> Bool { pools.contains { $0.address.bind == bind && $0.pool.has(port) } }

  /// Port pairs, and what they mean in calls of one audio stream.
  public struct Capacity: Sendable, Equatable {
    public var pairs: Int
    public var pairsFree: Int
    /// Calls with both legs in this realm, which take two pairs.
    public var calls: Int { pairs / 2 }
    public init(pairs: Int, pairsFree: Int) {
      self.pairs = pairs
      self.pairsFree = pairsFree
    }
  }
  /// Pairs in quarantine count as free: they are so within 5 s.
  public var capacity: Capacity {
    pools.reduce(into: Capacity(pairs: 0, pairsFree: 0)) { sum, entry in
      sum.pairs += entry.pool.total
      sum.pairsFree += entry.pool.free
    }
  }

  private func index(of anchor: MediaAnchor) -> Int? { pools.firstIndex { $0.address.bind == anchor.bind } }
}
