public import Addressing
public import Configuration

/// Who may speak to us (decided: an address a peer resolves to, or a `source` prefix of a peer; everything else gets silence and a counter).
/// Also names the incoming trunk: listener + source, then the exact source port.
public struct SourceGate: Sendable {
  /// `resolved`: the addresses each peer has now, by peer index.
  public init(_ configuration: Configuration, resolved: [[IPAddress]]) { fatalError() }
  public enum Verdict: Sendable, Equatable {
    /// Nobody we know: no answer at all.
    case stranger
    /// A peer, but on a listener where it has no trunk.
    case noTrunkHere(peer: Int)
    case trunk(Int)
  }
  public func judge(source: TransportAddress, listener: Int) -> Verdict { fatalError() }
  /// Whether in-dialog requests of a trunk may come from this address (any address of that trunk's peer).
  public func belongs(_ source: IPAddress, toTrunk trunk: Int) -> Bool { fatalError() }
}
