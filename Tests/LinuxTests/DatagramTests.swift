import Addressing
import Glibc
import Linux
import Testing
import Timing

@Suite struct DatagramTests {
  private func socket(_ ip: IPAddress = loopback, options: DatagramSocket.Options = .init()) throws -> DatagramSocket {
    try DatagramSocket(binding: TransportAddress(ip, 0), options: options)
  }
  /// All that has arrived, as (bytes, source).
  private func receive(_ count: Int, from socket: DatagramSocket) throws -> [([UInt8], TransportAddress)] {
    let pool = DatagramPool()
    var received: [([UInt8], TransportAddress)] = []
    _ = until {
      _ = pool.receive(from: socket) { bytes, source in received.append((Array(bytes), source)) }
      return received.count >= count
    }
    return received
  }

  @Test("Port 0 asks the kernel for a port, and the socket says which it got")
  func choosesPort() throws {
    let local = try socket().local
    #expect(local.ip == loopback && local.port != 0)
  }

  @Test("A bind to a port in use names the listener, the address and what to do")
  func addressInUse() throws {
    let first = try socket()
    let error = #expect(throws: SystemCallError.self) { try DatagramSocket(binding: first.local, label: "listener lan-udp") }
    #expect(error?.errno == EADDRINUSE)
    let text = error?.description ?? ""
    #expect(text.hasPrefix("listener lan-udp, udp \(first.local): "))
    #expect(text.contains("Address already in use") && text.contains("`ss -lnpu 'sport = :\(first.local.port)'`"))
  }

  @Test("A bind to an address that no device has says so")
  func addressNotThere() throws {
    let error = #expect(throws: SystemCallError.self) { try DatagramSocket(binding: TransportAddress(IPAddress(192, 0, 2, 77), 0)) }
    #expect(error?.errno == EADDRNOTAVAIL)
    #expect(error?.description.contains("no device has this address") == true)
  }

  @Test("Two sockets share a port only when both ask for it")
  func sharing() throws {
    var options = DatagramSocket.Options()
    options.sharesPort = true
    let first = try socket(options: options)
    let second = try DatagramSocket(binding: first.local, options: options)
    #expect(second.local == first.local)
    #expect(throws: SystemCallError.self) { try DatagramSocket(binding: first.local) }
  }

  @Test("More datagrams than one batch holds arrive whole and in the order they were queued")
  func batchOrder() throws {
    let (sender, receiver) = (try socket(), try socket())
    var outbox = DatagramOutbox()
    for number in 0..<200 { outbox.append(Array("datagram \(number)".utf8), to: receiver.local) }
    #expect(outbox.count == 200)
    let isDone = outbox.flush(on: sender) { _ in Issue.record("nothing is unreachable here") }
    #expect(isDone && outbox.isEmpty && outbox.sent == 200)
    let received = try receive(200, from: receiver)
    #expect(received.map { String(decoding: $0.0, as: UTF8.self) } == (0..<200).map { "datagram \($0)" })
    #expect(received.allSatisfy { $0.1 == sender.local })
  }

  @Test("One call takes at most a batch and says how many came")
  func batchBound() throws {
    let (sender, receiver) = (try socket(), try socket())
    var outbox = DatagramOutbox()
    for _ in 0..<70 { outbox.append([1], to: receiver.local) }
    _ = outbox.flush(on: sender) { _ in }
    let pool = DatagramPool()
    var counts: [Int] = []
    for _ in 0..<3 { counts.append(pool.receive(from: receiver) { _, _ in }) }
    #expect(counts == [64, 6, 0])
    outbox.append([1], to: receiver.local)
    _ = outbox.flush(on: sender) { _ in }
    #expect(pool.receive(from: receiver, limit: 1) { _, _ in } == 1)
  }

  @Test("The largest datagram and the empty one pass; one above UDP's bound is counted, not sent, and stops nobody behind it")
  func sizes() throws {
    let (sender, receiver) = (try socket(), try socket())
    var outbox = DatagramOutbox()
    let largest = (0..<65_507).map { UInt8(truncatingIfNeeded: $0) }
    outbox.append(largest, to: receiver.local)
    outbox.append(largest + [0], to: receiver.local)
    outbox.append([], to: receiver.local)
    var tooLarge: [([UInt8], TransportAddress)] = []
    _ = outbox.flush(on: sender, unreachable: { _ in Issue.record("too large is not unreachable") }, tooLarge: { tooLarge.append(($0, $1)) })
    #expect(outbox.sent == 2 && outbox.failed == 1)
    #expect(tooLarge.count == 1 && tooLarge[0] == (largest + [0], receiver.local))
    let received = try receive(2, from: receiver)
    #expect(received.map(\.0) == [largest, []])
  }

  @Test("A datagram larger than the pool's slot is dropped, never cut")
  func neverCut() throws {
    let (sender, receiver) = (try socket(), try socket())
    var outbox = DatagramOutbox()
    outbox.append([UInt8](repeating: 1, count: 101), to: receiver.local)
    outbox.append([UInt8](repeating: 2, count: 100), to: receiver.local)
    _ = outbox.flush(on: sender) { _ in }
    let pool = DatagramPool(slotBytes: 100)
    var received: [[UInt8]] = []
    #expect(pool.receive(from: receiver) { bytes, _ in received.append(Array(bytes)) } == 2)
    #expect(received == [[UInt8](repeating: 2, count: 100)])
  }

  @Test("The outbox is bounded: what is beyond is counted and left out")
  func outboxBound() throws {
    var outbox = DatagramOutbox()
    for _ in 0..<DatagramOutbox.datagrams + 3 { outbox.append([1], to: TransportAddress(loopback, 9)) }
    #expect(outbox.count == DatagramOutbox.datagrams && outbox.overflowed == 3)
    var wide = DatagramOutbox()
    for _ in 0..<200 { wide.append([UInt8](repeating: 0, count: 60_000), to: TransportAddress(loopback, 9)) }
    #expect(wide.count == DatagramOutbox.bytes / 60_000)
  }

  @Test("ICMP port unreachable names the destination and costs no other datagram — RFC 3261 18.4")
  func unreachable() throws {
    let (sender, receiver) = (try socket(), try socket())
    let gone = try socket().local
    var outbox = DatagramOutbox()
    outbox.append([1], to: gone)
    _ = outbox.flush(on: sender) { _ in }
    let event = try wait(for: sender.descriptor)
    #expect(event?.failed == true)
    var reported: [TransportAddress] = []
    sender.takeErrors { reported.append($0) }
    #expect(reported == [gone])
    // The poll is quiet again.
    let poll = try EventPoll()
    try poll.add(sender.descriptor, key: 1)
    poll.wait(.milliseconds(20)) { _ in Issue.record("the error was taken") }
    // An error that is pending while others are sent is reported by the flush, and the others go.
    outbox.append([1], to: gone)
    _ = outbox.flush(on: sender) { _ in }
    usleep(20_000)
    for number in 0..<3 { outbox.append([UInt8(number)], to: receiver.local) }
    var pending: [TransportAddress] = []
    _ = outbox.flush(on: sender) { pending.append($0) }
    #expect(pending == [gone])
    #expect(try receive(3, from: receiver).map(\.0) == [[0], [1], [2]])
  }

  @Test("A pending ICMP error does not keep datagrams from being received")
  func receivesPastErrors() throws {
    let (sender, other) = (try socket(), try socket())
    let gone = try socket().local
    var outbox = DatagramOutbox()
    outbox.append([1], to: gone)
    _ = outbox.flush(on: sender) { _ in }
    usleep(20_000)
    var back = DatagramOutbox()
    back.append([42], to: sender.local)
    _ = back.flush(on: other) { _ in }
    #expect(try receive(1, from: sender).map(\.0) == [[42]])
  }

  @Test("Without error collection the poll stays quiet about ICMP")
  func silentErrors() throws {
    var options = DatagramSocket.Options()
    options.collectsErrors = false
    let sender = try socket(options: options)
    let gone = try socket().local
    #expect([1].withUnsafeBytes { sender.send($0, to: gone) } == .sent)
    usleep(20_000)
    let poll = try EventPoll()
    try poll.add(sender.descriptor, key: 1)
    poll.wait(.milliseconds(20)) { _ in Issue.record("nobody asked for errors") }
  }

  @Test("An address of the other family is refused by the socket and reported unreachable")
  func otherFamily() throws {
    let (sender, receiver) = (try socket(), try socket())
    let foreign = TransportAddress(IPAddress("2001:db8::1")!, 5060)
    var outbox = DatagramOutbox()
    outbox.append([1], to: foreign)
    outbox.append([2], to: receiver.local)
    var reported: [TransportAddress] = []
    _ = outbox.flush(on: sender) { reported.append($0) }
    #expect(reported == [foreign])
    #expect(try receive(1, from: receiver).map(\.0) == [[2]])
  }

  @Test("IPv6 datagrams carry their source; an IPv6 socket takes no IPv4 port away")
  func ipv6() throws {
    guard let six = IPAddress("::1"), (try? socket(six)) != nil else { return }
    let (sender, receiver) = (try socket(six), try socket(six))
    var outbox = DatagramOutbox()
    outbox.append([6], to: receiver.local)
    _ = outbox.flush(on: sender) { _ in }
    let received = try receive(1, from: receiver)
    #expect(received.first?.0 == [6] && received.first?.1 == sender.local)
    let any = try DatagramSocket(binding: TransportAddress(IPAddress(v6High: 0, low: 0), 0))
    #expect(throws: Never.self) { try DatagramSocket(binding: TransportAddress(IPAddress(0, 0, 0, 0), any.local.port)) }
  }

  @Test("The receive buffer is what was asked for, or the system's bound without the right")
  func receiveBuffer() throws {
    var options = DatagramSocket.Options()
    options.receiveBuffer = 1 << 20
    let granted = try socket(options: options).receiveBuffer
    #expect(geteuid() == 0 ? granted == 2 << 20 : granted > 0)
  }

  @Test("What leaves is marked with the DSCP")
  func dscp() throws {
    var options = DatagramSocket.Options()
    options.dscp = 46
    let marked = try socket(options: options)
    func field() -> Int32 {
      var value: Int32 = 0
      var length = socklen_t(4)
      getsockopt(marked.descriptor.number, Int32(IPPROTO_IP), IP_TOS, &value, &length)
      return value
    }
    #expect(field() == 46 << 2)
    marked.mark(dscp: 24)
    #expect(field() == 24 << 2)
  }
}
