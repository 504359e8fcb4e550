import Addressing
import Linux
import Media
import Testing
import Timing

@testable import tandemd

/// The relay's thread with real sockets on loopback.
@Suite struct MediaThreadTests {
  private static let ours = IPAddress(127, 0, 0, 1)

  /// An even port with its neighbour, both free.
  private func pair() throws -> (port: UInt16, bound: [MediaThread.BoundPort]) {
    for _ in 0..<200 {
      let port = try DatagramSocket(binding: TransportAddress(Self.ours, 0)).local.port & ~1
      let bound = [port, port + 1].compactMap { port -> MediaThread.BoundPort? in
        let local = TransportAddress(Self.ours, port)
        return (try? DatagramSocket(binding: local)).map { MediaThread.BoundPort(local: local, socket: $0) }
      }
      if bound.count == 2 { return (port, bound) }
    }
    throw SystemCallError("bind", errno: 98, object: "no free pair of ports")
  }
  private func anchor(_ port: UInt16) -> MediaAnchor { MediaAnchor(realm: 0, bind: Self.ours, advertised: Self.ours, ports: [port]) }
  private func packet(_ sequence: UInt16) -> [UInt8] {
    [0x80, 0, UInt8(sequence >> 8), UInt8(sequence & 0xff), 0, 0, 0, 0, 0, 0, 0, 9] + [UInt8](repeating: 0xd5, count: 160)
  }
  private func receive(_ count: Int, from socket: DatagramSocket, limit: Gap = .seconds(5)) throws -> [([UInt8], TransportAddress)] {
    let (poll, pool) = (try EventPoll(), DatagramPool())
    try poll.add(socket.descriptor, key: 1)
    var found: [([UInt8], TransportAddress)] = []
    let end = MonotonicClock.now() + limit
    while found.count < count, MonotonicClock.now() < end {
      poll.wait(.milliseconds(20)) { _ in _ = pool.receive(from: socket) { bytes, source in found.append((Array(bytes), source)) } }
    }
    return found
  }

  @Test("Packets cross from port to port in order, strangers' do not, and the counts come back when the session is closed")
  func relays() throws {
    let events = try Mailbox<MediaEvent>()
    let thread = try MediaThread { events.post($0) }
    defer { thread.post(.stop) }
    let caller = try DatagramSocket(binding: TransportAddress(Self.ours, 0))
    let called = try DatagramSocket(binding: TransportAddress(Self.ours, 0))
    let stranger = try DatagramSocket(binding: TransportAddress(Self.ours, 0))
    let (towardsCaller, towardsCalled) = (try pair(), try pair())
    thread.post(.open(session: 1, side: .incoming, anchor: anchor(towardsCaller.port), bound: towardsCaller.bound))
    thread.post(.open(session: 1, side: .outgoing, anchor: anchor(towardsCalled.port), bound: towardsCalled.bound))
    thread.post(.command(.program(session: 1, side: .incoming, stream: 0, FlowProgram(rtp: caller.local, rtcp: nil, source: .tuple))))
    thread.post(.command(.program(session: 1, side: .outgoing, stream: 0, FlowProgram(rtp: called.local, rtcp: nil, source: .tuple))))
    thread.post(.command(.report(session: 1)))
    // Once the report is there the programs are in force.
    guard case .report(1, let before)? = try next(events) else {
      Issue.record("a report is answered")
      return
    }
    #expect(before.map(\.side) == [.incoming, .outgoing] && before.allSatisfy { $0.packets == 0 })
    let port = TransportAddress(Self.ours, towardsCaller.port)
    for sequence in 0..<20 {
      // The stranger first: what comes after it proves that it was looked at.
      _ = packet(99).withUnsafeBytes { stranger.send($0, to: port) }
      #expect(packet(UInt16(sequence)).withUnsafeBytes { caller.send($0, to: port) } == .sent)
    }
    let received = try receive(20, from: called)
    #expect(received.map(\.0) == (0..<20).map { packet($0) })
    #expect(received.allSatisfy { $0.1 == TransportAddress(Self.ours, towardsCalled.port) })
    thread.post(.command(.close(session: 1)))
    guard case .closed(1, let counts)? = try next(events) else {
      Issue.record("a close is answered")
      return
    }
    #expect(counts.first?.packets == 20 && counts.first?.forwarded == 20 && counts.first?.strangers == 20)
  }

  private func next(_ events: Mailbox<MediaEvent>) throws -> MediaEvent? {
    let poll = try EventPoll()
    try poll.add(events.descriptor, key: 1)
    var box: [MediaEvent] = []
    let end = MonotonicClock.now() + .seconds(5)
    while box.isEmpty, MonotonicClock.now() < end { poll.wait(.milliseconds(50)) { _ in events.take(into: &box) } }
    return box.first
  }
}
