import Linux
import Testing
import Timing

@testable import tandemd

@Suite("The heartbeat")
struct HeartbeatTests {
  private let limit = Gap.seconds(1)

  @Test("A thread that has not gone round within the limit hangs; work that is known to take longer is none, up to its bound")
  func working() {
    let heart = Heartbeat()
    let start = MonotonicClock.now()
    heart.beat(at: start)
    #expect(heart.isBeating(at: start + .milliseconds(999), within: limit))
    #expect(!heart.isBeating(at: start + .seconds(1), within: limit))
    heart.working(since: start) {
      #expect(heart.isBeating(at: start + .seconds(9), within: limit))
      #expect(!heart.isBeating(at: start + Heartbeat.longest, within: limit))
    }
    // It has beaten at the end, and is judged as ever.
    #expect(heart.last >= start && heart.isBeating(at: heart.last + .milliseconds(999), within: limit))
    #expect(!heart.isBeating(at: heart.last + .seconds(2), within: limit))
  }

  @Test("Work that throws ends its excuse too")
  func failing() {
    let heart = Heartbeat()
    let start = MonotonicClock.now()
    #expect(throws: SystemCallError.self) {
      try heart.working(since: start) { () throws(SystemCallError) in throw SystemCallError("bind", errno: 98, object: "udp") }
    }
    #expect(!heart.isBeating(at: heart.last + .seconds(2), within: limit))
  }
}
