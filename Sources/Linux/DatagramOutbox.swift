public import Addressing
import CTandemShims
import Glibc

/// Datagrams on their way out of one socket: gathered during a turn, sent in order by as few system calls as possible (sendmmsg). What the kernel would not take yet stays, in order.
///
/// Bounded by `datagrams` and `bytes`: a socket that blocks for so long drops the newest, as a full network queue would; SIP repeats itself.
public struct DatagramOutbox {
  /// 4,096 answers: more than a full receive buffer can cause in one turn.
  public static let datagrams = 4_096
  public static let bytes = 8 << 20

  private var storage: [UInt8] = []
  private var entries: [tandem_outgoing] = []
  private var head = 0
  /// Not taken for the bound, since the start.
  public private(set) var overflowed: UInt64 = 0
  /// Given up: the kernel refused them.
  public private(set) var failed: UInt64 = 0
  public private(set) var sent: UInt64 = 0

  public init() {}
  public var isEmpty: Bool { head == entries.count }
  public var count: Int { entries.count - head }

  public mutating func append(_ bytes: [UInt8], to remote: TransportAddress) {
    guard entries.count < DatagramOutbox.datagrams, storage.count + bytes.count <= DatagramOutbox.bytes else {
      overflowed &+= 1
      return
    }
    entries.append(tandem_outgoing(offset: UInt32(storage.count), length: UInt32(bytes.count), remote: tandem_address(remote)))
    storage.append(contentsOf: bytes)
  }

  /// Sends until nothing is left or the socket blocks; false = wait for writability and come again. `unreachable` gets destinations that failed at once or by ICMP,
  /// `tooLarge` what no datagram can carry (EMSGSIZE), which says nothing about its destination.
  public mutating func flush(
    on socket: DatagramSocket, unreachable: (TransportAddress) -> Void, tooLarge: ([UInt8], TransportAddress) -> Void = { _, _ in }
  ) -> Bool {
    var isSecondTry = false
    while head < entries.count {
      let result = storage.withUnsafeBufferPointer { bytes in
        entries.withUnsafeBufferPointer {
          tandem_send_batch(socket.descriptor.number, bytes.baseAddress, $0.baseAddress! + head, Int32($0.count - head))
        }
      }
      if result > 0 {
        head += Int(result)
        sent &+= UInt64(result)
        isSecondTry = false
        continue
      }
      switch -result {
      case EINTR: continue
      case EAGAIN:
        compact()
        return false
      case EBADF, EFAULT: fatalError("send on \(socket.local): errno \(-result) is a bug of ours")
      case EMSGSIZE:
        let (start, count) = (Int(entries[head].offset), Int(entries[head].length))
        if let remote = entries[head].remote.transportAddress { tooLarge(Array(storage[start..<(start + count)]), remote) }
        giveUpFirst()
      case ENOBUFS, ENOMEM: giveUpFirst()
      default:
        // The error may be an earlier datagram's ICMP; the second time it is this one's own.
        if isSecondTry {
          if let remote = entries[head].remote.transportAddress { unreachable(remote) }
          giveUpFirst()
        } else {
          socket.takeErrors(unreachable)
        }
        isSecondTry.toggle()
      }
    }
    storage.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
    head = 0
    return true
  }

  private mutating func giveUpFirst() {
    head += 1
    failed &+= 1
  }

  /// Moves what is left to the front, so that the bounds count only that.
  private mutating func compact() {
    guard head > 0, head < entries.count else { return }
    let start = entries[head].offset
    storage.removeFirst(Int(start))
    entries.removeFirst(head)
    for index in entries.indices { entries[index].offset -= start }
    head = 0
  }
}
