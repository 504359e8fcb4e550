import Addressing
import SIP

/// What a Refer-To (RFC 3515 2.1) asks for: a number to call, and maybe the dialog that the call shall take the place of (RFC 3891). Its host is not looked at: the
/// number is routed like one dialled on the trunk that sent the REFER.
struct ReferTarget: Sendable, Equatable {
  var number: [UInt8]
  var replaces: Replaces?

  enum Refusal: Error, Sendable, Equatable {
    /// 400.
    case unreadable
    /// 416.
    case scheme
    /// 501: another method than INVITE is asked for.
    case method
    var status: Int {
      switch self {
      case .unreadable: 400
      case .scheme: 416
      case .method: 501
      }
    }
  }

  init(_ request: SIPMessage) throws(Refusal) {
    guard request.count(of: .referTo) == 1, let value = request.value(.referTo), let address = try? NameAddress(parsing: value) else { throw .unreadable }
    guard [.sip, .sips, .tel].contains(address.uri.scheme) else { throw .scheme }
    if let method = address.uri.parameter("method"), !method.elementsEqual("INVITE".utf8) { throw .method }
    for (name, value) in ReferTarget.headers(of: address.uri.bytes) where name == Array("replaces".utf8) {
      guard replaces == nil, let found = Replaces(parsing: value[...]) else { throw .unreadable }
      replaces = found
    }
    guard let number = address.uri.number ?? (replaces == nil ? nil : []) else { throw .unreadable }
    self.number = number
  }

  /// `?name=value&...` behind the host, escapes resolved, names in lower case.
  private static func headers(of uri: ArraySlice<UInt8>) -> [(name: [UInt8], value: [UInt8])] {
    let host = uri.firstIndex(of: UInt8(ascii: "@")).map { $0 + 1 } ?? uri.startIndex
    guard let mark = uri[host...].firstIndex(of: UInt8(ascii: "?")) else { return [] }
    return uri[(mark + 1)...].split(separator: UInt8(ascii: "&")).map { pair in
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      return (unescaped(parts[0]).map(\.asLowerCase), parts.count > 1 ? unescaped(parts[1]) : [])
    }
  }

  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    var rest = bytes
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let value = rest.prefix(2).hexadecimal(digits: 2) {
        out.append(UInt8(truncatingIfNeeded: value))
        rest = rest.dropFirst(2)
      } else {
        out.append(byte)
      }
    }
    return out
  }
}

/// A dialog named by Replaces (RFC 3891 6.1): `to-tag` is ours, `from-tag` the far side's.
struct Replaces: Sendable, Equatable {
  var callID: [UInt8]
  var toTag: [UInt8]
  var fromTag: [UInt8]
  var isEarlyOnly = false

  init?(parsing value: ArraySlice<UInt8>) {
    var parts = value.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)[...]
    func trimmed(_ part: ArraySlice<UInt8>) -> [UInt8] { part.filter { $0 != 0x20 && $0 != 0x09 } }
    guard let first = parts.popFirst(), first.count <= 256 else { return nil }
    callID = trimmed(first)
    var tags: (to: [UInt8]?, from: [UInt8]?)
    for part in parts {
      let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false).map { trimmed($0) }
      guard let name = pair.first?.map(\.asLowerCase) else { return nil }
      if name == Array("early-only".utf8) { isEarlyOnly = true }
      guard pair.count == 2 else { continue }
      if name == Array("to-tag".utf8) { tags.to = pair[1] }
      if name == Array("from-tag".utf8) { tags.from = pair[1] }
    }
    guard !callID.isEmpty, let to = tags.to, let from = tags.from else { return nil }
    (toTag, fromTag) = (to, from)
  }
}
