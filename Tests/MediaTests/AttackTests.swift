import Addressing
import Media
import Testing
import Timing

/// What strangers try: their packets to reach a party, or a party's packets to reach them.
@Suite struct Attacks {
  /// Everything Mallory can copy: the caller's SSRC and sequence.
  private func spray(_ scene: Scene, from source: TransportAddress, packets: Int, first: UInt16, at now: Instant) -> Int {
    var forwarded = 0
    for index in 0..<packets {
      let packet = rtp(first &+ UInt16(index))
      if scene.fromAlice(packet, source: source, at: now + .milliseconds(index * 20)) != nil { forwarded += 1 }
      if scene.receive(rtcp(), on: scene.incomingRTCP, from: TransportAddress(source.ip, source.port &+ 1), at: now) != nil { forwarded += 1 }
    }
    return forwarded
  }

  static let rules: [FlowProgram.SourceRule] = [.tuple, .address, .prefix([block("192.0.2.0/24")]), .learn([block("192.0.2.0/24")])]

  @Test("A stranger's packets in mid-call, with the right SSRC and sequence: 0 forwarded, 0 bled, nothing lost", arguments: rules)
  func midCall(_ rule: FlowProgram.SourceRule) {
    let scene = Scene(alice: rule, bob: rule == .tuple ? .tuple : .learn([block("203.0.113.1")]))
    var delivered = 0
    for number in 0..<200 {
      let now = ms(number * 20)
      if scene.fromAlice(rtp(UInt16(number)), at: now) == Scene.bob { delivered += 1 }
      #expect(spray(scene, from: Scene.mallory, packets: 1, first: UInt16(number + 1), at: now) == 0)
      #expect(scene.fromBob(rtp(UInt16(number), ssrc: 2), at: now) == Scene.alice)
    }
    #expect(delivered == 200)
    #expect(scene.counts(.incoming).strangers == 400)
    #expect(scene.counts(.incoming).lost == 0)
    #expect(scene.counts(.incoming).packets == 200)
  }

  @Test("An early spray on a port that learns, from before the call: 0 forwarded, 0 bled for a foreign address") func earlySpray() {
    let scene = Scene(alice: nil, bob: nil)
    #expect(spray(scene, from: Scene.mallory, packets: 50, first: 0, at: ms(0)) == 0)
    scene.programBob(.learn([block("203.0.113.1")]))
    scene.programAlice(.learn([block("192.0.2.1")]))
    #expect(spray(scene, from: Scene.mallory, packets: 450, first: 50, at: ms(1_000)) == 0)
    #expect(scene.fromBob(rtp(1), at: ms(10_100)) == Scene.alice)
    // The party behind the NAT arrives from another port than it said, and is found.
    let mapped = TransportAddress(Scene.alice.ip, 61_000)
    #expect(scene.fromAlice(rtp(1), source: mapped, at: ms(10_200)) == Scene.bob)
    #expect(scene.fromBob(rtp(2), at: ms(10_300)) == mapped)
    #expect(scene.counts(.incoming).source == mapped)
    #expect(spray(scene, from: Scene.mallory, packets: 50, first: 2, at: ms(20_000)) == 0)
  }

  @Test("After the lock another allowed address gets nothing, however long the silence") func otherAllowedAddress() {
    let scene = Scene(alice: .learn([block("192.0.2.0/24")]))
    #expect(scene.fromAlice(rtp(1), at: ms(0)) == Scene.bob)
    #expect(spray(scene, from: at("192.0.2.2", 4000), packets: 100, first: 2, at: ms(60_000)) == 0)
    #expect(scene.fromBob(rtp(1), at: ms(70_000)) == Scene.alice)
  }

  private let neighbour = TransportAddress(Scene.alice.ip, 61_000)

  @Test("Another port of the locked address within 2 s of the last packet: 0 forwarded, 0 bled") func samePlaceTooSoon() {
    let scene = Scene(alice: .learn([block("192.0.2.1")]))
    for number in 0..<100 {
      #expect(scene.fromAlice(rtp(UInt16(number)), at: ms(number * 20)) == Scene.bob)
      #expect(scene.fromAlice(rtp(UInt16(number + 1)), source: neighbour, at: ms(number * 20)) == nil)
    }
    #expect(scene.fromAlice(rtp(100), source: neighbour, at: ms(1_980 + 1_999)) == nil)
    #expect(scene.fromBob(rtp(1), at: ms(3_979)) == Scene.alice)
  }

  @Test("After 2 s of silence the same SSRC with a continuing sequence moves the lock to another port of the address") func rebinding() {
    let scene = Scene(alice: .learn([block("192.0.2.1")]))
    #expect(scene.fromAlice(rtp(65_530), at: ms(0)) == Scene.bob)
    #expect(scene.fromAlice(rtp(100), source: neighbour, at: ms(2_000)) == Scene.bob)
    #expect(scene.fromBob(rtp(1), at: ms(2_001)) == neighbour)
    // The old port is now the stranger.
    #expect(scene.fromAlice(rtp(101), at: ms(2_020)) == nil)
  }

  @Test(
    "After 2 s of silence another SSRC, or a sequence that does not continue, moves nothing",
    arguments: [
      rtp(101, ssrc: 9), rtp(100), rtp(99), rtp(3_100), rtp(40_000),
    ])
  func notContinuing(_ packet: [UInt8]) {
    let scene = Scene(alice: .learn([block("192.0.2.1")]))
    #expect(scene.fromAlice(rtp(100), at: ms(0)) == Scene.bob)
    #expect(scene.fromAlice(packet, source: neighbour, at: ms(5_000)) == nil)
    #expect(scene.fromBob(rtp(1), at: ms(5_001)) == Scene.alice)
    #expect(scene.counts(.incoming).strangers == 1)
  }

  @Test("Packets that are no RTP neither learn nor move a lock") func invalidDoesNotLearn() {
    let scene = Scene(alice: .learn([block("192.0.2.1")]))
    #expect(scene.fromAlice([0, 1, 0, 0] + [UInt8](repeating: 0, count: 16), source: neighbour, at: ms(0)) == nil)
    #expect(scene.counts(.incoming).source == nil)
    #expect(scene.fromAlice(rtp(1), at: ms(1)) == Scene.bob)
    #expect(scene.fromAlice(Array(rtp(2).prefix(11)), source: neighbour, at: ms(5_000)) == nil)
    #expect(scene.fromBob(rtp(1), at: ms(5_001)) == Scene.alice)
  }

  @Test("The same signalling again does not open the lock; a hold in between does not either") func sameSignalling() {
    let rule = FlowProgram.SourceRule.learn([block("192.0.2.0/24")])
    let scene = Scene(alice: rule)
    #expect(scene.fromAlice(rtp(1), source: neighbour, at: ms(0)) == Scene.bob)
    scene.programAlice(rule)
    #expect(scene.fromBob(rtp(1), at: ms(1)) == neighbour)
    scene.programAlice(rule, at: nil)
    #expect(scene.fromBob(rtp(2), at: ms(2)) == nil)
    #expect(spray(scene, from: at("192.0.2.2", 4000), packets: 50, first: 2, at: ms(9_000)) == 0)
    scene.programAlice(rule)
    #expect(spray(scene, from: at("192.0.2.2", 4000), packets: 50, first: 2, at: ms(12_000)) == 0)
    #expect(scene.fromBob(rtp(3), at: ms(14_000)) == neighbour)
  }

  @Test("A changed signalled address opens the lock for the new blocks only") func newSignalling() {
    let scene = Scene(alice: .learn([block("192.0.2.1")]))
    #expect(scene.fromAlice(rtp(1), at: ms(0)) == Scene.bob)
    scene.programAlice(.learn([block("192.0.2.9")]), at: at("192.0.2.9", 7000))
    #expect(scene.fromBob(rtp(1), at: ms(10)) == at("192.0.2.9", 7000))
    #expect(scene.fromAlice(rtp(2), at: ms(20)) == nil)
    #expect(spray(scene, from: Scene.mallory, packets: 50, first: 2, at: ms(20)) == 0)
    #expect(scene.fromAlice(rtp(2), source: at("192.0.2.9", 7777), at: ms(1_100)) == Scene.bob)
    #expect(scene.fromBob(rtp(2), at: ms(1_110)) == at("192.0.2.9", 7777))
  }

  @Test("Narrower blocks after the answer shut out what a fork had locked") func narrowed() {
    let scene = Scene(alice: .learn([block("192.0.2.1"), block("192.0.2.66")]))
    #expect(scene.fromAlice(rtp(1), source: at("192.0.2.66", 4000), at: ms(0)) == Scene.bob)
    scene.programAlice(.learn([block("192.0.2.1")]))
    #expect(scene.fromAlice(rtp(2), source: at("192.0.2.66", 4000), at: ms(20)) == nil)
    #expect(scene.fromAlice(rtp(1), at: ms(20)) == Scene.bob)
  }

  @Test("Leaving and entering media-nat forgets the lock") func changedRule() {
    let scene = Scene(alice: .learn([block("192.0.2.1")]))
    #expect(scene.fromAlice(rtp(1), source: neighbour, at: ms(0)) == Scene.bob)
    scene.programAlice(.tuple)
    #expect(scene.fromAlice(rtp(2), source: neighbour, at: ms(20)) == nil)
    #expect(scene.fromBob(rtp(2), at: ms(20)) == Scene.alice)
    scene.programAlice(.learn([block("192.0.2.1")]))
    #expect(scene.fromBob(rtp(3), at: ms(20)) == Scene.alice)
  }

  @Test("RTCP is learnt beside RTP, or from where a=rtcp says, and from nowhere else") func rtcpLearnt() {
    func reaches(_ source: TransportAddress) -> Bool {
      let scene = Scene(alice: nil)
      scene.relay.program(
        session: 1, side: .incoming, stream: 0,
        FlowProgram(rtp: Scene.alice, rtcp: at("198.18.5.5", 9), source: .learn([block("192.0.2.0/24"), block("198.18.5.5")])))
      #expect(scene.fromAlice(rtp(1), at: ms(0)) == Scene.bob)
      return scene.receive(rtcp(), on: scene.incomingRTCP, from: source, at: ms(10)) != nil
    }
    #expect(reaches(at("192.0.2.1", 33_333)))
    #expect(reaches(at("198.18.5.5", 9)))
    #expect(!reaches(at("198.18.5.5", 10)))
    #expect(!reaches(at("192.0.2.2", 4001)))
    #expect(!reaches(Scene.mallory))
  }

  @Test("RTCP moves to another port of its address only when RTP has moved or is silent, and with its SSRC") func rtcpMoves() {
    let scene = Scene(alice: .learn([block("192.0.2.1")]))
    let elsewhere = at("192.0.2.1", 61_001)
    func rtcpReaches(_ now: Int, ssrc: UInt32 = 0x1111_1111) -> Bool {
      scene.receive(rtcp(ssrc: ssrc), on: scene.incomingRTCP, from: elsewhere, at: ms(now)) != nil
    }
    #expect(scene.fromAlice(rtp(1), at: ms(0)) == Scene.bob)
    #expect(scene.receive(rtcp(), on: scene.incomingRTCP, from: Scene.aliceRTCP, at: ms(0)) != nil)
    #expect(scene.fromAlice(rtp(200), at: ms(4_000)) == Scene.bob)
    // RTP flows: a report from another port after 5 s is somebody else's, or must wait.
    #expect(!rtcpReaches(5_000))
    #expect(scene.fromAlice(rtp(201), source: neighbour, at: ms(6_500)) == Scene.bob)
    #expect(!rtcpReaches(6_600, ssrc: 9))
    #expect(rtcpReaches(6_600))
    #expect(scene.receive(rtcp(), on: scene.outgoingRTCP, from: Scene.bobRTCP, at: ms(6_700))?.destination == elsewhere)
  }

  @Test("A forged RTCP BYE or a 4-byte packet has no effect on media") func forgedRTCP() {
    let scene = Scene()
    #expect(scene.receive(rtcp(type: 203), on: scene.incomingRTCP, from: Scene.mallory, at: ms(0)) == nil)
    #expect(scene.receive([0x80, 203, 0, 0], on: scene.incomingRTCP, from: Scene.aliceRTCP, at: ms(0)) == nil)
    #expect(scene.receive(rtcp(type: 203), on: scene.incomingRTCP, from: Scene.alice, at: ms(0)) == nil)
    #expect(scene.fromAlice(rtp(1), at: ms(1)) == Scene.bob)
  }
}
