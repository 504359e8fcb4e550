import Addressing
import Testing
import Timing

@testable import Media

@Suite struct Relaying {
  @Test("RTP and RTCP go from each side's peer to the other's, out of the other side's port") func bothWays() {
    let scene = Scene()
    #expect(scene.receive(rtp(1), on: scene.incoming, from: Scene.alice, at: ms(0)) == .init(port: scene.outgoing, destination: Scene.bob))
    #expect(scene.receive(rtp(1), on: scene.outgoing, from: Scene.bob, at: ms(0)) == .init(port: scene.incoming, destination: Scene.alice))
    #expect(
      scene.receive(rtcp(), on: scene.incomingRTCP, from: Scene.aliceRTCP, at: ms(0)) == .init(port: scene.outgoingRTCP, destination: Scene.bobRTCP))
    #expect(
      scene.receive(rtcp(), on: scene.outgoingRTCP, from: Scene.bobRTCP, at: ms(0)) == .init(port: scene.incomingRTCP, destination: Scene.aliceRTCP))
    let counts = scene.counts(.incoming)
    #expect(counts.packets == 1 && counts.bytes == 172 && counts.rtcpPackets == 1 && counts.forwarded == 2)
    #expect(counts.lastPacketAt == ms(0) && counts.lastRTCPAt == ms(0))
    #expect(counts.strangers == 0 && counts.discarded == 0)
    #expect(counts.source == Scene.alice)
  }

  @Test("Opening names the ports to bind: RTP even, RTCP beside, none for a stream that is off") func bindings() throws {
    var relay = Relay()
    let change = try require(relay.open(session: 1, side: .incoming, anchor: Scene.anchor([40_000, 0, 40_004])))
    #expect(change.unbind.isEmpty)
    #expect(change.bind.map(\.local) == [40_000, 40_001, 40_004, 40_005].map { TransportAddress(Scene.here, $0) })
    #expect(change.bind.map(\.port.isRTCP) == [false, true, false, true])
    #expect(Set(change.bind.map(\.port)).count == 4)
  }

  @Test("Nothing is forwarded before both sides are programmed, and nothing is learnt") func unprogrammed() {
    for (alice, bob) in [(nil, .tuple), (.tuple, nil), (nil, nil)] as [(FlowProgram.SourceRule?, FlowProgram.SourceRule?)] {
      let scene = Scene(alice: alice, bob: bob)
      #expect(scene.fromAlice(rtp(1), at: ms(0)) == nil)
      #expect(scene.counts(.incoming).discarded == 1)
    }
    let scene = Scene(alice: nil)
    #expect(scene.fromAlice(rtp(1), source: Scene.mallory, at: ms(0)) == nil)
    scene.programAlice(.learn([block("192.0.2.1")]))
    #expect(scene.fromAlice(rtp(1), at: ms(1)) == Scene.bob)
  }

  @Test("A side whose peer has no destination receives nothing, and is still heard: hold") func hold() {
    let scene = Scene()
    scene.relay.program(
      session: 1, side: .outgoing, stream: 0, FlowProgram(rtp: nil, rtcp: Scene.bobRTCP, source: .tuple, rtpSource: Scene.bob))
    #expect(scene.fromAlice(rtp(1), at: ms(0)) == nil)
    #expect(scene.counts(.incoming).discarded == 1 && scene.counts(.incoming).packets == 1)
    #expect(scene.fromBob(rtp(1), at: ms(0)) == Scene.alice)
    #expect(scene.receive(rtcp(), on: scene.incomingRTCP, from: Scene.aliceRTCP, at: ms(0))?.destination == Scene.bobRTCP)
  }

  @Test("An old-style hold hides the address and changes nothing in whom we hear") func oldStyleHold() {
    let scene = Scene()
    scene.programBob(.tuple, at: nil)
    #expect(scene.fromAlice(rtp(1), at: ms(0)) == nil)
    #expect(scene.fromBob(rtp(1), at: ms(0)) == Scene.alice)
    #expect(scene.fromBob(rtp(2), source: Scene.mallory, at: ms(0)) == nil)
  }

  @Test("What is no RTP is discarded — RFC 3550 A.1", arguments: invalidRTP)
  func invalid(_ packet: [UInt8]) {
    let scene = Scene()
    #expect(scene.fromAlice(packet, at: ms(0)) == nil)
    #expect(scene.counts(.incoming).discarded == 1 && scene.counts(.incoming).packets == 0)
  }
  static let invalidRTP: [[UInt8]] = [
    [], [0x80], Array(rtp(1).prefix(11)),
    // Versions 1, 0 and 3; payload types that are RTCP's.
    rtp(first: 0x40, body: []), rtp(first: 0x00, body: []), rtp(first: 0xC0, body: []),
    rtp(1, payloadType: 72), rtp(1, payloadType: 0x80 | 73), rtp(1, payloadType: 76),
    // More contributing sources, more extension, more padding than there is; padding of nothing.
    rtp(first: 0x8F, body: [UInt8](repeating: 1, count: 59)), rtp(first: 0x90, body: [0, 0, 0]), rtp(first: 0x90, body: [0, 0, 0xff, 0xff]),
    rtp(first: 0xA0, body: [2]), rtp(first: 0xA0, body: [0]),
    // STUN and DTLS.
    [0x00, 0x01, 0, 0, 0x21, 0x12, 0xA4, 0x42] + [UInt8](repeating: 7, count: 12), [22, 0xfe, 0xff] + [UInt8](repeating: 0, count: 40),
  ]

  @Test("Contributing sources, extensions and padding that fit are RTP") func valid() {
    let scene = Scene()
    let packets: [[UInt8]] = [
      rtp(first: 0x8F, body: [UInt8](repeating: 1, count: 60)), rtp(first: 0x90, body: [0xBE, 0xDE, 0, 1, 1, 2, 3, 4]), rtp(first: 0xA0, body: [1]),
      rtp(4, payloadType: 0x80 | 101), rtp(first: 0x80, body: []),
    ]
    for packet in packets { #expect(scene.fromAlice(packet, at: ms(0)) == Scene.bob) }
  }

  static let noRTCP: [[UInt8]] = [
    [], [0x80, 201, 0, 0], Array(rtcp().prefix(7)), [0x40] + rtcp().dropFirst(), rtcp(type: 191), rtcp(type: 224), [0x80, 201, 0, 2] + rtcp().dropFirst(4),
    [0x80, 203, 0, 0, 1, 1, 1, 1], rtp(1),
  ]
  @Test("What is no RTCP is discarded — RFC 3550 6.4, RFC 5761 section 4", arguments: noRTCP)
  func invalidRTCP(_ packet: [UInt8]) {
    let scene = Scene()
    #expect(scene.receive(packet, on: scene.incomingRTCP, from: Scene.aliceRTCP, at: ms(0)) == nil)
    #expect(scene.counts(.incoming).discarded == 1 && scene.counts(.incoming).rtcpPackets == 0)
  }

  @Test("A port that nobody has is nobody's") func astray() {
    let scene = Scene()
    let old = scene.incoming
    _ = scene.relay.close(session: 1)
    for port in [old, RelayPort(rawValue: 9_999), RelayPort(rawValue: .max)] {
      #expect(scene.receive(rtp(1), on: port, from: Scene.alice, at: ms(0)) == nil)
    }
    #expect(scene.relay.astray == 3)
  }

  @Test("A destination of another family, or a port of the same call, is no destination") func impossible() {
    let scene = Scene()
    scene.programBob(.tuple, at: at("2001:db8::1", 6000))
    #expect(scene.fromAlice(rtp(1), at: ms(0)) == nil)
    for port in [40_000, 40_001, 40_002, 40_003] as [UInt16] {
      scene.programBob(.tuple, at: TransportAddress(Scene.here, port))
      #expect(scene.fromAlice(rtp(2), at: ms(0)) == nil)
    }
    scene.programBob(.tuple, at: TransportAddress(Scene.here, 40_004))
    #expect(scene.fromAlice(rtp(3), at: ms(0)) == TransportAddress(Scene.here, 40_004))
  }

  @Test("Streams meet their equals on the other side") func streams() throws {
    var relay = Relay()
    let incoming = try require(relay.open(session: 1, side: .incoming, anchor: Scene.anchor([40_000, 40_002]))).bind
    let outgoing = try require(relay.open(session: 1, side: .outgoing, anchor: Scene.anchor([0, 40_006]))).bind
    for stream in 0...1 {
      relay.program(session: 1, side: .incoming, stream: stream, FlowProgram(rtp: Scene.alice, rtcp: nil, source: .tuple))
      relay.program(session: 1, side: .outgoing, stream: stream, FlowProgram(rtp: Scene.bob, rtcp: nil, source: .tuple))
    }
    rtp(1).withUnsafeBytes { packet in
      expect(relay.receive(packet, on: incoming[0].port, from: Scene.alice, at: ms(0)), is: nil)
      expect(relay.receive(packet, on: incoming[2].port, from: Scene.alice, at: ms(0)), is: .init(port: outgoing[0].port, destination: Scene.bob))
    }
    #expect(relay.statistics(of: 1).map { "\($0.side) \($0.stream)" } == ["incoming 0", "incoming 1", "outgoing 1"])
  }

  @Test("Opening a side again keeps the streams whose port stayed, with their counts and their latch") func reopened() throws {
    let scene = Scene(alice: .learn([block("192.0.2.0/24")]))
    #expect(scene.fromAlice(rtp(1), source: at("192.0.2.1", 5555), at: ms(0)) == Scene.bob)
    let grown = try require(scene.relay.open(session: 1, side: .incoming, anchor: Scene.anchor([40_000, 40_008])))
    #expect(grown.unbind.isEmpty && grown.bind.map(\.local.port) == [40_008, 40_009])
    #expect(scene.fromBob(rtp(1), at: ms(1)) == at("192.0.2.1", 5555))
    #expect(scene.counts(.incoming).packets == 1)
    let moved = try require(scene.relay.open(session: 1, side: .incoming, anchor: Scene.anchor([40_010])))
    #expect(moved.unbind.count == 4 && moved.bind.map(\.local.port) == [40_010, 40_011])
    #expect(scene.fromBob(rtp(2), at: ms(2)) == nil)
    #expect(scene.relay.flowCount == 2)
  }

  @Test("A released side gives up its ports; the next attempt begins anew") func release() throws {
    let scene = Scene()
    let released = scene.relay.release(session: 1, side: .outgoing)
    #expect(released == [scene.outgoing, scene.outgoingRTCP])
    expect(scene.relay.release(session: 1, side: .outgoing).isEmpty, is: true)
    #expect(scene.fromAlice(rtp(1), at: ms(0)) == nil)
    scene.outgoing = try require(scene.relay.open(session: 1, side: .outgoing, anchor: Scene.anchor([40_006]))).bind[0].port
    #expect(scene.fromAlice(rtp(2), at: ms(0)) == nil)
    scene.programBob(.tuple)
    #expect(scene.fromAlice(rtp(3), at: ms(0)) == Scene.bob)
  }

  @Test("Closing gives the final counts, incoming side first, and every port") func close() {
    let scene = Scene()
    _ = scene.fromAlice(rtp(1), at: ms(0))
    let closed = scene.relay.close(session: 1)
    #expect(closed.unbind.count == 4)
    #expect(closed.statistics.map(\.side) == [.incoming, .outgoing])
    #expect(closed.statistics.map(\.packets) == [1, 0])
    expect(scene.relay.close(session: 1).statistics.isEmpty, is: true)
    #expect(scene.relay.sessionCount == 0 && scene.relay.flowCount == 0)
  }

  @Test("Commands for a session or stream that is not open do nothing") func unknown() {
    let scene = Scene()
    scene.relay.program(session: 7, side: .incoming, stream: 0, FlowProgram(rtp: nil, rtcp: nil, source: .tuple))
    scene.relay.program(session: 1, side: .incoming, stream: 9, FlowProgram(rtp: nil, rtcp: nil, source: .tuple))
    expect(scene.relay.release(session: 7, side: .incoming).isEmpty, is: true)
    #expect(scene.relay.statistics(of: 7).isEmpty)
    #expect(scene.fromAlice(rtp(1), at: ms(0)) == Scene.bob)
  }

  @Test("10,000 sessions opened, used and closed leave nothing behind") func endurance() throws {
    var relay = Relay()
    var pool = RealmPorts(
      realm: 0, addresses: [.init(bind: Scene.here, advertised: Scene.here)], ranges: [16_384...32_767])
    let start = pool.capacity
    var seen: Set<RelayPort> = []
    for batch in 0..<100 {
      let now = ms(batch * 6_000)
      var open: [(session: UInt64, anchors: [MediaAnchor], port: RelayPort)] = []
      for number in 0..<100 {
        let session = UInt64(batch * 100 + number)
        var anchors: [MediaAnchor] = []
        var ports: [RelayPort] = []
        for side in [MediaSide.incoming, .outgoing] {
          let anchor = try require(pool.take(relayed: [0], of: 1, at: now))
          anchors.append(anchor)
          ports += try require(relay.open(session: session, side: side, anchor: anchor)).bind.map(\.port)
          relay.program(
            session: session, side: side, stream: 0,
            FlowProgram(rtp: side == .incoming ? Scene.alice : Scene.bob, rtcp: nil, source: .tuple))
        }
        seen.formUnion(ports)
        open.append((session, anchors, ports[0]))
      }
      #expect(relay.flowCount == 200)
      for call in open {
        let forward = rtp(1).withUnsafeBytes { relay.receive($0, on: call.port, from: Scene.alice, at: now) }
        #expect(forward?.destination == Scene.bob)
        let closed = relay.close(session: call.session)
        #expect(closed.unbind.count == 4 && closed.statistics.first?.forwarded == 1)
        for anchor in call.anchors { pool.giveBack(anchor, at: now) }
      }
      #expect(relay.sessionCount == 0 && relay.flowCount == 0)
    }
    #expect(pool.capacity == start)
    // Slots are used again: as many as were ever open at once.
    #expect(seen.count == 400)
  }
}
