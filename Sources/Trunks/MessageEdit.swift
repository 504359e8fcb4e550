import CTandemTrunk
import SIP

/// The message of the running hook as the host functions change it: every edit is checked here, and the answer is one of the ABI's TT_ codes.
///
/// What holds a message together (routing, dialog, transaction, body) is not a plugin's: see `isProtected`. From and To
/// change by their parts, because their tags are the dialog's.
struct MessageEdit {
  let message: UnsafeMutablePointer<SIPMessage>

  func setStatus(_ status: Int, reason: [UInt8]) -> Int32 {
    guard !message.pointee.isRequest else { return TT_WRONG_KIND }
    guard Self.kind(of: status) == Self.kind(of: message.pointee.status), reason.isLine else { return TT_REFUSED }
    if reason.isEmpty {
      let phrase = SIPMessage.defaultReason(status)
      message.pointee.setStatus(status, reason: UnsafeBufferPointer(start: phrase.utf8Start, count: phrase.utf8CodeUnitCount))
    } else {
      message.pointee.setStatus(status, reason: reason)
    }
    return TT_OK
  }
  /// Provisional, success, failure: which of them a response is belongs to its transaction. 100 is hop by hop.
  private static func kind(of status: Int) -> Int {
    switch status {
    case 101...199: 1
    case 200...299: 2
    case 300...699: 3
    default: 0
    }
  }

  func setHeader(_ name: [UInt8], _ value: [UInt8]) -> Int32 {
    guard name[...].isToken, value.isLine else { return TT_MALFORMED }
    let known = HeaderName(of: name)
    guard !known.isProtected else { return TT_REFUSED }
    if known == .other { message.pointee.set(named: name, value) } else { message.pointee.set(known, value) }
    return TT_OK
  }
  func addHeader(_ name: [UInt8], _ value: [UInt8]) -> Int32 {
    guard name[...].isToken, value.isLine else { return TT_MALFORMED }
    let known = HeaderName(of: name)
    guard !known.isProtected else { return TT_REFUSED }
    if known == .other { message.pointee.append(named: name, value) } else { message.pointee.append(known, value) }
    return TT_OK
  }
  func removeHeader(_ name: [UInt8]) -> Int32 {
    let known = HeaderName(of: name)
    guard !known.isProtected else { return TT_REFUSED }
    guard message.pointee.value(of: name, 0) != nil else { return TT_ABSENT }
    if known == .other { message.pointee.remove(named: name) } else { message.pointee.remove(known) }
    return TT_OK
  }

  /// Takes the address of `header` (empty: the request-URI) apart, lets `change` edit it, and writes it back if what came out is a URI.
  func editAddress(_ header: [UInt8], _ change: (inout AddressEdit) -> Int32) -> Int32 {
    if header.isEmpty {
      guard message.pointee.isRequest else { return TT_WRONG_KIND }
      guard var uri = AddressEdit(message.pointee.requestURI, isBareURI: true) else { return TT_MALFORMED }
      let answer = change(&uri)
      if answer == TT_OK { message.pointee.setRequestURI(uri.bytes) }
      return answer
    }
    let known = HeaderName(of: header)
    let isParty = known == .from || known == .to
    guard !known.isProtected || (isParty && message.pointee.isRequest) else { return TT_REFUSED }
    let values = isParty ? [] : message.pointee.values(of: header)
    guard let first = isParty ? message.pointee.value(known) : values.first else { return TT_ABSENT }
    guard var address = AddressEdit(first) else { return TT_MALFORMED }
    let answer = change(&address)
    guard answer == TT_OK else { return answer }
    var written = Array(address.bytes)
    for value in values.dropFirst() { written += [UInt8(ascii: ","), UInt8(ascii: " ")] + value }
    if known == .other { message.pointee.set(named: header, written) } else { message.pointee.set(known, written) }
    return TT_OK
  }
}

extension SIPMessage {
  /// Every value of a header named by its bytes.
  func values(of name: [UInt8]) -> [ArraySlice<UInt8>] {
    let known = HeaderName(of: name)
    guard known == .other else { return known == .from || known == .to ? value(known).map { [$0] } ?? [] : values(known) }
    return fields.filter { $0.name == .other && $0.spelling.isSameToken(as: name[...]) }.map { $0.value }
  }
  func value(of name: [UInt8], _ index: UInt32) -> ArraySlice<UInt8>? {
    let known = HeaderName(of: name)
    // The first is there without an array.
    if index == 0 { return known == .other ? value(named: name) : value(known) }
    let all = values(of: name)
    return index < UInt32(clamping: all.count) ? all[Int(index)] : nil
  }
  enum FoundAddress {
    case address(AddressEdit)
    /// A TT_ code.
    case not(Int32)
  }
  /// The first address of a header; the request-URI for an empty name.
  func address(_ header: [UInt8]) -> FoundAddress {
    if header.isEmpty {
      guard isRequest else { return .not(TT_WRONG_KIND) }
      return AddressEdit(requestURI, isBareURI: true).map { .address($0) } ?? .not(TT_MALFORMED)
    }
    guard let first = value(of: header, 0) else { return .not(TT_ABSENT) }
    return AddressEdit(first).map { .address($0) } ?? .not(TT_MALFORMED)
  }
}

extension HeaderName {
  fileprivate init(of name: [UInt8]) { self = name.withUnsafeBufferPointer { HeaderName(spelling: $0) } }

  /// Headers no plugin may write: those of routing, dialog, transaction and body.
  fileprivate var isProtected: Bool {
    switch self {
    case .via, .route, .recordRoute, .contact, .callID, .cseq, .maxForwards, .rseq, .rack, .contentLength, .contentType, .contentEncoding, .from, .to: true
    default: false
    }
  }
}

extension [UInt8] {
  /// What may stand in one header value: bounded, and no byte that ends a line.
  var isLine: Bool {
    count <= TrunkLimits.valueBytes && !contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 }
  }
}

extension tt_bytes {
  /// A copy, at most one byte longer than any value we take, so that a length gone wrong is refused and not followed.
  var array: [UInt8] {
    guard let data, length > 0 else { return [] }
    let raw = UnsafeRawBufferPointer(start: data, count: Swift.min(length, TrunkLimits.valueBytes + 1))
    return Array(raw)
  }
}
