public import Addressing
public import Configuration

/// Who may speak to us (decided: an address a peer resolves to, or a `source` prefix of a peer; everything else gets silence and a counter).
/// Also names the incoming trunk: listener + source, then the exact source port.
///
/// The narrowest block that contains the source and has a trunk on the listener decides; an exact address is the narrowest of all. Several trunks there
/// (one peer twice, or two peers behind one address) are told apart by the source port: over UDP it must be the peer's port of exactly that trunk, and a
/// source with another port is `noTrunkHere`, since a guess would lend one trunk's rights to another. On streams the source port says nothing and the first
/// trunk in the order of the configuration is taken; `ambiguities` lists such pairs: a commit refuses those it sees, and names that resolve to one address show only here.
///
/// One table serves all listeners: `judge` makes one probe for each length of prefix in use (mostly one), allocates nothing and is as quick for strangers.
public struct SourceGate: Sendable {
  /// Addresses taken of what one peer resolves to; a resolver that hands out more is not asking for a trunk.
  public static let addressesPerPeer = 256

  public enum Verdict: Sendable, Equatable {
    /// Nobody we know: no answer at all.
    case stranger
    /// A peer, but on a listener where it has no trunk (or, among several trunks, from a port that is none of theirs).
    case noTrunkHere(peer: Int)
    case trunk(Int)
  }
  /// Two trunks that the same source could mean.
  public struct Ambiguity: Sendable, Equatable {
    public let first: Int
    public let second: Int
    /// A source that both claim.
    public let source: IPPrefix
  }

  /// One trunk that a block may mean.
  private struct Claim: Sendable, Equatable {
    var listener: Int
    var trunk: Int
    /// The peer's port on that trunk.
    var port: UInt16
  }
  /// What is known of a block: the first peer that has it, and its part of `claims`.
  private struct Block: Sendable {
    var peer: Int
    var claims: Range<Int>
  }
  private let blocks: PrefixTable<Block>
  /// Block after block; within one in the order of the configuration.
  private let claims: [Claim]
  private let isUDP: [Bool]
  /// Each peer's own blocks.
  private let ofPeer: [PrefixTable<Bool>]
  private let peerOfTrunk: [Int]
  public let ambiguities: [Ambiguity]

  /// `resolved`: the addresses each peer has now, by peer index. The address of a peer that is configured as one need not be among them.
  public init(_ configuration: Configuration, resolved: [[IPAddress]]) {
    let own = configuration.peers.indices.map { Self.blocks(of: configuration.peers[$0], $0 < resolved.count ? resolved[$0] : []) }
    isUDP = configuration.listeners.map { $0.transport == .udp }
    peerOfTrunk = configuration.trunks.map(\.peer)
    ofPeer = own.map { blocks in
      var table = PrefixTable<Bool>()
      for block in blocks { table.insert(block, true) }
      return table
    }
    var found = PrefixTable<(peer: Int, claims: [Claim])>()
    for (peer, blocks) in own.enumerated() {
      for block in blocks where found[block] == nil { found.insert(block, (peer, [])) }
    }
    var ambiguities: [Ambiguity] = []
    for (index, trunk) in configuration.trunks.enumerated() {
      let claim = Claim(listener: trunk.listener, trunk: index, port: configuration.peerPort(of: trunk))
      let portsTell = configuration.listeners[trunk.listener].transport == .udp
      let namesTell = configuration.listeners[trunk.listener].knowsPeersByName
      for block in own[trunk.peer] {
        guard var known = found[block] else { continue }
        let other = known.claims.first { other in
          other.listener == claim.listener && (!portsTell || other.port == claim.port)
            && !(namesTell && !configuration.peers[configuration.trunks[other.trunk].peer].sharesName(with: configuration.peers[trunk.peer]))
        }
        if let other,
          !ambiguities.contains(where: { $0.first == other.trunk && $0.second == index })
        {
          ambiguities.append(Ambiguity(first: other.trunk, second: index, source: block))
        }
        known.claims.append(claim)
        found.insert(block, known)
      }
    }
    self.ambiguities = ambiguities
    var claims: [Claim] = []
    blocks = found.mapValues { known in
      claims += known.claims
      return Block(peer: known.peer, claims: (claims.count - known.claims.count)..<claims.count)
    }
    self.claims = claims
  }

  /// `peer`: who it is by the certificate of its connection; then only that peer's trunks are meant. `nil`: nothing is known but the address.
  public func judge(source: TransportAddress, listener: Int, peer identified: Int? = nil) -> Verdict {
    var peer: Int?
    let verdict = blocks.search(source.ip) { block in
      if peer == nil { peer = block.peer }
      return judge(claims[block.claims], port: source.port, listener: listener, peer: identified)
    }
    guard let peer else { return .stranger }
    // A peer that a commit took away is nobody, whoever has its address now.
    if let identified, !ofPeer.indices.contains(identified) { return .stranger }
    return verdict ?? .noTrunkHere(peer: identified ?? peer)
  }

  /// The trunks that a source may mean on a listener; who it is decides among them.
  public func trunks(of source: IPAddress, listener: Int) -> [Int] {
    blocks.search(source) { block in
      let found = claims[block.claims].filter { $0.listener == listener }.map(\.trunk)
      return found.isEmpty ? nil : found
    } ?? []
  }

  /// `nil`: the block has no trunk on the listener, a wider one may.
  private func judge(_ claims: ArraySlice<Claim>, port: UInt16, listener: Int, peer: Int?) -> Verdict? {
    var first: Int?
    var isAlone = true
    for claim in claims where claim.listener == listener && (peer == nil || peerOfTrunk[claim.trunk] == peer) {
      if isUDP[listener], claim.port == port { return .trunk(claim.trunk) }
      if first != nil { isAlone = false }
      first = first ?? claim.trunk
    }
    guard let first else { return nil }
    return isAlone || !isUDP[listener] ? .trunk(first) : .noTrunkHere(peer: peerOfTrunk[first])
  }

  /// Whether in-dialog requests of a trunk may come from this address (any address of that trunk's peer).
  public func belongs(_ source: IPAddress, toTrunk trunk: Int) -> Bool {
    ofPeer[peerOfTrunk[trunk]].search(source) { $0 } ?? false
  }

  /// Everything a peer may send from, each block once.
  private static func blocks(of peer: Configuration.Peer, _ resolved: [IPAddress]) -> [IPPrefix] {
    var addresses = Array(resolved.prefix(addressesPerPeer))
    if case .ip(let own) = peer.address { addresses.insert(own, at: 0) }
    var blocks: [IPPrefix] = []
    for block in addresses.compactMap(\.wholePrefix) + peer.sources.map(\.masked) where !blocks.contains(block) { blocks.append(block) }
    return blocks
  }
}
