import Addressing
import Records
import SIP
import Testing
import Timing

@Suite struct LadderTests {
  private func entry(_ number: UInt32) -> Ladder.Entry {
    Ladder.Entry(
      at: Instant(nanoseconds: Int64(number)), leg: 0, sent: number % 2 == 0, method: .options, status: 0, sequence: number, hasSDP: false,
      remote: TransportAddress(IPAddress(192, 0, 2, 1), 5060))
  }

  @Test("A ladder keeps how a call began and how it ended; what gives way in between is counted")
  func bound() {
    var ladder = Ladder()
    for number in 0..<1_000 as Range<UInt32> { ladder.note(entry(number)) }
    #expect(ladder.entries.count == Ladder.capacity)
    #expect(ladder.omitted == 1_000 - Ladder.capacity)
    let numbers = ladder.entries.map(\.sequence)
    #expect(numbers.prefix(32) == ArraySlice(0..<32))
    #expect(numbers.suffix(31) == ArraySlice(969..<1_000))
    #expect(numbers == numbers.sorted())
  }

  @Test("A ladder that is not full leaves nothing out")
  func small() {
    var ladder = Ladder()
    for number in 0..<64 as Range<UInt32> { ladder.note(entry(number)) }
    #expect(ladder.omitted == 0)
    #expect(ladder.entries.map(\.sequence) == Array(0..<64))
    #expect(Ladder(entries: ladder.entries, omitted: ladder.omitted) == ladder)
  }
}
