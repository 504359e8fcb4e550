public import Addressing
public import SIP
public import Timing

/// The SIP messages of one call in order, shortened to what a ladder shows; bounded, the oldest in-dialog ones give way.
public struct Ladder: Sendable, Equatable {
  public struct Entry: Sendable, Equatable {
    public var at: Instant
    /// 0 = incoming leg, 1... = outgoing attempts.
    public var leg: UInt8
    public var sent: Bool
    /// Method, or status and the method it answers.
    public var method: Method
    public var status: UInt16
    public var sequence: UInt32
    public var hasSDP: Bool
    public var remote: TransportAddress
    public init(at: Instant, leg: UInt8, sent: Bool, method: Method, status: UInt16, sequence: UInt32, hasSDP: Bool, remote: TransportAddress) {
      self.at = at
      self.leg = leg
      self.sent = sent
      self.method = method
      self.status = status
      self.sequence = sequence
      self.hasSDP = hasSDP
      self.remote = remote
    }
  }
  public private(set) var entries: [Entry] = []
  /// Entries left out for the bound.
  public private(set) var omitted = 0
  public static let capacity = 64
  public init() {}
  /// Read back from a record.
  public init(entries: [Entry], omitted: Int) {
    self.entries = entries
    self.omitted = omitted
  }
  public mutating func note(_ entry: Entry) {
    if entries.count >= Ladder.capacity {
      entries.remove(at: Ladder.capacity / 2)
      omitted += 1
    }
    entries.append(entry)
  }
}
