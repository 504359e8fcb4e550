import Addressing
import Timing

/// The ways between the exchange and everybody else: loses, doubles, delays, reorders, damages and cuts, as the knobs say, until told to stop.
struct SimulatedNetwork: Sendable {
  struct Tally: Sendable {
    var carried = 0, lost = 0, duplicated = 0, damaged = 0, cut = 0
  }
  private let knobs: Knobs
  private var random: RandomSource
  /// Faults have stopped: every datagram arrives, once, in order of its sending.
  var isCalm = false
  private(set) var tally = Tally()

  init(knobs: Knobs, random: RandomSource) {
    self.knobs = knobs
    self.random = random
  }

  /// When a datagram's copies arrive, and with what bytes; none = lost. `party` nil: a stranger's way, which is perfect.
  mutating func carry(_ bytes: [UInt8], _ party: Party?, towardsExchange: Bool, at now: Instant) -> [(at: Instant, bytes: [UInt8])] {
    tally.carried += 1
    guard let party else { return [(now + .milliseconds(10), bytes)] }
    let line = towardsExchange ? knobs.towardsExchange[party.rawValue] : knobs.fromExchange[party.rawValue]
    if isCalm { return [(now + .milliseconds(line.delayMilliseconds), bytes)] }
    let isCut = knobs.outages.contains { outage in
      outage.party == party && outage.from <= now && now < outage.until && (towardsExchange ? outage.towardsExchange : outage.fromExchange)
    }
    if isCut {
      tally.cut += 1
      return []
    }
    if random.chance(line.lossPercent) {
      tally.lost += 1
      return []
    }
    var bytes = bytes
    if random.chance(line.damagePercent) {
      tally.damaged += 1
      damage(&bytes)
    }
    var copies = [(at: arrival(line, now), bytes: bytes)]
    if random.chance(line.duplicatePercent) {
      tally.duplicated += 1
      copies.append((arrival(line, now), bytes))
    }
    return copies
  }

  private mutating func arrival(_ line: Knobs.Line, _ now: Instant) -> Instant {
    now + .milliseconds(line.delayMilliseconds) + Gap(nanoseconds: Int64(random.below(line.jitterMilliseconds * 1_000 + 1)) * 1_000)
  }

  private mutating func damage(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    switch random.below(4) {
    case 0: bytes.removeLast(random.below(bytes.count))
    case 1: bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
    case 2:
      let start = random.below(bytes.count)
      bytes.removeSubrange(start..<min(bytes.count, start + random.between(1, 40)))
    default:
      for _ in 0..<random.between(1, 8) { bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8)) }
    }
  }
}
