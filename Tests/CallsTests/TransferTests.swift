import Addressing
import Calls
import Configuration
import Media
import SIP
import Testing
import Timing

extension Bench {
  /// Numbers in +49 lead to `spare-1`; both others' trunks may call them.
  static func transferring(_ configuration: inout Configuration) {
    configuration.voiceRoutes.insert(.init(name: "berlin", pattern: "^\\+49", priority: 1, pstnUsages: ["National"], trunks: [2]), at: 0)
    configuration.voiceRoutes.append(.init(name: "uk", pattern: "^\\+44", priority: 1, pstnUsages: ["Internal"], trunks: [2]))
    Bench.settings(&configuration, "acme-1") { $0.pstnUsages = ["Internal", "National"] }
  }
  static let berlin = "Refer-To: <sip:+493012345@203.0.113.1>\r\n"
  /// Bodies of the NOTIFYs sent there, first line each.
  func fragments(to address: TransportAddress) -> [String] {
    requests(to: address).filter { $0.method == .notify }.map { String(decoding: $0.body.prefix { $0 != 0x0D }, as: UTF8.self) }
  }
  /// Our tag in the dialog of a Call-ID that the far side chose.
  func ourTag(callID: String, at address: TransportAddress) -> String {
    sent.last { $0.to == address && !$0.message.isRequest && String(decoding: $0.message.callID, as: UTF8.self) == callID && $0.message.status == 200 }?
      .message.to.tag.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}

@Suite struct BlindTransferTests {
  @Test(
    "The called side refers the caller: 202, NOTIFY of each step, the caller is asked when the target has answered, then the transferor goes — RFC 3515, 5589 6.1"
  )
  func byTheCalled() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    try bench.callee("REFER", 1, extra: Bench.berlin + "Referred-By: <sip:bob@10.0.0.2>\r\n")
    #expect(bench.toCallee == ["202 REFER", "NOTIFY"])
    #expect(bench.fragments(to: Bench.provider) == ["SIP/2.0 100 Trying"])
    #expect(bench.last(to: Bench.provider)?.text(.event) == "refer;id=1")
    #expect(bench.last(to: Bench.provider)?.text(.contentType) == "message/sipfrag;version=2.0")
    try bench.calleeReplies(200, to: .notify)
    let invite = try bench.attempt(1)
    #expect(invite.requestURI.starts(with: "sip:+493012345@10.0.0.3".utf8))
    #expect(invite.from.uri.number.map { String(decoding: $0, as: UTF8.self) } == "+14255551000")
    #expect(invite.has(.referredBy) && !String(decoding: invite.encoded(), as: UTF8.self).contains("10.0.0.2"))
    #expect(bench.toCaller == [])
    try bench.reply(180, attempt: 1, from: Bench.backup)
    try bench.calleeReplies(200, to: .notify)
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    #expect(bench.toSpare == ["INVITE", "ACK"])
    #expect(bench.toCaller == ["INVITE"])
    try bench.callerReplies(200, to: .invite, body: Bench.sdp)
    #expect(bench.toCaller == ["INVITE", "ACK"])
    #expect(bench.fragments(to: Bench.provider) == ["SIP/2.0 100 Trying", "SIP/2.0 180 Ringing", "SIP/2.0 200 OK"])
    #expect(bench.last(to: Bench.provider)?.text(.subscriptionState) == "terminated;reason=noresource")
    try bench.calleeReplies(200, to: .notify)
    #expect(bench.toCallee.last == "BYE")
    try bench.calleeReplies(200, to: .bye)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    #expect(bench.exchange.calls.first?.outgoingTrunk == "spare-1")
    bench.forget()
    bench.caller("BYE", 5)
    #expect(bench.toSpare == ["BYE"] && bench.toCallee == [])
    try bench.calleeReplies(200, to: .bye, from: Bench.backup)
    bench.finish()
  }

  @Test("The caller refers the called side: the new leg takes the caller's place, and either side ends the call")
  func byTheCaller() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    bench.caller("REFER", 2, extra: Bench.berlin)
    try bench.callerReplies(200, to: .notify)
    #expect(try bench.attempt(1).from.uri.number.map { String(decoding: $0, as: UTF8.self) } == "+14155550100")
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    try bench.callerReplies(200, to: .notify)
    try bench.callerReplies(200, to: .bye)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.forget()
    // A hold of the one is heard by the other.
    try bench.callee("INVITE", 5, body: Bench.held)
    #expect(bench.toSpare == ["INVITE"] && bench.toCaller == [])
    try bench.calleeReplies(200, to: .invite, from: Bench.backup, body: Bench.heldAnswer)
    try bench.callee("ACK", 5)
    try bench.callee("BYE", 6)
    #expect(bench.toSpare.last == "BYE" && bench.toCaller == [])
    try bench.calleeReplies(200, to: .bye, from: Bench.backup)
    bench.finish()
  }

  @Test("A target that refuses: NOTIFY says so and the call is as it was", arguments: [486, 404, 603, 302])
  func refused(status: Int) throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    try bench.callee("REFER", 1, extra: Bench.berlin)
    try bench.reply(status, attempt: 1, from: Bench.backup)
    #expect(bench.fragments(to: Bench.provider).count == 2)
    #expect(bench.last(to: Bench.provider)?.text(.subscriptionState) == "terminated;reason=noresource")
    #expect(bench.toCaller == [])
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("A party that refuses its new partner: the target gets BYE, NOTIFY says so, the call is as it was")
  func partyRefuses() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    try bench.callee("REFER", 1, extra: Bench.berlin)
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    try bench.callerReplies(488, to: .invite)
    #expect(bench.toSpare.last == "BYE")
    #expect(bench.fragments(to: Bench.provider).last == "SIP/2.0 488 Failed")
    try bench.calleeReplies(200, to: .bye, from: Bench.backup)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A party that is busy with an offer (491) is asked again")
  func partyGlare() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    try bench.callee("REFER", 1, extra: Bench.berlin)
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    try bench.callerReplies(491, to: .invite)
    bench.advance(by: .seconds(3))
    try bench.callerReplies(200, to: .invite, body: Bench.sdp)
    #expect(bench.fragments(to: Bench.provider).last == "SIP/2.0 200 OK")
    bench.caller("BYE", 5)
    bench.finish()
  }

  @Test("A transferor that hangs up at once leaves the rest to us; if it fails then, nobody is left to go back to and the call ends")
  func hangsUpAtOnce() throws {
    for status in [200, 486] {
      var bench = try Bench(edit: Bench.transferring)
      try bench.established()
      try bench.callee("REFER", 1, extra: Bench.berlin)
      try bench.callee("BYE", 2)
      #expect(bench.toCallee.last == "200 BYE")
      #expect(bench.toCaller == [])
      try bench.reply(status, attempt: 1, from: Bench.backup, tag: "s1", body: status == 200 ? Bench.sdp : "")
      if status == 200 {
        try bench.callerReplies(200, to: .invite, body: Bench.sdp)
        #expect(bench.exchange.calls.map(\.state) == ["up"])
        bench.caller("BYE", 5)
        #expect(bench.toSpare.last == "BYE")
        try bench.calleeReplies(200, to: .bye, from: Bench.backup)
      } else {
        #expect(bench.toCaller == ["BYE"])
        try bench.callerReplies(200, to: .bye)
      }
      bench.finish()
    }
  }

  @Test("What is no transfer: 400, 416, 501; no usage: 403; refuse: 405 and not in Allow; one at a time: 491 — RFC 3515 2.4.2, decided")
  func refusals() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    for (sequence, extra, status) in [
      (2, "", 400), (3, Bench.berlin + Bench.berlin, 400), (4, "Refer-To: <mailto:a@b.example>\r\n", 416),
      (5, "Refer-To: <sip:+493012345@x;method=BYE>\r\n", 501), (6, "Refer-To: <sip:+333@x>\r\n", 404), (7, "Refer-To: <sip:+442012345678@x>\r\n", 403),
    ] {
      bench.caller("REFER", sequence, extra: extra)
      #expect(bench.toCaller.last == "\(status) REFER")
    }
    bench.caller("REFER", 8, extra: Bench.berlin)
    #expect(bench.toCaller.suffix(2) == ["202 REFER", "NOTIFY"])
    bench.caller("REFER", 9, extra: Bench.berlin)
    #expect(bench.toCaller.last == "491 REFER")
    try bench.reply(486, attempt: 1, from: Bench.backup)
    try bench.hangUp()
    bench.finish()

    var refusing = try Bench {
      Bench.transferring(&$0)
      Bench.settings(&$0, "hq") { $0.referSupport = .refuse }
    }
    try refusing.established()
    refusing.caller("REFER", 2, extra: Bench.berlin)
    #expect(refusing.toCaller == ["405 REFER"])
    #expect(refusing.last(to: Bench.pbx)?.lists("REFER", in: .allow) == false)
    try refusing.callee("OPTIONS", 1)
    #expect(refusing.last(to: Bench.provider)?.lists("REFER", in: .allow) == true)
    try refusing.hangUp()
    refusing.finish()
  }

  @Test("Refer-Sub: false: the answer says that we understood, and there is no NOTIFY — RFC 4488")
  func withoutSubscription() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    try bench.callee("REFER", 1, extra: Bench.berlin + "Refer-Sub: false\r\nSupported: norefersub\r\n")
    #expect(bench.toCallee == ["202 REFER"])
    #expect(bench.last(to: Bench.provider)?.text(.referSub) == "false")
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    try bench.callerReplies(200, to: .invite, body: Bench.sdp)
    #expect(bench.toCallee == ["202 REFER", "BYE"])
    try bench.calleeReplies(200, to: .bye)
    bench.caller("BYE", 5)
    try bench.calleeReplies(200, to: .bye, from: Bench.backup)
    bench.finish()
  }

  @Test("The caller hangs up while the target rings: everybody is told")
  func partyLeaves() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    try bench.callee("REFER", 1, extra: Bench.berlin)
    try bench.reply(180, attempt: 1, from: Bench.backup)
    bench.caller("BYE", 2)
    #expect(bench.toSpare.last == "CANCEL")
    #expect(bench.toCallee.last == "BYE")
    try bench.reply(487, attempt: 1, from: Bench.backup)
    bench.finish()
  }

  @Test("A target that never answers is given up, and the call is as it was")
  func silentTarget() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    try bench.callee("REFER", 1, extra: Bench.berlin)
    bench.advance(by: .seconds(11))
    #expect(bench.fragments(to: Bench.provider).contains("SIP/2.0 408 Failed"))
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.advance(by: .seconds(40))
    try bench.hangUp()
    bench.finish()
  }

  @Test("A target whose ports can not be bound fails the transfer, and nothing else")
  func noPorts() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    bench.refusals = [.standby]
    try bench.callee("REFER", 1, extra: Bench.berlin)
    #expect(
      bench.fragments(to: Bench.provider).contains("SIP/2.0 503 Failed"), "\(bench.heard(Bench.provider)) \(bench.fragments(to: Bench.provider)) \(bench.media)"
    )
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("refer-support peer: the REFER goes on to the other party and its NOTIFYs come back; refused there, it is carried out here — decided")
  func passed() throws {
    let edit: (inout Configuration) -> Void = {
      Bench.transferring(&$0)
      Bench.settings(&$0, "hq") { $0.referSupport = .peer }
    }
    var bench = try Bench(edit: edit)
    try bench.established()
    bench.caller("REFER", 2, extra: Bench.berlin)
    #expect(bench.toCallee == ["REFER"])
    let passed = try #require(bench.last(to: Bench.provider))
    #expect(passed.text(.referTo) == "<sip:+493012345@10.0.0.2:5080>")
    try bench.calleeReplies(202, to: .refer)
    #expect(bench.toCaller == ["202 REFER", "NOTIFY"])
    let fragment = "SIP/2.0 200 OK\r\n"
    try bench.callee("NOTIFY", 1, extra: "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n", body: fragment)
    #expect(bench.toCallee.last == "200 NOTIFY")
    #expect(bench.fragments(to: Bench.pbx) == ["SIP/2.0 100 Trying", "SIP/2.0 200 OK"])
    try bench.hangUp()
    bench.finish()

    var refused = try Bench(edit: edit)
    try refused.established()
    refused.caller("REFER", 2, extra: Bench.berlin)
    try refused.calleeReplies(603, to: .refer)
    #expect(refused.toCaller == ["202 REFER", "NOTIFY"])
    #expect(refused.attempts.count == 2)
    try refused.reply(486, attempt: 1, from: Bench.backup)
    try refused.hangUp()
    refused.finish()
  }

  @Test("NOTIFY of something else, or of nothing: 489, 481 — RFC 6665 4.1.3")
  func strayNotify() throws {
    var bench = try Bench(edit: Bench.transferring)
    try bench.established()
    bench.caller("NOTIFY", 2, extra: "Event: dialog\r\n")
    bench.caller("NOTIFY", 3, extra: "Event: refer\r\n")
    #expect(bench.toCaller == ["489 NOTIFY", "481 NOTIFY"])
    try bench.hangUp()
    bench.finish()
  }
}

@Suite struct AttendedTransferTests {
  /// The PBX has two calls: `call-1` with the provider, `call-2` with the spare one. Our tag in the second.
  private func bench(_ edit: (inout Configuration) -> Void = { _ in }) throws -> (Bench, String) {
    var bench = try Bench {
      Bench.transferring(&$0)
      $0.dialPlans[0].rules.append(.init(number: 20, pattern: "^8(\\d+)$", translation: "+49$1"))
      edit(&$0)
    }
    try bench.established()
    bench.dial("83012345", branch: "2", callID: "call-2", fromTag: "a2")
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    let tag = bench.ourTag(callID: "call-2", at: Bench.pbx)
    bench.caller("ACK", 1, fromTag: "a2", toTag: tag, callID: "call-2")
    bench.forget()
    return (bench, tag)
  }
  private func replacing(_ tag: String, from: String = "a2", callID: String = "call-2") -> String {
    "Refer-To: <sip:83012345@10.0.0.9?Replaces=\(callID)%3Bto-tag%3D\(tag)%3Bfrom-tag%3D\(from)>\r\n"
  }

  @Test(
    "Both calls are ours: their far sides are joined, both legs of the transferor end, and requests in the moved dialog find their call — RFC 5589 7.3, RFC 3891"
  )
  func joined() throws {
    var (bench, tag) = try bench()
    bench.caller("REFER", 2, extra: replacing(tag))
    #expect(bench.toSpare == ["INVITE"])
    #expect(bench.toCaller.prefix(2) == ["202 REFER", "NOTIFY"])
    try bench.calleeReplies(200, to: .invite, from: Bench.backup, body: Bench.sdp)
    try bench.callerReplies(200, to: .notify)
    #expect(bench.fragments(to: Bench.pbx).last == "SIP/2.0 200 OK")
    let byes = bench.requests(to: Bench.pbx).filter { $0.method == .bye }
    #expect(Set(byes.map { String(decoding: $0.callID, as: UTF8.self) }) == ["call-1", "call-2"])
    for bye in byes { bench.receive(Bench.response(200, to: bye), from: Bench.pbx) }
    bench.advance(by: .seconds(3))
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    #expect(bench.records.count == 1)
    bench.forget()
    // The moved dialog: hold from there, and BYE.
    try bench.callee("INVITE", 1, attempt: 1, tag: "s1", from: Bench.backup, body: Bench.held)
    #expect(bench.toCallee == ["INVITE"])
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.toSpare.last == "200 INVITE")
    try bench.callee("ACK", 1, attempt: 1, tag: "s1", from: Bench.backup)
    try bench.callee("BYE", 2, attempt: 1, tag: "s1", from: Bench.backup)
    #expect(bench.toCallee.last == "BYE")
    try bench.calleeReplies(200, to: .bye)
    bench.finish(records: 2)
  }

  @Test("A dialog that is none, or is guessed: NOTIFY 481, counted, and both calls go on", arguments: ["tag", "from", "call-id"])
  func guessed(what: String) throws {
    var (bench, tag) = try bench()
    let text =
      switch what {
      case "tag": replacing(String(tag.dropLast()) + (tag.last == "0" ? "1" : "0"))
      case "from": replacing(tag, from: "a9")
      default: replacing(tag, callID: "call-9")
      }
    bench.caller("REFER", 2, extra: text)
    #expect(bench.fragments(to: Bench.pbx).last == "SIP/2.0 481 Failed")
    #expect(bench.exchange.counters.first { $0.name == "replaces.refused" }?.value == 1)
    #expect(bench.toSpare == [] && bench.toCallee == [])
    #expect(bench.exchange.calls.map(\.state) == ["up", "up"])
    bench.caller("BYE", 3)
    bench.caller("BYE", 3, fromTag: "a2", toTag: tag, callID: "call-2")
    bench.finish(records: 2)
  }

  @Test("Another peer's dialog can not be taken: 403")
  func othersDialog() throws {
    var (bench, tag) = try bench()
    // The provider names the dialog between us and the PBX.
    try bench.callee("REFER", 1, extra: replacing(tag))
    #expect(bench.fragments(to: Bench.provider).last == "SIP/2.0 403 Failed")
    #expect(bench.exchange.calls.map(\.state) == ["up", "up"])
    bench.caller("BYE", 3)
    bench.caller("BYE", 3, fromTag: "a2", toTag: tag, callID: "call-2")
    bench.finish(records: 2)
  }
}

@Suite struct ReplacesTests {
  private func replacing(_ bench: inout Bench, _ extra: String = "", tag: String? = nil, fromTag: String = "a1", callID: String = "call-3") {
    bench.dial(
      branch: "r\(callID)", callID: callID, fromTag: "a3",
      extra: "Replaces: call-1;to-tag=\(tag ?? bench.callerTag);from-tag=\(fromTag)\(extra)\r\nRequire: replaces\r\n")
  }

  @Test("An INVITE with Replaces takes the place of a dialog: the far side is asked, the new one answered, the old one ended — RFC 3891 3")
  func taken() throws {
    var bench = try Bench()
    try bench.established()
    replacing(&bench)
    #expect(bench.toCaller == ["100 INVITE"])
    #expect(bench.toCallee == ["INVITE"])
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE", "BYE"])
    #expect(bench.requests(to: Bench.pbx).last.map { String(decoding: $0.callID, as: UTF8.self) } == "call-1")
    try bench.callerReplies(200, to: .bye)
    let tag = bench.ourTag(callID: "call-3", at: Bench.pbx)
    bench.caller("ACK", 1, fromTag: "a3", toTag: tag, callID: "call-3")
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.caller("BYE", 2, fromTag: "a3", toTag: tag, callID: "call-3")
    #expect(bench.toCallee.last == "BYE")
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("Refused there, the new one is refused and the call is as it was; cancelled too")
  func refused() throws {
    var bench = try Bench()
    try bench.established()
    replacing(&bench)
    try bench.calleeReplies(488, to: .invite)
    #expect(bench.toCaller == ["100 INVITE", "488 INVITE"])
    replacing(&bench, callID: "call-4")
    bench.receive(
      Bench.request("CANCEL", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "rcall-4", fromTag: "a3", callID: "call-4"), from: Bench.pbx)
    #expect(bench.toCaller.last == "487 INVITE")
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("early-only and answered: 486; no such dialog: 481, counted; another peer's: 403; ended: 603; two: 400 — RFC 3891 3")
  func wrong() throws {
    var bench = try Bench()
    try bench.established()
    replacing(&bench, ";early-only")
    #expect(bench.toCaller.last == "486 INVITE")
    replacing(&bench, fromTag: "a9", callID: "call-4")
    #expect(bench.toCaller.last == "481 INVITE")
    #expect(bench.exchange.counters.first { $0.name == "replaces.refused" }?.value == 1)
    bench.dial(
      branch: "two", callID: "call-5", fromTag: "a3",
      extra: "Replaces: call-1;to-tag=x;from-tag=y\r\nReplaces: call-1;to-tag=x;from-tag=y\r\n")
    #expect(bench.toCaller.last == "400 INVITE")
    bench.receive(
      Bench.request(
        "INVITE", uri: "sip:+14255550123@10.0.0.9", from: Bench.provider, branch: "p", fromTag: "p1", callID: "p-1",
        extra: "Replaces: call-1;to-tag=\(bench.callerTag);from-tag=a1\r\n", body: Bench.sdp), from: Bench.provider, listener: 1)
    #expect(bench.toCallee.last == "403 INVITE")
    try bench.hangUp()
    replacing(&bench, callID: "call-6")
    #expect(bench.toCaller.last == "603 INVITE" || bench.toCaller.last == "481 INVITE")
    bench.finish(records: 6)
  }
}
