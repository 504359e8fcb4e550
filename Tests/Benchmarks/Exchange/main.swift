// What one call costs the exchange alone: INVITE, 180, 200, ACK, BYE, 200 with direct media, in memory, no sockets.
// Time:          swift run -c release benchmark-exchange [CALLS]
// Instructions:  valgrind --tool=callgrind --collect-atstart=no --toggle-collect='*measuredInput*' --toggle-collect='*measuredTimers*' BENCHMARK 300
//                where BENCHMARK is a copy made by strip -g (valgrind may not know the debug information); what it counts is for 360 calls
// Memory:        swift run -c release benchmark-exchange check: allocations of a call and of a request in its dialog, bytes of calls that are held, each beside
//                the most it may be; ends 1 when one is passed. `make check` runs it.
// The shipped plugins are used if `make build` put them into .build/release/plugins, else trunks without hooks.
import Addressing
import CTandemTrunk
import Calls
import Configuration
import CountingAllocator
import Glibc
import Linux
import Routing
import SIP
import Timing
import Trunks

if CommandLine.arguments.dropFirst().first == "check" {
  exit(try MemoryCheck.run() ? 0 : 1)
}
let calls = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 20_000
var bench = try ExchangeBenchmark()
// Not measured: until as many transactions end as begin.
bench.run(max(calls / 5, calls > 1_000 ? 2_000 : 0))
bench.spent = .zero
bench.spentByStep = [:]
bench.allocationsByStep = [:]
let transmitted = bench.transmitted
bench.run(calls)
precondition(bench.transmitted - transmitted == 7 * calls, "a call did not go through")
let each = Int(bench.spent / .nanoseconds(1)) / calls
print("\(calls) calls, plugins: \(bench.plugins)\n\(each) ns per call")
for (step, spent) in bench.spentByStep.sorted(by: { $0.key < $1.key }) {
  print("  \(step) \(Int(spent / .nanoseconds(1)) / calls) ns, \(bench.allocationsByStep[step, default: 0] / calls) allocations")
}
