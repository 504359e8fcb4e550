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
      var anchor = MediaAnchor(realm: realm, bind: address.bind, advertised: address.advertised, ports: [])
      guard fill(&anchor, relayed, of: streams, from: index, at: now) else { continue }
      turn = (index + 1) % pools.count
      return anchor
    }
    return nil
  }

  /// A new description of the same leg: ports for m-lines of `relayed` that have none yet, on the anchor's address. Ports once given stay, also while
  /// their stream is off, so that it comes back where it was. False, and nothing changes, when there are not enough.
  public mutating func extend(_ anchor: inout MediaAnchor, relayed: [Int], of streams: Int, at now: Instant) -> Bool {
    guard let index = index(of: anchor) else { return false }
    return fill(&anchor, relayed, of: streams, from: index, at: now)
  }

  public mutating func giveBack(_ anchor: MediaAnchor, at now: Instant) {
    guard let index = index(of: anchor) else { return }
    for port in anchor.ports where port != 0 { pools[index].pool.release(port, at: now) }
  }

  /// Marks an anchor as taken that a restored call brought along. False when one of its ports is not the realm's, or taken already; then nothing was adopted.
  public mutating func adopt(_ anchor: MediaAnchor) -> Bool {
    guard let index = index(of: anchor) else { return false }
    var pool = pools[index].pool
    for port in anchor.ports where port != 0 {
      guard pool.adopt(port) else { return false }
    }
    pools[index].pool = pool
    return true
  }

  /// Port pairs, and what they mean in calls of one audio stream.
  public struct Capacity: Sendable, Equatable {
    public var pairs: Int
    public var pairsFree: Int
    /// A leg takes one pair.
    public var legs: Int { pairs }
    public var legsFree: Int { pairsFree }
    /// Calls with both legs in this realm, which take two pairs.
    public var calls: Int { pairs / 2 }
    public var callsFree: Int { pairsFree / 2 }
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

  private mutating func fill(_ anchor: inout MediaAnchor, _ relayed: [Int], of streams: Int, from index: Int, at now: Instant) -> Bool {
    var ports = anchor.ports
    while ports.count < streams { ports.append(0) }
    let missing = relayed.filter { ports.indices.contains($0) && ports[$0] == 0 }
    guard pools[index].pool.canTake(missing.count, at: now) else { return false }
    for stream in missing { ports[stream] = pools[index].pool.take(at: now) ?? 0 }
    anchor.ports = ports
    return true
  }
}
