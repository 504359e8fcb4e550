import Testing
import Timing

@testable import SIP

@Suite("Dialogs")
struct DialogTests {
  static func invite(
    contact: String? = "<sip:far@192.0.2.10:5070>", recordRoutes: [String] = [], fromTag: String? = "far", from: String = "\"Far, End\" <sip:far@192.0.2.10>"
  ) -> SIPMessage {
    parse(
      [
        "INVITE sip:+4989@198.51.100.1 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK-1",
        "From: " + from + (fromTag.map { ";tag=" + $0 } ?? ""), "To: <sip:+4989@198.51.100.1>", "Call-ID: call-1", "CSeq: 7 INVITE", "Max-Forwards: 70",
      ] + (contact.map { ["Contact: " + $0] } ?? []) + recordRoutes.map { "Record-Route: " + $0 })
  }
  static func response(
    _ status: Int, tag: String? = "callee", contact: String? = "<sip:callee@203.0.113.5:5062;transport=tcp>", recordRoutes: [String] = [],
    from: String = "<sip:us@198.51.100.1>;tag=ours"
  ) -> SIPMessage {
    parse(
      [
        "SIP/2.0 \(status) X", "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-1", "From: " + from,
        "To: <sip:+4930@203.0.113.5>" + (tag.map { ";tag=" + $0 } ?? ""), "Call-ID: call-2", "CSeq: 42 INVITE",
      ] + (contact.map { ["Contact: " + $0] } ?? []) + recordRoutes.map { "Record-Route: " + $0 })
  }
  static let ownInvite = parse([
    "INVITE sip:+4930@203.0.113.5 SIP/2.0", "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK-1", "From: <sip:us@198.51.100.1>;tag=ours",
    "To: <sip:+4930@203.0.113.5>", "Call-ID: call-2", "CSeq: 42 INVITE", "Max-Forwards: 70", "Contact: <sip:198.51.100.1>",
  ])
  static func established(recordRoutes: [String] = [], contact: String = "<sip:callee@203.0.113.5:5062;transport=tcp>") throws -> Dialog {
    try Dialog(request: ownInvite, response: response(200, contact: contact, recordRoutes: recordRoutes))
  }

  // MARK: Creation

  @Test("The UAS side: Record-Route in order, target from Contact, remote number from CSeq — RFC 3261 12.1.1")
  func answering() throws {
    let dialog = try Dialog(
      answering: Self.invite(recordRoutes: ["<sip:p2.example.com;lr>, <sip:p1.example.com;lr>", "<sip:p0.example.com;lr>"]), localTag: Array("here"))
    #expect(dialog.state == .early)
    #expect(dialog.callID.text == "call-1")
    #expect(dialog.localTag.text == "here")
    #expect(dialog.remoteTag.text == "far")
    #expect(dialog.localAddress.text == "<sip:+4989@198.51.100.1>")
    #expect(dialog.remoteAddress.text == "\"Far, End\" <sip:far@192.0.2.10>")
    #expect(dialog.remoteTarget.text == "sip:far@192.0.2.10:5070")
    #expect(dialog.routeSet.map(\.text) == ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>", "<sip:p0.example.com;lr>"])
    #expect(dialog.remoteSequence == 7)
  }

  @Test("The UAC side: Record-Route reversed, local number from our CSeq, remote empty — RFC 3261 12.1.2", arguments: [180, 200])
  func requesting(status: Int) throws {
    let dialog = try Dialog(
      request: Self.ownInvite, response: Self.response(status, recordRoutes: ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"]))
    #expect(dialog.state == (status == 200 ? .confirmed : .early))
    #expect(dialog.localTag.text == "ours")
    #expect(dialog.remoteTag.text == "callee")
    #expect(dialog.localAddress.text == "<sip:us@198.51.100.1>")
    #expect(dialog.remoteAddress.text == "<sip:+4930@203.0.113.5>")
    #expect(dialog.remoteTarget.text == "sip:callee@203.0.113.5:5062;transport=tcp")
    #expect(dialog.routeSet.map(\.text) == ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"])
    #expect(dialog.localSequence == 42)
    #expect(dialog.remoteSequence == nil)
  }

  @Test("What makes no dialog is refused with its reason — RFC 3261 12.1.1, 12.1.2")
  func refused() {
    #expect(throws: Dialog.Refusal.missingContact) { try Dialog(answering: Self.invite(contact: nil), localTag: [1]) }
    #expect(throws: Dialog.Refusal.missingTag) { try Dialog(request: Self.ownInvite, response: Self.response(180, tag: nil)) }
    #expect(throws: Dialog.Refusal.missingContact) { try Dialog(request: Self.ownInvite, response: Self.response(200, contact: nil)) }
    #expect(throws: Dialog.Refusal.malformed) { try Dialog(answering: Self.invite(recordRoutes: ["<sip:>"]), localTag: [1]) }
  }

  @Test(
    "A Contact that is no SIP URI is none, a route that is none is malformed: no request could go there — RFC 3261 8.1.1.8",
    arguments: ["<sip0.11.11.1:5090;x=1>", "<tel:+4930>", "<urn:service:sos>", "<http://192.0.2.10/>"])
  func foreignScheme(contact: String) throws {
    #expect(throws: Dialog.Refusal.missingContact) { try Dialog(answering: Self.invite(contact: contact), localTag: [1]) }
    #expect(throws: Dialog.Refusal.missingContact) { try Dialog(request: Self.ownInvite, response: Self.response(200, contact: contact)) }
    #expect(throws: Dialog.Refusal.malformed) { try Dialog(answering: Self.invite(recordRoutes: [contact]), localTag: [1]) }
    var dialog = try Self.established()
    let before = dialog.remoteTarget
    dialog.refreshTarget(from: Self.response(200, contact: contact))
    #expect(dialog.remoteTarget == before)
  }

  @Test("An absent tag is a null tag and is not written — RFC 3261 12.1.1, 12.1.2")
  func nullTags() throws {
    var uas = try Dialog(answering: Self.invite(fromTag: nil), localTag: Array("here"))
    #expect(uas.remoteTag.isEmpty)
    #expect(uas.makeRequest(.bye).value(.to)?.text == "\"Far, End\" <sip:far@192.0.2.10>")
    let uac = try Dialog(request: Self.ownInvite, response: Self.response(200, tag: nil))
    #expect(uac.remoteTag.isEmpty)
    #expect(uac.matches(callID: Array("call-2")[...], localTag: Array("ours")[...], remoteTag: []))
  }

  @Test("A provisional response without Contact leaves the Request-URI as target until the 2xx")
  func provisionalWithoutContact() throws {
    var dialog = try Dialog(request: Self.ownInvite, response: Self.response(180, contact: nil))
    #expect(dialog.remoteTarget.text == "sip:+4930@203.0.113.5")
    dialog.confirm(by: Self.response(200))
    #expect(dialog.remoteTarget.text == "sip:callee@203.0.113.5:5062;transport=tcp")
  }

  @Test(
    "The tag is cut out of an address and everything else stays — RFC 3261 20.10",
    arguments: [
      ("<sip:a@b>;tag=x", "<sip:a@b>"), ("<sip:a@b>;tag=x;p=1", "<sip:a@b>;p=1"), ("<sip:a@b>;p=1 ; TAG = x", "<sip:a@b>;p=1"),
      ("sip:a@b;tag=x", "sip:a@b"), ("\"q;tag=no <x>\" <sip:a@b;tag=uri>;tag=x", "\"q;tag=no <x>\" <sip:a@b;tag=uri>"),
      ("<sip:a@b>;p=\"v;tag=no\";tag=x", "<sip:a@b>;p=\"v;tag=no\""), ("<sip:a@b>", "<sip:a@b>"), ("\"a\\\"b\" <sip:a@b>;tag=x", "\"a\\\"b\" <sip:a@b>"),
      ("<sip:a@b>;tagged=1;tag=x", "<sip:a@b>;tagged=1"), ("\"open", "\"open"), ("\"open\\", "\"open\\"), (";", ";"), ("", ""),
    ])
  func tagRemoval(value: String, bare: String) {
    #expect(HeaderTag.removed(from: Array(value)[...]).text == bare)
  }

  // MARK: Forks and confirmation

  @Test("A 2xx confirms the early dialog and sets route set and target anew — RFC 3261 13.2.2.4")
  func confirm() throws {
    var dialog = try Dialog(request: Self.ownInvite, response: Self.response(180, recordRoutes: ["<sip:early.example.com;lr>"]))
    dialog.confirm(by: Self.response(200, contact: "<sip:late@203.0.113.9>", recordRoutes: ["<sip:b.example.com;lr>", "<sip:a.example.com;lr>"]))
    #expect(dialog.state == .confirmed)
    #expect(dialog.remoteTarget.text == "sip:late@203.0.113.9")
    #expect(dialog.routeSet.map(\.text) == ["<sip:a.example.com;lr>", "<sip:b.example.com;lr>"])
    let before = dialog
    dialog.confirm(by: Self.response(200, contact: "<sip:third@203.0.113.10>"))
    #expect(dialog == before, "the route set is fixed once the dialog is confirmed")
  }

  @Test("Another fork's 2xx, or a provisional response, does not confirm", arguments: [(200, "other"), (183, "callee"), (486, "callee")])
  func notConfirmed(status: Int, tag: String) throws {
    var dialog = try Dialog(request: Self.ownInvite, response: Self.response(180))
    let before = dialog
    dialog.confirm(by: Self.response(status, tag: tag, recordRoutes: ["<sip:x.example.com;lr>"]))
    #expect(dialog == before)
  }

  @Test("Our own 2xx confirms the UAS side and touches nothing else")
  func confirmAnswering() throws {
    let invite = Self.invite(recordRoutes: ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"])
    var dialog = try Dialog(answering: invite, localTag: Array("here"))
    var expected = dialog
    expected.state = .confirmed
    var answer = SIPMessage(responding: 200, to: invite, toTag: Array("here"))
    answer.append(.contact, Array("<sip:198.51.100.1>"))
    dialog.confirm(by: answer)
    #expect(dialog == expected)
  }

  @Test("Another fork is the same call with its own tag, target and route — RFC 3261 12.1.2, 13.2.2.4")
  func fork() throws {
    var first = try Dialog(request: Self.ownInvite, response: Self.response(180, recordRoutes: ["<sip:p.example.com;lr>"]))
    _ = first.makeRequest(.update)
    let fork = try Dialog(
      fork: first, sequence: 42, requestURI: Self.ownInvite.requestURI, response: Self.response(200, tag: "second", contact: "<sip:second@203.0.113.6>"))
    #expect(fork == (try Dialog(request: Self.ownInvite, response: Self.response(200, tag: "second", contact: "<sip:second@203.0.113.6>"))))
  }

  // MARK: Requests

  @Test("Without routes the request goes to the target — RFC 3261 12.2.1.1")
  func noRoute() throws {
    var dialog = try Self.established()
    let bye = dialog.makeRequest(.bye)
    #expect(bye.method == .bye)
    #expect(bye.requestURI.text == "sip:callee@203.0.113.5:5062;transport=tcp")
    #expect(bye.value(.from)?.text == "<sip:us@198.51.100.1>;tag=ours")
    #expect(bye.value(.to)?.text == "<sip:+4930@203.0.113.5>;tag=callee")
    #expect(bye.callID.text == "call-2")
    #expect(bye.value(.cseq)?.text == "43 BYE")
    #expect(bye.maxForwards == 70)
    #expect(!bye.has(.route))
    #expect(dialog.nextHop.text == "sip:callee@203.0.113.5:5062;transport=tcp")
    #expect(dialog.makeRequest(.info).cseqNumber == 44)
    #expect(dialog.localSequence == 44)
  }

  @Test("Loose routing: target in the Request-URI, the whole route set in Route — RFC 3261 12.2.1.1")
  func looseRoute() throws {
    var dialog = try Self.established(recordRoutes: ["<sip:p2.example.com;lr>", "\"One\" <sip:p1.example.com:5080;lr=on>;x=y"])
    let request = dialog.makeRequest(.invite)
    #expect(request.requestURI.text == "sip:callee@203.0.113.5:5062;transport=tcp")
    #expect(request.values(.route).map(\.text) == ["\"One\" <sip:p1.example.com:5080;lr=on>;x=y", "<sip:p2.example.com;lr>"])
    #expect(dialog.nextHop.text == "sip:p1.example.com:5080;lr=on")
  }

  @Test("Strict routing: the first route in the Request-URI, the target behind the rest — RFC 3261 12.2.1.1")
  func strictRoute() throws {
    var dialog = try Self.established(recordRoutes: ["<sip:p2.example.com;lr>", "<sip:p1.example.com:5080;method=INVITE;user=x?Subject=a>"])
    let request = dialog.makeRequest(.bye)
    #expect(request.requestURI.text == "sip:p1.example.com:5080;user=x")
    #expect(request.values(.route).map(\.text) == ["<sip:p2.example.com;lr>", "<sip:callee@203.0.113.5:5062;transport=tcp>"])
    #expect(dialog.nextHop.text.hasPrefix("sip:p1.example.com:5080"))
    let ack = dialog.makeAcknowledgement(sequence: 42)
    #expect(ack.requestURI.text == "sip:p1.example.com:5080;user=x")
  }

  @Test("The ACK of a 2xx has its INVITE's number and changes nothing — RFC 3261 13.2.2.4")
  func acknowledgement() throws {
    let dialog = try Self.established(recordRoutes: ["<sip:p.example.com;lr>"])
    let ack = dialog.makeAcknowledgement(sequence: 42)
    #expect(ack.method == .ack)
    #expect(ack.value(.cseq)?.text == "42 ACK")
    #expect(ack.values(.route).map(\.text) == ["<sip:p.example.com;lr>"])
    #expect(dialog.localSequence == 42)
  }

  @Test(
    "A target is written as a Request-URI: no method parameter, no header fields — RFC 3261 19.1.1",
    arguments: [
      ("sip:a@b;method=REFER;x=y", "sip:a@b;x=y"), ("sip:a?b@c;x?H=v", "sip:a?b@c;x"), ("sip:a;method=x@c", "sip:a;method=x@c"), ("SIPS:b;METHOD=x", "SIPS:b"),
      ("sip:b;methods=x", "sip:b;methods=x"), ("tel:+49;method=x", "tel:+49;method=x"), ("sip:b", "sip:b"), ("", ""),
    ])
  func requestURIForm(uri: String, form: String) {
    #expect(RequestURIForm.of(Array(uri)[...]).text == form)
  }

  @Test("Requests we make can be read back as they are meant")
  func readBack() throws {
    var dialog = try Self.established(recordRoutes: ["<sip:p.example.com;lr>"])
    var request = dialog.makeRequest(.invite)
    request.prepend(.via, Array("SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKx"))
    let read = try SIPMessage(parsing: request.encoded())
    #expect(read.from.tag?.text == "ours")
    #expect(read.to.tag?.text == "callee")
    #expect(read.cseqNumber == 43)
  }

  // MARK: Requests received

  @Test("A lower CSeq is out of order, equal and higher are taken, gaps too — RFC 3261 12.2.2")
  func sequence() throws {
    func request(_ method: String, _ number: UInt32) -> SIPMessage {
      parse([
        "\(method) sip:198.51.100.1 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK-9", "From: <sip:far@192.0.2.10>;tag=far", "To: <sip:x>;tag=here",
        "Call-ID: call-1", "CSeq: \(number) \(method)", "Max-Forwards: 70",
      ])
    }
    var uas = try Dialog(answering: Self.invite(), localTag: Array("here"))
    #expect(uas.received(request("INFO", 6)) == .outOfOrder)
    #expect(uas.remoteSequence == 7)
    #expect(uas.received(request("INFO", 7)) == .accept)
    #expect(uas.received(request("INFO", 900)) == .accept)
    #expect(uas.received(request("INFO", 899)) == .outOfOrder)
    // An ACK carries its INVITE's number, whatever came between.
    #expect(uas.received(request("ACK", 7)) == .accept)
    #expect(uas.remoteSequence == 900)
    var uac = try Self.established()
    #expect(uac.received(request("BYE", 1)) == .accept)
    #expect(uac.remoteSequence == 1)
  }

  @Test("Target refresh takes the Contact, if there is one — RFC 3261 12.2.1.2, 12.2.2")
  func refresh() throws {
    var dialog = try Self.established()
    dialog.refreshTarget(from: Self.response(200, contact: nil))
    #expect(dialog.remoteTarget.text == "sip:callee@203.0.113.5:5062;transport=tcp")
    dialog.refreshTarget(from: Self.response(200, contact: "<sip:new@203.0.113.7>;expires=3"))
    #expect(dialog.remoteTarget.text == "sip:new@203.0.113.7")
    #expect(dialog.routeSet.isEmpty)
  }

  @Test("Call-ID and both tags name the dialog, byte for byte — RFC 3261 12")
  func matching() throws {
    let dialog = try Self.established()
    func matches(_ id: String, _ local: String, _ remote: String) -> Bool {
      dialog.matches(callID: Array(id)[...], localTag: Array(local)[...], remoteTag: Array(remote)[...])
    }
    #expect(matches("call-2", "ours", "callee"))
    #expect(!matches("call-1", "ours", "callee"))
    #expect(!matches("call-2", "callee", "ours"))
    #expect(!matches("call-2", "ours", "Callee"))
    #expect(!matches("call-2", "ours", ""))
  }
}

@Suite("Repeating our 2xx")
struct AnswerRepetitionTests {
  @Test("At T1, doubling to T2, until 64*T1 — RFC 3261 13.3.1.4")
  func instants() {
    var repetition = AnswerRepetition(sentAt: start)
    var times: [Int] = []
    var gaveUp: Int?
    while gaveUp == nil {
      let at = repetition.nextDeadline
      switch repetition.advance(to: at) {
      case .repeatAnswer: times.append(at.since(start).milliseconds)
      case .giveUp: gaveUp = at.since(start).milliseconds
      case nil: Issue.record("a deadline with nothing to do"); return
      }
    }
    #expect(times == [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500])
    #expect(gaveUp == 32000)
  }
}
