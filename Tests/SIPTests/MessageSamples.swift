import SIP

/// Messages the tests of the message layer share.
enum Sample {
  /// Lines joined by CRLF, with the empty line and the body behind.
  static func message(_ lines: [String], body: String = "") -> [UInt8] {
    Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
  }

  static let inviteLines = [
    "INVITE sip:+14155550100@gw.example.com:5060;transport=udp;user=phone SIP/2.0",
    "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport",
    "Via: SIP/2.0/TCP [2001:db8::9]:5062;branch=z9hG4bKnashds8;received=192.0.2.77, SIP/2.0/TLS edge.example.org;branch=z9hG4bKabc",
    "Max-Forwards: 70",
    "To: \"Bob \\\"B\\\" Builder\" <sip:bob@biloxi.example.com>",
    "From: Alice Liddell <sips:alice:secret@atlanta.example.com;lr>;tag=1928301774",
    "Call-ID: a84b4c76e66710@pc33.atlanta.example.com",
    "CSeq: 314159 INVITE",
    "Contact: <sip:alice@192.0.2.10:5060>;expires=3600",
    "Route: <sip:proxy1.example.com;lr>, <sip:proxy2.example.com;lr>",
    "Supported: 100rel, timer,replaces",
    "Subject: lunch, then coffee",
    "Content-Type: application/sdp",
    "Content-Length: 5",
  ]
  static let invite = message(inviteLines, body: "v=0\r\n")

  /// The INVITE with lines put in the place of those that begin with a name, or taken away.
  static func invite(replacing name: String, with lines: [String], body: String = "v=0\r\n") -> [UInt8] {
    var all: [String] = []
    var isPlaced = false
    for line in inviteLines {
      if line.hasPrefix(name + ":") || (name == "start" && line.hasPrefix("INVITE")) {
        if !isPlaced { all += lines }
        isPlaced = true
      } else {
        all.append(line)
      }
    }
    return message(isPlaced ? all : all + lines, body: body)
  }
}

extension ArraySlice<UInt8> {
  var text: String { String(decoding: self, as: UTF8.self) }
}
extension [UInt8] {
  var text: String { String(decoding: self, as: UTF8.self) }
  init(_ text: String) { self = Array(text.utf8) }
}

/// What parsing refused, or `nil` when it accepted.
func refusal(_ bytes: [UInt8]) -> SIPMessage.ParseFailure? {
  do {
    _ = try SIPMessage(parsing: bytes)
    return nil
  } catch {
    return error
  }
}
