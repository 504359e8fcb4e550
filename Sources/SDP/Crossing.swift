public import Addressing

extension SessionDescription {
  /// What may cross from one leg to the other, built anew from an allow-list (decided: nothing of one leg appears on the other except through it):
  /// kind, formats, rtpmap, fmtp, ptime, maxptime, direction of RTP/AVP audio. Every other stream is kept in its place with port 0.
  ///
  /// `anchor`: the address and RTP port for each stream we relay; `nil` = direct media, then the peer's own address and ports (and a=rtcp) necessarily pass.
  /// The origin is a placeholder; `OfferAnswer.send` stamps it.
  public func crossing(to anchor: (address: IPAddress, ports: [UInt16])?) -> SessionDescription { fatalError() }
  /// Streams that `crossing` keeps: RTP/AVP audio with a non-zero port.
  public var relayableStreams: [Int] { fatalError() }
}
