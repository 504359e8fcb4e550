import CTandemTrunk
import Configuration
import Linux
import Routing
import SIP
import Testing
import Timing
import Trunks

@Suite("The plugin ABI, with a plugin in C built from the header alone")
struct PluginABITests {
  private func table(_ settings: String = "{}", trunkSettings: String = "{}") throws -> TrunkTable {
    TrunkTable(
      located: scene(settings: settings, trunkSettings: trunkSettings), plugins: ["fixture": try FixturePlugin.table()])
  }

  @Test("A request from the peer can be read and added to; the trunk and its own settings are told")
  func requestIn() throws {
    var trunks = try table(trunkSettings: #"{"fixture:label": "gold", "other:label": "lead"}"#)
    var message = try request("OPTIONS")
    #expect(trunks.requestIn(&message, trunk: 3, at: second(1)) == .pass)
    #expect(message.text("X-Trunk") == "carrier-tls")
    #expect(message.text("X-Label") == "gold")
    #expect(message.text("X-Method") == "OPTIONS")
    #expect(try SIPMessage(parsing: message.encoded()).text("X-Trunk") == "carrier-tls")
  }

  @Test(
    "A verdict is a status from 400 to 699; any other answer refuses with 500",
    arguments: [(403, 403), (699, 699), (399, 500), (700, 500), (-1, 500), (200, 500)])
  func verdicts(answer: Int, status: Int) throws {
    var trunks = try table()
    var message = try request(headers: ["X-Verdict: \(answer)"])
    #expect(trunks.requestIn(&message, trunk: 0, at: second(1)) == .refuse(status: status))
  }

  @Test("What holds a message together can not be edited, a value can not break a line, and a kept handle is dead")
  func requestOut() throws {
    var trunks = try table()
    var message = try request(from: "\"A <b>\" <sip:100@192.0.2.1>")
    _ = trunks.requestIn(&message, trunk: 0, at: second(1))
    #expect(trunks.requestOut(&message, trunk: 0, at: second(1)) == .pass)
    // From's user 0, From whole refused, Via refused, CRLF malformed, absent, wrong kind, dead, host 0, `phone` 5 bytes, length without a buffer.
    #expect(message.text("X-Results") == "0 -3 -3 -4 -1 -5 -2 0 5 1")
    #expect(message.text("From") == "\"A <b>\" <sip:4711@192.0.2.1>;tag=a")
    #expect(String(decoding: message.requestURI, as: UTF8.self) == "sip:+4930@provider.example;user=phone")
    #expect(message.text("To") == "<sip:+4930@198.51.100.7>")
    #expect(!message.wire.contains("\r\nB:"))
    #expect(trunks.counter("dead-handles") == 1)
    #expect(trunks.counter("refused-edits") == 4)
    #expect(throws: Never.self) { try SIPMessage(parsing: message.encoded()) }
  }

  @Test("A failure may become another failure, never a success; a response's From stays — RFC 3261 8.2.6.2")
  func responses() throws {
    var trunks = try table()
    var message = try response(500)
    trunks.responseIn(&message, trunk: 0, at: second(1))
    #expect(message.status == 486)
    #expect(String(decoding: message.reasonPhrase, as: UTF8.self) == "Engaged")
    trunks.responseOut(&message, trunk: 0, at: second(1))
    #expect(message.status == 486)
    #expect(message.text("X-Refused") == "both")
    #expect(message.text("From") == "<sip:100@192.0.2.1>;tag=a")
  }

  @Test("tick runs once after open, then at its own deadlines, then no more")
  func ticks() throws {
    var trunks = try table()
    trunks.advance(to: second(10))
    #expect(trunks.nextDeadline == second(11))
    trunks.advance(to: second(10))
    trunks.advance(to: second(11))
    trunks.advance(to: second(12))
    #expect(trunks.nextDeadline == nil)
    #expect(trunks.description(ofPeer: 0) == "requests 0, responses 0, calls 0/0, ticks 3, reconfigured 0")
  }

  @Test("Calls are told to their peer's instance only")
  func calls() throws {
    var trunks = try table()
    trunks.call(.started, id: 7, trunk: 0, at: second(1))
    trunks.call(.answered, id: 7, trunk: 0, at: second(1))
    trunks.call(.ended, id: 7, trunk: 0, at: second(1))
    #expect(trunks.description(ofPeer: 0).contains("calls 1/1"))
    #expect(trunks.description(ofPeer: 1).contains("calls 0/0"))
  }

  @Test("The plugin's health verdict overrides the host's, and the host's rules return with the peer")
  func health() throws {
    var trunks = try table()
    trunks.failed(0, reason: "timeout", at: second(1))
    #expect(trunks.states(at: second(1))[0] == .lessPreferred)
    trunks.failed(0, reason: "timeout", at: second(2))
    #expect(trunks.states(at: second(2))[0] == .down)
    trunks.heard(from: 0, at: second(3))
    #expect(trunks.states(at: second(3))[0] == .up)
  }

  @Test("Settings the plugin refuses take the peer down with the plugin's reason; the others run")
  func refusedSettings() throws {
    let trunks = try table(#"{"fixture:refuse": true}"#)
    let state = trunks.state(ofPeer: 0, at: second(1))
    #expect(!state.isUp)
    #expect(state.reason == "plugin fixture did not accept the settings of peer carrier: refuse is set")
    #expect(trunks.states(at: second(1)) == [.down, .up, .down, .down])
  }

  @Test("Alarms and log lines arrive with the peer's name, leaf-lists by index")
  func alarms() throws {
    var trunks = try table(#"{"fixture:code": [11, 22]}"#)
    #expect(trunks.state(ofPeer: 0, at: second(1)).alarms == ["codes: two codes"])
    #expect(trunks.takeNotes().first == PluginNote(level: 6, peer: "carrier", plugin: "fixture", text: "open"))
    #expect(trunks.takeNotes().isEmpty)
  }

  @Test("New settings reach the running instance; refused ones leave the old and raise an alarm until they are put right")
  func reconfigure() throws {
    var trunks = try table(#"{"fixture:code": [11, 22]}"#)
    trunks.reconfigure(scene(settings: #"{"fixture:health": "down"}"#))
    #expect(trunks.description(ofPeer: 0).contains("reconfigured 1"))
    #expect(trunks.description(ofPeer: 1).contains("reconfigured 0"))
    #expect(trunks.state(ofPeer: 0, at: second(1)).alarms.isEmpty)
    trunks.reconfigure(scene(settings: #"{"fixture:refuse": true}"#))
    #expect(trunks.state(ofPeer: 0, at: second(1)).alarms.count == 1)
    trunks.failed(0, reason: "timeout", at: second(1))
    #expect(trunks.states(at: second(1))[0] == .down)
    trunks.reconfigure(scene(settings: #"{"fixture:health": "down"}"#))
    #expect(trunks.state(ofPeer: 0, at: second(1)).alarms.isEmpty)
  }

  @Test("After close nobody serves the peers")
  func close() throws {
    var trunks = try table()
    trunks.close()
    var message = try request()
    #expect(trunks.requestOut(&message, trunk: 0, at: second(1)) == .refuse(status: 503))
    #expect(trunks.states(at: second(1)).allSatisfy { $0 == .down })
  }
}
