/// One side of a dialog (RFC 3261 section 12): identifiers, sequence numbers, route set, remote target.
///
///     early ──2xx──▶ confirmed ──BYE, or its owner's decision──▶ terminated
///
/// A value without references: it is written to the journal and read back field by field. Its owner sets `terminated`, decides which
/// requests are target refreshes, and keeps what belongs to the session (offers, timers, credentials) elsewhere.
///
/// An absent tag (RFC 2543 peers, allowed for by 12.1.1 and 12.1.2) is an empty one, and is not written.
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

  /// Why no dialog can be made of a message.
  public enum Refusal: Error, Sendable { case missingContact, missingTag, malformed }
}

// MARK: - Creation
extension Dialog {
  /// The UAS side, from the request that creates it (12.1.1).
  public init(answering request: SIPMessage, localTag: [UInt8]) throws(Refusal) {
    guard let target = Self.target(request) else { throw .missingContact }
    self.init(
      state: .early, callID: Array(request.callID), localTag: localTag, remoteTag: Array(request.from.tag ?? []),
      localAddress: HeaderTag.removed(from: request.value(.to)), remoteAddress: HeaderTag.removed(from: request.value(.from)),
      remoteTarget: target, routeSet: try Self.routes(request), localSequence: 0,
      remoteSequence: request.cseqNumber)
  }

  /// The UAC side, from our request and a 101-199 with To tag, or 2xx (12.1.2).
  ///
  /// A provisional response without Contact (common, though 12.1.1 asks for it) leaves the Request-URI as target until the 2xx.
  public init(request: SIPMessage, response: SIPMessage) throws(Refusal) {
    guard let localTag = request.from.tag else { throw .missingTag }
    self.init(
      state: .early, callID: Array(request.callID), localTag: Array(localTag), remoteTag: [],
      localAddress: HeaderTag.removed(from: request.value(.from)), remoteAddress: HeaderTag.removed(from: request.value(.to)),
      remoteTarget: Array(request.requestURI), routeSet: [], localSequence: request.cseqNumber, remoteSequence: nil)
    try learn(from: response)
  }

  /// Another fork of the same request: the UAC side from a response with another To tag than `sibling`'s. `sequence`: the request's CSeq number.
  public init(fork sibling: Dialog, sequence: UInt32, requestURI: some Collection<UInt8>, response: SIPMessage) throws(Refusal) {
    self = sibling
    state = .early
    remoteTag = []
    remoteTarget = Array(requestURI)
    routeSet = []
    localSequence = sequence
    remoteSequence = nil
    try learn(from: response)
  }

  /// What a UAC takes from the response that makes the dialog.
  private mutating func learn(from response: SIPMessage) throws(Refusal) {
    let status = response.status
    if let tag = response.to.tag {
      remoteTag = Array(tag)
    } else if status < 200 {
      throw .missingTag
    }
    if let target = Self.target(response) {
      remoteTarget = target
    } else if status >= 200 {
      throw .missingContact
    }
    // 12.1.2: the UAC's route set is the Record-Route in reverse.
    routeSet = try Self.routes(response).reversed()
    state = status < 200 ? .early : .confirmed
  }

  /// The Contact's URI. 8.1.1.8, 12.1.1: it is a SIP or SIPS one; any other is as good as none, for no request could go there.
  private static func target(_ message: SIPMessage) -> [UInt8]? {
    guard let uri = message.contact?.uri, isSIP(uri) else { return nil }
    return Array(uri.bytes)
  }

  private static func isSIP(_ uri: SIPURI) -> Bool { uri.scheme == .sip || uri.scheme == .sips }

  /// Record-Route values in the order they stand. Each must be readable now, so that sending never meets one that is not.
  private static func routes(_ message: SIPMessage) throws(Refusal) -> [[UInt8]] {
    var routes: [[UInt8]] = []
    for value in message.values(.recordRoute) {
      guard let address = try? NameAddress(parsing: value), isSIP(address.uri) else { throw .malformed }
      routes.append(Array(value))
    }
    return routes
  }
}

// MARK: - Matching and change
extension Dialog {
  /// Whether these identifiers name this dialog (12.2.2). For a request from the far side `localTag` is its To tag; absent tags are empty.
  public func matches(callID: ArraySlice<UInt8>, localTag: ArraySlice<UInt8>, remoteTag: ArraySlice<UInt8>) -> Bool {
    self.callID[...] == callID && self.localTag[...] == localTag && self.remoteTag[...] == remoteTag
  }

  /// From an early to a confirmed dialog by a 2xx: route set and target are recomputed (13.2.2.4).
  ///
  /// Does nothing if the 2xx carries another tag (it is another fork's) or the dialog is not early. Our own 2xx, on the UAS side, changes the state only.
  public mutating func confirm(by response: SIPMessage) {
    guard state == .early, response.status >= 200, response.status < 300 else { return }
    let to = response.to.tag ?? []
    if to == localTag[...], (response.from.tag ?? []) == remoteTag[...] {
      state = .confirmed
      return
    }
    guard to == remoteTag[...] else { return }
    if let routes = try? Self.routes(response) { routeSet = routes.reversed() }
    refreshTarget(from: response)
    state = .confirmed
  }

  public enum Verdict: Sendable, Equatable {
    case accept
    /// To be answered with 500.
    case outOfOrder
  }

  /// CSeq check of 12.2.2; remembers the number.
  ///
  /// Equal is in order: a repetition our transactions no longer know (after a restart) must be answered as the first was. ACK and
  /// CANCEL carry the number of their INVITE, which later requests may have passed.
  public mutating func received(_ request: SIPMessage) -> Verdict {
    if request.method == .ack || request.method == .cancel { return .accept }
    if let remoteSequence, request.cseqNumber < remoteSequence { return .outOfOrder }
    remoteSequence = request.cseqNumber
    return .accept
  }

  /// Target refresh (re-INVITE, UPDATE, 2xx to them): the Contact, if there is one, is where requests go from now on.
  public mutating func refreshTarget(from message: SIPMessage) {
    if let target = Self.target(message) { remoteTarget = target }
  }
}
