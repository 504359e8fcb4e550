import Testing

@testable import Timing

@Suite struct RandomSourcePredictionTests {
  @Test("The key stream is ChaCha8's: the published block of a key and nonce of zeros")
  func knownBlock() {
    let (first, second) = ChaCha8.block((0, 0, 0, 0))
    let words = [first.0, first.1, first.2, first.3, second.0, second.1, second.2, second.3]
    #expect(
      words.map(\.byteSwapped) == [
        0x3e00_ef2f_895f_40d6, 0x7f5b_b8e8_1f09_a5a1, 0x2c84_0ec3_ce9a_7f3b, 0x181b_e188_ef71_1a1e,
        0x984c_e172_b921_6f41, 0x9f44_5367_456d_5619, 0x314a_42a3_da86_b001, 0x387b_fdb8_0e0c_fe42,
      ])
  }

  @Test("Numbers that were handed out do not give the next ones: no linear generator fits them (four of xoshiro256** are its whole state)")
  func notLinear() {
    func rotate(_ v: UInt64, _ k: UInt64) -> UInt64 { v << k | v >> (64 - k) }
    var source = RandomSource(seed: 99)
    let out = (0..<5).map { _ in source.next() }
    // Undo the scrambler: rotate(s1 * 5, 7) * 9.
    let s = out.map { rotate($0 &* 0x8E38_E38E_38E3_8E39, 57) &* 0xCCCC_CCCC_CCCC_CCCD }
    // s1 of four steps gives s0^s2, s0^s3 and then s3: see the generator's step.
    let x = s[0] ^ s[1]
    let s2Next = x ^ (s[0] << 17)
    let y = s[2] ^ s[1] ^ s2Next ^ s[0]
    let s0Next = y ^ s[0]
    let s2After = s2Next ^ s0Next ^ (s[1] << 17)
    let s0After = s[3] ^ s[2] ^ s2After
    let s3 = rotate(s0After ^ s0Next ^ s[1], 19) ^ s[0]
    var state = (y ^ s3, s[0], x ^ y ^ s3, s3)
    func step() -> UInt64 {
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
    #expect((0..<5).map { _ in step() }.last != out[4])
  }

  @Test("Nothing that is kept gives the numbers before: key and block share no word with what was handed out")
  func erased() {
    var source = RandomSource(seed: 7)
    let out = (0..<4).map { _ in source.next() }
    _ = source.next()
    let kept = withUnsafeBytes(of: source) { bytes in (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self) } }
    #expect(Set(kept).isDisjoint(with: out))
  }
}
