public import Addressing
import CTandemShims
import Glibc

/// Memory to receive datagrams into, up to 64 a system call (recvmmsg). One pool serves all sockets of a thread.
///
/// Each slot holds the largest datagram there is, so nothing is ever cut; pages are taken from the system only as large datagrams touch them.
public final class DatagramPool {
  public static let batch = Int(TANDEM_BATCH)
  private let pool: OpaquePointer
  private let slotBytes: Int
  private var received = [tandem_received](repeating: tandem_received(), count: DatagramPool.batch)

  public init(slotBytes: Int = 65_536) {
    guard let pool = tandem_pool_create(slotBytes) else { fatalError("no memory for \(DatagramPool.batch) receive slots") }
    self.pool = pool
    self.slotBytes = slotBytes
  }
  deinit { tandem_pool_free(pool) }

  /// One system call's worth of datagrams in the order the kernel has them; `body` must not keep the bytes. Empty datagrams are handed out too.
  /// Returns how many came: fewer than `limit` = the socket is empty for now.
  public func receive(
    from socket: DatagramSocket, limit: Int = DatagramPool.batch, _ body: (_ bytes: UnsafeRawBufferPointer, _ source: TransportAddress) -> Void
  ) -> Int {
    let count = fill(from: socket, limit: min(limit, DatagramPool.batch))
    for index in 0..<count {
      let entry = received[index]
      guard !entry.truncated, let source = entry.source.transportAddress else { continue }
      body(UnsafeRawBufferPointer(start: tandem_pool_slot(pool, Int32(index)), count: min(Int(entry.length), slotBytes)), source)
    }
    return count
  }

  private func fill(from socket: DatagramSocket, limit: Int) -> Int {
    // Each ICMP error that is pending spoils one call and is cleared by it; the error queue tells what it was.
    for _ in 0..<8 {
      let count = received.withUnsafeMutableBufferPointer { tandem_pool_receive(pool, socket.descriptor.number, Int32(limit), $0.baseAddress) }
      if count >= 0 { return Int(count) }
      precondition(count != -EBADF && count != -EFAULT, "receive on \(socket.local): errno \(-count) is a bug of ours")
      if count == -EAGAIN || count == -ENOMEM || count == -ENOBUFS { return 0 }
    }
    return 0
  }
}
