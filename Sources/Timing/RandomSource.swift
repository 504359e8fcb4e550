/// The randomness handed into the pure modules: xoshiro256** seeded by the daemon from the kernel, by the simulator from
/// its seed. Good for tags, branches and jitter that must not be guessed from outside by a few samples; keys and nonces
/// of cryptography come from the library that uses them.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// `seed`: 32 bytes of entropy in four words. All zero is replaced by a fixed non-zero state.
  public init(seed: (UInt64, UInt64, UInt64, UInt64)) {
    state = seed
    if seed.0 | seed.1 | seed.2 | seed.3 == 0 { state = (1, 2, 3, 4) }
  }

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
    state = (split(), split(), split(), split())
  }

  public mutating func next() -> UInt64 {
    func rotate(_ v: UInt64, _ k: UInt64) -> UInt64 { (v << k) | (v >> (64 - k)) }
    let result = rotate(state.1 &* 5, 7) &* 9
    let t = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= t
    state.3 = rotate(state.3, 45)
    return result
  }
}
