public import Addressing

/// One leg's offer/answer state (RFC 3264): who owes an answer, and our own `o=` line, whose version rises by one with
/// every description of ours that differs from the last (RFC 3264 section 8).
///
/// ```
///             send(offer)   received(offer)   send(answer)   received(answer)   rollBack
/// idle        offerSent     offerReceived     -              -                  idle
/// offerSent   -             - (glare: 491)    -              stable             as before the offer
/// offerRecvd  - (glare)     -                 stable         -                  as before the offer
/// stable      offerSent     offerReceived     -              -                  stable
/// ```
/// "-" is `notAllowedNow`, and nothing changes. A fork's early dialogs each answer the one offer: keep a copy of the value for each.
///
/// The number of m-lines (RFC 3264 sections 6 and 8) is kept right on our side whatever the far leg does: an offer of ours with fewer streams than our
/// last description is filled up with refused ones, refused streams at the end of an answer that the offer does not have are cut.
/// So are its directions (6.1): a stream's is what our answer wants *and* the offer leaves, and a stream offered with port 0 is refused (6), whatever the far
/// leg said. Formats of an answer are not compared with the offer.
public struct OfferAnswer: Sendable, Equatable {
  public enum State: UInt8, Sendable { case idle, offerSent, offerReceived, stable }
  public private(set) var state: State
  /// Ours as last sent, theirs as last received.
  public private(set) var local: SessionDescription?
  public private(set) var remote: SessionDescription?

  /// What holds again when the pending offer is refused; `nil` unless one is pending.
  private var before: Agreed?
  /// Beside the value: most of the time there is none.
  private indirect enum Agreed: Sendable, Equatable {
    case held(local: SessionDescription?, remote: SessionDescription?)
  }
  private let sessionID: UInt64
  /// Ours as last sent, even if it was refused: the peer has seen its version.
  private var lastSent: SessionDescription?

  /// `sessionID`: ours, the same for the life of the dialog.
  public init(sessionID: UInt64) {
    state = .idle
    self.sessionID = sessionID
  }

  /// `notAllowedNow`: an offer while one is pending (491), an answer to nothing. `streamsDoNotMatch`: an answer with another number of m-lines (488).
  public enum Violation: Error, Sendable, Equatable { case notAllowedNow, streamsDoNotMatch }

  public mutating func received(offer: SessionDescription) throws(Violation) {
    try begin(.offerReceived)
    remote = offer
  }

  public mutating func received(answer: SessionDescription) throws(Violation) {
    guard state == .offerSent else { throw .notAllowedNow }
    guard answer.streamCount == local?.streamCount else { throw .streamsDoNotMatch }
    remote = answer
    settle()
  }

  /// Sends ours: stamps the origin with our session id and version and returns what goes on the wire. `origin`: our address in o=.
  public mutating func send(offer: SessionDescription, origin: IPAddress) throws(Violation) -> SessionDescription {
    try begin(.offerSent)
    var offer = offer
    // RFC 3264 section 8: an m-line once written keeps its place for ever.
    if let lastSent, lastSent.streamCount > offer.streamCount {
      for stream in lastSent.media.dropFirst(offer.streamCount) {
        offer.media.append(.init(kind: stream.kind, port: 0, proto: stream.proto, formats: stream.formats))
      }
    }
    return stamp(offer, origin: origin)
  }

  public mutating func send(answer: SessionDescription, origin: IPAddress) throws(Violation) -> SessionDescription {
    guard state == .offerReceived, let offer = remote else { throw .notAllowedNow }
    var answer = answer
    while answer.streamCount > offer.streamCount, answer.port(of: answer.streamCount - 1) == 0 { answer.media.removeLast() }
    guard answer.streamCount == offer.streamCount else { throw .streamsDoNotMatch }
    answer.fit(offer)
    defer { settle() }
    return stamp(answer, origin: origin)
  }

  /// The pending offer (ours or theirs) was refused: back to what held before it. Nothing pending: nothing happens.
  public mutating func rollBack() {
    guard case .held(let local, let remote) = before else { return }
    self.local = local
    self.remote = remote
    state = local == nil ? .idle : .stable
    self.before = nil
  }

  /// Back to `earlier`, a copy kept while its offer was open, so that the offer can be answered once more (another fork's answer, a 2xx that says
  /// other than the provisional did). What was sent since keeps its version: the next description of ours that differs gets a higher one.
  public mutating func resume(_ earlier: OfferAnswer) {
    let sent = lastSent
    self = earlier
    lastSent = sent ?? lastSent
  }

  private mutating func begin(_ pending: State) throws(Violation) {
    guard state == .idle || state == .stable else { throw .notAllowedNow }
    before = .held(local: local, remote: remote)
    state = pending
  }

  private mutating func settle() {
    state = .stable
    before = nil
  }

  private mutating func stamp(_ description: SessionDescription, origin: IPAddress) -> SessionDescription {
    var ours = description
    // RFC 8866 5.7: every stream needs a c=, a refused one as well.
    if ours.connection == nil, !ours.namesEveryAddress { ours.connection = origin }
    ours.origin = .init(sessionID: sessionID, version: lastSent?.origin.version ?? 1, address: origin)
    if let lastSent, lastSent != ours { ours.origin.version &+= 1 }
    local = ours
    lastSent = ours
    return ours
  }
}

extension SessionDescription {
  /// Makes an answer with as many streams as the offer one to it, stream by stream.
  fileprivate mutating func fit(_ offer: SessionDescription) {
    var changes: [(index: Int, direction: Direction?)] = []
    for index in 0..<streamCount where port(of: index) != 0 {
      guard offer.port(of: index) != 0 else {
        changes.append((index, nil))
        continue
      }
      let wanted = direction(of: index)
      let common = wanted.common(with: offer.direction(of: index).reversed)
      if common != wanted { changes.append((index, common)) }
    }
    guard !changes.isEmpty else { return }
    var streams = media
    for (index, direction) in changes {
      if let direction { streams[index].set(direction) } else { streams[index] = offer.media[index].switchedOff }
    }
    media = streams
  }
}

extension SessionDescription.Media {
  /// Refused in its place (RFC 3264 section 6): kind, protocol and one format, which stand for nothing.
  fileprivate var switchedOff: Self { .init(kind: kind, port: 0, proto: proto, formats: [formats.first ?? [UInt8(ascii: "0")]]) }
  fileprivate mutating func set(_ direction: SessionDescription.Direction) {
    let all: [SessionDescription.Direction] = [.sendrecv, .sendonly, .recvonly, .inactive]
    attributes.removeAll { attribute in attribute.value == nil && all.contains { $0.name == attribute.name } }
    attributes.append(SessionDescription.Attribute(name: direction.name))
  }
}

extension SessionDescription.Direction {
  private var sends: Bool { self == .sendrecv || self == .sendonly }
  private var receives: Bool { self == .sendrecv || self == .recvonly }
  private init(sends: Bool, receives: Bool) {
    self = sends ? (receives ? .sendrecv : .sendonly) : receives ? .recvonly : .inactive
  }
  /// As the other side sees it.
  fileprivate var reversed: Self { Self(sends: receives, receives: sends) }
  fileprivate func common(with other: Self) -> Self { Self(sends: sends && other.sends, receives: receives && other.receives) }
}

extension OfferAnswer {
  /// The whole state as plain parts, for writing it out and reading it back.
  public struct Parts: Sendable, Equatable {
    public var state: State
    public var sessionID: UInt64
    public var local: SessionDescription?
    public var remote: SessionDescription?
    public var lastSent: SessionDescription?
    /// What held before the pending offer; `isPending` tells "nothing held" from "nothing pending".
    public var isPending: Bool
    public var localBefore: SessionDescription?
    public var remoteBefore: SessionDescription?
    public init(
      state: State, sessionID: UInt64, local: SessionDescription?, remote: SessionDescription?, lastSent: SessionDescription?, isPending: Bool,
      localBefore: SessionDescription?, remoteBefore: SessionDescription?
    ) {
      self.state = state
      self.sessionID = sessionID
      self.local = local
      self.remote = remote
      self.lastSent = lastSent
      self.isPending = isPending
      self.localBefore = localBefore
      self.remoteBefore = remoteBefore
    }
  }

  public var parts: Parts {
    var parts = Parts(
      state: state, sessionID: sessionID, local: local, remote: remote, lastSent: lastSent, isPending: before != nil, localBefore: nil, remoteBefore: nil)
    if case .held(let local, let remote) = before { (parts.localBefore, parts.remoteBefore) = (local, remote) }
    return parts
  }

  public init(_ parts: Parts) {
    state = parts.state
    sessionID = parts.sessionID
    local = parts.local
    remote = parts.remote
    lastSent = parts.lastSent
    before = parts.isPending ? .held(local: parts.localBefore, remote: parts.remoteBefore) : nil
  }
}
