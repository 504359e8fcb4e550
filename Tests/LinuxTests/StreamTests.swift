import Addressing
import Glibc
import Linux
import Testing
import Timing

@Suite struct StreamTests {
  private let now = MonotonicClock.now()

  private func accept(_ listener: StreamListener, id: UInt32 = 1) throws -> StreamConnection {
    var accepted: StreamConnection?
    _ = until {
      if case .connection(let descriptor, let remote) = listener.accept() {
        accepted = StreamConnection(accepted: descriptor, id: id, remote: remote, at: now)
      }
      return accepted != nil
    }
    return try #require(accepted)
  }
  private func pair() throws -> (ours: StreamConnection, theirs: StreamConnection) {
    let listener = try StreamListener(binding: TransportAddress(loopback, 0))
    let ours = try StreamConnection(connecting: listener.local, from: loopback, id: 2, at: now)
    let theirs = try accept(listener)
    _ = try wait(for: ours.descriptor, readable: false, writable: true)
    try ours.finishConnecting()
    return (ours, theirs)
  }

  @Test("Bytes written before the connection stands go out when it does")
  func writesWhileConnecting() throws {
    let listener = try StreamListener(binding: TransportAddress(loopback, 0))
    let ours = try StreamConnection(connecting: listener.local, from: loopback, id: 2, at: now)
    #expect(ours.isConnecting && ours.wantsWrite)
    try ours.write(Array("OPTIONS".utf8))
    let theirs = try accept(listener)
    _ = try wait(for: ours.descriptor, readable: false, writable: true)
    try ours.finishConnecting()
    try ours.flush()
    #expect(!ours.isConnecting && !ours.wantsWrite)
    _ = try wait(for: theirs.descriptor)
    var buffer = [UInt8](repeating: 0, count: 100)
    #expect(theirs.read(into: &buffer) == .bytes(7))
    #expect(buffer.prefix(7) == ArraySlice("OPTIONS".utf8))
    #expect(theirs.read(into: &buffer) == .nothing)
  }

  @Test("An echo of more than the kernel takes at once comes back whole and in order")
  func echoWithPartialWrites() throws {
    let (ours, theirs) = try pair()
    // Small send buffers, so that writes are partial.
    for connection in [ours, theirs] {
      var size: Int32 = 32_768
      setsockopt(connection.descriptor.number, SOL_SOCKET, SO_SNDBUF, &size, 4)
    }
    let sent = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 ^ ($0 >> 8)) }
    try ours.write(sent)
    #expect(ours.wantsWrite)
    var buffer = [UInt8](repeating: 0, count: 30_000)
    var back: [UInt8] = []
    let isWhole = try until {
      try ours.flush()
      if case .bytes(let count) = theirs.read(into: &buffer) { try theirs.write(buffer[..<count]) }
      try theirs.flush()
      if case .bytes(let count) = ours.read(into: &buffer) { back += buffer[..<count] }
      return back.count >= sent.count
    }
    #expect(isWhole && back == sent)
  }

  @Test("A far side that does not read is cut off at the bound, not waited for")
  func writeBound() throws {
    let (ours, theirs) = try pair()
    let part = [UInt8](repeating: 7, count: 100_000)
    let error = #expect(throws: SystemCallError.self) { for _ in 0..<400 { try ours.write(part) } }
    _ = theirs
    #expect(error?.errno == ENOBUFS)
  }

  @Test("A refused connect is told when the poll reports it")
  func refused() throws {
    let gone = try StreamListener(binding: TransportAddress(loopback, 0)).local
    do {
      let connection = try StreamConnection(connecting: gone, from: loopback, id: 2, at: now)
      _ = try wait(for: connection.descriptor, readable: false, writable: true)
      try connection.finishConnecting()
      Issue.record("nobody listens there")
    } catch let error as SystemCallError {
      #expect(error.errno == ECONNREFUSED)
      #expect(error.description.contains("\(gone)"))
    }
  }

  @Test("A connection leaves from the listener's address")
  func localAddress() throws {
    let listener = try StreamListener(binding: TransportAddress(loopback, 0))
    let ours = try StreamConnection(connecting: listener.local, from: IPAddress(127, 0, 0, 9), id: 2, at: now)
    #expect(try accept(listener).remote.ip == IPAddress(127, 0, 0, 9))
    _ = ours
  }

  @Test("The end of the stream and a reset are told apart from silence")
  func ends() throws {
    var buffer = [UInt8](repeating: 0, count: 10)
    do {
      let (ours, theirs) = try pair()
      #expect(ours.read(into: &buffer) == .nothing)
      shutdown(theirs.descriptor.number, Int32(SHUT_WR))
      _ = try wait(for: ours.descriptor)
      #expect(ours.read(into: &buffer) == .ended(nil))
    }
    let (ours, theirs) = try pair()
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(theirs.descriptor.number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    shutdown(theirs.descriptor.number, Int32(SHUT_RD))
    var address = sockaddr()
    address.sa_family = sa_family_t(AF_UNSPEC)
    connect(theirs.descriptor.number, &address, socklen_t(MemoryLayout<sockaddr>.size))  // disconnects with a reset
    _ = try wait(for: ours.descriptor)
    guard case .ended(let error?) = ours.read(into: &buffer) else {
      Issue.record("a reset is an error")
      return
    }
    #expect(error.errno == ECONNRESET)
  }

  @Test("A second listener on a port in use is refused, naming it")
  func listenerInUse() throws {
    let first = try StreamListener(binding: TransportAddress(loopback, 0))
    let error = #expect(throws: SystemCallError.self) { try StreamListener(binding: first.local, label: "listener lan-tcp") }
    #expect(error?.description.hasPrefix("listener lan-tcp, tcp \(first.local): ") == true)
    #expect(error?.errno == EADDRINUSE)
  }

  @Test("A listener can be bound again at once while an old connection lingers")
  func rebind() throws {
    var first: StreamListener? = try StreamListener(binding: TransportAddress(loopback, 0))
    let local = try #require(first?.local)
    let ours = try StreamConnection(connecting: local, from: loopback, id: 2, at: now)
    var theirs: StreamConnection? = try accept(#require(first))
    // The listening side closes first: its end waits in TIME_WAIT.
    theirs = nil
    first = nil
    _ = (ours, theirs)
    #expect(throws: Never.self) { try StreamListener(binding: local) }
  }
}
