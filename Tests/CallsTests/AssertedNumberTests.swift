import Addressing
import Calls
import Configuration
import SIP
import Testing
import Timing

/// P-Asserted-Identity (RFC 3325): who vouches for what, and towards whom.
@Suite struct AssertedNumberTests {
  private static let asserted = "P-Asserted-Identity: \"Boss\" <sip:+14255559999@10.0.0.1>\r\n"
  private func bench(incoming: Bool, outgoing: Bool, _ edit: (inout Configuration) -> Void = { _ in }) throws -> Bench {
    try Bench {
      Bench.settings(&$0, "hq") { $0.forwardPAI = incoming }
      Bench.settings(&$0, "acme-1") { $0.forwardPAI = outgoing }
      edit(&$0)
    }
  }
  private func end(_ bench: inout Bench) {
    bench.cancel()
    bench.finish()
  }

  @Test("It is never the caller's number: From, route and record speak of From's, whatever the settings", arguments: [true, false])
  func neverCalling(trusted: Bool) throws {
    var bench = try bench(incoming: trusted, outgoing: trusted)
    bench.dial(extra: Self.asserted)
    let invite = try bench.attempt()
    #expect(invite.from.uri.user.map { String(decoding: $0, as: UTF8.self) } == "+14255551000")
    #expect(bench.exchange.calls.first?.calling == "+14255551000")
    end(&bench)
    #expect(bench.records.first?.legs.map(\.calling) == ["+14255551000", "+14255551000"])
  }

  @Test("A trunk that does not pass it on shows no digit of it to the other side", arguments: [(true, false), (false, true), (false, false)])
  func notPassed(incoming: Bool, outgoing: Bool) throws {
    var bench = try bench(incoming: incoming, outgoing: outgoing)
    bench.dial(extra: Self.asserted)
    #expect(!String(decoding: try bench.attempt().encoded(), as: UTF8.self).contains("4255559999"))
    end(&bench)
  }

  @Test("Behind a withheld From it still crosses where both trunks say so, with Privacy; From stays withheld — RFC 3323, RFC 3325 7")
  func withheld() throws {
    var bench = try bench(incoming: true, outgoing: true)
    bench.receive(
      Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", extra: Self.asserted + "Privacy: id\r\n", body: Bench.sdp)
        .replacing("\"Alice\" <sip:+14255551000@10.0.0.1>", with: "\"Anonymous\" <sip:anonymous@anonymous.invalid>"), from: Bench.pbx)
    let invite = try bench.attempt()
    #expect(invite.text(.pAssertedIdentity)?.hasPrefix("<sip:+14255559999@10.0.0.9") == true)
    #expect(invite.text(.privacy) == "id")
    #expect(invite.from.uri.bytes.elementsEqual("sip:anonymous@anonymous.invalid".utf8))
    end(&bench)
  }

  @Test("Its number takes the outgoing trunk's calling rules, as From's does")
  func translated() throws {
    var bench = try bench(incoming: true, outgoing: true) {
      Bench.settings(&$0, "acme-1") { $0.callingNumberRules = [.init(number: 10, pattern: "^\\+1425(\\d+)$", translation: "0425$1")] }
    }
    bench.dial(extra: Self.asserted)
    let invite = try bench.attempt()
    #expect(invite.text(.pAssertedIdentity)?.hasPrefix("<sip:04255559999@") == true)
    #expect(invite.from.uri.user.map { String(decoding: $0, as: UTF8.self) } == "04255551000")
    end(&bench)
  }

  @Test(
    "What can not be read, or has no number, does not cross and harms nothing",
    arguments: [
      "P-Asserted-Identity: garbage<<\r\n", "P-Asserted-Identity: <mailto:+1@x>\r\n",
      "P-Asserted-Identity: \r\n",
    ])
  func unreadable(header: String) throws {
    var bench = try bench(incoming: true, outgoing: true)
    bench.dial(extra: header)
    let invite = try bench.attempt()
    #expect(invite.value(.pAssertedIdentity) == nil)
    end(&bench)
  }

  @Test("What the called side asserts of itself does not reach the caller: no response carries it")
  func inResponses() throws {
    var bench = try bench(incoming: true, outgoing: true)
    bench.dial()
    try bench.reply(180, extra: "P-Asserted-Identity: <sip:+15550001111@10.0.0.2>\r\n")
    try bench.reply(200, extra: "P-Asserted-Identity: <sip:+15550001111@10.0.0.2>\r\n", body: Bench.sdp)
    #expect(bench.sent.filter { $0.to == Bench.pbx }.allSatisfy { !String(decoding: $0.bytes, as: UTF8.self).contains("5550001111") })
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }
}
