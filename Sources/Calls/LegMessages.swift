import Addressing
import Records
import SDP
import SIP

/// The messages we write on a leg. Everything here is built from an allow-list: nothing of the other leg enters except the
/// arguments.
enum LegMessages {
  /// The first INVITE of an outgoing leg (RFC 3261 8.1.1, 13.2.1). Via is the transaction layer's.
  static func invite(leg: borrowing Leg, maxForwards: Int, body: [UInt8]) -> SIPMessage {
    var message = SIPMessage(request: .invite, uri: leg.dialog.remoteTarget)
    message.append(.maxForwards) { appendDecimal(maxForwards, to: &$0) }
    message.append(.from) { out in
      out.append(contentsOf: leg.dialog.localAddress)
      append(";tag=", to: &out)
      out.append(contentsOf: leg.dialog.localTag)
    }
    message.append(.to, leg.dialog.remoteAddress)
    message.append(.callID, leg.dialog.callID)
    message.append(.cseq) { out in
      appendDecimal(Int(leg.inviteSequence), to: &out)
      append(" INVITE", to: &out)
    }
    message.append(.contact, leg.contact)
    message.setBody(body, type: "application/sdp")
    return message
  }

  /// A provisional or final answer to the caller's INVITE; 101-299 carry what makes a dialog (12.1.1).
  static func answer(_ status: Int, tag: [UInt8], contact: [UInt8], to request: SIPMessage, body: [UInt8]?) -> SIPMessage {
    var message = SIPMessage(responding: status, to: request, toTag: status == 100 ? nil : tag)
    if status > 100, status < 300 {
      for route in request.values(.recordRoute) { message.append(.recordRoute, route) }
      message.append(.contact, contact)
    }
    if let body { message.setBody(body, type: "application/sdp") }
    return message
  }

  /// A body in a coding that is not the plain one (RFC 3261 20.12).
  static func isEncoded(_ message: SIPMessage) -> Bool {
    guard let coding = message.value(.contentEncoding) else { return false }
    return !coding.elementsEqual("identity".utf8) { $0 | 0x20 == $1 }
  }

  /// `name-addr` of a number at one of our or a peer's hosts; a withheld number becomes RFC 3323's anonymous address.
  /// From and To carry no port (RFC 3261 19.1.1, table 1): that of `host` is left out.
  static func address(number: [UInt8], host: [UInt8], displayName: ArraySlice<UInt8>?) -> [UInt8] {
    let host = withoutPort(host)
    var out: [UInt8] = []
    out.reserveCapacity(64)
    let shown = number.isEmpty ? [] : displayName.map(printable) ?? []
    if !shown.isEmpty {
      out.append(UInt8(ascii: "\""))
      for byte in shown {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { out.append(UInt8(ascii: "\\")) }
        out.append(byte)
      }
      append("\" ", to: &out)
    }
    if number.isEmpty {
      append("\"Anonymous\" <sip:anonymous@anonymous.invalid>", to: &out)
    } else {
      append("<", to: &out)
      appendURI(number: number, host: host, to: &out)
      append(">", to: &out)
    }
    return out
  }

  static func withoutPort(_ host: [UInt8]) -> [UInt8] {
    guard let colon = host.lastIndex(of: UInt8(ascii: ":")), host[colon...].dropFirst().allSatisfy({ (0x30...0x39).contains($0) }),
      host.first != UInt8(ascii: "[") || host[..<colon].last == UInt8(ascii: "]")
    else { return host }
    return Array(host[..<colon])
  }

  /// At most `CallLimits.displayNameBytes` of a name in whole UTF-8 characters, without control characters and bytes that are no UTF-8.
  static func printable(_ name: ArraySlice<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    for scalar in String(decoding: name.prefix(CallLimits.displayNameBytes * 4), as: UTF8.self).unicodeScalars {
      let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      // U+FFFD stands for what could not be read.
      guard !isControl, scalar != "\u{FFFD}" else { continue }
      guard let bytes = UTF8.encode(scalar), out.count + bytes.count <= CallLimits.displayNameBytes else { break }
      out.append(contentsOf: bytes)
    }
    return out
  }

  /// `sip:number@host`, the number escaped (RFC 3261 25.1 `user`).
  static func appendURI(number: [UInt8], host: [UInt8], to out: inout [UInt8]) {
    append("sip:", to: &out)
    SIPURI.appendEscaped(user: number, to: &out)
    append("@", to: &out)
    out.append(contentsOf: host)
  }

  /// `<sip:name@host:port;transport=tcp>`; the user names the call, for the eye in a trace and for steering by shard.
  static func contact(call: CallID, leg: Int, host: [UInt8], transport: Transport, isSecure: Bool = false) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(64)
    let isSecure = isSecure && transport == .tls
    append(isSecure ? "<sips:" : "<sip:", to: &out)
    out.appendHexadecimal(call.rawValue, digits: 16)
    out.appendHexadecimal(UInt64(leg), digits: 2)
    append("@", to: &out)
    out.append(contentsOf: host)
    switch transport {
    case .udp: break
    case .tcp: append(";transport=tcp", to: &out)
    // RFC 5630 3.1.3: sips says it already, over whatever stream.
    case .tls: if !isSecure { append(";transport=tls", to: &out) }
    }
    append(">", to: &out)
    return out
  }

  /// RFC 3261 12.1.1: the Contact must be a `sips` URI when the Request-URI, or the first Record-Route, or without one the Contact was.
  static func wantsSecureContact(_ request: SIPMessage) -> Bool {
    if (try? SIPURI(parsing: request.requestURI))?.scheme == .sips { return true }
    guard let value = request.value(.recordRoute) ?? request.value(.contact) else { return false }
    return (try? NameAddress(parsing: value))?.uri.scheme == .sips
  }

  static func append(_ text: StaticString, to out: inout [UInt8]) {
    text.withUTF8Buffer { out.append(contentsOf: $0) }
  }
  static func appendDecimal(_ value: Int, to out: inout [UInt8]) {
    out.appendDecimal(UInt64(max(value, 0)))
  }
}
