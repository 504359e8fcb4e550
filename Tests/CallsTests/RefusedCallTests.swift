import Addressing
import CTandemTrunk
import Calls
import Configuration
import Records
import SIP
import Testing
import Timing

/// INVITEs that are refused before there is a call.
@Suite struct RefusedCallTests {
  static let uri = "sip:94155550100@10.0.0.9"

  @Test("An INVITE refused before it was a call has its record: who, where to, the status, and why")
  func record() throws {
    var bench = try Bench()
    bench.dial(extra: "Require: 100rel, timer\r\n")
    bench.finish()
    let record = try #require(bench.records.first)
    #expect(record.outcome == .refused && record.status == 420 && record.diagnostic == 0 && record.answered == nil)
    #expect(record.reason == "requires 100rel")
    #expect(
      record.legs == [
        CallRecord.Leg(trunk: "hq", callID: "call-1", remote: "udp 10.0.0.1:5090", called: "94155550100", calling: "+14255551000", status: 420)
      ])
    #expect(record.began == 1_700_000_001 && record.ended == record.began && record.media == "none" && record.streams.isEmpty)
    #expect(bench.ladders.first?.entries.map(\.status) == [0, 100, 420])
    #expect(bench.exchange.counters.first { $0.name == "call.offered" }?.value == 1)
    #expect(bench.exchange.counters.first { $0.name == "call.refused" }?.value == 1)
  }

  @Test("A listener where the peer has no trunk, no Contact, a Record-Route that is none: each is recorded with its reason")
  func reasons() throws {
    var bench = try Bench()
    let invite = { (branch: String, extra: String) in
      Bench.request("INVITE", uri: Self.uri, from: Bench.pbx, branch: branch, callID: branch, extra: extra, body: Bench.sdp)
    }
    bench.receive(invite("1", ""), from: Bench.pbx, listener: 1)
    bench.receive(invite("2", "").replacing("Contact: <sip:alice@10.0.0.1:5090>\r\n", with: ""), from: Bench.pbx)
    bench.receive(invite("3", "Record-Route: <mailto:a@b.example>\r\n"), from: Bench.pbx)
    #expect(bench.records.map(\.status) == [403, 400, 400])
    #expect(
      bench.records.map(\.reason) == ["peer hq-pbx has no trunk on listener wan", "no Contact with a SIP URI", "a Record-Route that could not be read"])
    #expect(bench.records.map { $0.legs[0].trunk } == ["", "hq", "hq"])
    bench.finish(records: 3)
  }

  @Test("What a plugin refuses at arrival is recorded; other methods it refuses are no calls")
  func plugin() throws {
    var bench = try Bench(plugin: UnwillingPlugin.table)
    bench.dial()
    bench.receive(Bench.request("OPTIONS", uri: "sip:10.0.0.9", from: Bench.pbx, branch: "o"), from: Bench.pbx)
    #expect(bench.toCaller == ["100 INVITE", "403 INVITE", "403 OPTIONS"])
    #expect(bench.records.map(\.reason) == ["the plugin of hq refused the call with 403"])
    bench.finish()
  }

  @Test("An INVITE that can not be read: one record, however often it is repeated, and none for one that is not answered")
  func unreadable() throws {
    var bench = try Bench()
    let broken = Bench.request("INVITE", uri: Self.uri, from: Bench.pbx, branch: "1", extra: "Content-Length: 7\r\n", body: Bench.sdp)
    for _ in 0..<3 { bench.receive(broken, from: Bench.pbx) }
    bench.receive(broken.replacing("z9hG4bK1", with: "z9hG4bK2"), from: Bench.pbx)
    bench.receive(broken.replacing("Call-ID: call-1\r\n", with: ""), from: Bench.pbx)
    #expect(bench.toCaller == Array(repeating: "400 INVITE", count: 4))
    #expect(bench.records.count == 2)
    #expect(bench.records.allSatisfy { $0.reason.hasPrefix("the INVITE could not be read: ") && $0.legs[0].trunk == "hq" })
    #expect(bench.ladders.first?.entries.map(\.status) == [0, 400])
    bench.finish(records: 2)
  }

  @Test("The same INVITE by another way is the same call: one record — RFC 3261 8.2.2.2")
  func merged() throws {
    var bench = try Bench()
    bench.dial()
    bench.dial(branch: "other-way")
    bench.cancel()
    bench.finish()
  }

  @Test("An INVITE of a dialog that is unknown is no call")
  func inDialog() throws {
    var bench = try Bench()
    bench.caller("INVITE", 2, toTag: "nobody", body: Bench.sdp)
    #expect(bench.toCaller == ["100 INVITE", "481 INVITE"])
    bench.finish(records: 0)
  }

  @Test("Records of refusals are bounded for each second, what is left out is counted, and the next second has its own")
  func flood() throws {
    var bench = try Bench()
    for number in 0..<600 { bench.dial(branch: "f\(number)", callID: "f\(number)", fromTag: "f\(number)", extra: "Require: marvel\r\n") }
    #expect(bench.records.count == 500)
    #expect(bench.exchange.counters.first { $0.name == "limit.refusal-records.hits" }?.value == 100)
    #expect(bench.exchange.counters.first { $0.name == "call.offered" }?.value == 600)
    bench.advance(by: .seconds(1))
    bench.dial(branch: "g", callID: "g", fromTag: "g", extra: "Require: marvel\r\n")
    bench.finish(records: 501)
  }

  @Test("call-records false: no record of a refused call either")
  func switchedOff() throws {
    var bench = try Bench { $0.system.callRecords = false }
    bench.dial(extra: "Require: marvel\r\n")
    bench.finish(records: 0)
  }
}
