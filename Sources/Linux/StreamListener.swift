public import Addressing
import CTandemShims
import Glibc

/// A TCP listener. Accepted connections are non-blocking.
public final class StreamListener {
  /// Connections the kernel holds before we accept them.
  public static let backlog: Int32 = 512

  public let descriptor: Descriptor
  public let local: TransportAddress
  /// Given up for a moment when descriptors run out, to accept and close what waits: an unaccepted connection would keep the poll awake for ever.
  private var spare: Descriptor?

  public init(binding address: TransportAddress, label: String? = nil, dscp: UInt8 = 0) throws(SystemCallError) {
    let object = (label.map { "\($0), " } ?? "") + "tcp \(address)"
    descriptor = try makeSocket(SOCK_STREAM, for: address.ip, object: object)
    // Without it a restart would wait for the old connections' TIME_WAIT; two listeners still exclude each other.
    setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    setDSCP(descriptor, dscp, address.ip.family)
    var name = tandem_address(address)
    let number = descriptor.number
    _ = try retrying("bind", object, advice: { bindAdvice($0, "tcp", address) }) { tandem_bind(number, &name) }
    _ = try retrying("listen", object, advice: { bindAdvice($0, "tcp", address) }) { orErrno(listen(number, StreamListener.backlog)) }
    local = try localAddress(of: descriptor, object: object)
    spare = StreamListener.makeSpare()
  }

  /// A listener that listens already, handed over by a `DescriptorStore`.
  public init(adopting descriptor: Descriptor, dscp: UInt8 = 0) throws(SystemCallError) {
    self.descriptor = descriptor
    local = try localAddress(of: descriptor, object: "tcp listener handed over")
    setDSCP(descriptor, dscp, local.ip.family)
    spare = StreamListener.makeSpare()
  }

  public enum Accepted {
    case connection(Descriptor, remote: TransportAddress)
    /// One was turned away: no descriptors are left.
    case refused
    case none
  }
  public func accept() -> Accepted {
    while true {
      var peer = tandem_address()
      let result = tandem_accept(descriptor.number, &peer)
      if result >= 0 {
        let accepted = Descriptor(owning: result)
        guard let remote = peer.transportAddress else { continue }
        return .connection(accepted, remote: remote)
      }
      switch -result {
      case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH: continue
      case EMFILE, ENFILE:
        guard spare != nil else { return .none }
        spare = nil
        let turnedAway = tandem_accept(descriptor.number, &peer)
        if turnedAway >= 0 { close(turnedAway) }
        spare = StreamListener.makeSpare()
        return turnedAway >= 0 ? .refused : .none
      default: return .none
      }
    }
  }

  private static func makeSpare() -> Descriptor? {
    let number = open("/dev/null", O_RDONLY | O_CLOEXEC)
    return number >= 0 ? Descriptor(owning: number) : nil
  }
}
