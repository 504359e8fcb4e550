import Glibc

/// A trap ends the process at once; the handler still says which seed it was. It only writes bytes that were made before.
enum TrapReport {
  nonisolated(unsafe) private static let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
  nonisolated(unsafe) private static var length = 0

  static func install() {
    name(0)
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS] {
      signal(number) { _ in
        _ = write(2, TrapReport.buffer, TrapReport.length)
        _exit(1)
      }
    }
  }

  static func name(_ seed: UInt64) {
    let text = Array("\nseed \(seed) trapped. See it again: .build/release/simulate --seed \(seed) --trace\n".utf8.prefix(256))
    buffer.update(from: text, count: text.count)
    length = text.count
  }
}
