import Glibc

/// The command line.
struct Options {
  static let usage = """
    simulate --first N --seeds K [--verbose] [--keep-going]   runs K seeds from N on (1 and 1000 when left out)
    simulate --seed N [--trace]                               runs one seed; with --trace prints every event

    --keep-going prints one line for each seed that broke a rule, and goes on
    """
  var first: UInt64 = 1
  var seeds: UInt64 = 1000
  var verbose = false
  var traces = false
  var keepsGoing = false

  /// `nil`: not understood.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let word = rest.popFirst() {
      switch word {
      case "--verbose": verbose = true
      case "--trace": traces = true
      case "--keep-going": keepsGoing = true
      case "--first":
        guard let number = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
        first = number
      case "--seeds":
        guard let number = rest.popFirst().flatMap({ UInt64($0) }), number > 0, number < 1 << 40 else { return nil }
        seeds = number
      case "--seed":
        guard let number = rest.popFirst().flatMap({ UInt64($0) }) else { return nil }
        first = number
        seeds = 1
      default: return nil
      }
    }
    guard first <= UInt64.max - seeds else { return nil }
  }

  /// Seconds.
  static func clock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
