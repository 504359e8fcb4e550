import Addressing
import Media
import Testing
import Timing

@Suite struct Statistics {
  /// One packet of a made-up stream.
  struct Sent {
    var extended: Int
    var timestamp: UInt32
    var arrival: Instant
  }

  /// What RFC 3550 means, told from the other end: knowing the extended sequence of every packet.
  private func reference(_ arrived: [Sent], clockRate: Double) -> (expected: Int, lost: Int, jitter: Double) {
    let highest = arrived.map(\.extended).max()!
    let expected = highest - arrived[0].extended + 1
    var jitter = 0.0
    for (previous, current) in zip(arrived, arrived.dropFirst()) {
      // A.8: D = (Rj - Ri) - (Sj - Si), all in timestamp units.
      let gap = Double(current.arrival.since(previous.arrival).nanoseconds) * clockRate / 1e9
      let step = Double(Int32(bitPattern: current.timestamp &- previous.timestamp))
      jitter += (abs(gap - step) - jitter) / 16
    }
    return (expected, max(0, expected - arrived.count), jitter)
  }

  private func counts(_ arrived: [Sent], clockRate: UInt32 = 8_000) -> StreamStatistics {
    let scene = Scene()
    scene.relay.program(
      session: 1, side: .incoming, stream: 0, FlowProgram(rtp: Scene.alice, rtcp: nil, source: .tuple, clockRate: clockRate))
    for packet in arrived {
      _ = scene.fromAlice(rtp(UInt16(truncatingIfNeeded: packet.extended), timestamp: packet.timestamp), at: packet.arrival)
    }
    #expect(scene.counts(.incoming).forwarded == UInt64(arrived.count))
    return scene.counts(.incoming)
  }

  @Test(
    "Loss and jitter agree with a reference over a lossy, reordered, duplicated stream across wrap-arounds — RFC 3550 A.1, A.3, A.8",
    arguments: [1, 2] as [UInt64], [8_000, 48_000] as [UInt32])
  func lossy(_ seed: UInt64, _ clockRate: UInt32) {
    var random = RandomSource(seed: seed)
    let first = 65_000 + Int.random(in: 0..<500, using: &random)
    let start = UInt32.random(in: 0...UInt32.max, using: &random)
    var arrived: [Sent] = []
    for number in 0..<70_000 where number == 0 || Int.random(in: 0..<100, using: &random) >= 3 {
      let jitter = Int64.random(in: 0...30_000_000, using: &random)
      let packet = Sent(
        extended: first + number, timestamp: start &+ UInt32(number) &* (clockRate / 50),
        arrival: Instant(nanoseconds: 5_000_000_000 + Int64(number) * 20_000_000 + (number == 0 ? -20_000_000 : jitter)))
      arrived.append(packet)
      if Int.random(in: 0..<200, using: &random) == 0 {
        var duplicate = packet
        duplicate.arrival = packet.arrival + .milliseconds(1)
        arrived.append(duplicate)
      }
    }
    // Jitter above the packet time reorders.
    arrived.sort { $0.arrival != $1.arrival ? $0.arrival < $1.arrival : $0.extended < $1.extended }
    let reordered = zip(arrived, arrived.dropFirst()).count { $0.extended > $1.extended }
    #expect(reordered > 1_000)
    let expected = reference(arrived, clockRate: Double(clockRate))
    let counted = counts(arrived, clockRate: clockRate)
    #expect(counted.packets == UInt64(arrived.count))
    #expect(counted.expected == UInt64(expected.expected))
    #expect(counted.lost == UInt64(expected.lost))
    #expect(counted.lost > 0)
    // The appendix counts whole ticks: each difference is off by less than one.
    #expect(abs(counted.jitter - expected.jitter) < 1)
    #expect(counted.jitter > 10)
    #expect(counted.clockRate == clockRate)
    #expect(abs(counted.jitterMilliseconds - counted.jitter * 1000 / Double(clockRate)) < 0.001)
  }

  @Test("An even stream has no loss and no jitter, also where the timestamp wraps") func even() {
    let counted = counts((0..<200).map { Sent(extended: 65_500 + $0, timestamp: UInt32.max - 1_000 &+ UInt32($0) * 160, arrival: ms($0 * 20)) })
    #expect(counted.expected == 200 && counted.lost == 0 && counted.jitter == 0)
  }

  @Test("Duplicates never make the loss negative") func duplicates() {
    let counted = counts((0..<50).flatMap { n in Array(repeating: Sent(extended: 100 + n, timestamp: UInt32(n) * 160, arrival: ms(n * 20)), count: 3) })
    #expect(counted.packets == 150 && counted.expected == 50 && counted.lost == 0)
  }

  private func counts(_ packets: [[UInt8]]) -> StreamStatistics {
    let scene = Scene()
    for (index, packet) in packets.enumerated() { _ = scene.fromAlice(packet, at: ms(index * 20)) }
    return scene.counts(.incoming)
  }

  @Test("A new SSRC begins a new count, the old one's is kept") func newSSRC() {
    let counted = counts([10, 11, 13].map { rtp($0, ssrc: 1) } + [60_000, 60_001, 60_004].map { rtp($0, ssrc: 2) })
    #expect(counted.packets == 6)
    #expect(counted.expected == 4 + 5)
    #expect(counted.lost == 1 + 2)
  }

  @Test("A new SSRC brings its own clock: no jitter comes of the change, and no belief in what the old one announced") func newClock() {
    let counted = counts([rtp(10, ssrc: 1), rtp(11, ssrc: 1), rtp(500, ssrc: 2, timestamp: 99), rtp(501, ssrc: 2, timestamp: 259)])
    #expect(counted.jitter == 0)
    let announced = counts([rtp(10, ssrc: 1), rtp(40_000, ssrc: 1), rtp(10, ssrc: 2), rtp(40_001, ssrc: 2), rtp(11, ssrc: 2), rtp(13, ssrc: 2)])
    #expect(announced.expected == 1 + 4 && announced.lost == 1)
  }

  @Test("One packet far off is not believed, two in a row are a restart — RFC 3550 A.1") func jump() {
    let once = counts([10, 11, 40_000, 12, 13].map { rtp($0) })
    #expect(once.expected == 4 && once.lost == 0 && once.packets == 5)
    let twice = counts([10, 11, 40_000, 40_001, 40_002].map { rtp($0) })
    #expect(twice.expected == 2 + 2 && twice.lost == 0)
  }

  @Test("A gap below 3,000 is loss, a step back within 100 is reordering — RFC 3550 A.1") func thresholds() {
    #expect(counts([rtp(0), rtp(2_999)]).expected == 3_000)
    #expect(counts([rtp(0), rtp(3_000)]).expected == 1)
    let back = counts([rtp(500), rtp(401)])
    #expect(back.expected == 1 && back.lost == 0)
  }

  @Test("Nothing received is nothing expected") func nothing() {
    let counted = Scene().counts(.incoming)
    #expect(counted.expected == 0 && counted.lost == 0 && counted.lastPacketAt == nil && counted.lastRTCPAt == nil)
  }
}
