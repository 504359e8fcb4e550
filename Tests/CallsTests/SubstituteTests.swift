import Calls
import Configuration
import SIP
import Testing

/// `suppress-caller-id` with another number: nothing of the attempt names the caller.
@Suite struct SubstituteTests {
  /// What may name the caller on his leg.
  static let headers = """
    P-Asserted-Identity: "Alice" <sip:+14255551000@10.0.0.1>\r
    P-Preferred-Identity: "Alice" <sip:+14255551000@10.0.0.1>\r
    Remote-Party-ID: "Alice" <sip:+14255551000@10.0.0.1>;party=calling\r
    History-Info: <sip:+14255551000@10.0.0.1>;index=1\r
    Diversion: <sip:+14255551000@10.0.0.1>;reason=unconditional\r
    Identity: alice\r
    Call-Info: <http://10.0.0.1/14255551000.png>;purpose=icon\r
    Reply-To: <sip:+14255551000@10.0.0.1>\r
    X-Account: 7\r

    """
  static let passed = ["Remote-Party-ID", "History-Info", "Diversion", "Identity", "Call-Info", "Reply-To", "X-Account"]

  private static func edit(_ configuration: inout Configuration, suppresses: Bool, asserts: Bool) {
    configuration.voiceRoutes[0].suppressCallerID = suppresses
    configuration.voiceRoutes[0].alternateCallerID = "+14255550000"
    for trunk in ["hq", "acme-1"] {
      Bench.settings(&configuration, trunk) {
        $0.forwardPAI = asserts
        $0.passHeaders = passed
      }
    }
  }

  @Test(
    "A caller whose number is replaced is nowhere in what leaves: no name, no asserted number, no identity header — RFC 3323 4.1, decided",
    arguments: [true, false])
  func nowhere(asserts: Bool) throws {
    var bench = try Bench { Self.edit(&$0, suppresses: true, asserts: asserts) }
    bench.dial(extra: Self.headers)
    let invite = try bench.attempt()
    #expect(invite.text(.from)?.hasPrefix("<sip:+14255550000@10.0.0.9>") == true)
    #expect(invite.text(.pAssertedIdentity) == (asserts ? "<sip:+14255550000@10.0.0.9>" : nil))
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(2)
    try bench.hangUp()
    for text in bench.requests(to: Bench.provider).map({ String(decoding: $0.encoded(), as: UTF8.self) }) {
      for word in ["4255551000", "Alice", "alice"] where text.contains(word) { Issue.record("'\(word)' in \(text)") }
    }
    #expect(invite.value(named: "X-Account".utf8).map { String(decoding: $0, as: UTF8.self) } == "7")
    bench.finish()
  }

  @Test("Without a substitute the same headers cross, and so does the name")
  func crossing() throws {
    var bench = try Bench { Self.edit(&$0, suppresses: false, asserts: true) }
    bench.dial(extra: Self.headers)
    let invite = try bench.attempt()
    #expect(invite.text(.from)?.hasPrefix("\"Alice\" <sip:+14255551000@") == true)
    #expect(invite.text(.pAssertedIdentity) == "<sip:+14255551000@10.0.0.9>")
    for name in Self.passed { #expect(invite.value(named: name.utf8) != nil, "\(name)") }
    bench.cancel()
    bench.finish()
  }

  @Test("Only the attempt over that route hides the caller: the next route's attempt names him again")
  func nextRoute() throws {
    var bench = try Bench {
      Bench.hunting(&$0)
      Self.edit(&$0, suppresses: true, asserts: false)
    }
    bench.dial()
    #expect(try bench.attempt().text(.from)?.hasPrefix("<sip:+14255550000@") == true)
    try bench.reply(503)
    #expect(try bench.attempt(1).text(.from)?.hasPrefix("\"Alice\" <sip:+14255551000@") == true)
    bench.cancel()
    bench.finish()
  }
}
