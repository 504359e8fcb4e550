import Glibc
import Simulator

// simulate --first N --seeds K [--verbose] [--keep-going] | --seed N [--trace]
// Runs seeds one after another. Exit 0: no rule was broken. Exit 1: one was; what is printed is enough to see it again. Exit 2: usage.

let options = Options(Array(CommandLine.arguments.dropFirst()))
guard let options else {
  print(Options.usage)
  exit(2)
}
TrapReport.install()

var total = Tally()
var broken = 0
var slowest = (seed: UInt64(0), seconds: 0.0)
let began = Options.clock()
for seed in options.first..<(options.first + options.seeds) {
  TrapReport.name(seed)
  let start = Options.clock()
  var simulation = try Simulation(seed: seed)
  // Flushed line by line: what was printed before a trap must be there.
  if options.traces {
    simulation.onEvent = {
      print($0)
      fflush(nil)
    }
  }
  let outcome = simulation.run()
  let seconds = Options.clock() - start
  if seconds > slowest.seconds { slowest = (seed, seconds) }
  total.add(outcome.tally)
  if options.verbose { print("seed \(seed): \(outcome.events) events, hash \(String(outcome.hash, radix: 16)), \(Int(seconds * 1000)) ms") }
  if let violation = outcome.violation {
    if options.keepsGoing {
      broken += 1
      print("seed \(seed) broke \(violation.checker): \(violation.text)")
      fflush(nil)
      continue
    }
    if !options.traces {
      print("The last \(outcome.lastEvents.count) of \(outcome.events) events:")
      for event in outcome.lastEvents { print(event) }
    }
    print("\nseed \(seed) broke \(violation.checker): \(violation.text)")
    print("See it again: .build/release/simulate --seed \(seed) --trace")
    exit(1)
  }
  if seed % 50 == 0 || options.seeds == 1 {
    // A sample runs again without swapping calls for their copies: nothing observable may differ.
    var plain = try Simulation(seed: seed, rewriting: false)
    let other = plain.run()
    total.add("runs repeated without swaps", 1)
    if other.hash != outcome.hash || other.violation != nil {
      print("\nseed \(seed) broke Restore: the run with calls swapped for their copies differs from the run without")
      print("See it again: .build/release/simulate --seed \(seed) --trace")
      exit(1)
    }
  }
}
let seconds = Options.clock() - began
for (name, count) in total.counts { print("\(name): \(count)") }
print(
  "\(options.seeds) seeds, \(Int(total.virtualSeconds / 3600)) virtual hours in \(Int(seconds)) s (\(Int(Double(options.seeds) / max(seconds, 0.001))) seeds a second, slowest seed \(slowest.seed) with \(Int(slowest.seconds * 1000)) ms); \(broken == 0 ? "no rule was broken" : "\(broken) broke a rule")"
)
exit(broken == 0 ? 0 : 1)
