public import Addressing

/// How media of a call travels.
public enum MediaPath: UInt8, Sendable, Equatable { case direct, fastPath, relay }

/// Our media address on one leg of a relayed call: one RTP and one RTCP port (the next above) for each relayed stream.
public struct MediaAnchor: Sendable, Equatable {
  /// Index of the media realm in the configuration.
  public var realm: UInt16
  /// The address we bind, and the address we write into SDP (they differ behind 1:1 NAT).
  public var bind: IPAddress
  public var advertised: IPAddress
  /// Even; RTCP is `port + 1`. One entry a stream (m-line), 0 for a stream that is not relayed.
  public var ports: [UInt16]
  public init(realm: UInt16, bind: IPAddress, advertised: IPAddress, ports: [UInt16]) {
    self.realm = realm
    self.bind = bind
    self.advertised = advertised
    self.ports = ports
  }
}
