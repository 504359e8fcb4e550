public import Addressing
public import Timing

/// What was received on one stream of one side. Loss and jitter as RFC 3550 appendix A.3 and A.8.
public struct StreamStatistics: Sendable, Equatable {
  public var side: MediaSide
  public var stream: Int
  /// RTP packets taken from the peer, duplicates included, and the bytes of their UDP payload.
  public var packets: UInt64 = 0
  public var bytes: UInt64 = 0
  public var rtcpPackets: UInt64 = 0
  public var expected: UInt64 = 0
  /// `expected - received`, never negative.
  public var lost: UInt64 = 0
  /// In ticks of the RTP timestamp: `clockRate` of them a second.
  public var jitter: Double = 0
  /// Of the stream as described last.
  public var clockRate: UInt32 = 8000
  public var jitterMilliseconds: Double { jitter * 1000 / Double(max(clockRate, 1)) }
  /// Dropped because they came from elsewhere.
  public var strangers: UInt64 = 0
  /// Dropped because they were no RTP or RTCP, or there was nowhere to send them.
  public var discarded: UInt64 = 0
  public var forwarded: UInt64 = 0
  /// The last RTP packet taken; `nil` before the first.
  public var lastPacketAt: Instant?
  /// The last RTCP packet taken; `nil` before the first.
  public var lastRTCPAt: Instant?
  /// The tuple packets are taken from now, when one is locked.
  public var source: TransportAddress?
  public init(side: MediaSide, stream: Int) {
    self.side = side
    self.stream = stream
  }
}
