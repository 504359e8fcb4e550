import CountingAllocator
import Timing

/// Allocations and bytes, which no neighbour on the machine can change, each with the most it may be. A limit is what was measured when it was last lowered
/// and a tenth more; a change that passes one either finds the waste or says in its commit why the limit rises.
enum MemoryCheck {
  private struct Figure {
    var name: String
    var value: Int
    var limit: Int
  }
  private static let held = 2_000

  static func run() throws -> Bool {
    var figures = try allocations()
    figures += try bytes()
    var isGood = true
    for figure in figures {
      let verdict = figure.value <= figure.limit ? "" : "   TOO MUCH"
      if figure.value > figure.limit { isGood = false }
      print("\(figure.name): \(figure.value) (at most \(figure.limit))\(verdict)")
    }
    return isGood
  }

  private static func allocations() throws -> [Figure] {
    var bench = try ExchangeBenchmark()
    bench.run(2_000)
    bench.allocationsByStep = [:]
    bench.run(1_000)
    let perCall = bench.allocationsByStep.values.reduce(0, +) / 1_000
    guard let live = bench.begin() else { return [] }
    for sequence in 2..<102 { bench.ask(sequence, in: live) }
    return [
      Figure(name: "allocations of a call", value: perCall, limit: 158),
      Figure(name: "allocations of an OPTIONS in a dialog", value: bench.allocationsByStep["8 OPTIONS", default: 0] / 100, limit: 8),
    ]
  }

  /// What calls that are up keep: a second after the answer with their transactions, and when these have ended and nothing happens.
  private static func bytes() throws -> [Figure] {
    var bench = try ExchangeBenchmark()
    // What grows once grows now.
    bench.run(3_000)
    bench.step(.seconds(60))
    let before = ca_bytes()
    var calls: [ExchangeBenchmark.Live] = []
    calls.reserveCapacity(held)
    for _ in 0..<held {
      if let live = bench.begin() { calls.append(live) }
    }
    precondition(calls.count == held && bench.resting == (0, held), "a call did not go through")
    // The harness's own note of each call goes before the second measurement.
    calls = []
    let awake = ca_bytes() - before
    for _ in 0..<60 { bench.step(.seconds(1)) }
    precondition(bench.resting == (held, held), "a quiet call does not rest")
    let resting = ca_bytes() - before
    print("a call at rest is written in \(bench.restingBytes / held) bytes")
    return [
      Figure(name: "bytes of a call just answered, with its transactions", value: Int(awake) / held, limit: 9_800),
      Figure(name: "bytes of a held call", value: Int(resting) / held, limit: 2_800),
    ]
  }
}
