import Addressing

/// The requests a client transaction makes from its own INVITE.
extension SIPMessage {
  /// The ACK for a non-2xx final response (RFC 3261 17.1.1.3): same hop, same branch, To as in the response.
  init(acknowledging response: SIPMessage, to invite: SIPMessage) {
    self.init(hopByHop: .ack, "ACK", of: invite, to: response.value(.to))
  }

  /// The CANCEL of an INVITE (9.1): same hop, same branch, everything that identifies as in the INVITE.
  init(cancelling invite: SIPMessage, reason: [UInt8]?) {
    self.init(hopByHop: .cancel, "CANCEL", of: invite, to: invite.value(.to))
    if let reason { append(.reason, reason) }
  }

  private init(hopByHop method: Method, _ name: StaticString, of invite: SIPMessage, to: ArraySlice<UInt8>?) {
    self.init(request: method, uri: invite.requestURI)
    append(.via, invite.topVia.bytes)
    // Through the same proxies: the Route fields are copied.
    for route in invite.values(.route) { append(.route, route) }
    append(.maxForwards, text: "70")
    append(.from, invite.value(.from) ?? [])
    append(.to, to ?? [])
    append(.callID, invite.callID)
    let number = invite.cseqNumber
    append(.cseq) { out in
      out.appendDecimal(UInt64(number))
      out.append(UInt8(ascii: " "))
      name.withUTF8Buffer { out.append(contentsOf: $0) }
    }
  }
}
