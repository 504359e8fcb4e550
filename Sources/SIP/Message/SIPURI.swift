/// A `sip`, `sips` or `tel` URI, or any other absolute URI as opaque (RFC 3261 section 19, RFC 3966). Slices share the bytes it was read from.
public struct SIPURI: Sendable {
  public enum Scheme: Sendable, Hashable { case sip, sips, tel, urn, other }
  public var scheme: Scheme { fatalError() }
  public var bytes: ArraySlice<UInt8> { fatalError() }
  /// Percent-decoded where needed; `nil` when there is none. For `tel` the number as written.
  public var user: ArraySlice<UInt8>? { fatalError() }
  /// Empty for `tel` and opaque URIs. An IPv6 host keeps its brackets.
  public var host: ArraySlice<UInt8> { fatalError() }
  public var port: UInt16? { fatalError() }
  /// `;name=value` parameters; an empty slice for a flag, `nil` when absent. Name ignores case.
  public func parameter(_ name: StaticString) -> ArraySlice<UInt8>? { fatalError() }
  /// The telephone number in the user part: digits with an optional leading `+`, visual separators and RFC 3966
  /// parameters removed; the user part itself (up to `;`) if it is no number; `nil` without a user.
  public var number: [UInt8]? { fatalError() }
  public struct Malformed: Error, Sendable { public let reason: StaticString }
  public init(parsing bytes: ArraySlice<UInt8>) throws(Malformed) { fatalError() }
}

/// `[display-name] <URI>;parameters` as in From, To, Contact, Route, P-Asserted-Identity (RFC 3261 section 20.10).
public struct NameAddress: Sendable {
  /// Without quotes, escapes resolved; `nil` when absent.
  public var displayName: ArraySlice<UInt8>? { fatalError() }
  public var uri: SIPURI { fatalError() }
  public var tag: ArraySlice<UInt8>? { fatalError() }
  public func parameter(_ name: StaticString) -> ArraySlice<UInt8>? { fatalError() }
  public init(parsing bytes: ArraySlice<UInt8>) throws(SIPURI.Malformed) { fatalError() }
}
