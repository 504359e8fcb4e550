import Configuration
import Records
import SIP

// INFO in a dialog (RFC 6086), which carries digits for peers that do not send RFC 4733 events: what is in the table crosses, built anew, and is answered
// with the far side's status.
extension Call {
  mutating func receivedInfo(_ request: SIPMessage, server: TransactionLayer.ServerID, leg: Int, _ environment: inout CallEnvironment) {
    received(request, leg: leg, environment)
    let types = passedInfoBodies(from: leg, environment)
    if let refusal = refusal(ofInfo: request, types, leg: leg) {
      respond(refusal, in: server, leg: leg, &environment)
      return
    }
    // Without a body it says nothing but that the dialog lives.
    guard !request.body.isEmpty, let type = Call.plainType(of: request) else { return refuse(200, request, server, leg: leg, &environment) }
    guard phase != .over, let other = other(than: leg), isPaired(leg), legs[other].hasDialog,
      legs[other].state == .inviting || legs[other].state == .confirmed
    else { return refuse(phase == .over ? 481 : 480, request, server, leg: leg, &environment) }
    guard legs[other].requests.count < CallLimits.openRequests else {
      var refusal = answer(500, leg: leg, to: request, body: nil)
      refusal.append(.retryAfter, text: "1")
      respond(refusal, in: server, leg: leg, &environment)
      return
    }
    var message = legs[other].dialog.makeRequest(.info)
    message.append(.contact, legs[other].contact)
    message.setBody(Array(request.body), type: "application/octet-stream")
    message.set(.contentType, type)
    if let status = sendRequest(message, for: .passed(from: leg, server: server, request: request), leg: other, &environment) {
      refuse(Call.crossing(status: status), request, server, leg: leg, &environment)
    }
  }

  /// Of `pass-info-body`, what both trunks list.
  private func passedInfoBodies(from leg: Int, _ environment: CallEnvironment) -> [[UInt8]] {
    guard let other = other(than: leg) else { return [] }
    let far = environment.settings(of: legs[other].trunk).passInfoBodies
    return environment.settings(of: legs[leg].trunk).passInfoBodies.filter(far.contains).map { $0.utf8.map(\.asLowerCase) }
  }

  private func refusal(ofInfo request: SIPMessage, _ others: [[UInt8]], leg: Int) -> SIPMessage? {
    // RFC 6086 4.2.2: packages are answered 469 with those we would take, which is none.
    if request.value(named: "Info-Package".utf8) != nil {
      var refusal = answer(469, leg: leg, to: request, body: nil)
      refusal.append(named: "Recv-Info".utf8, [UInt8]())
      return refusal
    }
    guard !request.body.isEmpty else { return nil }
    if request.body.count > CallLimits.infoBodyBytes { return answer(413, leg: leg, to: request, body: nil) }
    if !LegMessages.isEncoded(request), let type = Call.plainType(of: request) {
      let isListed = Capabilities.bodies(of: .info).contains { known in known.withUTF8Buffer { type.elementsEqual($0) } }
      if isListed || others.contains(type) { return nil }
    }
    var refusal = answer(415, leg: leg, to: request, body: nil)
    Capabilities.appendAcceptable(insteadOf: request, others: others, to: &refusal)
    return refusal
  }

  /// What became of a request that was passed from leg `from` to `leg`.
  mutating func passedBack(_ status: Int, from: Int, _ server: TransactionLayer.ServerID, _ request: SIPMessage, leg: Int, _ environment: inout CallEnvironment)
  {
    if phase != .over, status == 481 {
      refuse(481, request, server, leg: from, &environment)
      // RFC 3261 12.2.1.2.
      return end(.answered, status: self.status, cause: 41, reason: "\(legs[leg].trunkName) no longer knew the call (481)", by: nil, &environment)
    }
    // The far side's own word on method and body is the sender's business here: the request was passed as it was.
    let told = [405, 415, 469].contains(status) || status < 300 ? status : Call.crossing(status: status)
    var answer = answer(told, leg: from, to: request, body: nil)
    if told == 415 { Capabilities.appendAcceptable(insteadOf: request, to: &answer) }
    respond(answer, in: server, leg: from, &environment)
  }

  /// The media type without parameters, in lower case; `nil` when there is none that reads as one.
  static func plainType(of message: SIPMessage) -> [UInt8]? {
    guard let whole = message.value(.contentType) else { return nil }
    let type = whole.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
    guard type.contains(UInt8(ascii: "/")), type.count <= 64 else { return nil }
    return type.map(\.asLowerCase)
  }
}

extension UInt8 {
  var asLowerCase: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
