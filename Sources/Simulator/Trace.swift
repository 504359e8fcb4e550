import Records
import Timing

/// The run so far: a hash over everything that crossed the exchange's border, and the last events as they were.
///
/// Two runs are the same when their hashes are. What only looks inside (holdings, swaps for copies) is shown but not hashed, so that a run
/// with swaps can be compared with one without.
public struct Trace: Sendable {
  public static let kept = 40
  public private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  public private(set) var count = 0
  private var last: [TraceEvent] = []
  private var place = 0

  public init() {}

  /// Oldest first.
  public var lastEvents: [TraceEvent] { Array(last[place...] + last[..<place]) }

  public mutating func note(_ event: TraceEvent) {
    count += 1
    if last.count < Trace.kept {
      last.append(event)
    } else {
      last[place] = event
      place = (place + 1) % Trace.kept
    }
    mix(event)
  }

  private mutating func mix(_ event: TraceEvent) {
    switch event.what {
    case .sent(let signal): mix(1, event.at, signal.bytes, "\(signal.remote)")
    case .delivered(let signal): mix(2, event.at, signal.bytes, "\(signal.remote)")
    case .packetDelivered(let bytes, let from, let to): mix(3, event.at, bytes, "\(from)\(to)")
    case .packetSent(let bytes, let from, let to, _): mix(4, event.at, bytes, "\(from)\(to)")
    case .record(let record): mix(5, event.at, Array(record.id.utf8), "\(record.outcome)\(record.status)\(record.reason)")
    case .command(let command): mix(6, event.at, [], "\(command)")
    case .answer, .bound, .unbound, .holdings, .rewritten, .unsettled, .calm, .hangUp, .ended, .stopping, .halted, .servers, .happening: break
    }
  }

  private mutating func mix(_ kind: UInt64, _ at: Instant, _ bytes: [UInt8], _ text: String) {
    mix(kind)
    mix(UInt64(bitPattern: at.nanoseconds))
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }
  private mutating func mix(_ word: UInt64) {
    hash = (hash ^ word) &* 0x100_0000_01B3
    hash ^= hash >> 29
  }
}
