public import Addressing

/// One stream of one side: where to send, and whose packets are taken.
///
/// Sending and hearing are two things. A peer that put the call on hold (`a=sendonly`) wants nothing sent, so `rtp` is `nil`,
/// yet its music on hold must still be taken, and from nobody else: `rtpSource` says from whom.
public struct FlowProgram: Sendable, Equatable {
  /// Where the peer wants RTP and RTCP; `nil` = send nothing (held, or not known yet).
  public var rtp: TransportAddress?
  public var rtcp: TransportAddress?
  /// Where the peer signalled that its packets come from. `nil` = as the last program of this stream said (old-style hold hides the address).
  public var rtpSource: TransportAddress?
  public var rtcpSource: TransportAddress?
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
  /// Ticks of the RTP timestamp in a second, for jitter.
  public var clockRate: UInt32
  /// `rtpSource` and `rtcpSource` left out: the peer sends from where it receives (symmetric RTP, RFC 4961).
  public init(
    rtp: TransportAddress?, rtcp: TransportAddress?, source: SourceRule, rtpSource: TransportAddress? = nil,
    rtcpSource: TransportAddress? = nil, clockRate: UInt32 = 8000
  ) {
    self.rtp = rtp
    self.rtcp = rtcp
    self.source = source
    self.rtpSource = rtpSource ?? rtp
    self.rtcpSource = rtcpSource ?? rtcp
    self.clockRate = clockRate
  }
}
