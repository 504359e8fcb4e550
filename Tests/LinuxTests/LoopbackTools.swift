import Addressing
import Glibc
import Linux
import Timing

let loopback = IPAddress(127, 0, 0, 1)

/// A folder of the test's own, removed with it.
final class Folder {
  let path: String
  init() {
    var template = Array("/tmp/tandem-linux-tests-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }
  deinit { remove(path) }
  private func remove(_ path: String) {
    for name in (try? Files.list(path)) ?? [] {
      if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
    }
    rmdir(path)
  }
}

/// Waits until `descriptor` is ready, two seconds at most; what it was ready for.
func wait(for descriptor: Descriptor, readable: Bool = true, writable: Bool = false) throws -> EventPoll.Ready? {
  let poll = try EventPoll()
  try poll.add(descriptor, key: 7, readable: readable, writable: writable)
  var found: EventPoll.Ready?
  let end = MonotonicClock.now() + .seconds(2)
  while found == nil, MonotonicClock.now() < end { poll.wait(.milliseconds(100)) { found = $0 } }
  return found
}

/// Repeats `step` until it says that it is done, five seconds at most.
func until(_ step: () throws -> Bool) rethrows -> Bool {
  let end = MonotonicClock.now() + .seconds(5)
  while MonotonicClock.now() < end {
    if try step() { return true }
    usleep(200)
  }
  return false
}
