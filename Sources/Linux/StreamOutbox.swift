import Glibc

/// Bytes on their way out of a stream; what the kernel would not take yet stays. Bounded: a peer that does not read is cut off rather than waited for.
struct StreamOutbox {
  private var bytes: [UInt8] = []
  private var head = 0
  let bound: Int

  init(bound: Int) { self.bound = bound }
  var isEmpty: Bool { head == bytes.count }
  var count: Int { bytes.count - head }

  /// False, with nothing taken, when the bound would be passed.
  mutating func append(_ more: some Collection<UInt8>) -> Bool {
    guard bytes.count - head + more.count <= bound else { return false }
    if head > 0, head >= bytes.count / 2 {
      bytes.removeFirst(head)
      head = 0
    }
    bytes.append(contentsOf: more)
    return true
  }

  /// Writes until nothing is left (true) or the stream blocks (false).
  mutating func flush(to descriptor: Descriptor, object: String) throws(SystemCallError) -> Bool {
    while head < bytes.count {
      let result = bytes.withUnsafeBytes {
        orErrno(send(descriptor.number, $0.baseAddress! + head, $0.count - head, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)))
      }
      if result >= 0 {
        head += result
      } else if result == -Int(EAGAIN) {
        return false
      } else if result != -Int(EINTR) {
        throw SystemCallError("send", errno: Int32(-result), object: object)
      }
    }
    bytes.removeAll(keepingCapacity: bytes.count <= 65_536)
    head = 0
    return true
  }
}

/// What one read of a stream brought.
public enum StreamRead: Sendable, Equatable {
  case bytes(Int)
  /// Nothing for now.
  case nothing
  /// The far side has closed, or the connection broke.
  case ended(SystemCallError?)
}

/// One read into `buffer`; the first `.bytes(n)` of it are valid after.
func readStream(_ descriptor: Descriptor, into buffer: inout [UInt8], object: @autoclosure () -> String) -> StreamRead {
  while true {
    let result = buffer.withUnsafeMutableBytes { orErrno(recv(descriptor.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))) }
    switch result {
    case 0: return .ended(nil)
    case 1...: return .bytes(result)
    case -Int(EINTR): continue
    case -Int(EAGAIN): return .nothing
    default: return .ended(SystemCallError("recv", errno: Int32(-result), object: object()))
    }
  }
}
