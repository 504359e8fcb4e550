import Addressing

/// What a request is matched by, as bytes that can be hashed and compared at once.
///
/// *Transaction* (RFC 3261 17.2.3): branch, sent-by and method, if the branch begins with the magic cookie; otherwise the RFC 2543
/// way: Request-URI, From tag, Call-ID, CSeq number, the whole top Via and the method. The To tag is left out of the latter: an
/// ACK carries the one we gave, its INVITE carries none, and two requests that differ in nothing else do not exist.
/// *Merge* (8.2.2.2): From tag, Call-ID, CSeq.
///
/// Both stand in one array, the merge key behind the transaction's. Every part but the last ends in a byte that can't be in it.
struct RequestKey: Sendable {
  private(set) var bytes: [UInt8] = []
  private var split = 0

  func transactionHash(_ keyed: KeyedHash) -> UInt64 { keyed.hash(bytes.span.extracting(0..<split)) }
  func mergeHash(_ keyed: KeyedHash) -> UInt64 { keyed.hash(bytes.span.extracting(split..<bytes.count)) }

  /// For keeping: no room for more than is there.
  var compact: RequestKey {
    var copy = RequestKey()
    copy.bytes = bytes.withUnsafeBufferPointer { Array($0) }
    copy.split = split
    return copy
  }

  /// Fills itself anew, reusing its storage. `method`: ACK and CANCEL look for INVITE. Needs the Via as received.
  ///
  /// The origin (who sent it, as the gate knows them) is part of the transaction: peers choose their branches themselves, and two of them that choose alike, or
  /// one that copies another's, must not meet. Not the source's address: a provider's nodes may share the work of one transaction.
  mutating func read(_ request: SIPMessage, via: Via, origin: UInt32, as method: Method) {
    bytes.removeAll(keepingCapacity: true)
    appendBigEndian(origin)
    if let branch = via.branch, via.hasMagicCookie {
      bytes.append(1)
      append(method)
      bytes.append(contentsOf: branch)
      bytes.append(0)
      for byte in via.host { bytes.append(Self.lowercased(byte)) }
      appendBigEndian(UInt32(via.port ?? 0))
    } else {
      bytes.append(2)
      append(method)
      appendPart(request.requestURI)
      appendPart(request.from.tag ?? [])
      appendPart(request.callID)
      appendBigEndian(request.cseqNumber)
      bytes.append(contentsOf: via.bytes)
    }
    split = bytes.count
    append(method)
    appendPart(request.from.tag ?? [])
    appendBigEndian(request.cseqNumber)
    bytes.append(contentsOf: request.callID)
  }

  func isSameTransaction(as other: RequestKey) -> Bool {
    split == other.split && bytes[..<split] == other.bytes[..<split]
  }
  func isMerge(of other: RequestKey) -> Bool {
    bytes[split...] == other.bytes[other.split...]
  }

  private mutating func append(_ method: Method) {
    method.append(to: &bytes)
    bytes.append(0)
  }
  private mutating func appendPart(_ part: ArraySlice<UInt8>) {
    bytes.append(contentsOf: part)
    bytes.append(0)
  }
  private mutating func appendBigEndian(_ value: UInt32) {
    bytes.append(UInt8(truncatingIfNeeded: value >> 24))
    bytes.append(UInt8(truncatingIfNeeded: value >> 16))
    bytes.append(UInt8(truncatingIfNeeded: value >> 8))
    bytes.append(UInt8(truncatingIfNeeded: value))
  }
  private static func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }
}
