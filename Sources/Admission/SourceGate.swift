public import Addressing
public import Configuration

/// Who may speak to us (decided: an address a peer resolves to, or a `source` prefix of a peer; everything else gets silence and a counter).
/// Also names the incoming trunk: listener + source, then the exact source port.
///
/// The narrowest block that contains the source and has a trunk on the listener decides; an exact address is the narrowest of all. Several trunks there
/// (one peer twice, or two peers behind one address) are told apart by the source port: over UDP it must be the peer's port of exactly that trunk, and a
/// source with another port is `noTrunkHere`, since a guess would lend one trunk's rights to another. On streams the source port says nothing and the first
/// trunk in the order of the configuration is taken; `ambiguities` lists such pairs for the commit.
///
/// One table serves all: `judge` makes one probe for each length of prefix in use (mostly one), allocates nothing and is as quick for strangers.
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

  private struct Candidate: Sendable, Equatable {
    var trunk: Int
    /// The peer's port on that trunk.
    var port: UInt16
  }
  /// On each listener: block -> its trunks.
  private let onListener: [PrefixTable<[Candidate]>]
  private let isUDP: [Bool]
  /// Block -> the first peer that has it.
  private var anywhere = PrefixTable<Int>()
  /// Each peer's blocks.
  private var ofPeer: [PrefixTable<Bool>]
  private let peerOfTrunk: [Int]
  public let ambiguities: [Ambiguity]

  /// `resolved`: the addresses each peer has now, by peer index. The address of a peer that is configured as one need not be among them.
  public init(_ configuration: Configuration, resolved: [[IPAddress]]) {
    let blocks = configuration.peers.indices.map { Self.blocks(of: configuration.peers[$0], $0 < resolved.count ? resolved[$0] : []) }
    isUDP = configuration.listeners.map { $0.transport == .udp }
    peerOfTrunk = configuration.trunks.map(\.peer)
    ofPeer = blocks.map { own in
      var table = PrefixTable<Bool>()
      for block in own { table.insert(block, true) }
      return table
    }
    for (peer, own) in blocks.enumerated() {
      for block in own where anywhere[block] == nil { anywhere.insert(block, peer) }
    }
    var onListener = configuration.listeners.map { _ in PrefixTable<[Candidate]>() }
    var ambiguities: [Ambiguity] = []
    for (index, trunk) in configuration.trunks.enumerated() {
      let candidate = Candidate(trunk: index, port: Self.port(of: trunk, in: configuration))
      for block in blocks[trunk.peer] {
        let others = onListener[trunk.listener][block] ?? []
        if let other = others.first(where: { configuration.listeners[trunk.listener].transport != .udp || $0.port == candidate.port }),
          !ambiguities.contains(where: { $0.first == other.trunk && $0.second == index })
        {
          ambiguities.append(Ambiguity(first: other.trunk, second: index, source: block))
        }
        onListener[trunk.listener].insert(block, others + [candidate])
      }
    }
    self.onListener = onListener
    self.ambiguities = ambiguities
  }

  public func judge(source: TransportAddress, listener: Int) -> Verdict {
    if let candidates = onListener[listener].narrowest(containing: source.ip), let first = candidates.first {
      if candidates.count == 1 || !isUDP[listener] { return .trunk(first.trunk) }
      if let exact = candidates.first(where: { $0.port == source.port }) { return .trunk(exact.trunk) }
      return .noTrunkHere(peer: peerOfTrunk[first.trunk])
    }
    if let peer = anywhere.narrowest(containing: source.ip) { return .noTrunkHere(peer: peer) }
    return .stranger
  }

  /// Whether in-dialog requests of a trunk may come from this address (any address of that trunk's peer).
  public func belongs(_ source: IPAddress, toTrunk trunk: Int) -> Bool {
    ofPeer[peerOfTrunk[trunk]].narrowest(containing: source) != nil
  }

  /// Everything a peer may send from, each block once.
  private static func blocks(of peer: Configuration.Peer, _ resolved: [IPAddress]) -> [IPPrefix] {
    var addresses = Array(resolved.prefix(addressesPerPeer))
    if case .ip(let own) = peer.address { addresses.insert(own, at: 0) }
    var blocks: [IPPrefix] = []
    for block in addresses.compactMap(\.wholePrefix) + peer.sources.map(\.masked) where !blocks.contains(block) { blocks.append(block) }
    return blocks
  }
  /// The trunk's own, else the peer's, else the default of the transport (RFC 3261 19.1.2).
  private static func port(of trunk: Configuration.Trunk, in configuration: Configuration) -> UInt16 {
    trunk.peerPort ?? configuration.peers[trunk.peer].port ?? (configuration.listeners[trunk.listener].transport == .tls ? 5061 : 5060)
  }
}
