import Timing

// What a run draws from its generators.
extension RandomSource {
  mutating func below(_ bound: Int) -> Int { bound <= 1 ? 0 : Int(next() % UInt64(bound)) }
  mutating func between(_ low: Int, _ high: Int) -> Int { low + below(high - low + 1) }
  mutating func chance(_ percent: Int) -> Bool { percent > 0 && below(100) < percent }
  mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
  mutating func shuffle<T>(_ values: inout [T]) {
    for index in values.indices.reversed() { values.swapAt(index, below(index + 1)) }
  }
  mutating func milliseconds(_ low: Int, _ high: Int) -> Gap {
    Gap(nanoseconds: Int64(between(low * 1000, high * 1000)) * 1000)
  }
  /// A generator of its own, so that what one part draws does not change what another draws.
  mutating func branch() -> RandomSource { RandomSource(seed: next()) }
}
