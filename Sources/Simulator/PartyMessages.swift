import Addressing
import SDP
import SIP
import Timing

// What a party writes: every header and every line of a description carries its mark.
extension SimulatedParty {
  func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
  var markText: String { String(decoding: party.mark, as: UTF8.self) }

  mutating func token() -> String { markText + String(random.next() & 0xFFFF_FFFF, radix: 16) }

  /// A new INVITE's headers but its description.
  mutating func newInvite(to number: String, callID: [UInt8], tag: [UInt8]) -> SIPMessage {
    let target = "sip:\(number)@\(home)"
    var message = SIPMessage(request: .invite, uri: bytes(target))
    message.append(.maxForwards, bytes("\(random.between(1, 70))"))
    message.append(
      .from, bytes("\"Alice\" <sip:+1425555\(1000 + random.below(9000))@\(random.chance(50) ? "\(party.address.ip)" : "\(markText).example.com")>;tag=") + tag)
    message.append(.to, bytes("<\(target)>"))
    message.append(.callID, callID)
    message.append(.cseq, bytes("\(1 + random.below(1000)) INVITE"))
    return message
  }

  /// What every message of this party shows of it.
  mutating func decorate(_ message: inout SIPMessage, _ call: PartyCall?) {
    let ip = "\(party.address.ip)"
    if call?.hasForeignContact == true {
      message.append(.contact, bytes("<sip:\(markText)@203.0.113.\(1 + random.below(200)):5060>"))
    } else {
      message.append(.contact, bytes("<sip:\(markText)-phone@\(party.address);\(markText)=1\(isStream ? ";transport=tcp" : "")>"))
    }
    if call?.isRouteRecorded == true { message.append(.recordRoute, bytes("<sip:\(party.secondNode);lr;\(markText)=1\(isStream ? ";transport=tcp" : "")>")) }
    if message.isRequest {
      message.append(.userAgent, bytes("\(markText) phone/1.0 (\(ip))"))
      message.append(.pAssertedIdentity, bytes("\"Alice\" <sip:+14255551000@\(ip)>"))
      message.append(.privacy, bytes("none"))
    } else {
      message.append(.server, bytes("\(markText) phone/1.0 (\(ip))"))
      message.append(.warning, bytes("399 \(ip) \"\(markText)\""))
    }
    message.append(named: bytes("X-\(markText)"), bytes("\(markText) \(ip)"))
    message.append(named: bytes("Organization"), bytes("\(markText) Ltd"))
    message.append(.subject, bytes("\(markText)"))
    message.append(.callInfo, bytes("<http://\(ip)/\(markText).jpg>;purpose=icon"))
  }

  mutating func response(_ status: Int, to request: SIPMessage, tag: [UInt8]?, call: PartyCall?) -> SIPMessage {
    var message = SIPMessage(responding: status, to: request, toTag: tag)
    message.setStatus(status, reason: bytes("\(markText) says so"))
    if status > 100 {
      decorate(&message, call)
      if status < 300 { for route in request.values(.recordRoute) { message.append(.recordRoute, route) } }
    }
    if status >= 400, random.chance(50) { message.append(.reason, bytes("Q.850;cause=\(random.pick([17, 18, 19, 21, 34, 41]));text=\"\(markText)\"")) }
    if status == 422 { message.append(.minSE, bytes("25")) }
    if status == 503, knobs.retryAfter > 0 { message.append(.retryAfter, bytes("\(knobs.retryAfter) (later)")) }
    if status >= 300, status < 400 { message.append(.retryAfter, bytes("5")) }
    return message
  }

  /// An offer, or an answer to `offer`.
  mutating func description(_ call: inout PartyCall, answering offer: SIPMessage?) -> [UInt8] {
    call.lastDescription = written(call, answering: offer)
    return call.lastDescription
  }

  private func written(_ call: PartyCall, answering offer: SIPMessage?) -> [UInt8] {
    let ip = party.media
    let isOldHold = call.direction == "old-inactive"
    var text = "v=0\r\no=\(markText)user \(call.sessionID) \(call.version) IN IP4 \(ip)\r\ns=\(markText) session\r\ni=\(markText)\r\n"
    text += "u=http://\(ip)/\r\ne=\(markText)@\(ip)\r\nc=IN IP4 \(isOldHold ? "0.0.0.0" : "\(ip)")\r\nb=AS:80\r\nt=0 0\r\na=tool:\(markText)\r\n"
    let own =
      "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=ssrc:77 cname:\(markText)\r\n"
    guard let offer, let asked = try? SessionDescription(parsing: offer.body) else {
      text += "m=audio \(call.port) RTP/AVP 0 8 101\r\n\(own)a=rtcp:\(call.port + 1)\r\na=\(isOldHold ? "inactive" : call.direction)\r\n"
      if call.number % 5 == 0 { text += "m=video \(call.port + 1000) RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=\(markText):1\r\n" }
      return bytes(text)
    }
    var isTaken = false
    for (index, stream) in asked.media.enumerated() {
      let kind = String(decoding: stream.kind, as: UTF8.self)
      let formats = stream.formats.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
      if !isTaken, stream.port != 0, kind == "audio" {
        isTaken = true
        text += "m=audio \(call.port) \(String(decoding: stream.proto, as: UTF8.self)) \(formats)\r\n\(own)a=\(answering(asked.direction(of: index)))\r\n"
      } else {
        text += "m=\(kind) 0 \(String(decoding: stream.proto, as: UTF8.self)) \(formats)\r\n"
      }
    }
    return bytes(text)
  }

  /// RFC 3264 6.1.
  private func answering(_ direction: SessionDescription.Direction) -> String {
    switch direction {
    case .sendrecv: "sendrecv"
    case .sendonly: "recvonly"
    case .recvonly: "sendonly"
    case .inactive: "inactive"
    }
  }

  /// Takes note of where the other side wants its media.
  func learnMedia(_ call: inout PartyCall, from message: SIPMessage) {
    guard !message.body.isEmpty, let description = try? SessionDescription(parsing: message.body), !description.media.isEmpty else { return }
    if let address = description.rtpDestination(of: 0) { call.remoteMedia = address }
  }

  /// Where a request of this dialog goes.
  func route(_ dialog: Dialog) -> Flow {
    var remote = home
    if let uri = try? SIPURI(parsing: dialog.nextHop), let ip = IPAddress(uri.host) { remote = TransportAddress(ip, uri.port ?? 5060) }
    return flow(to: remote)
  }

  var sentBy: [UInt8] { party.address.text }
}
