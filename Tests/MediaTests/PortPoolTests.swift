import Addressing
import Media
import Testing
import Timing

@Suite struct PortPools {
  @Test("Only whole even/odd pairs within the ranges are handed out, each once — RFC 3550 section 11") func pairs() {
    // 10001 is odd and 10007 has no partner; the ranges overlap.
    var pool = PortPool(ranges: [10_001...10_006, 10_004...10_007, 65_534...65_535, 0...1])
    #expect(pool.total == 4)
    var taken: [UInt16] = []
    while let port = pool.take(at: ms(0)) { taken.append(port) }
    #expect(taken == [10_002, 10_004, 10_006, 65_534])
    #expect(pool.free == 0)
  }

  @Test("A released pair rests 5 s and the others go first") func quarantine() {
    var pool = PortPool(ranges: [10_000...10_005])
    let first = pool.take(at: ms(0))
    #expect(first == 10_000)
    pool.release(10_000, at: ms(0))
    #expect(pool.free == 3)
    expect(pool.take(at: ms(10)), is: 10_002)
    expect(pool.take(at: ms(10)), is: 10_004)
    expect(pool.take(at: ms(4_999)), is: nil)
    #expect(!pool.canTake(1, at: ms(4_999)))
    expect(pool.take(at: ms(5_000)), is: 10_000)
  }

  @Test("Releasing what is not taken changes nothing") func doubleRelease() {
    var pool = PortPool(ranges: [10_000...10_003])
    expect(pool.release(10_000, at: ms(0)), is: false)
    expect(pool.release(10_001, at: ms(0)), is: false)
    expect(pool.release(20_000, at: ms(0)), is: false)
    _ = pool.take(at: ms(0))
    expect(pool.release(10_000, at: ms(0)), is: true)
    expect(pool.release(10_000, at: ms(0)), is: false)
    #expect(pool.free == 2)
  }

  @Test("New ranges keep what is taken or resting; what left them is forgotten") func replaced() {
    var old = PortPool(ranges: [10_000...10_007])
    for _ in 0..<4 { _ = old.take(at: ms(0)) }
    old.release(10_004, at: ms(0))
    old.release(10_006, at: ms(1))
    var new = PortPool(ranges: [10_002...10_009], replacing: old)
    #expect(new.total == 4)
    expect(new.take(at: ms(2)), is: 10_008)
    expect(new.take(at: ms(2)), is: nil)
    expect(new.release(10_000, at: ms(2)), is: false)
    expect(new.take(at: ms(5_000)), is: 10_004)
    expect(new.take(at: ms(5_000)), is: nil)
    expect(new.take(at: ms(5_001)), is: 10_006)
    expect(new.release(10_002, at: ms(9_000)), is: true)
  }

  @Test("However it is used: no pair twice, none within 5 s of its release, none lost", arguments: [1, 2, 3] as [UInt64]) func property(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    var pool = PortPool(ranges: [10_000...10_063])
    var taken: [UInt16] = []
    var released: [UInt16: Instant] = [:]
    var now = ms(0)
    for _ in 0..<5_000 {
      now = now + .milliseconds(Int.random(in: 0...400, using: &random))
      if Bool.random(using: &random), let index = taken.indices.randomElement(using: &random) {
        let port = taken.remove(at: index)
        expect(pool.release(port, at: now), is: true)
        released[port] = now
      } else if let port = pool.take(at: now) {
        #expect(!taken.contains(port))
        #expect(port % 2 == 0 && (10_000...10_062).contains(port))
        if let before = released[port] { #expect(now >= before + .seconds(5)) }
        taken.append(port)
      } else {
        // Refused only when every other pair is taken or resting.
        #expect(taken.count + released.count { !taken.contains($0.key) && now < $0.value + .seconds(5) } == 32)
      }
      #expect(pool.free == 32 - taken.count)
    }
  }
}

@Suite struct RealmPortPools {
  private let one = RealmPorts.Address(bind: IPAddress(10, 0, 0, 1), advertised: IPAddress(198, 51, 100, 1))
  private let two = RealmPorts.Address(bind: IPAddress(10, 0, 0, 2), advertised: IPAddress(198, 51, 100, 2))
  private let six = RealmPorts.Address(bind: IPAddress("2001:db8::1")!, advertised: IPAddress("2001:db8::1")!)

  @Test("Addresses are used in turn, all streams of an anchor on one") func turns() throws {
    var realm = RealmPorts(realm: 3, addresses: [one, two], ranges: [10_000...10_009])
    let first = try require(realm.take(relayed: [0, 2], of: 3, at: ms(0)))
    #expect(first == MediaAnchor(realm: 3, bind: one.bind, advertised: one.advertised, ports: [10_000, 0, 10_002]))
    expect(realm.take(relayed: [0], of: 1, at: ms(0))?.bind, is: two.bind)
    expect(realm.take(relayed: [0], of: 1, at: ms(0))?.bind, is: one.bind)
  }

  @Test("An address without enough ports is passed over; when none has enough nothing is taken") func exhaustion() {
    var realm = RealmPorts(realm: 0, addresses: [one, two], ranges: [10_000...10_003])
    expect(realm.take(relayed: [0], of: 1, at: ms(0))?.bind, is: one.bind)
    expect(realm.take(relayed: [0, 1], of: 2, at: ms(0))?.bind, is: two.bind)
    expect(realm.take(relayed: [0, 1], of: 2, at: ms(0)), is: nil)
    #expect(realm.capacity == .init(pairs: 4, pairsFree: 1))
    expect(realm.take(relayed: [0], of: 1, at: ms(0))?.bind, is: one.bind)
    expect(realm.take(relayed: [0], of: 1, at: ms(0)), is: nil)
  }

  @Test("The family asked for is the family given") func family() {
    var realm = RealmPorts(realm: 0, addresses: [one, six], ranges: [10_000...10_003])
    expect(realm.take(relayed: [0], of: 1, family: .v6, at: ms(0))?.bind, is: six.bind)
    expect(realm.take(relayed: [0], of: 1, family: .v6, at: ms(0))?.bind, is: six.bind)
    expect(realm.take(relayed: [0], of: 1, family: .v6, at: ms(0)), is: nil)
    expect(realm.take(relayed: [0], of: 1, family: .v4, at: ms(0))?.bind, is: one.bind)
  }

  @Test("A commit keeps the ports of calls taken") func reconfigure() throws {
    var realm = RealmPorts(realm: 0, addresses: [one, two], ranges: [10_000...10_003])
    let kept = try require(realm.take(relayed: [0], of: 1, at: ms(0)))
    let left = try require(realm.take(relayed: [0], of: 1, at: ms(0)))
    realm.reconfigure(realm: 1, addresses: [one], ranges: [10_000...10_003])
    #expect(realm.capacity == .init(pairs: 2, pairsFree: 1))
    realm.giveBack(left, at: ms(0))
    #expect(realm.capacity.pairsFree == 1)
    realm.giveBack(kept, at: ms(0))
    #expect(realm.capacity.pairsFree == 2)
  }

  @Test("Capacity in calls: one with both legs here takes two pairs") func capacity() {
    let realm = RealmPorts(realm: 0, addresses: [one, two], ranges: [16_384...32_767])
    #expect(realm.capacity.pairs == 16_384)
    #expect(realm.capacity.calls == 8_192)
  }
}
