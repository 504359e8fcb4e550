import Addressing
import Calls
import Configuration
import Media
import SIP
import Testing
import Timing

@Suite struct FailoverTests {
  @Test("A 5xx moves the call to the next trunk, and the answer there is the call — decided", arguments: [500, 502, 503, 504, 580])
  func next(status: Int) throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.reply(status)
    #expect(bench.toCallee == ["INVITE", "ACK"])
    #expect(bench.toSpare == ["INVITE"])
    #expect(bench.toCaller == ["100 INVITE"])
    let (first, second) = (try bench.attempt(0), try bench.attempt(1))
    #expect(first.callID != second.callID)
    #expect(first.from.tag.map { Array($0) } != second.from.tag.map { Array($0) })
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    bench.callerAcknowledges()
    bench.caller("BYE")
    #expect(bench.toSpare == ["INVITE", "ACK", "BYE"])
    try bench.calleeReplies(200, to: .bye, from: Bench.backup)
    bench.finish()
    #expect(bench.records.first?.legs.map(\.status) == [200, status, 200])
    #expect(bench.records.first?.route == "second")
  }

  @Test("199 ends a fork's early dialog and is no progress: it does not cross, and the next trunk is still tried — RFC 6228")
  func earlyDialogTerminated() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.reply(199)
    #expect(bench.toCaller == ["100 INVITE"])
    bench.advance(by: .seconds(11))
    #expect(bench.toSpare.first == "INVITE")
    try bench.reply(180, attempt: 1, from: Bench.backup, tag: "s1")
    try bench.reply(199, attempt: 1, from: Bench.backup, tag: "s2")
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE"])
    bench.cancel()
    try bench.reply(487)
    try bench.reply(487, attempt: 1, from: Bench.backup, tag: "s1")
    bench.finish()
  }

  @Test("progress-timeout 0: the first trunk may take as long as the whole search may — decided")
  func withoutProgressTimeout() throws {
    var bench = try Bench {
      Bench.hunting(&$0)
      Bench.settings(&$0, "acme-1") { $0.progressTimeout = 0 }
      Bench.settings(&$0, "hq") { $0.routingTimeout = 40 }
    }
    bench.dial()
    try bench.reply(100)
    bench.advance(by: .seconds(39))
    #expect(bench.toSpare.isEmpty && bench.toCaller == ["100 INVITE"])
    bench.advance(by: .seconds(1))
    #expect(bench.toSpare.isEmpty && bench.toCaller == ["100 INVITE", "408 INVITE"])
    try bench.reply(487)
    bench.finish()
  }

  @Test("No other trunk is tried on 4xx and 6xx, whatever failover-code says of 6xx — decided", arguments: [400, 403, 404, 480, 486, 488, 600, 603, 606])
  func notNext(status: Int) throws {
    var bench = try Bench {
      Bench.hunting(&$0)
      Bench.settings(&$0, "acme-1") { $0.failoverCodes = [.init(first: 500, last: 699)] }
    }
    bench.dial()
    try bench.reply(status)
    #expect(bench.toSpare == [])
    #expect(bench.toCaller == ["100 INVITE", "\(status) INVITE"])
    bench.finish()
    #expect(bench.records.first?.status == status)
  }

  @Test("failover-code can name a 4xx, and leave out a 5xx — decided")
  func codes() throws {
    for (status, moves) in [(408, true), (503, true), (500, false), (480, false)] {
      var bench = try Bench {
        Bench.hunting(&$0)
        Bench.settings(&$0, "acme-1") { $0.failoverCodes = [.init(first: 408, last: 408), .init(first: 503, last: 504)] }
      }
      bench.dial()
      try bench.reply(status)
      #expect(bench.toSpare == (moves ? ["INVITE"] : []), "\(status)")
      if !moves { #expect(bench.toCaller.last == "\(status) INVITE") }
      bench.cancel()
      bench.finish()
    }
  }

  @Test("Once a provisional other than 100 was forwarded no other trunk is tried — decided", arguments: [180, 181, 182, 183])
  func notAfterProgress(status: Int) throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.reply(status)
    try bench.reply(503)
    #expect(bench.toSpare == [])
    #expect(bench.toCaller == ["100 INVITE", "\(status) INVITE", "503 INVITE"])
    bench.finish()
  }

  @Test("Response codes are translated before the next trunk is decided on, and the caller gets the result — decided")
  func translation() throws {
    let rules: (inout Configuration) -> Void = { configuration in
      Bench.hunting(&configuration)
      Bench.settings(&configuration, "acme-1") {
        $0.responseCodeRules = [
          .init(number: 1, receivedCode: 503, receivedCause: -1, translatedCode: 486),
          .init(number: 2, receivedCode: 404, receivedCause: -1, translatedCode: 503),
          .init(number: 3, receivedCode: 0, receivedCause: 17, translatedCode: 600),
        ]
      }
    }
    var bench = try Bench(edit: rules)
    bench.dial()
    try bench.reply(503)
    #expect(bench.toCaller == ["100 INVITE", "486 INVITE"] && bench.toSpare == [])
    bench.finish()
    bench = try Bench(edit: rules)
    bench.dial()
    try bench.reply(404)
    #expect(bench.toSpare == ["INVITE"])
    bench.cancel()
    bench.finish()
    bench = try Bench(edit: rules)
    bench.dial()
    try bench.reply(500, extra: "Reason: Q.850;cause=17\r\n")
    #expect(bench.toCaller == ["100 INVITE", "600 INVITE"] && bench.toSpare == [])
    bench.finish()
  }

  @Test("No progress within progress-timeout: on to the next trunk; 100 does not count — decided")
  func noProgress() throws {
    var bench = try Bench {
      Bench.hunting(&$0)
      Bench.settings(&$0, "acme-1") { $0.progressTimeout = 4 }
    }
    bench.dial()
    try bench.reply(100)
    bench.advance(by: .milliseconds(3_900))
    #expect(bench.toSpare == [])
    bench.advance(by: .milliseconds(200))
    #expect(bench.toSpare == ["INVITE"])
    #expect(bench.toCallee == ["INVITE", "CANCEL"])
    try bench.reply(487)
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    bench.callerAcknowledges()
    bench.caller("BYE")
    try bench.calleeReplies(200, to: .bye, from: Bench.backup)
    bench.finish()
  }

  @Test("The answer of an attempt that was given up is acknowledged and ended; the caller hears of one answer only — RFC 3261 13.2.2.4")
  func bothAnswer() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    bench.advance(by: .seconds(11))
    #expect(bench.toSpare.first == "INVITE")
    bench.forget()
    try bench.reply(200, body: Bench.sdp)
    try bench.reply(200, attempt: 1, from: Bench.backup, tag: "s1", body: Bench.sdp)
    #expect(bench.toCallee == ["ACK", "BYE"])
    #expect(bench.toSpare == ["ACK"])
    #expect(bench.toCaller == ["200 INVITE"])
    bench.callerAcknowledges()
    bench.caller("BYE")
    bench.finish()
  }

  @Test("18x stops the progress timer: a phone may ring long")
  func ringsLong() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    try bench.reply(180)
    bench.advance(by: .seconds(200))
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE"])
    bench.advance(by: .seconds(60))
    #expect(bench.toCaller.contains("480 INVITE"))
    #expect(bench.toCallee.prefix(2) == ["INVITE", "CANCEL"])
    #expect(bench.toSpare == [])
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.noAnswer])
  }

  @Test("routing-timeout bounds the whole search — decided")
  func routingTimeout() throws {
    var bench = try Bench {
      Bench.hunting(&$0)
      Bench.settings(&$0, "hq") { $0.routingTimeout = 15 }
    }
    bench.dial()
    try bench.reply(100)
    bench.advance(by: .milliseconds(10_100))
    try bench.reply(100, attempt: 1, from: Bench.backup)
    #expect(bench.toCaller == ["100 INVITE"])
    bench.advance(by: .milliseconds(5_000))
    #expect(bench.toCaller == ["100 INVITE", "408 INVITE"])
    #expect(bench.toSpare == ["INVITE", "CANCEL"])
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.noAnswer])
  }

  @Test("An address that can not be reached: the next trunk at once — RFC 3261 16.9, decided")
  func unreachable() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    bench.exchange.unreachable(Flow(listener: 1, transport: .udp, remote: Bench.provider), at: bench.now)
    bench.drain()
    #expect(bench.toSpare == ["INVITE"])
    bench.exchange.unreachable(Flow(listener: 1, transport: .udp, remote: Bench.backup), at: bench.now)
    bench.drain()
    #expect(bench.toCaller == ["100 INVITE", "503 INVITE"])
    bench.finish()
    #expect(bench.records.first?.legs.count == 3)
  }

  @Test("An INVITE that no datagram carries: the next trunk at once, the log names trunk and size, the destination is still thought well of — RFC 3261 18.1.1")
  func tooLarge() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial()
    let invite = try #require(bench.sent.last { $0.to == Bench.provider })
    let flow = Flow(listener: 1, transport: .udp, remote: Bench.provider)
    bench.exchange.tooLarge(invite.bytes + [UInt8](repeating: 0, count: 70_000 - invite.bytes.count), on: flow, at: bench.now)
    bench.drain()
    #expect(bench.toSpare == ["INVITE"])
    #expect(bench.notes.count == 1)
    #expect(bench.notes.first?.contains("trunk acme-1: INVITE of 70000 bytes to \(Bench.provider)") == true)
    #expect(bench.exchange.counters.first { $0.name == "message.too-large" }?.value == 1)
    try bench.reply(486, attempt: 1, from: Bench.backup)
    bench.finish()
  }

  @Test("Silence on the only trunk: the INVITE is repeated, the caller hears 408, the trunk is less preferred for a while — RFC 3261 17.1.1.2")
  func silence() throws {
    var bench = try Bench { Bench.settings(&$0, "acme-1") { $0.fastFailover = false } }
    bench.dial()
    bench.advance(by: .seconds(33))
    #expect(bench.toCallee.count == 7)
    #expect(Set(bench.sent.filter { $0.to == Bench.provider }.map(\.bytes)).count == 1)
    #expect(bench.toCaller.contains("408 INVITE"))
    #expect(bench.exchange.trunkViews(at: bench.now)[1].reason.contains("less preferred"))
    bench.finish()
  }

  @Test("A full trunk: the next one; all full: 503 with Q.850 cause 34 — decided")
  func full() throws {
    var bench = try Bench {
      Bench.hunting(&$0)
      $0.trunks[1].maxCalls = 1
      $0.trunks[2].maxCalls = 1
    }
    bench.dial()
    #expect(bench.toCallee == ["INVITE"])
    bench.dial(branch: "b", callID: "call-b", fromTag: "b")
    #expect(bench.toSpare == ["INVITE"])
    bench.dial(branch: "c", callID: "call-c", fromTag: "c")
    let refusal = try #require(bench.last(to: Bench.pbx))
    #expect(refusal.status == 503)
    #expect(refusal.q850Cause == 34)
    #expect(refusal.value(.retryAfter) == nil)
    // A place that is given back can be taken.
    try bench.reply(486)
    bench.dial(branch: "d", callID: "call-d", fromTag: "d")
    #expect(bench.attempts.count == 3)
    bench.exchange.endAllCalls(at: bench.now)
    bench.drain()
    bench.finish(records: 4)
  }

  @Test("The caller's own trunk is full: 503 with Q.850 cause 34 and no attempt")
  func incomingFull() throws {
    var bench = try Bench { $0.trunks[0].maxCalls = 1 }
    bench.dial()
    bench.dial(branch: "b", callID: "call-b", fromTag: "b")
    #expect(bench.last(to: Bench.pbx)?.status == 503)
    #expect(bench.last(to: Bench.pbx)?.q850Cause == 34)
    #expect(bench.attempts.count == 1)
    bench.cancel()
    bench.finish(records: 2)
  }

  @Test("Every trunk down: 503")
  func allDown() throws {
    var bench = try Bench {
      $0.peers[1].address = .domain("acme.example")
    }
    bench.dial()
    #expect(bench.toCaller == ["100 INVITE", "503 INVITE"])
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.refused])
  }

  @Test("Ports that can not be bound are tried again elsewhere; the call goes on")
  func otherPorts() throws {
    var bench = try Bench()
    bench.refusals = [.incoming, .outgoing, .outgoing]
    bench.dial()
    #expect(bench.toCallee == ["INVITE"])
    bench.cancel()
    bench.finish()
  }

  @Test("Ports that can never be bound: 503 with Q.850 cause 47, nothing is sent out", arguments: [MediaSide.incoming, .outgoing])
  func noPorts(side: MediaSide) throws {
    var bench = try Bench()
    bench.refusals = Array(repeating: side, count: 20)
    bench.dial()
    #expect(bench.toCallee == [])
    #expect(bench.toCaller == ["100 INVITE", "503 INVITE"])
    #expect(bench.last(to: Bench.pbx)?.q850Cause == 47)
    bench.finish()
  }

  @Test("A realm without a free port: 503 with Q.850 cause 47")
  func realmFull() throws {
    var bench = try Bench { $0.mediaRealms[0].ports = [.init(first: 20_000, last: 20_003)] }
    bench.dial()
    #expect(bench.toCallee == ["INVITE"])
    bench.dial(branch: "b", callID: "call-b", fromTag: "b")
    #expect(bench.last(to: Bench.pbx)?.status == 503)
    #expect(bench.last(to: Bench.pbx)?.q850Cause == 47)
    #expect(bench.attempts.count == 1)
    bench.cancel()
    bench.finish(records: 2)
  }

  @Test(
    "A 2xx without description, or with one that does not fit: ACK and BYE there, 488 to the caller — RFC 3261 13.2.1, RFC 3264 6",
    arguments: ["", "v=0\r\n", Bench.sdp + "m=audio 4002 RTP/AVP 0\r\n"])
  func brokenAnswer(body: String) throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    try bench.reply(200, body: body)
    #expect(bench.toCallee == ["INVITE", "ACK", "BYE"])
    #expect(bench.toCaller == ["100 INVITE", "180 INVITE", "488 INVITE"])
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
    #expect(bench.records.map(\.outcome) == [.failed])
  }

  @Test("A description in a provisional holds for a 2xx that has none — RFC 3261 13.2.1")
  func earlyDescription() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(183, body: Bench.sdp)
    try bench.reply(200)
    #expect(bench.toCallee == ["INVITE", "ACK"])
    #expect(bench.toCaller == ["100 INVITE", "183 INVITE", "200 INVITE"])
    let bodies = bench.sent.filter { $0.to == Bench.pbx && $0.message.status > 100 }.map { Array($0.message.body) }
    #expect(bodies.count == 2 && bodies[0] == bodies[1] && !bodies[0].isEmpty)
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }

  @Test("A description in the 2xx that differs from the one in a provisional goes out under a higher version of o= — RFC 3264 8")
  func changedDescription() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(183, body: Bench.sdp)
    let early = try #require(bench.origin(to: Bench.pbx))
    try bench.reply(200, body: Bench.sdp.replacing("RTP/AVP 0 101", with: "RTP/AVP 0").replacing("a=rtpmap:101 telephone-event/8000\r\n", with: ""))
    #expect(bench.origin(to: Bench.pbx)! == (early.session, early.version + 1))
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }
}
