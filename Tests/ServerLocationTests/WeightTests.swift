import Addressing
import ServerLocation
import Testing
import Timing

@Suite("Servers of one rank share calls by weight") struct WeightTests {
  private func location(_ servers: [(rank: Int, weight: UInt16)]) -> ServerLocation {
    ServerLocation(
      servers: servers.enumerated().map {
        .init(rank: $1.rank, weight: $1.weight, name: nil, port: UInt16($0 + 1), addresses: [IPAddress(192, 0, 2, 1)], origin: .service)
      })
  }
  /// How often each server came first, and whether ranks were kept.
  private func firsts(_ location: ServerLocation, draws: Int) -> [Int] {
    var random = RandomSource(seed: 7)
    var counts = [Int](repeating: 0, count: location.servers.count)
    for _ in 0..<draws { counts[Int(location.targets(using: &random)[0].port) - 1] += 1 }
    return counts
  }

  @Test("Over 60,000 draws each server comes first as often as its weight says, within 3 % — RFC 2782")
  func shares() {
    let counts = firsts(location([(0, 10), (0, 20), (0, 30)]), draws: 60_000)
    // A number from 0 to the sum, both included: the first of the list has one chance in 61 more.
    for (count, expected) in zip(counts, [11.0 / 61, 20.0 / 61, 30.0 / 61]) { #expect(abs(Double(count) / 60_000 / expected - 1) < 0.03) }
  }

  @Test("The second choice follows the weights of those that are left")
  func seconds() {
    let servers = location([(0, 60), (0, 30), (0, 10)])
    var random = RandomSource(seed: 3)
    var after = [0, 0]
    for _ in 0..<30_000 {
      let order = servers.targets(using: &random).map { Int($0.port) }
      #expect(Set(order).count == 3)
      if order[0] == 1 { after[order[1] - 2] += 1 }
    }
    let share = Double(after[0]) / Double(after[0] + after[1])
    #expect(abs(share - 31.0 / 41) < 0.02)
  }

  @Test("A weight of 0 beside others is hardly ever chosen first — RFC 2782")
  func zero() {
    let counts = firsts(location([(0, 0), (0, 99)]), draws: 20_000)
    #expect(counts[0] > 100 && counts[0] < 320)
  }

  @Test("Servers that all weigh nothing share the calls")
  func allZero() {
    for count in firsts(location([(0, 0), (0, 0), (0, 0), (0, 0)]), draws: 20_000) { #expect(abs(count - 5_000) < 300) }
  }

  @Test("A lower priority comes first whatever the weights — RFC 2782")
  func ranks() {
    let servers = location([(0, 1), (0, 1), (1, 65_535), (2, 65_535)])
    var random = RandomSource(seed: 11)
    for _ in 0..<1000 {
      let ports = servers.targets(using: &random).map { Int($0.port) }
      #expect(Set(ports.prefix(2)) == [1, 2] && Array(ports.dropFirst(2)) == [3, 4])
    }
  }

  @Test("The same seed draws the same order")
  func repeatable() {
    let servers = location((0..<8).map { (0, UInt16($0)) })
    var (one, two) = (RandomSource(seed: 5), RandomSource(seed: 5))
    for _ in 0..<100 { #expect(servers.targets(using: &one) == servers.targets(using: &two)) }
  }
}
