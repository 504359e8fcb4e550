/// One SIP request or response: an arena of bytes and an index of its header fields (RFC 3261 section 7).
///
/// The only message type there is. Parsed messages keep the received bytes as their arena; edits (by us building a
/// message, or by a trunk plugin) append to the arena and re-point the index. `encoded()` writes it out.
public struct SIPMessage: Sendable {
  public enum StartLine: Sendable { case request(Method), response(status: Int) }
  public var startLine: StartLine { fatalError() }
  public var isRequest: Bool { fatalError() }
  /// The request's method; for a response the method of its CSeq.
  public var method: Method { fatalError() }
  /// 100...699; 0 for a request.
  public var status: Int { fatalError() }
  public var reasonPhrase: ArraySlice<UInt8> { fatalError() }

  // MARK: Parsing
  /// Parses one whole datagram, or one framed stream message. After success all of the accessors below that are not
  /// optional are valid: From, To, Call-ID, CSeq, top Via (and Max-Forwards' syntax) have been checked strictly.
  public init(parsing bytes: [UInt8]) throws(ParseFailure) { fatalError() }

  public struct ParseFailure: Error, Sendable {
    /// What the peer should be told (400, 413, 414, 416 (unknown scheme), 505 ...).
    public let status: Int
    public let reason: StaticString
    /// The message as far as it could be read; not `nil` only for a request whose Via, From, To, Call-ID and CSeq are sound, so that
    /// it can be answered. Otherwise: silence.
    public let answerable: SIPMessage?
  }

  // MARK: Reading (slices share the arena)
  public var requestURI: ArraySlice<UInt8> { fatalError() }
  public var callID: ArraySlice<UInt8> { fatalError() }
  public var cseqNumber: UInt32 { fatalError() }
  public var from: NameAddress { fatalError() }
  public var to: NameAddress { fatalError() }
  public var topVia: Via { fatalError() }
  /// `nil` when absent.
  public var maxForwards: Int? { fatalError() }
  /// The first Contact value; `nil` when absent, `*` or malformed.
  public var contact: NameAddress? { fatalError() }
  public var body: ArraySlice<UInt8> { fatalError() }
  /// The first value of a header, white space trimmed, unfolded.
  public func value(_ name: HeaderName) -> ArraySlice<UInt8>? { fatalError() }
  /// Every value in order; comma lists are split where the grammar allows (Via, Route, Record-Route, Contact, Supported, Require,
  /// Allow, P-Asserted-Identity, Diversion, History-Info ...), quoted strings and <> respected.
  public func values(_ name: HeaderName) -> [ArraySlice<UInt8>] { fatalError() }
  /// For headers outside `HeaderName`; `name` any case.
  public func value(named name: some Collection<UInt8>) -> ArraySlice<UInt8>? { fatalError() }
  /// Whether a comma-list header of tokens (Supported, Require, Allow) holds this token, ignoring case.
  public func lists(_ token: StaticString, in name: HeaderName) -> Bool { fatalError() }
  /// All fields in order: known name, name as written, value.
  public var fields: [(name: HeaderName, spelling: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] { fatalError() }

  // MARK: Building
  public init(request method: Method, uri: some Collection<UInt8>) { fatalError() }
  public init(status: Int, reason: some Collection<UInt8>) { fatalError() }
  /// RFC 3261 8.2.6: Via (all), From, To (with `toTag` added when it has none and `toTag` is given), Call-ID, CSeq are
  /// copied; Timestamp into a 100. `reason` nil = the RFC's default phrase.
  public init(responding status: Int, to request: SIPMessage, toTag: [UInt8]? = nil, reason: StaticString? = nil) { fatalError() }
  public mutating func append(_ name: HeaderName, _ value: some Collection<UInt8>) { fatalError() }
  public mutating func append(_ name: HeaderName, text: StaticString) { fatalError() }
  /// A header whose value is written in place, without an array of its own.
  public mutating func append(_ name: HeaderName, writing: (inout [UInt8]) -> Void) { fatalError() }
  public mutating func append(named name: some Collection<UInt8>, _ value: some Collection<UInt8>) { fatalError() }
  /// Before the first field of that name (Via).
  public mutating func prepend(_ name: HeaderName, _ value: some Collection<UInt8>) { fatalError() }
  /// Replaces the first field of that name or appends it; others of the name are removed.
  public mutating func set(_ name: HeaderName, _ value: some Collection<UInt8>) { fatalError() }
  public mutating func set(named name: some Collection<UInt8>, _ value: some Collection<UInt8>) { fatalError() }
  public mutating func remove(_ name: HeaderName) { fatalError() }
  public mutating func remove(named name: some Collection<UInt8>) { fatalError() }
  public mutating func setRequestURI(_ uri: some Collection<UInt8>) { fatalError() }
  public mutating func setStatus(_ status: Int, reason: some Collection<UInt8>) { fatalError() }
  /// Sets body and Content-Type; an empty body removes Content-Type. Content-Length is always written by `encoded()`.
  public mutating func setBody(_ body: [UInt8], type: StaticString) { fatalError() }
  /// The bytes for the wire.
  public func encoded() -> [UInt8] { fatalError() }

  /// RFC 3261 21: the default reason phrase.
  public static func defaultReason(_ status: Int) -> StaticString { fatalError() }
}
