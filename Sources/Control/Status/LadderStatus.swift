/// `show call ID ladder`: the SIP messages of one call in order.
public struct LadderStatus: Answer {
  public struct Entry: Codable, Sendable, Equatable {
    /// Since the call's first message.
    public var milliseconds: Double
    /// 0 = the incoming leg, 1... = outgoing attempts.
    public var leg: Int
    /// By us.
    public var sent: Bool
    public var method: String
    /// 0 for a request.
    public var status: Int
    /// CSeq.
    public var sequence: UInt32
    public var hasSDP: Bool
    public var remote: String
    public init(milliseconds: Double, leg: Int, sent: Bool, method: String, status: Int, sequence: UInt32, hasSDP: Bool, remote: String) {
      self.milliseconds = milliseconds
      self.leg = leg
      self.sent = sent
      self.method = method
      self.status = status
      self.sequence = sequence
      self.hasSDP = hasSDP
      self.remote = remote
    }
    var label: String { (status == 0 ? method : "\(status) \(method)") + (hasSDP ? " (SDP)" : "") }
  }
  public var call: String
  /// Names of the legs' trunks by leg; "" where not known.
  public var trunks: [String]
  public var entries: [Entry]
  /// Messages that were left out for the bound.
  public var omitted: Int
  public init(call: String, trunks: [String], entries: [Entry], omitted: Int = 0) {
    self.call = call
    self.trunks = trunks
    self.entries = entries
    self.omitted = omitted
  }
  public func text(width: Int) -> String { LadderDrawing(self).text() }
}
