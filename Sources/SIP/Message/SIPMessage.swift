/// One SIP request or response: an arena of bytes and an index of its header fields (RFC 3261 section 7).
///
/// The only message type there is. Parsed messages keep the received bytes as their arena; edits (by us building a
/// message, or by a trunk plugin) append to the arena and re-point the index. `encoded()` writes it out.
///
///     arena  INVITE sip:b@x SIP/2.0␍␊Via: ...␍␊From: ...␍␊Subject: hi␍␊␍␊v=0...  Subject: edited␍␊
///     index                         [via]      [from]      [subject] ─────────────▶[moved here]
///
/// What every message is asked for (top Via, From, To, Call-ID, CSeq, Max-Forwards) is read and checked once and kept as offsets, so the
/// accessors below neither search nor parse. A folded line (7.3.1) is unfolded in the arena when the message is read: its line ends become blanks.
///
/// Strictness: where two readers could see different messages, there is no message. So blanks before a header's colon are refused although
/// section 25.1 allows them, like bare CR or LF, NUL and other control bytes, names that are no token, and a second From, To, Call-ID, CSeq,
/// Max-Forwards, Content-Length or Content-Type. Bytes from 128 up pass unchecked: they are text, and no delimiter.
///
/// Bounds: `SIPLimits`. Values handed in for editing may hold anything; control bytes in them become spaces, so no edit can add a line.
public struct SIPMessage: Sendable {
  var arena: [UInt8]
  var index: [HeaderField]
  /// The request's method; for a response the method of its CSeq.
  public internal(set) var method: Method
  /// 0 for a request.
  var statusCode: UInt16
  /// Request-URI or reason phrase.
  var target: Extent
  var content: Extent
  var essentials: Essentials

  init(arena: [UInt8], method: Method, statusCode: UInt16) {
    self.arena = arena
    self.method = method
    self.statusCode = statusCode
    index = []
    target = Extent()
    content = Extent()
    essentials = Essentials()
  }

  // MARK: Start line
  public var isRequest: Bool { statusCode == 0 }
  /// 100...699; 0 for a request.
  public var status: Int { Int(statusCode) }
  /// Empty for a request.
  public var reasonPhrase: ArraySlice<UInt8> { statusCode == 0 ? arena[0..<0] : target.slice(of: arena) }
  /// Empty for a response.
  public var requestURI: ArraySlice<UInt8> { statusCode == 0 ? target.slice(of: arena) : arena[0..<0] }

  // MARK: What every message has. Empty or 0 while a message is being built and lacks it.
  public var callID: ArraySlice<UInt8> { essentials.callID.slice(of: arena) }
  public var cseqNumber: UInt32 { essentials.cseqNumber }
  public var from: NameAddress { NameAddress(storage: arena[...], layout: essentials.from) }
  public var to: NameAddress { NameAddress(storage: arena[...], layout: essentials.to) }
  public var topVia: Via { Via(storage: arena[...], layout: essentials.via) }
  /// `nil` when absent.
  public var maxForwards: Int? { essentials.maxForwards < 0 ? nil : Int(essentials.maxForwards) }
  /// The first Contact value; `nil` when absent, `*` or malformed.
  public var contact: NameAddress? { value(.contact).flatMap { try? NameAddress(parsing: $0) } }
  public var body: ArraySlice<UInt8> { content.slice(of: arena) }
}

/// One header field by its offsets in the arena; the name is written there in every case.
struct HeaderField: Sendable {
  var nameStart: UInt32
  var nameLength: UInt8
  var name: HeaderName
  /// Without blanks at both ends.
  var value: Extent

  @inline(__always) var spelling: Extent { Extent(Int(nameStart), Int(nameStart) + Int(nameLength)) }
}
