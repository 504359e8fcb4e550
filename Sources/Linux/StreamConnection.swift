public import Addressing
import CTandemShims
import Glibc
public import Timing

/// A TCP connection, accepted or made by us; belongs to one thread.
///
/// States: `connecting` (ours, until writable) -> `open` -> closed by dropping the last reference. Writes in both states are buffered up to `outboxBytes`.
/// A dead far side is noticed by keep-alives within two minutes, and within 32 s (64*T1, RFC 3261's patience) once data waits for it.
public final class StreamConnection {
  /// 16 of the largest messages: a peer that leaves more unread is cut off.
  public static let outboxBytes = 1 << 20

  /// Never 0 when it carries SIP (see `Flow.connection`).
  public let id: UInt32
  public let descriptor: Descriptor
  public let remote: TransportAddress
  public private(set) var isConnecting: Bool
  /// When it last carried a byte either way, or was made.
  public var lastActivity: Instant
  private var outbox = StreamOutbox(bound: StreamConnection.outboxBytes)
  /// Nothing more will be written by us.
  public private(set) var isFinishing = false

  public init(accepted descriptor: Descriptor, id: UInt32, remote: TransportAddress, dscp: UInt8 = 0, at now: Instant) {
    self.id = id
    self.descriptor = descriptor
    self.remote = remote
    isConnecting = false
    lastActivity = now
    setUp(dscp)
  }

  /// Starts connecting from an address of ours; ask `finishConnecting` once the descriptor is writable or failed.
  public init(connecting remote: TransportAddress, from ip: IPAddress, id: UInt32, dscp: UInt8 = 0, at now: Instant) throws(SystemCallError) {
    self.id = id
    self.remote = remote
    isConnecting = true
    lastActivity = now
    let object = "tcp \(ip) to \(remote)"
    descriptor = try makeSocket(SOCK_STREAM, for: remote.ip, object: object)
    setUp(dscp)
    if !ip.isUnspecified {
      // The kernel picks the port at connect, when it knows the whole tuple.
      setOption(descriptor, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, 1)
      var local = tandem_address(TransportAddress(ip, 0))
      _ = try retrying("bind", object) { tandem_bind(descriptor.number, &local) }
    }
    var name = tandem_address(remote)
    let result = tandem_connect(descriptor.number, &name)
    // An interrupted connect goes on by itself.
    if result < 0, result != -EINPROGRESS, result != -EINTR { throw SystemCallError("connect", errno: -result, object: object) }
  }

  private func setUp(_ dscp: UInt8) {
    setDSCP(descriptor, dscp, remote.ip.family)
    let tcp = Int32(IPPROTO_TCP)
    setOption(descriptor, tcp, TCP_NODELAY, 1)
    setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
    setOption(descriptor, tcp, TCP_KEEPIDLE, 60)
    setOption(descriptor, tcp, TCP_KEEPINTVL, 10)
    setOption(descriptor, tcp, TCP_KEEPCNT, 6)
    setOption(descriptor, tcp, TCP_USER_TIMEOUT, 32_000)
  }

  public func finishConnecting() throws(SystemCallError) {
    let error = getOption(descriptor, SOL_SOCKET, SO_ERROR) ?? EIO
    if error != 0 { throw SystemCallError("connect", errno: error, object: "tcp to \(remote)") }
    isConnecting = false
  }

  /// The poll must report writability.
  public var wantsWrite: Bool { isConnecting || !outbox.isEmpty }

  /// Bytes the kernel has not taken yet.
  public var waitingBytes: Int { outbox.count }

  /// One read into `buffer`.
  public func read(into buffer: inout [UInt8]) -> StreamRead { readStream(descriptor, into: &buffer, object: "tcp \(remote)") }

  /// Queues and writes what can be written now. Throws when the connection broke, or ENOBUFS when the far side leaves too much unread: drop the connection.
  public func write(_ bytes: some Collection<UInt8>) throws(SystemCallError) {
    guard outbox.append(bytes) else { throw SystemCallError("send", errno: ENOBUFS, object: "tcp \(remote)", advice: "the far side does not read") }
    if !isConnecting { try flush() }
  }
  public func flush() throws(SystemCallError) {
    let isEmpty = try outbox.flush(to: descriptor, object: "tcp \(remote)")
    if isEmpty, isFinishing { _ = shutdown(descriptor.number, Int32(SHUT_WR)) }
  }

  /// Ends our side once what was written has left. Closing at once instead would throw away what the far side has not taken yet, if it has sent what we did not
  /// read: read on, without looking at it, until it closes too.
  public func finish() throws(SystemCallError) {
    isFinishing = true
    if !isConnecting { try flush() }
  }
}
