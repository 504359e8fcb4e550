/// One side of a dialog (RFC 3261 section 12): identifiers, sequence numbers, route set, remote target.
public struct Dialog: Sendable, Equatable {
  public enum State: UInt8, Sendable { case early, confirmed, terminated }
  public var state: State
  public var callID: [UInt8]
  public var localTag: [UInt8]
  public var remoteTag: [UInt8]
  /// name-addr without tag, as it stands in From/To.
  public var localAddress: [UInt8]
  public var remoteAddress: [UInt8]
  public var remoteTarget: [UInt8]
  /// Route header values in the order they are sent.
  public var routeSet: [[UInt8]]
  public var localSequence: UInt32
  /// `nil` until the far side has sent a request.
  public var remoteSequence: UInt32?

  /// All fields, for the journal.
  public init(
    state: State, callID: [UInt8], localTag: [UInt8], remoteTag: [UInt8], localAddress: [UInt8], remoteAddress: [UInt8],
    remoteTarget: [UInt8], routeSet: [[UInt8]], localSequence: UInt32, remoteSequence: UInt32?
  ) {
    self.state = state
    self.callID = callID
    self.localTag = localTag
    self.remoteTag = remoteTag
    self.localAddress = localAddress
    self.remoteAddress = remoteAddress
    self.remoteTarget = remoteTarget
    self.routeSet = routeSet
    self.localSequence = localSequence
    self.remoteSequence = remoteSequence
  }

  public enum Refusal: Error, Sendable { case missingContact, missingTag, malformed }
  /// The UAS side, from the request that creates it (12.1.1).
  public init(answering request: SIPMessage, localTag: [UInt8]) throws(Refusal) { fatalError() }
  /// The UAC side, from our request and a 101-199 with To tag, or 2xx (12.1.2).
  public init(request: SIPMessage, response: SIPMessage) throws(Refusal) { fatalError() }

  /// From an early to a confirmed dialog by a 2xx: route set and target are recomputed (13.2.2.4).
  public mutating func confirm(by response: SIPMessage) { fatalError() }
  /// The next request inside the dialog (12.2.1.1): Request-URI, Route (loose and strict), To, From, Call-ID, CSeq, Max-Forwards 70. ACK takes `sequence` of its INVITE.
  public mutating func makeRequest(_ method: Method) -> SIPMessage { fatalError() }
  public func makeAcknowledgement(sequence: UInt32) -> SIPMessage { fatalError() }
  public enum Verdict: Sendable, Equatable { case accept, outOfOrder }
  /// CSeq check of 12.2.2; remembers the number.
  public mutating func received(_ request: SIPMessage) -> Verdict { fatalError() }
  /// Target refresh (re-INVITE, 2xx to it).
  public mutating func refreshTarget(from message: SIPMessage) { fatalError() }
  /// Where the next request goes: the first Route's URI if loose, else the remote target.
  public var nextHop: ArraySlice<UInt8> { fatalError() }
}

