import Addressing
import Timing

/// The one tuple a stream is heard from under `media-nat` (RTP or RTCP of one stream).
///
/// ```
/// open ──first valid packet of an allowed address──▶ locked ──another address──▶ stranger
///  ▲                                                   │
///  │                                                   ├──same address, other port, within 2 s of the last packet──▶ stranger
///  └──signalling names another address─────────────────┴──same address, other port, after 2 s, continuing──▶ locked there
/// ```
/// What "continuing" means the stream knows: for RTP the same SSRC and a sequence that goes on, for RTCP the same SSRC while RTP is silent or has moved itself.
struct SourceLatch: Sendable {
  /// How long the locked tuple must be silent before another port of its address may follow: above any packet time and any comfort-noise gap that
  /// an attacker beside the peer could use, below what a caller takes for a dead line.
  static let silence = Gap.seconds(2)

  private(set) var locked: TransportAddress?
  private var heardAt = Instant(nanoseconds: .min)

  /// Nothing was heard on the locked tuple for `silence`.
  func isSilent(at now: Instant) -> Bool { now >= heardAt + Self.silence }

  mutating func open() { locked = nil }

  /// `isAllowed` and `isContinuing` are asked only where they matter.
  mutating func takes(_ source: TransportAddress, at now: Instant, isAllowed: Bool, isContinuing: Bool) -> Bool {
    if let locked, source != locked {
      guard source.ip == locked.ip, isSilent(at: now), isContinuing else { return false }
    } else if locked == nil {
      guard isAllowed else { return false }
    }
    locked = source
    heardAt = now
    return true
  }
}
