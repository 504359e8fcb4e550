public import Addressing
import CTandemShims
import Glibc

/// A bound, non-blocking UDP socket. It holds no state of its own beyond the descriptor, so it may be handed from the thread that bound it to the one that serves it;
/// what is received lies in a `DatagramPool`, what waits to be sent in a `DatagramOutbox`.
///
/// ICMP errors are collected (IP_RECVERR) and come out by `takeErrors`. IPv4 datagrams larger than the path are fragmented on the way (no DF): large SIP messages over UDP are
/// fragmented by design, and a forged "fragmentation needed" changes nothing. Link-local IPv6 addresses need a device beside them, which `TransportAddress` has no room for: they can not be sent to.
public final class DatagramSocket: Sendable {
  public struct Options: Sendable {
    /// 0...63.
    public var dscp: UInt8 = 0
    /// Lets several sockets share the address, one a shard; the kernel spreads the senders.
    public var sharesPort = false
    /// Bytes the kernel may hold for us. 4 MiB = about 2,500 INVITEs, half a second of a full shard.
    public var receiveBuffer = 4 << 20
    /// ICMP errors are kept for `takeErrors`. Off: the kernel swallows them, as media wants it.
    public var collectsErrors = true
    public init() {}
  }

  public let descriptor: Descriptor
  /// What was bound, with the port the kernel chose when 0 was asked for.
  public let local: TransportAddress

  /// `label` stands in errors before the address: `listener lan-udp`.
  public init(binding address: TransportAddress, label: String? = nil, options: Options = Options()) throws(SystemCallError) {
    let object = (label.map { "\($0), " } ?? "") + "udp \(address)"
    descriptor = try makeSocket(SOCK_DGRAM, for: address.ip, object: object)
    if options.sharesPort { setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
    if !setOption(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, Int32(clamping: options.receiveBuffer)) {
      // Without CAP_NET_ADMIN net.core.rmem_max bounds it.
      setOption(descriptor, SOL_SOCKET, SO_RCVBUF, Int32(clamping: options.receiveBuffer))
    }
    setDSCP(descriptor, options.dscp, address.ip.family)
    if address.ip.family == .v4 {
      if options.collectsErrors { setOption(descriptor, Int32(IPPROTO_IP), IP_RECVERR, 1) }
      setOption(descriptor, Int32(IPPROTO_IP), IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)
    } else if options.collectsErrors {
      setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_RECVERR, 1)
    }
    var name = tandem_address(address)
    let number = descriptor.number
    _ = try retrying("bind", object, advice: { bindAdvice($0, "udp", address) }) { tandem_bind(number, &name) }
    local = try localAddress(of: descriptor, object: object)
  }

  /// A socket that is bound already, handed over by a `DescriptorStore`.
  public init(adopting descriptor: Descriptor, dscp: UInt8 = 0) throws(SystemCallError) {
    self.descriptor = descriptor
    local = try localAddress(of: descriptor, object: "udp socket handed over")
    setDSCP(descriptor, dscp, local.ip.family)
  }

  /// Marks what leaves from now on, 0...63.
  public func mark(dscp: UInt8) { setDSCP(descriptor, dscp, local.ip.family) }
  /// The kernel's real bound in bytes (it counts its own overhead in).
  public var receiveBuffer: Int { Int(getOption(descriptor, SOL_SOCKET, SO_RCVBUF) ?? 0) }

  public enum SendOutcome: Sendable { case sent, wouldBlock, failed }
  /// One datagram now, without a queue: for media, where late is worse than lost.
  public func send(_ bytes: UnsafeRawBufferPointer, to remote: TransportAddress) -> SendOutcome {
    var name = tandem_address(remote)
    // A second try: the first may have picked up an ICMP error of an earlier datagram.
    for _ in 0..<2 {
      let result = tandem_send_one(descriptor.number, bytes.baseAddress, bytes.count, &name)
      if result == 0 { return .sent }
      precondition(result != -EBADF && result != -EFAULT, "send on \(local): errno \(-result) is a bug of ours")
      if result == -EAGAIN || result == -ENOBUFS { return .wouldBlock }
    }
    return .failed
  }

  /// Empties the error queue; `body` gets each destination that ICMP reported unreachable (RFC 3261 18.4).
  /// Call it when the poll reports `failed`. Stops after 256 entries: the rest keeps the socket `failed`.
  public func takeErrors(_ body: (TransportAddress) -> Void) {
    for _ in 0..<256 {
      var remote = tandem_address()
      let found = tandem_next_socket_error(descriptor.number, &remote)
      if found == 0 { break }
      if found == 1, let address = remote.transportAddress { body(address) }
      if found < 0, found != -EINTR { break }
    }
    // What is pending in SO_ERROR would keep the poll awake when the queue is already empty.
    _ = getOption(descriptor, SOL_SOCKET, SO_ERROR)
  }
}
