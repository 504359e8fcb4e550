public import Addressing
public import Timing

/// What call control asks of the media plane. Commands of one session are carried out in order.
public enum MediaCommand: Sendable, Equatable {
  /// Bind the ports of one side. Answered by `.opened` or `.refused`.
  case open(session: UInt64, side: MediaSide, anchor: MediaAnchor)
  /// Where one stream's media goes on that side and whom we hear there; replaces what held before. Nothing is forwarded to or from a side without it.
  case program(session: UInt64, side: MediaSide, stream: Int, FlowProgram)
  /// Give up the ports of one side (an attempt that failed).
  case release(session: UInt64, side: MediaSide)
  /// The call has ended: stop forwarding, give up all ports. Answered by `.closed` with the final counts.
  case close(session: UInt64)
}

/// The two sides of a relayed call: towards the caller's trunk and towards the called trunk.
public enum MediaSide: UInt8, Sendable, Equatable, CaseIterable {
  case incoming = 0, outgoing = 1
  public var other: MediaSide { self == .incoming ? .outgoing : .incoming }
}

/// One stream of one side: where to send, and whose packets are taken.
public struct FlowProgram: Sendable, Equatable {
  /// Where the peer wants RTP and RTCP; `nil` = send nothing (held, or not known yet).
  public var rtp: TransportAddress?
  public var rtcp: TransportAddress?
  /// Whose packets are forwarded.
  public enum SourceRule: Sendable, Equatable {
    /// Only from exactly the signalled addresses (`media-source-check tuple`).
    case tuple
    /// From the signalled IP address, any port (`address`).
    case address
    /// From these blocks (`prefix`).
    case prefix([IPPrefix])
    /// `media-nat`: learn from the first valid packet of an address in these blocks, then locked to that tuple (decided: another port of the same address only
    /// after 2 s of silence, with the same SSRC and continuing sequence; never another address without signalling). Replies go to the learnt tuple.
    case learn([IPPrefix])
  }
  public var source: SourceRule
  public init(rtp: TransportAddress?, rtcp: TransportAddress?, source: SourceRule) {
    self.rtp = rtp
    self.rtcp = rtcp
    self.source = source
  }
}

public enum MediaEvent: Sendable, Equatable {
  case opened(session: UInt64, side: MediaSide)
  /// A port could not be bound (in use by somebody else, no descriptors left).
  case refused(session: UInt64, side: MediaSide, reason: String)
  /// Final counts, one entry a side and stream, incoming side first.
  case closed(session: UInt64, [StreamStatistics])
  /// Answer to a request for counts.
  case report(session: UInt64, [StreamStatistics])
}

/// What was received on one stream of one side. Loss and jitter as RFC 3550 appendix A.3 and A.8.
public struct StreamStatistics: Sendable, Equatable {
  public var side: MediaSide
  public var stream: Int
  public var packets: UInt64 = 0
  public var bytes: UInt64 = 0
  public var rtcpPackets: UInt64 = 0
  public var expected: UInt64 = 0
  /// `expected - received`, never negative.
  public var lost: UInt64 = 0
  /// In units of the RTP timestamp (8 kHz for G.711).
  public var jitter: Double = 0
  /// Dropped because they came from elsewhere.
  public var strangers: UInt64 = 0
  /// Dropped because they were no RTP or RTCP, or there was nowhere to send them.
  public var discarded: UInt64 = 0
  public var forwarded: UInt64 = 0
  /// `nil` before the first packet.
  public var lastPacketAt: Instant?
  /// The tuple packets are taken from now, when one is locked.
  public var source: TransportAddress?
  public init(side: MediaSide, stream: Int) {
    self.side = side
    self.stream = stream
  }
}
