import Addressing
import Calls
import SIP
import Testing
import Timing

@Suite struct AllowListTests {
  /// Every name a header may have that could carry something of the other leg, and some nobody knows.
  static let names = [
    "Accept", "Accept-Contact", "Accept-Encoding", "Accept-Language", "Alert-Info", "Authentication-Info", "Authorization", "Call-Info", "Content-Disposition",
    "Content-Language", "Date", "Diversion", "Error-Info", "Event", "Feature-Caps", "Flow-Timer", "Geolocation", "Geolocation-Routing", "History-Info",
    "Identity",
    "Identity-Info", "In-Reply-To", "Info-Package", "Join", "MIME-Version", "Min-Expires", "Organization", "P-Access-Network-Info",
    "P-Asserted-Identity", "P-Associated-URI", "P-Called-Party-ID", "P-Charging-Vector", "P-Early-Media", "P-Preferred-Identity",
    "P-Visited-Network-ID", "Path", "Priority", "Proxy-Authorization", "Referred-By", "Refer-Sub", "Reject-Contact", "Remote-Party-ID", "Reply-To",
    "Request-Disposition", "Resource-Priority", "Retry-After", "Security-Client", "Server", "Service-Route", "Session-ID", "Subject", "Supported", "Timestamp",
    "Unsupported", "User-Agent",
    "User-to-User", "Warning", "X-Marker", "X-Vendor-Trace", "Zebra",
  ]
  /// `Name: <sip:markerN@marker.example>;p=markerN`: readable wherever an address is wanted.
  static func headers(_ names: [String] = names) -> String {
    names.enumerated().map { "\($1): <sip:marker\($0)@marker.example>;p=marker\($0)\r\n" }.joined()
  }
  static let body = """
    v=0\r
    o=marker 1234567 7654321 IN IP4 10.0.0.1\r
    s=marker\r
    i=marker\r
    u=http://marker.example/\r
    e=marker@marker.example\r
    p=+1 marker\r
    c=IN IP4 10.0.0.1\r
    b=X-marker:12\r
    t=0 0\r
    a=tool:marker\r
    a=marker\r
    a=group:BUNDLE marker\r
    m=audio 4000 RTP/AVP 0 101\r
    i=marker\r
    a=rtpmap:0 PCMU/8000\r
    a=rtpmap:101 telephone-event/8000\r
    a=fmtp:101 0-16\r
    a=rtpmap:96 marker/8000\r
    a=candidate:1 1 UDP 1 10.0.0.1 4000 typ host marker\r
    a=ice-ufrag:marker\r
    a=ice-pwd:markermarkermarkermarker\r
    a=fingerprint:sha-1 marker\r
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:marker\r
    a=label:marker\r
    a=mid:marker\r
    a=ssrc:1 cname:marker\r
    a=rtcp:4001 IN IP4 10.0.0.1\r
    a=x-marker:marker\r
    a=sendrecv\r
    m=video 4002 RTP/AVP 31\r
    a=content:marker\r

    """

  /// What of the caller's leg must never be seen by the called side, and the other way round.
  private func check(_ bench: Bench, _ address: TransportAddress, without words: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    let sent = bench.sent.filter { $0.to == address }
    #expect(!sent.isEmpty, sourceLocation: sourceLocation)
    for entry in sent {
      let text = String(decoding: entry.bytes, as: UTF8.self)
      for word in words where text.contains(word) { Issue.record("'\(word)' crossed in \(text)", sourceLocation: sourceLocation) }
    }
  }

  @Test("Nothing of the caller's messages is on the other leg but numbers, display name and what the media needs — decided")
  func requests() throws {
    var bench = try Bench()
    bench.dial(extra: Self.headers() + "Record-Route: <sip:10.0.0.1:5099;lr;marker>\r\n", body: Self.body)
    try bench.reply(180)
    try bench.reply(200, body: Bench.sdp + "m=video 0 RTP/AVP 31\r\n")
    bench.caller("ACK", 1, extra: Self.headers())
    bench.caller("INVITE", 2, extra: Self.headers(), body: Self.body.replacing("a=sendrecv", with: "a=sendonly"))
    try bench.calleeReplies(200, to: .invite, body: Bench.heldVideoAnswer)
    bench.caller("ACK", 2, extra: Self.headers())
    bench.caller("BYE", 3, extra: Self.headers())
    try bench.calleeReplies(200, to: .bye)
    #expect(bench.toCallee == ["INVITE", "ACK", "INVITE", "ACK", "BYE"])
    check(bench, Bench.provider, without: ["marker", "10.0.0.1", "call-1", "=a1", "1234567", "5099", "5090"])
    bench.finish()
  }

  @Test("Nothing of the called side's messages is on the caller's leg — decided")
  func responses() throws {
    var bench = try Bench()
    let headers = Self.headers(Self.names.filter { $0 != "Geolocation" }) + "Record-Route: <sip:10.0.0.2:5099;lr;marker>\r\n"
    let theirs = Self.body.replacing("10.0.0.1", with: "10.0.0.2").replacing("m=video 4002 RTP/AVP 31\r\na=content:marker\r\n", with: "")
    bench.dial()
    try bench.reply(183, tag: "btag", extra: headers, body: theirs)
    try bench.reply(200, tag: "btag", extra: headers, body: theirs)
    bench.callerAcknowledges()
    try bench.callee("INVITE", tag: "btag", extra: headers, body: theirs.replacing("a=sendrecv", with: "a=sendonly"))
    try bench.callerReplies(200, to: .invite, body: Bench.sdp)
    try bench.callee("ACK", 1, tag: "btag", extra: headers)
    try bench.callee("BYE", 2, tag: "btag", extra: headers)
    #expect(bench.toCaller == ["100 INVITE", "183 INVITE", "200 INVITE", "INVITE", "ACK", "BYE"])
    let invite = try bench.attempt()
    check(bench, Bench.pbx, without: ["marker", "10.0.0.2", String(decoding: invite.callID, as: UTF8.self), "btag", "1234567", "5099", "bob"])
    bench.finish()
  }

  @Test("A refusal brings nothing of itself but its status and cause — decided", arguments: [404, 486, 503, 603])
  func refusals(status: Int) throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(status, tag: "btag", extra: Self.headers() + "Reason: Q.850;cause=3;text=\"marker\"\r\n", body: "marker\r\n")
    check(bench, Bench.pbx, without: ["marker", "btag", "10.0.0.2", "Whatever"])
    bench.finish()
  }

  @Test("pass-header lets exactly the listed headers through, and only when both trunks list them — decided")
  func passHeader() throws {
    for (incoming, outgoing, passes) in [(true, true, true), (true, false, false), (false, true, false)] {
      var bench = try Bench {
        if incoming { Bench.settings(&$0, "hq") { $0.passHeaders = ["X-Marker"] } }
        if outgoing { Bench.settings(&$0, "acme-1") { $0.passHeaders = ["X-Marker", "Zebra"] } }
      }
      bench.dial(extra: Self.headers())
      let text = String(decoding: try bench.attempt().encoded(), as: UTF8.self)
      let number = Self.names.firstIndex(of: "X-Marker")!
      #expect(text.contains("X-Marker: <sip:marker\(number)@marker.example>;p=marker\(number)\r\n") == passes)
      #expect(text.split(separator: "\r\n").filter { $0.contains("marker") }.count == (passes ? 1 : 0))
      bench.cancel()
      bench.finish()
    }
  }

  @Test("A header too long to pass is left out")
  func passHeaderBound() throws {
    var bench = try Bench {
      Bench.settings(&$0, "hq") { $0.passHeaders = ["X-Marker"] }
      Bench.settings(&$0, "acme-1") { $0.passHeaders = ["X-Marker"] }
    }
    bench.dial(extra: "X-Marker: \(String(repeating: "m", count: 1025))\r\n")
    #expect(try bench.attempt().value(named: "X-Marker".utf8) == nil)
    bench.cancel()
    bench.finish()
  }

  @Test("A header that stands several times passes as often, in its order, up to a bound — decided")
  func passHeaderTwice() throws {
    var bench = try Bench {
      Bench.settings(&$0, "hq") { $0.passHeaders = ["x-note", "History-Info"] }
      Bench.settings(&$0, "acme-1") { $0.passHeaders = ["x-note", "History-Info"] }
    }
    bench.dial(
      extra: "X-Note: one\r\nHistory-Info: <sip:a@b.example>;index=1, <sip:c@d.example>;index=1.1\r\nX-Other: no\r\nX-NOTE: two\r\n"
        + "History-Info: <sip:e@f.example>;index=1.2\r\n" + String(repeating: "X-Note: more\r\n", count: 40))
    let lines = String(decoding: try bench.attempt().encoded(), as: UTF8.self).split(separator: "\r\n").map { String($0) }
    let notes = lines.filter { $0.lowercased().hasPrefix("x-note:") }.map { $0.dropFirst(8) }
    #expect(notes.prefix(3) == ["one", "two", "more"])
    #expect(notes.count == 16)
    #expect(
      lines.filter { $0.hasPrefix("History-Info:") } == [
        "History-Info: <sip:a@b.example>;index=1, <sip:c@d.example>;index=1.1", "History-Info: <sip:e@f.example>;index=1.2",
      ])
    bench.cancel()
    bench.finish()
  }

  @Test("forward-pai lets the asserted number through in our words, and only when both trunks say so — RFC 3325, decided")
  func assertedIdentity() throws {
    for (incoming, outgoing) in [(true, true), (true, false), (false, true)] {
      var bench = try Bench {
        Bench.settings(&$0, "hq") { $0.forwardPAI = incoming }
        Bench.settings(&$0, "acme-1") { $0.forwardPAI = outgoing }
      }
      bench.dial(extra: "P-Asserted-Identity: \"marker\" <sip:+14255559999@marker.example;p=marker>\r\nPrivacy: id;marker\r\n")
      let invite = try bench.attempt()
      #expect((invite.value(.pAssertedIdentity) != nil) == (incoming && outgoing))
      // The asserted number, not From's.
      if incoming, outgoing { #expect(invite.text(.pAssertedIdentity)?.hasPrefix("<sip:+14255559999@") == true) }
      #expect(invite.text(.privacy) == "id")
      #expect(!String(decoding: invite.encoded(), as: UTF8.self).contains("marker"))
      bench.cancel()
      bench.finish()
    }
  }

  @Test("A withheld number stays withheld: no digit of the caller in any header — RFC 3323")
  func anonymous() throws {
    var bench = try Bench()
    bench.receive(
      Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp)
        .replacing("\"Alice\" <sip:+14255551000@10.0.0.1>", with: "\"Anonymous\" <sip:anonymous@anonymous.invalid>"), from: Bench.pbx)
    let invite = try bench.attempt()
    #expect(invite.from.uri.bytes.elementsEqual("sip:anonymous@anonymous.invalid".utf8))
    #expect(!String(decoding: invite.encoded(), as: UTF8.self).contains("4255551000"))
    bench.cancel()
    bench.finish()
  }

  @Test("A caller who has a name and no number is called by it, at our host; number rules and the route's caller ID may say otherwise")
  func user() throws {
    let alice = { (user: String) in
      Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp)
        .replacing("sip:+14255551000@10.0.0.1", with: "sip:\(user)@10.0.0.1")
    }
    var bench = try Bench()
    bench.receive(alice("alice"), from: Bench.pbx)
    #expect(try bench.attempt().text(.from)?.hasPrefix("\"Alice\" <sip:alice@10.0.0.9>;tag=") == true)
    #expect(bench.exchange.calls.map(\.calling) == ["alice"])
    bench.cancel()
    bench.finish()
    bench = try Bench {
      $0.voiceRoutes[0].suppressCallerID = true
      $0.voiceRoutes[0].alternateCallerID = "+14255550000"
    }
    bench.receive(alice("alice"), from: Bench.pbx)
    #expect(try bench.attempt().text(.from)?.contains("<sip:+14255550000@10.0.0.9>") == true)
    bench.cancel()
    bench.finish()
    // Withheld, or nothing that could stand in a number's place.
    for user in ["anonymous", "Restricted", "unavailable", "%22%3e", "%c3%a4"] {
      bench = try Bench()
      bench.receive(alice(user), from: Bench.pbx)
      #expect(try bench.attempt().text(.from)?.hasPrefix("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=") == true, "\(user)")
      bench.cancel()
      bench.finish()
    }
  }

  @Test("A display name goes on in whole characters, 64 bytes at most, without what is no UTF-8 or no character")
  func displayNameBytes() throws {
    let cases: [([UInt8], String)] = [
      (Array(String(repeating: "x", count: 63).utf8) + Array("äz".utf8), String(repeating: "x", count: 63)),
      (Array(String(repeating: "x", count: 62).utf8) + Array("äz".utf8), String(repeating: "x", count: 62) + "ä"),
      ([0x41, 0xFF, 0xC3, 0x42, 0xF0, 0x9F, 0x98], "AB"), (Array("Jürg 😀".utf8), "Jürg 😀"),
    ]
    for (name, expected) in cases {
      var bench = try Bench()
      let text = Array(Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp).utf8)
      let at = try #require(text.indices.first { text[$0...].starts(with: "Alice".utf8) })
      bench.exchange.receive(text[..<at] + name + text[(at + 5)...], on: Flow(listener: 0, transport: .udp, remote: Bench.pbx), at: bench.now)
      bench.drain()
      #expect(try bench.attempt().from.displayName.map { String(decoding: $0, as: UTF8.self) } == expected)
      bench.cancel()
      bench.finish()
    }
  }

  @Test("A display name can not break out of its quotes — RFC 3261 25.1")
  func displayName() throws {
    var bench = try Bench()
    bench.receive(
      Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp)
        .replacing("\"Alice\"", with: "\"A\\\" <sip:evil@evil.example>;tag=evil, \\\\\""), from: Bench.pbx)
    let invite = try bench.attempt()
    #expect(invite.from.uri.user.map { String(decoding: $0, as: UTF8.self) } == "+14255551000")
    #expect(invite.from.tag.map { $0.count } == 32)
    bench.cancel()
    bench.finish()
  }
}

extension Bench {
  static let heldVideoAnswer = heldAnswer + "m=video 0 RTP/AVP 31\r\n"
}
