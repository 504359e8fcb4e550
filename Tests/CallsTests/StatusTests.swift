import Calls
import Configuration
import SIP
import Testing
import Timing

@Suite struct StatusTests {
  @Test(
    "What the caller is told of a refusal: challenges become 403, what speaks to the leg itself ends there — decided",
    arguments: [
      (401, 403), (407, 403), (300, nil), (302, nil), (380, nil), (421, nil), (422, nil), (423, nil), (491, nil), (404, 404), (480, 480), (484, 484),
      (486, 486),
      (488, 488), (603, 603), (606, 606), (699, 699),
    ] as [(Int, Int?)])
  func crossing(received: Int, told: Int?) throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(
      received, extra: "Retry-After: 17\r\nContact: <sip:elsewhere@10.0.0.66>\r\nWWW-Authenticate: Digest realm=\"m\", nonce=\"n\"\r\nMin-SE: 90\r\n")
    let final = try #require(bench.last(to: Bench.pbx))
    #expect((400...699).contains(final.status))
    if let told { #expect(final.status == told) } else { #expect(final.status != received && ![421, 422, 423, 491].contains(final.status)) }
    #expect(final.value(.retryAfter) == nil)
    #expect(final.value(.contact) == nil)
    #expect(!String(decoding: final.encoded(), as: UTF8.self).contains("10.0.0.66"))
    #expect(!String(decoding: final.encoded(), as: UTF8.self).contains("Digest"))
    bench.finish()
    #expect(bench.records.first?.status == final.status)
    #expect(bench.records.first?.legs.last?.status == received)
  }

  @Test("The Q.850 cause of a refusal crosses in Reason — RFC 6432")
  func cause() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(486, extra: "Reason: SIP;cause=999;text=\"marker\"\r\nReason: Q.850;cause=21;text=\"marker\"\r\n")
    let final = try #require(bench.last(to: Bench.pbx))
    #expect(final.q850Cause == 21)
    #expect(!String(decoding: final.encoded(), as: UTF8.self).contains("marker"))
    bench.finish()
    #expect(bench.records.first?.cause == 21)
  }

  @Test("Max-Forwards goes on one lower, 70 when there is none; used up: 483 — RFC 7332, decided")
  func maxForwards() throws {
    for (line, sent) in [("Max-Forwards: 12", 11), ("Max-Forwards: 1", 0), ("X: y", 69)] {
      var bench = try Bench()
      bench.receive(
        Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp).replacing("Max-Forwards: 70", with: line),
        from: Bench.pbx)
      #expect(try bench.attempt().maxForwards == sent)
      bench.cancel()
      bench.finish()
    }
    var bench = try Bench()
    bench.receive(
      Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp).replacing(
        "Max-Forwards: 70", with: "Max-Forwards: 0"),
      from: Bench.pbx)
    #expect(bench.toCaller == ["100 INVITE", "483 INVITE"])
    #expect(bench.attempts.isEmpty)
    bench.finish()
  }

  @Test("A trunk without usages: 403 and 12001; a route no usage reaches: 403 and 12004; no route: 404 and 12004 — decided")
  func diagnostics() throws {
    let cases: [(String, (inout Configuration) -> Void, Int, Int)] = [
      ("94155550100", { Bench.settings(&$0, "hq") { $0.pstnUsages = [] } }, 403, 12001),
      ("94155550100", { Bench.settings(&$0, "hq") { $0.pstnUsages = ["Internal"] } }, 403, 12004),
      ("+4930123456", { _ in }, 404, 12004),
      ("12345", { _ in }, 404, 12004),
    ]
    for (number, edit, status, diagnostic) in cases {
      var bench = try Bench(edit: edit)
      bench.dial(number)
      let final = try #require(bench.last(to: Bench.pbx))
      #expect(final.status == status, "\(number)")
      let causes = final.values(.reason).compactMap { Reason(parsing: $0) }.filter { $0.namespace == .other }.map(\.cause)
      #expect(causes == [diagnostic], "\(number)")
      #expect(bench.attempts.isEmpty)
      bench.finish()
      #expect(bench.records.first?.diagnostic == diagnostic)
      #expect(bench.records.first?.outcome == .refused)
      #expect(bench.records.first?.legs.count == 1)
    }
  }

  @Test("A call never goes back to the trunk it came from — decided")
  func noLoop() throws {
    var bench = try Bench { $0.voiceRoutes[0].trunks = [0] }
    bench.dial()
    #expect(bench.attempts.isEmpty)
    #expect(bench.toCaller == ["100 INVITE", "404 INVITE"])
    bench.finish()
  }

  @Test("A delayed offer is refused with 488 — decided")
  func delayedOffer() throws {
    var bench = try Bench()
    bench.dial(body: "")
    #expect(bench.toCaller == ["100 INVITE", "488 INVITE"])
    bench.finish()
  }

  @Test(
    "A body that is not a description: 415 with Accept, or with Accept-Encoding where the coding is unknown; one that can not be read: 400 or 488 — RFC 3261 8.2.3"
  )
  func bodies() throws {
    var bench = try Bench()
    bench.receive(
      Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: "hello").replacing("application/sdp", with: "text/plain"),
      from: Bench.pbx)
    #expect(bench.last(to: Bench.pbx)?.status == 415)
    #expect(bench.last(to: Bench.pbx)?.text(.accept) == "application/sdp")
    bench.dial(branch: "b", callID: "b", fromTag: "b", extra: "Content-Encoding: gzip\r\n")
    #expect(bench.last(to: Bench.pbx)?.status == 415)
    #expect(bench.last(to: Bench.pbx)?.text(.acceptEncoding) == "identity")
    #expect(bench.last(to: Bench.pbx)?.text(.accept) == nil)
    bench.dial(branch: "c", callID: "c", fromTag: "c", body: "v=0\r\n")
    #expect([400, 488].contains(bench.last(to: Bench.pbx)?.status ?? 0))
    bench.dial(branch: "d", callID: "d", fromTag: "d", body: Bench.sdp.replacing("RTP/AVP", with: "RTP/SAVP"))
    #expect(bench.last(to: Bench.pbx)?.status == 488)
    #expect(bench.attempts.isEmpty)
    bench.finish(records: 4)
  }

  @Test("A scheme that is neither sip, sips nor tel: 416 — RFC 3261 8.2.2.1")
  func scheme() throws {
    var bench = try Bench()
    bench.receive(Bench.request("INVITE", uri: "mailto:a@b.example", from: Bench.pbx, branch: "1", body: Bench.sdp), from: Bench.pbx)
    #expect(bench.toCaller == ["416 INVITE"])
    bench.finish()
  }
}
