/// What is kept of a call when it has ended, one for every call, also refused and failed ones.
public struct CallRecord: Sendable, Equatable, Codable {
  public struct Leg: Sendable, Equatable, Codable {
    public var trunk: String
    public var callID: String
    /// `udp 192.0.2.1:5060`
    public var remote: String
    public var called: String
    public var calling: String
    /// The last final status on this leg; 0 when none came.
    public var status: Int
    public init(trunk: String, callID: String, remote: String, called: String, calling: String, status: Int) {
      self.trunk = trunk
      self.callID = callID
      self.remote = remote
      self.called = called
      self.calling = calling
      self.status = status
    }
  }
  /// Packets received on a leg from its peer and sent on to the other.
  public struct Stream: Sendable, Equatable, Codable {
    public var packets: UInt64 = 0
    public var bytes: UInt64 = 0
    public var lost: UInt64 = 0
    /// RFC 3550 6.4.1, in milliseconds.
    public var jitterMilliseconds: Double = 0
    /// Packets that came from somewhere else and were dropped.
    public var strangers: UInt64 = 0
    public init() {}
  }
  public enum Outcome: String, Sendable, Codable { case answered, refused, failed, cancelled, busy, noAnswer = "no-answer" }
  public var id: String
  /// Wall-clock seconds since 1970 UTC.
  public var began: Double
  public var answered: Double?
  public var ended: Double
  public var outcome: Outcome
  /// What the caller was told: the final status of the incoming INVITE.
  public var status: Int
  /// Q.850.
  public var cause: Int?
  /// 12000 range; 0 = none.
  public var diagnostic: Int
  /// Who ended it and why, one sentence.
  public var reason: String
  public var route: String?
  public var usage: String?
  /// `direct`, `relay`, `none`.
  public var media: String
  /// Incoming first, then each attempt.
  public var legs: [Leg]
  /// Incoming leg, outgoing leg.
  public var streams: [Stream]
  public init(
    id: String, began: Double, answered: Double?, ended: Double, outcome: Outcome, status: Int, cause: Int?, diagnostic: Int, reason: String, route: String?,
    usage: String?, media: String, legs: [Leg], streams: [Stream]
  ) {
    self.id = id
    self.began = began
    self.answered = answered
    self.ended = ended
    self.outcome = outcome
    self.status = status
    self.cause = cause
    self.diagnostic = diagnostic
    self.reason = reason
    self.route = route
    self.usage = usage
    self.media = media
    self.legs = legs
    self.streams = streams
  }
}
