import Timing

/// SipHash-1-3 (Aumasson and Bernstein) over bytes, keyed per transaction layer.
///
/// Peers choose Call-IDs, tags and branches, so an unkeyed hash would let them pile everything into one bucket. The standard
/// library's hasher is keyed per process, which would make To tags derived from it differ between two runs of one simulation.
struct KeyedHash: Sendable {
  private let key: (UInt64, UInt64)

  init(using random: inout RandomSource) { key = (random.next(), random.next()) }
  /// For the published test vectors.
  init(key: (UInt64, UInt64)) { self.key = key }

  private struct Lanes {
    var v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64

    @inline(__always) mutating func round() {
      v0 &+= v1
      v2 &+= v3
      v1 = Self.rotate(v1, 13) ^ v0
      v3 = Self.rotate(v3, 16) ^ v2
      v0 = Self.rotate(v0, 32)
      v2 &+= v1
      v0 &+= v3
      v1 = Self.rotate(v1, 17) ^ v2
      v3 = Self.rotate(v3, 21) ^ v0
      v2 = Self.rotate(v2, 32)
    }
    @inline(__always) mutating func absorb(_ word: UInt64) {
      v3 ^= word
      round()
      v0 ^= word
    }
    @inline(__always) static func rotate(_ v: UInt64, _ k: UInt64) -> UInt64 { (v << k) | (v >> (64 - k)) }
  }

  func hash(_ bytes: Span<UInt8>) -> UInt64 {
    var lanes = Lanes(
      v0: key.0 ^ 0x736f_6d65_7073_6575, v1: key.1 ^ 0x646f_7261_6e64_6f6d, v2: key.0 ^ 0x6c79_6765_6e65_7261,
      v3: key.1 ^ 0x7465_6462_7974_6573)
    var word: UInt64 = 0
    var shift: UInt64 = 0
    for index in bytes.indices {
      word |= UInt64(bytes[index]) << shift
      shift += 8
      if shift == 64 {
        lanes.absorb(word)
        word = 0
        shift = 0
      }
    }
    lanes.absorb(word | UInt64(truncatingIfNeeded: bytes.count) << 56)
    lanes.v2 ^= 0xff
    lanes.round()
    lanes.round()
    lanes.round()
    return lanes.v0 ^ lanes.v1 ^ lanes.v2 ^ lanes.v3
  }
}
