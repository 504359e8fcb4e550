public import Addressing

/// A session description (RFC 8866), read strictly enough to be rebuilt: nothing of it crosses to another leg except what is written anew.
///
/// Kept: session id and version, connection addresses, streams and all attributes. Dropped: user name, session name, information, URI, e-mail, telephone,
/// bandwidth, times, time zones and keys, which no call depends on. Bounds: `SDPLimits`. Addresses are IPv4 or IPv6, never names, never multicast.
/// What the values mean is not checked here: an unknown attribute is kept as it came, and `crossing` decides what passes.
///
/// Held as the text it is written as, from the session's attributes on, with the place of each stream in it: a call that is up holds four of these for as
/// long as it lasts. `media` and `attributes` (`SessionDescription+Parts`) take it apart and put it together again; calls use the accessors in `Streams`.
///
///     a=sendonly␍␊ m=audio 5004 RTP/AVP 0␍␊ c=IN IP4 192.0.2.1␍␊ a=ptime:20␍␊ m=video ...
///                  start                                          attributes    end, start
public struct SessionDescription: Sendable, Equatable {
  public enum Direction: UInt8, Sendable { case sendrecv, sendonly, recvonly, inactive }
  /// `o=` without its user name.
  public struct Origin: Sendable, Equatable {
    public var sessionID: UInt64
    public var version: UInt64
    public var address: IPAddress
    public init(sessionID: UInt64, version: UInt64, address: IPAddress) {
      self.sessionID = sessionID
      self.version = version
      self.address = address
    }
  }
  public var origin: Origin
  public var connection: IPAddress?
  /// Lines that end in CRLF: the session's attributes, then each stream's `m=`, its `c=` if it has one, its attributes.
  var text: [UInt8]
  var streams: [StreamPlace]

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

/// Where a stream stands in the text, as offsets. At most `SDPLimits.bytes` are read, and a line end may grow by a byte.
struct StreamPlace: Sendable, Equatable {
  var start: UInt32
  /// Behind `m=` and `c=`.
  var attributes: UInt32
  var end: UInt32
  var port: UInt16
  var hasConnection = false

  init(start: Int, port: UInt16) {
    self.start = UInt32(truncatingIfNeeded: start)
    attributes = self.start
    end = self.start
    self.port = port
  }
}
