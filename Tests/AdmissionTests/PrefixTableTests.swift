import Addressing
import Testing
import Timing

@testable import Admission

@Suite struct PrefixTableTests {
  @Test("The table finds what a search through all blocks finds — random blocks", arguments: 0..<40)
  func agreesWithSearch(seed: UInt64) {
    var random = RandomSource(seed: seed)
    // A small space, so that blocks nest and collide.
    func address() -> IPAddress {
      Bool.random(using: &random)
        ? IPAddress(v4: 0x0A00_0000 + UInt32.random(in: 0..<512, using: &random))
        : IPAddress(v6High: UInt64.random(in: 0...3, using: &random), low: UInt64.random(in: 0...3, using: &random) << 62)
    }
    var table = PrefixTable<Int>()
    var blocks: [IPPrefix] = []
    for index in 0..<Int.random(in: 0...200, using: &random) {
      let ip = address()
      let length = Int.random(in: ip.family == .v4 ? 20...32 : 60...128, using: &random)
      guard let block = IPPrefix(ip, length: length), table[block] == nil else { continue }
      table.insert(block, index)
      blocks.append(block)
    }
    for _ in 0..<500 {
      let ip = address()
      let expected = blocks.filter { $0.contains(ip) }.max { $0.length < $1.length }
      #expect(table.search(ip) { $0 } == expected.flatMap { table[$0] })
      #expect((table.search(ip) { $0 } == nil) == (expected == nil))
    }
  }
  @Test("A search goes from the narrowest block to wider ones until it is answered")
  func searchOrder() throws {
    var table = PrefixTable<Int>()
    for length in [8, 24, 0, 16] { table.insert(try #require(IPPrefix("10.1.2.0/\(length)")), length) }
    var asked: [Int] = []
    let answer = table.search(IPAddress(10, 1, 2, 3)) { length -> Int? in
      asked.append(length)
      return length <= 8 ? length : nil
    }
    #expect(answer == 8)
    #expect(asked == [24, 16, 8])
    #expect(table.mapValues { -$0 }.search(IPAddress(10, 1, 9, 9)) { $0 } == -16)
  }
  @Test("Entering a block again replaces its value")
  func replaces() throws {
    var table = PrefixTable<Int>()
    let block = try #require(IPPrefix("10.0.0.0/8"))
    table.insert(block, 1)
    table.insert(try #require(IPPrefix("10.1.2.3/8")), 2)
    #expect(table[block] == 2)
    #expect(table.search(IPAddress(10, 9, 9, 9)) { $0 } == 2)
  }
}
