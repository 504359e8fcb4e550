/// The randomness handed into the pure modules, seeded by the daemon from the kernel, by the simulator from its seed: tags, branches, Call-IDs, jitter.
///
/// ChaCha8 (Bernstein 2008) with fast key erasure: each block's first half is the next key and its second half is handed out. So whoever collects numbers (every
/// peer does: they stand in our messages) learns neither the next ones, which would let him forge messages of other peers' calls, nor the earlier ones. Keys and
/// nonces of cryptography come from the library that uses them.
public struct RandomSource: RandomNumberGenerator, Sendable {
  typealias Words = (UInt64, UInt64, UInt64, UInt64)
  private var key: Words
  private var ready: Words = (0, 0, 0, 0)
  /// Words of `ready` that were not handed out.
  private var left = 0

  /// `seed`: 32 bytes of entropy in four words.
  public init(seed: (UInt64, UInt64, UInt64, UInt64)) { key = seed }

  /// For simulations: one word, spread by splitmix64.
  public init(seed: UInt64) {
    var x = seed
    func split() -> UInt64 {
      x &+= 0x9E37_79B9_7F4A_7C15
      var z = x
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    key = (split(), split(), split(), split())
  }

  public mutating func next() -> UInt64 {
    if left == 0 {
      (key, ready) = ChaCha8.block(key)
      left = 4
    }
    left -= 1
    switch left {
    case 3: return ready.0
    case 2: return ready.1
    case 1: return ready.2
    default: return ready.3
    }
  }
}

/// Block 0 of the ChaCha8 key stream with a nonce of zeros. Words as the cipher has them, two to a number, the first in its low half.
enum ChaCha8 {
  static func block(_ key: RandomSource.Words) -> (first: RandomSource.Words, second: RandomSource.Words) {
    let (k0, k1) = halves(key.0)
    let (k2, k3) = halves(key.1)
    let (k4, k5) = halves(key.2)
    let (k6, k7) = halves(key.3)
    // "expand 32-byte k"
    let (c0, c1, c2, c3) = (0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574) as (UInt32, UInt32, UInt32, UInt32)
    var (x0, x1, x2, x3) = (c0, c1, c2, c3)
    var (x4, x5, x6, x7, x8, x9, x10, x11) = (k0, k1, k2, k3, k4, k5, k6, k7)
    var (x12, x13, x14, x15) = (0, 0, 0, 0) as (UInt32, UInt32, UInt32, UInt32)
    for _ in 0..<4 {
      mix(&x0, &x4, &x8, &x12)
      mix(&x1, &x5, &x9, &x13)
      mix(&x2, &x6, &x10, &x14)
      mix(&x3, &x7, &x11, &x15)
      mix(&x0, &x5, &x10, &x15)
      mix(&x1, &x6, &x11, &x12)
      mix(&x2, &x7, &x8, &x13)
      mix(&x3, &x4, &x9, &x14)
    }
    return (
      (joined(x0 &+ c0, x1 &+ c1), joined(x2 &+ c2, x3 &+ c3), joined(x4 &+ k0, x5 &+ k1), joined(x6 &+ k2, x7 &+ k3)),
      (joined(x8 &+ k4, x9 &+ k5), joined(x10 &+ k6, x11 &+ k7), joined(x12, x13), joined(x14, x15))
    )
  }

  @inline(__always) private static func mix(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32) {
    a &+= b
    d = rotate(d ^ a, 16)
    c &+= d
    b = rotate(b ^ c, 12)
    a &+= b
    d = rotate(d ^ a, 8)
    c &+= d
    b = rotate(b ^ c, 7)
  }
  @inline(__always) private static func rotate(_ v: UInt32, _ k: UInt32) -> UInt32 { v << k | v >> (32 - k) }
  private static func halves(_ word: UInt64) -> (UInt32, UInt32) { (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32)) }
  private static func joined(_ low: UInt32, _ high: UInt32) -> UInt64 { UInt64(high) << 32 | UInt64(low) }
}
