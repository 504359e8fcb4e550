public import Addressing

/// A session description (RFC 8866), read strictly enough to be rebuilt: nothing of it crosses to another leg except what is written anew.
///
/// Kept: the origin, connection addresses, streams and all attributes. Dropped: name, information, URI, e-mail, telephone, bandwidth, times, time zones
/// and keys, which no call depends on. Bounds: `SDPLimits`. Addresses are IPv4 or IPv6, never names, never multicast.
/// What the values mean is not checked here: an unknown attribute is kept as it came, and `crossing` decides what passes.
public struct SessionDescription: Sendable, Equatable {
  public enum Direction: UInt8, Sendable { case sendrecv, sendonly, recvonly, inactive }
  public struct Origin: Sendable, Equatable {
    public var username: [UInt8]
    public var sessionID: UInt64
    public var version: UInt64
    public var address: IPAddress
    public init(username: [UInt8], sessionID: UInt64, version: UInt64, address: IPAddress) {
      self.username = username
      self.sessionID = sessionID
      self.version = version
      self.address = address
    }
  }
  public struct Attribute: Sendable, Equatable {
    public var name: [UInt8]
    /// `nil` for a property attribute (`a=sendrecv`).
    public var value: [UInt8]?
    public init(name: [UInt8], value: [UInt8]? = nil) {
      self.name = name
      self.value = value
    }
  }
  public struct Media: Sendable, Equatable {
    /// `audio`, `video`, `image`, `application` ...
    public var kind: [UInt8]
    /// 0 = rejected or disabled.
    public var port: UInt16
    /// `RTP/AVP`, `RTP/SAVP`, `udptl` ...
    public var proto: [UInt8]
    /// Payload types (or other format tokens) in order of preference.
    public var formats: [[UInt8]]
    /// `nil`: the session's connection address holds. An FQDN in c= is refused by the parser with `unsupportedAddress`.
    public var connection: IPAddress?
    public var attributes: [Attribute]
    public init(kind: [UInt8], port: UInt16, proto: [UInt8], formats: [[UInt8]], connection: IPAddress? = nil, attributes: [Attribute] = []) {
      self.kind = kind
      self.port = port
      self.proto = proto
      self.formats = formats
      self.connection = connection
      self.attributes = attributes
    }
  }
  public var origin: Origin
  public var connection: IPAddress?
  public var attributes: [Attribute]
  public var media: [Media]

  public init(origin: Origin, connection: IPAddress?, attributes: [Attribute] = [], media: [Media]) {
    self.origin = origin
    self.connection = connection
    self.attributes = attributes
    self.media = media
  }

  /// Why a description was refused; 488 is the answer to all of them but `syntax`, which is 400.
  public enum ParseFailure: Error, Sendable, Equatable {
    /// `line`: from 1.
    case syntax(line: Int, StaticStringBox)
    /// A bound of `SDPLimits` was passed.
    case tooLarge
    /// `c=` names a host or a multicast group.
    case unsupportedAddress
    case noMedia

    /// The SIP status of the answer (RFC 3261 21.4.1, 21.4.26).
    public var status: Int { if case .syntax = self { 400 } else { 488 } }
  }
  /// A reason that can be compared in tests.
  public struct StaticStringBox: Sendable, Equatable, CustomStringConvertible {
    public let description: String
    public init(_ text: StaticString) { description = "\(text)" }
  }
}
