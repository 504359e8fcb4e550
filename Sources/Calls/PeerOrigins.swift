import Addressing
import Admission
import Configuration

/// A number for whoever a peer is, by peer index: part of the key of its transactions, so that peers who choose the same branch never meet.
///
/// Kept over commits by name; a peer with a new name takes over from the one whose address it has, since its requests may be on their way a second time.
struct PeerOrigins: Sendable {
  private var numbers: [UInt32]
  private var last: UInt32

  init(_ configuration: Configuration) {
    last = UInt32(configuration.peers.count)
    numbers = configuration.peers.indices.map { UInt32($0) + 1 }
  }

  /// 0: nobody's.
  subscript(peer: Int) -> UInt32 { numbers.indices.contains(peer) ? numbers[peer] : 0 }

  /// `gate`: the new one. `resolved`: the addresses that the old peers had.
  mutating func reconfigure(from old: Configuration, resolved: [[IPAddress]], to new: Configuration, gate: SourceGate) {
    var next = new.peers.map { peer in old.peers.firstIndex { $0.name == peer.name }.map { self[$0] } ?? 0 }
    for (index, peer) in old.peers.enumerated() where !new.peers.contains(where: { $0.name == peer.name }) {
      var addresses = resolved.indices.contains(index) ? resolved[index] : []
      if case .ip(let address) = peer.address { addresses.append(address) }
      for address in addresses {
        guard let heir = PeerOrigins.peer(at: address, gate), next.indices.contains(heir), next[heir] == 0 else { continue }
        next[heir] = self[index]
      }
    }
    for index in next.indices where next[index] == 0 {
      last &+= 1
      next[index] = last
    }
    numbers = next
  }

  private static func peer(at address: IPAddress, _ gate: SourceGate) -> Int? {
    // On no listener: which peer, not which trunk.
    if case .noTrunkHere(let peer) = gate.judge(source: TransportAddress(address, 0), listener: -1) { peer } else { nil }
  }
}
