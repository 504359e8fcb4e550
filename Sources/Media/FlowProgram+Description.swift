public import Addressing
public import SDP

/// `media-source-check`: how closely a packet's source must fit what was signalled.
///
/// `tuple` is what a peer has unless its configuration says otherwise: most equipment sends from where it receives (symmetric RTP, RFC 4961), and whoever else shares
/// its address, other calls of the same gateway included, stays outside. `address` is for equipment that sends from another port.
public enum MediaSourceCheck: UInt8, Sendable, Equatable, CaseIterable { case tuple, address, prefix }

extension FlowProgram {
  /// What the peer's description asks for on one stream.
  ///
  /// Sent: RTP to its address unless it holds us (`sendonly`, `inactive`); RTCP goes on during a hold (RFC 3264 5.1), except with the old-style
  /// `c=0.0.0.0`, which stops both (8.4). Heard: RTP from its signalled RTP address and RTCP from its signalled RTCP address (a=rtcp, else the next port),
  /// as closely as `check` says. With `mediaNAT` the source is learnt, from the signalled address, the address its signalling comes
  /// from, or a media-source block. `prefix` takes the blocks and the signalled address.
  public init(
    remote: SessionDescription, stream: Int, mediaNAT: Bool, mediaSources: [IPPrefix], signallingSource: IPAddress,
    check: MediaSourceCheck = .tuple
  ) {
    let rtp = remote.rtpDestination(of: stream)
    let rtcp = remote.rtcpDestination(of: stream)
    let signalled = [rtp?.ip, rtcp?.ip].compactMap { $0.flatMap(IPPrefix.init(host:)) }
    let rule: SourceRule
    if mediaNAT {
      rule = .learn(Self.distinct(signalled + [IPPrefix(host: signallingSource)].compactMap { $0 } + mediaSources))
    } else {
      switch check {
      case .tuple: rule = .tuple
      case .address: rule = .address
      case .prefix: rule = .prefix(Self.distinct(signalled + mediaSources))
      }
    }
    self.init(
      rtp: remote.isHeld(stream) ? nil : rtp, rtcp: rtcp, source: rule, rtpSource: rtp, rtcpSource: rtcp,
      clockRate: remote.clockRate(of: stream) ?? 8000)
  }

  private static func distinct(_ blocks: [IPPrefix]) -> [IPPrefix] {
    blocks.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

extension IPPrefix {
  fileprivate init?(host: IPAddress) { self.init(host, length: host.family == .v4 ? 32 : 128) }
}
