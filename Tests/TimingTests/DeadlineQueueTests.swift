import Testing
import Timing

@Suite struct DeadlineQueueTests {
  private func at(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }

  @Test("Entries come out by instant, those of one instant by key, whatever order they came in")
  func order() {
    var random = RandomSource(seed: 11)
    for _ in 0..<100 {
      var queue = DeadlineQueue<Int>()
      var entered: [(at: Int64, key: Int)] = []
      for _ in 0..<Int(random.next() % 200) {
        let entry = (at: Int64(random.next() % 20), key: Int(random.next() % 30))
        entered.append(entry)
        queue.enter(entry.key, at: at(entry.at))
      }
      entered.sort { $0 < $1 }
      #expect(queue.count == entered.count)
      for entry in entered {
        #expect(queue.next == at(entry.at))
        #expect(queue.popDue(at: at(entry.at)) == entry.key)
      }
      #expect(queue.next == nil && queue.count == 0)
      #expect(queue.popDue(at: at(.max)) == nil)
    }
  }

  @Test("Nothing comes out before it is due")
  func notYet() {
    var queue = DeadlineQueue<Int>()
    queue.enter(1, at: at(10))
    #expect(queue.popDue(at: at(9)) == nil)
    #expect(queue.count == 1)
    #expect(queue.popDue(at: at(10)) == 1)
  }

  @Test("Entering and taking out may be mixed; what comes out is never later than what stays")
  func mixed() {
    var random = RandomSource(seed: 12)
    var queue = DeadlineQueue<Int>()
    var held: [Int64] = []
    for round in 0..<5_000 {
      if random.next() % 3 != 0 {
        let instant = Int64(random.next() % 1_000)
        held.append(instant)
        queue.enter(round, at: at(instant))
      } else if let next = queue.next {
        #expect(next.nanoseconds == held.min())
        #expect(queue.popDue(at: next) != nil)
        if let index = held.firstIndex(of: next.nanoseconds) { held.remove(at: index) }
      }
      #expect(queue.count == held.count)
    }
  }
}

@Suite struct InstantTests {
  @Test("An instant moved past either end of the range stays there")
  func saturates() {
    #expect(Instant(nanoseconds: .max) + .seconds(1) == Instant(nanoseconds: .max))
    #expect(Instant(nanoseconds: .min) + Gap(nanoseconds: -1) == Instant(nanoseconds: .min))
    #expect(Instant(nanoseconds: 5) + Gap(nanoseconds: -7) == Instant(nanoseconds: -2))
  }

  @Test("Gaps are counted in nanoseconds and shown in whole milliseconds")
  func gaps() {
    #expect(Gap.seconds(2) == Gap.milliseconds(2_000))
    #expect(Gap.milliseconds(1).nanoseconds == 1_000_000)
    #expect(Gap(nanoseconds: 1_999_999).milliseconds == 1)
    #expect(Gap.milliseconds(500) * 64 == .seconds(32))
    #expect(Instant(nanoseconds: 900).since(Instant(nanoseconds: 1_000)).nanoseconds == -100)
  }
}

@Suite struct RandomSourceTests {
  @Test("The same seed gives the same numbers, another seed others, and a seed of zeros works")
  func seeds() {
    func draw(_ source: RandomSource) -> [UInt64] {
      var source = source
      return (0..<50).map { _ in source.next() }
    }
    #expect(draw(RandomSource(seed: 3)) == draw(RandomSource(seed: 3)))
    #expect(draw(RandomSource(seed: 3)) != draw(RandomSource(seed: 4)))
    let zeros = draw(RandomSource(seed: (0, 0, 0, 0)))
    #expect(Set(zeros).count == zeros.count)
  }
}
