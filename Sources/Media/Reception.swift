import Timing

/// What RFC 3550 keeps of a source: the extended sequence (A.1), how many packets were expected (A.3) and the jitter (A.8).
///
/// Probation is left out: the source's address was checked before, so its first packet counts. When the sender changes (a new SSRC, or a sequence that
/// restarted: two in a row far off the old ones), what was expected and received of the old one is kept and added; the jitter goes on from where it was.
struct Reception: Sendable {
  /// RFC 3550 A.1: a step forward below `maxDropout` is loss, one back within `maxMisorder` is reordering, anything else a restart.
  static let maxDropout: UInt16 = 3000
  static let maxMisorder: UInt16 = 100

  private(set) var ssrc: UInt32?
  private(set) var jitter = 0.0
  private var base: UInt32 = 0
  private var cycles: UInt32 = 0
  private var highest: UInt16 = 0
  /// The sequence that would confirm a restart; beyond 16 bits when there is none.
  private var restartAt: UInt32 = .max
  private var received: UInt64 = 0
  private var earlierExpected: UInt64 = 0
  private var earlierReceived: UInt64 = 0
  private var transit: UInt32?

  /// A.3: from the first to the highest sequence, of all senders so far.
  var expected: UInt64 { earlierExpected &+ expectedOfSender }
  /// Duplicates make up for losses, as in A.3, but never below 0.
  var lost: UInt64 {
    let all = earlierReceived &+ received
    return expected > all ? expected &- all : 0
  }
  private var expectedOfSender: UInt64 { ssrc == nil ? 0 : UInt64(cycles &+ UInt32(highest) &- base) &+ 1 }

  /// The packet follows what was heard: same sender, and at most a tolerable loss in between.
  func isContinued(by header: RTPHeader) -> Bool {
    let step = header.sequence &- highest
    return header.ssrc == ssrc && step > 0 && step < Self.maxDropout
  }

  mutating func received(_ header: RTPHeader, clockRate: UInt32, at now: Instant) {
    if header.ssrc != ssrc {
      restart(header)
    } else if !advance(to: header) {
      return
    }
    received &+= 1
    measureJitter(header.timestamp, clockRate: clockRate, at: now)
  }

  /// RFC 3550 A.1, update_seq. False: far off, not counted until a second one confirms it.
  private mutating func advance(to header: RTPHeader) -> Bool {
    let step = header.sequence &- highest
    if step < Self.maxDropout {
      if header.sequence < highest { cycles &+= 65_536 }
      highest = header.sequence
    } else if step <= 0 &- Self.maxMisorder {
      if UInt32(header.sequence) == restartAt {
        restart(header)
      } else {
        restartAt = UInt32(header.sequence &+ 1)
        return false
      }
    }
    return true
  }

  private mutating func restart(_ header: RTPHeader) {
    earlierExpected = expected
    earlierReceived &+= received
    ssrc = header.ssrc
    base = UInt32(header.sequence)
    highest = header.sequence
    cycles = 0
    restartAt = .max
    received = 0
    transit = nil
  }

  /// RFC 3550 A.8. All in timestamp units modulo 2^32; the difference of two transits is small whatever their offset.
  private mutating func measureJitter(_ timestamp: UInt32, clockRate: UInt32, at now: Instant) {
    let (seconds, rest) = now.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    let arrival = UInt32(truncatingIfNeeded: seconds &* Int64(clockRate) &+ rest &* Int64(clockRate) / 1_000_000_000)
    let now = arrival &- timestamp
    defer { transit = now }
    guard let transit else { return }
    let difference = Double(Int32(bitPattern: now &- transit).magnitude)
    jitter += (difference - jitter) / 16
  }
}
