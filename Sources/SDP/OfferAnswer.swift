public import Addressing

/// One leg's offer/answer state (RFC 3264): who owes an answer, and our own `o=` line, whose version rises by one with
/// every description of ours that differs from the last (RFC 3264 section 8).
public struct OfferAnswer: Sendable, Equatable {
  public enum State: UInt8, Sendable { case idle, offerSent, offerReceived, stable }
  public private(set) var state: State
  /// Ours as last sent, theirs as last received.
  public private(set) var local: SessionDescription?
  public private(set) var remote: SessionDescription?
  public init(sessionID: UInt64) { fatalError() }

  public enum Violation: Error, Sendable, Equatable { case notAllowedNow, streamsDoNotMatch }
  public mutating func received(offer: SessionDescription) throws(Violation) { fatalError() }
  public mutating func received(answer: SessionDescription) throws(Violation) { fatalError() }
  /// Sends ours: stamps the origin with our session id and version and returns what goes on the wire. `anchor`: our address in o=.
  public mutating func send(offer: SessionDescription, origin: IPAddress) throws(Violation) -> SessionDescription { fatalError() }
  public mutating func send(answer: SessionDescription, origin: IPAddress) throws(Violation) -> SessionDescription { fatalError() }
  /// The pending offer (ours or theirs) was refused: back to what held before it.
  public mutating func rollBack() { fatalError() }
}
