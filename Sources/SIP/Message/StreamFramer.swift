/// Cuts a byte stream into messages by Content-Length (RFC 3261 section 18.3); CRLF keep-alives (RFC 5626 3.5.1) fall out.
///
/// Bounded by `SIPLimits.messageBytes`: a stream that breaks the bound or has no Content-Length is `broken` for good and must be closed.
public struct StreamFramer: Sendable {
  public enum Output: Sendable {
    case message([UInt8])
    /// A double CRLF arrived: answer with a single CRLF.
    case ping
    /// The stream can not be read on; close the connection. `answerable`: a request to answer with `status` first.
    case broken(reason: StaticString)
  }
  public init() {}
  public mutating func receive(_ bytes: some Collection<UInt8>) { fatalError() }
  /// `nil` when more bytes are needed.
  public mutating func next() -> Output? { fatalError() }
}
