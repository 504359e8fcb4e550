public import Addressing

/// One Via value (RFC 3261 section 20.42, RFC 3581).
public struct Via: Sendable {
  /// `nil` for a transport we do not speak (SCTP, WS ...).
  public var transport: Transport? { fatalError() }
  public var host: ArraySlice<UInt8> { fatalError() }
  public var port: UInt16? { fatalError() }
  /// `nil` when absent; a branch without the magic cookie `z9hG4bK` is given as it stands.
  public var branch: ArraySlice<UInt8>? { fatalError() }
  public var hasMagicCookie: Bool { fatalError() }
  public var received: ArraySlice<UInt8>? { fatalError() }
  public enum Rport: Sendable, Equatable { case absent, requested, value(UInt16) }
  public var rport: Rport { fatalError() }
  public init(parsing bytes: ArraySlice<UInt8>) throws(SIPURI.Malformed) { fatalError() }
}
