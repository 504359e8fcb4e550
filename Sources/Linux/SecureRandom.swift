import CTandemShims
import Glibc
public import Timing

/// The kernel's generator (getrandom), for seeds and keys.
public enum SecureRandom {
  public static func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = tandem_random(buffer.baseAddress! + filled, count - filled)
        // After boot getrandom can only be interrupted; anything else is no system to run on.
        precondition(got > 0 || got == -EINTR, "getrandom failed with errno \(-got)")
        if got > 0 { filled += Int(got) }
      }
    }
  }
  public static func word() -> UInt64 { bytes(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) } }
  /// A generator for the pure modules, seeded with 32 bytes.
  public static func source() -> RandomSource { RandomSource(seed: (word(), word(), word(), word())) }
}
