import Addressing
import Calls
import Configuration
import Records
import SIP
import Testing
import Timing

@Suite struct RecordTests {
  @Test("The record of an answered call: times, outcome, route, usage, both legs as numbers and addresses")
  func answered() throws {
    var bench = try Bench()
    bench.dial()
    bench.advance(by: .seconds(3))
    try bench.reply(180)
    bench.advance(by: .seconds(4))
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.advance(by: .seconds(60))
    try bench.callee("BYE", extra: "Reason: Q.850;cause=16\r\n")
    try bench.callerReplies(200, to: .bye)
    let invite = try bench.attempt()
    bench.finish()
    let record = try #require(bench.records.first)
    #expect(record.began == 1_700_000_001)
    #expect(record.answered == 1_700_000_008)
    #expect(record.ended == 1_700_000_068)
    #expect(record.outcome == .answered && record.status == 200 && record.cause == 16 && record.diagnostic == 0)
    #expect(record.route == "national" && record.usage == "National" && record.media == "relay")
    #expect(record.legs.count == 2)
    #expect(
      record.legs.first
        == CallRecord.Leg(trunk: "hq", callID: "call-1", remote: "udp 10.0.0.1:5090", called: "94155550100", calling: "+14255551000", status: 200))
    #expect(record.legs.last?.trunk == "acme-1" && record.legs.last?.remote == "udp 10.0.0.2:5080" && record.legs.last?.status == 200)
    #expect(record.legs.last?.called == "14155550100" && record.legs.last?.callID == String(decoding: invite.callID, as: UTF8.self))
    #expect(record.reason == "acme-1 hung up")
  }

  @Test("The record of a refused call keeps what the trunk said and what the caller was told")
  func refused() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(407)
    bench.finish()
    let record = try #require(bench.records.first)
    #expect(record.answered == nil && record.outcome == .refused && record.status == 403)
    #expect(record.legs.map(\.status) == [403, 407])
    #expect(record.reason.contains("acme-1") && record.reason.contains("407"))
  }

  @Test("Outcomes by what the trunk said", arguments: [(486, CallRecord.Outcome.busy), (600, .busy), (480, .noAnswer), (404, .refused), (603, .refused)])
  func outcomes(status: Int, outcome: CallRecord.Outcome) throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(status)
    bench.finish()
    #expect(bench.records.map(\.outcome) == [outcome])
    #expect(bench.records.map(\.status) == [status])
  }

  @Test("Route and usage are recorded as they were called when the decision was made, whatever a commit calls them")
  func names() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.commit { c in
      c.voiceRoutes = [
        .init(name: "other", pattern: "^\\+44", priority: 5, pstnUsages: ["Else"], trunks: [1]),
        .init(name: "another", pattern: "^\\+1\\d{10}$", priority: 10, pstnUsages: ["Else"], trunks: [1]),
      ]
      c.pstnUsages = ["Else", "Other", "Internal", "National"]
    }
    #expect(bench.exchange.calls.map(\.route) == ["national"])
    try bench.reply(503)
    #expect(bench.exchange.calls.map(\.route) == ["second"])
    try bench.reply(486, attempt: 1, from: Bench.backup)
    bench.finish()
    #expect(bench.records.first?.route == "second" && bench.records.first?.usage == "National")
  }

  @Test("The ladder has every 100: the one we heard, and the one the caller got — RFC 3261 17.2.1")
  func trying() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(100)
    let id = try #require(bench.exchange.calls.first?.id)
    let entries = try #require(bench.exchange.ladder(of: id)).entries
    #expect(entries.map { "\($0.leg) \($0.sent ? "sent" : "heard") \($0.status)" } == ["0 heard 0", "0 sent 100", "1 sent 0", "1 heard 100"])
    bench.cancel()
    try bench.reply(487)
    bench.finish()
  }

  @Test("A call's name is all of its 16 digits; anything more or less is no call")
  func callName() throws {
    var bench = try Bench()
    try bench.established()
    let id = try #require(bench.exchange.calls.first?.id)
    #expect(bench.exchange.call(id) != nil && bench.exchange.ladder(of: id) != nil)
    for wrong in [id + "0", id + " ", String(id.dropLast()), "0" + id, ""] { #expect(bench.exchange.call(wrong) == nil, "\(wrong)") }
    try bench.hangUp()
    bench.finish()
  }

  @Test("What plugins did wrong and patterns that were given up are among the counters, and a commit does not set them back")
  func counters() throws {
    var bench = try Bench {
      $0.dialPlans[0].rules = [.init(number: 10, pattern: "^(a|aa)+$", translation: "+14155550100")]
    }
    func value(_ name: String) -> UInt64? { bench.exchange.counters.first { $0.name == name }?.value }
    for name in ["overruns", "dead-handles", "refused-edits", "dropped-log-lines"] { #expect(value("plugin.plain.\(name)") == 0) }
    #expect(value("routing.pattern-limit-hits") == 0)
    bench.dial(String(repeating: "a", count: 60) + "b")
    #expect(value("routing.pattern-limit-hits") == 1)
    try bench.commit { $0.trunks[0].maxCalls = 9 }
    #expect(value("routing.pattern-limit-hits") == 1)
    bench.dial(String(repeating: "a", count: 60) + "b", branch: "2", callID: "call-2", fromTag: "a2")
    #expect(value("routing.pattern-limit-hits") == 2)
    bench.finish(records: 2)
  }

  @Test("A call that ends before any attempt has one leg and no route")
  func noAttempt() throws {
    var bench = try Bench()
    bench.dial("12345")
    bench.finish()
    let record = try #require(bench.records.first)
    #expect(record.legs.count == 1 && record.route == nil && record.usage == nil && record.media == "none")
    #expect(record.ended >= record.began)
  }

  @Test("call-records false: no record, and the call goes all the same")
  func switchedOff() throws {
    var bench = try Bench { $0.system.callRecords = false }
    try bench.established()
    try bench.hangUp()
    bench.finish(records: 0)
  }

  @Test("What the plugins are told of a call begins and ends once on each trunk, whatever becomes of it")
  func events() throws {
    let courses: [(String, (inout Bench) throws -> Void)] = [
      ("refused at once", { $0.dial(body: "") }),
      ("no route", { $0.dial("12345") }),
      (
        "cancelled",
        {
          $0.dial()
          $0.cancel()
        }
      ),
      (
        "refused by all",
        {
          $0.dial()
          try $0.reply(503)
          try $0.reply(503, attempt: 1, from: Bench.backup)
        }
      ),
      (
        "no progress",
        {
          $0.dial()
          $0.advance(by: .seconds(30))
        }
      ),
      (
        "answered",
        {
          try $0.established()
          try $0.hangUp()
        }
      ),
      (
        "broken answer",
        {
          $0.dial()
          try $0.reply(200)
        }
      ),
    ]
    for (name, course) in courses {
      var bench = try Bench(plugin: CountingPlugin.table, edit: Bench.hunting)
      try course(&bench)
      bench.finish()
      for peer in bench.exchange.peerViews(at: bench.now) {
        let counts = peer.description.split(separator: " ")
        #expect(counts.count == 3 && counts[0] == counts[2], "\(name), \(peer.name): started, answered, ended \(peer.description)")
      }
    }
  }
}
