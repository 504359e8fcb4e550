import CTandemTrunk
import Configuration
import Linux
import SIP
import Testing
import Timing
import Trunks

/// The plugins of the tree, as the daemon meets them: through their libraries. They are products of the package, not dependencies of these
/// tests (each defines the entry symbol), so they are there after `swift build`.
@Suite(
  "The shipped plugins",
  .enabled(if: ["itsp", "pstn-gateway", "ip-pbx"].allSatisfy { shippedPlugin($0) != nil }, "their libraries are not built; run `swift build`"))
struct ShippedPluginTests {
  private func trunks(_ id: String, _ settings: String = "{}") throws -> TrunkTable {
    let library = try PluginLibrary(path: try #require(shippedPlugin(id)))
    let table = try PluginProbe.table(entry: UnsafeRawPointer(library.entry), file: id)
    return TrunkTable(located: scene(type: id, settings: settings), plugins: [id: table])
  }
  private func sent(_ trunks: inout TrunkTable, _ message: SIPMessage) -> SIPMessage {
    var message = message
    #expect(trunks.requestOut(&message, trunk: 0, at: second(1)) == .pass)
    return message
  }
  private let sipconnect = #"{"itsp:profile":"sipconnect","itsp:pilot-number":"+49301000"}"#
  private let anonymous = "\"Anonymous\" <sip:anonymous@anonymous.invalid>"

  @Test("itsp sipconnect: From is the plain number and INVITE asserts it")
  func sipconnectIdentity() throws {
    var trunks = try trunks("itsp", sipconnect)
    let invite = sent(&trunks, try request(from: "Bob <sip:+49-30-7;ext=1@192.0.2.1>"))
    #expect(invite.text("From") == "Bob <sip:+49307@192.0.2.1>;tag=a")
    #expect(invite.text("P-Asserted-Identity") == "<sip:+49307@192.0.2.1>")
    let bye = sent(&trunks, try request("BYE", from: "Bob <sip:+49-30-7;ext=1@192.0.2.1>", toTag: ";tag=b"))
    #expect(bye.text("From") == "Bob <sip:+49307@192.0.2.1>;tag=a")
    #expect(bye.text("P-Asserted-Identity") == nil)
  }

  @Test("itsp: the pilot number stands in for a withheld number, on our own host")
  func pilot() throws {
    var trunks = try trunks("itsp", sipconnect)
    let invite = sent(&trunks, try request(from: anonymous, headers: ["Privacy: none"]))
    #expect(invite.text("From") == "<sip:+49301000@192.0.2.1>;tag=a")
    #expect(invite.text("P-Asserted-Identity") == "<sip:+49301000@192.0.2.1>")
    #expect(trunks.description(ofPeer: 0) == "profile sipconnect, pilot number +49301000 used 1 times, 1 requests sent")
  }

  @Test("itsp: a private call stays anonymous and Privacy passes — RFC 3323", arguments: ["id", "none; id", "header;critical"])
  func privacy(value: String) throws {
    var trunks = try trunks("itsp", sipconnect)
    let invite = sent(&trunks, try request(from: anonymous, headers: ["Privacy: \(value)", "P-Asserted-Identity: <sip:5@h>"]))
    #expect(invite.text("From") == anonymous + ";tag=a")
    #expect(invite.text("P-Asserted-Identity") == "<sip:5@h>")
    #expect(invite.text("Privacy") == value)
  }

  @Test("itsp generic: identity passes as routing made it; names that are no numbers too")
  func generic() throws {
    var plain = try trunks("itsp")
    let before = try request(from: "Bob <sip:+49-30-7@192.0.2.1>", headers: ["P-Asserted-Identity: <sip:5@h>"])
    #expect(sent(&plain, before).encoded() == before.encoded())
    var strict = try trunks("itsp", sipconnect)
    let named = try request(from: "<sip:bob@192.0.2.1>")
    #expect(sent(&strict, named).encoded() == named.encoded())
  }

  @Test("itsp: a pilot number that is no number takes the peer down with the reason")
  func badPilot() throws {
    let trunks = try trunks("itsp", #"{"itsp:pilot-number":"main"}"#)
    #expect(trunks.state(ofPeer: 0, at: second(1)).reason.contains("pilot-number main is no number"))
  }

  @Test(
    "pstn-gateway: a Q.850 cause sets the status — RFC 3398 7.2.4.1",
    arguments: [
      (500, "Q.850;cause=17", 486), (503, "SIP;cause=1, q.850 ; text=\"x;y\" ;cause = 1", 404), (500, "Q.850;cause=16", 500), (500, "Q.850;cause=999", 500),
      (500, "SIP;cause=486", 500), (302, "Q.850;cause=17", 302), (407, "Q.850;cause=21", 407), (183, "Q.850;cause=17", 183),
    ])
  func causeIn(status: Int, reason: String, expected: Int) throws {
    var trunks = try trunks("pstn-gateway")
    var message = try response(status, headers: ["Reason: \(reason)"])
    trunks.responseIn(&message, trunk: 0, at: second(1))
    #expect(message.status == expected)
  }

  @Test(
    "pstn-gateway: a failure towards the gateway gets its cause — RFC 3398 8.2.6.1",
    arguments: [
      (486, "Q.850;cause=17"), (404, "Q.850;cause=1"), (503, "Q.850;cause=41"), (487, nil), (200, nil), (180, nil), (302, nil),
    ])
  func causeOut(status: Int, reason: String?) throws {
    var trunks = try trunks("pstn-gateway")
    var message = try response(status)
    trunks.responseOut(&message, trunk: 0, at: second(1))
    #expect(message.text("Reason") == reason)
  }

  @Test("pstn-gateway: a cause that is there stays, and reason-cause false leaves all alone")
  func causeOff() throws {
    var on = try trunks("pstn-gateway")
    var message = try response(486, headers: ["Reason: Q.850;cause=21"])
    on.responseOut(&message, trunk: 0, at: second(1))
    #expect(message.text("Reason") == "Q.850;cause=21")
    var off = try trunks("pstn-gateway", #"{"pstn-gateway:reason-cause":false}"#)
    var failure = try response(500, headers: ["Reason: Q.850;cause=17"])
    off.responseIn(&failure, trunk: 0, at: second(1))
    #expect(failure.status == 500)
    #expect(off.description(ofPeer: 0) == "Q.850 causes are left alone")
  }

  @Test("ip-pbx: user-phone marks numbers, not names, and leaves a dialog's request-URI alone — RFC 3261 19.1.1")
  func userPhone() throws {
    var trunks = try trunks("ip-pbx", #"{"ip-pbx:user-phone":true}"#)
    let invite = sent(&trunks, try request(from: "<sip:bob@192.0.2.1>", headers: ["P-Asserted-Identity: <sip:1@h>, <tel:+1>"]))
    #expect(String(decoding: invite.requestURI, as: UTF8.self) == "sip:+4930@198.51.100.7;user=phone")
    #expect(invite.text("From") == "<sip:bob@192.0.2.1>;tag=a")
    #expect(invite.text("To") == "<sip:+4930@198.51.100.7;lr;user=phone>")
    #expect(invite.wire.contains("<sip:1@h;user=phone>, <tel:+1>"))
    let bye = sent(&trunks, try request("BYE", toTag: ";tag=b"))
    #expect(String(decoding: bye.requestURI, as: UTF8.self) == "sip:+4930@198.51.100.7")
  }
  @Test("ip-pbx: off by default") func userPhoneOff() throws {
    var trunks = try trunks("ip-pbx")
    let before = try request()
    #expect(sent(&trunks, before).encoded() == before.encoded())
  }
}
