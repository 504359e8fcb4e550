import Addressing
import Configuration
import SIP
import Testing
import Timing

@testable import Calls

@Suite struct SessionTimerTests {
  private let start = Instant(nanoseconds: 0)

  @Test("Ours is refreshed at half the interval, and over at its end — RFC 4028 7.4, 10")
  func ours() {
    var timer = SessionTimer(.ours, interval: 100, at: start)
    #expect(timer.nextDeadline == start + .seconds(50))
    #expect(timer.advance(to: start + .seconds(49)) == nil)
    #expect(timer.advance(to: start + .seconds(50)) == .refresh)
    #expect(timer.advance(to: start + .seconds(51)) == nil)
    timer.retry(at: start + .seconds(60))
    #expect(timer.advance(to: start + .seconds(60)) == .refresh)
    #expect(timer.advance(to: start + .seconds(100)) == .expired)
    #expect(timer.nextDeadline == nil)
  }

  @Test("Theirs is over the smaller of 32 s and a third before the end — RFC 4028 10", arguments: [(90, 60), (96, 64), (1800, 1768)])
  func theirs(interval: Int, end: Int) {
    var timer = SessionTimer(.theirs, interval: interval, at: start)
    #expect(timer.nextDeadline == start + .seconds(end))
    #expect(timer.advance(to: start + .seconds(end)) == .expired)
  }

  @Test("Session-Expires is read with blanks, other parameters and any case; what is no number is not there")
  func reading() {
    func read(_ text: String) -> SessionExpires? { SessionExpires(parsing: Array(text.utf8)[...]) }
    #expect(read("1800") == SessionExpires(seconds: 1800))
    #expect(read("90;refresher=uac") == SessionExpires(seconds: 90, refresher: .uac))
    #expect(read("90 ; x=y ; Refresher = UAS") == SessionExpires(seconds: 90, refresher: .uas))
    #expect(read("90;refresher=nobody") == SessionExpires(seconds: 90))
    #expect(read("") == nil)
    #expect(read("99999999999") == nil)
    #expect(read("9x") == nil)
  }

  @Test("Who refreshes, as the answering side — RFC 4028 9, table 2")
  func refresher() {
    let terms = SessionTerms(isWanted: false, interval: 1800, minimum: 90)
    func answer(_ refresher: SessionExpires.Refresher?, knows: Bool) -> SessionExpires.Refresher? {
      terms.answer(SessionAsk(expires: SessionExpires(seconds: 600, refresher: refresher), minimum: 90, knowsTimers: knows))?.refresher
    }
    #expect(answer(nil, knows: false) == .uas)
    #expect(answer(nil, knows: true) == .uac)
    #expect(answer(.uac, knows: true) == .uac)
    #expect(answer(.uas, knows: true) == .uas)
  }

  @Test("An interval is made shorter, never longer, and not below what the far side takes; a short one of a client without timers counts as none — RFC 4028 9")
  func intervals() {
    let wanting = SessionTerms(isWanted: true, interval: 300, minimum: 90)
    #expect(wanting.answer(SessionAsk(expires: SessionExpires(seconds: 1800), minimum: 90, knowsTimers: true))?.seconds == 300)
    #expect(wanting.answer(SessionAsk(expires: SessionExpires(seconds: 1800), minimum: 600, knowsTimers: true))?.seconds == 600)
    #expect(wanting.answer(SessionAsk(expires: SessionExpires(seconds: 120), minimum: 90, knowsTimers: true))?.seconds == 120)
    #expect(wanting.answer(SessionAsk(expires: nil, minimum: 400, knowsTimers: true)) == SessionExpires(seconds: 400, refresher: .uac))
    #expect(wanting.answer(SessionAsk(expires: nil, minimum: 90, knowsTimers: false)) == nil)
    #expect(wanting.timer(answering: SessionAsk(expires: nil, minimum: 90, knowsTimers: false), at: start)?.mode == .asking)
    let plain = SessionTerms(isWanted: false, interval: 300, minimum: 90)
    #expect(plain.answer(SessionAsk(expires: SessionExpires(seconds: 1800), minimum: 90, knowsTimers: true))?.seconds == 1800)
    #expect(plain.answer(SessionAsk(expires: nil, minimum: 90, knowsTimers: true)) == nil)
    #expect(plain.answer(SessionAsk(expires: SessionExpires(seconds: 5), minimum: 5, knowsTimers: false)) == nil)
    #expect(plain.refuses(SessionAsk(expires: SessionExpires(seconds: 60), minimum: 60, knowsTimers: true)))
    #expect(!plain.refuses(SessionAsk(expires: SessionExpires(seconds: 60), minimum: 60, knowsTimers: false)))
  }
}

@Suite struct SessionRefreshTests {
  private static func timed(_ configuration: inout Configuration, _ trunk: String, _ interval: Int = 600) {
    Bench.settings(&configuration, trunk) {
      $0.sessionTimer = true
      $0.sessionExpires = interval
    }
  }
  /// Both sides speak media all the time, as it were: nothing but the session timer ends a call here.
  private func bench(_ edit: (inout Configuration) -> Void = { _ in }) throws -> Bench { try Bench(edit: edit) }
  private let known = "Supported: timer\r\n"

  // MARK: We are asked

  @Test("Asked for a timer we agree, the asker refreshes, and Require says so; the other leg hears nothing of it — RFC 4028 9")
  func agreed() throws {
    var bench = try bench()
    bench.dial(extra: known + "Session-Expires: 600\r\n")
    #expect(try !bench.attempt().has(.sessionExpires))
    #expect(try bench.attempt().lists("timer", in: .supported))
    try bench.reply(200, body: Bench.sdp)
    let answer = try #require(bench.last(to: Bench.pbx))
    #expect(answer.text(.sessionExpires) == "600;refresher=uac")
    #expect(answer.text(.require) == "timer")
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(300))
    // Its refresh: the same description again.
    bench.caller("INVITE", 2, extra: known + "Session-Expires: 600;refresher=uac\r\n", body: Bench.sdp)
    #expect(bench.toCaller == ["100 INVITE", "200 INVITE"])
    #expect(bench.last(to: Bench.pbx)?.text(.sessionExpires) == "600;refresher=uac")
    #expect(bench.toCallee == [])
    bench.callerAcknowledges(2)
    bench.advance(by: .seconds(567))
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.advance(by: .seconds(1))
    #expect(bench.toCaller.last == "BYE" && bench.toCallee == ["BYE"])
    #expect(bench.exchange.calls.map(\.state) == ["ending"])
    bench.finish()
    #expect(bench.records.first?.reason == "hq did not refresh the session in time")
  }

  @Test("A refresh is answered with the description that holds, o= line unchanged — RFC 4028 7.4, RFC 3264 8")
  func unchangedAnswer() throws {
    var bench = try bench()
    try bench.answered()
    let first = bench.lastBody(to: Bench.pbx)
    bench.callerAcknowledges()
    bench.caller("INVITE", 2, body: Bench.sdp)
    #expect(bench.lastBody(to: Bench.pbx) == first)
    bench.callerAcknowledges(2)
    try bench.callee("INVITE", 1, body: Bench.sdp)
    #expect(bench.toCallee.last == "200 INVITE")
    #expect(bench.origin(to: Bench.provider)!.version == 1)
    try bench.callee("ACK", 1)
    try bench.hangUp()
    bench.finish()
  }

  @Test("Refresher uas: we refresh at half the interval by re-INVITE with our description unchanged; the other leg hears nothing — RFC 4028 7.4")
  func weRefresh() throws {
    var bench = try bench()
    bench.dial(extra: known + "Session-Expires: 600;refresher=uas\r\n")
    try bench.reply(200, body: Bench.sdp)
    let first = bench.lastBody(to: Bench.pbx)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(300))
    #expect(bench.toCaller == ["INVITE"])
    #expect(bench.toCallee == [])
    let refresh = try #require(bench.last(to: Bench.pbx))
    #expect(refresh.text(.sessionExpires) == "600;refresher=uac")
    #expect(String(decoding: refresh.body, as: UTF8.self) == first)
    try bench.callerReplies(200, to: .invite, extra: "Session-Expires: 600;refresher=uac\r\n", body: Bench.sdp)
    #expect(bench.toCaller == ["INVITE", "ACK"])
    bench.advance(by: .seconds(299))
    #expect(bench.toCaller == ["INVITE", "ACK"])
    bench.advance(by: .seconds(1))
    #expect(bench.toCaller == ["INVITE", "ACK", "INVITE"])
    try bench.callerReplies(200, to: .invite, extra: "Session-Expires: 600;refresher=uac\r\n", body: Bench.sdp)
    #expect(bench.toCallee == [])
    try bench.hangUp()
    bench.finish()
  }

  @Test("A far side that takes UPDATE is refreshed by it; refused with 405 it gets a re-INVITE — RFC 4028 7.4, RFC 3311")
  func update() throws {
    var bench = try bench()
    bench.dial(extra: known + "Allow: INVITE, ACK, BYE, UPDATE\r\nSession-Expires: 600;refresher=uas\r\n")
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(300))
    #expect(bench.toCaller == ["UPDATE"])
    #expect(bench.last(to: Bench.pbx)?.body.isEmpty == true)
    #expect(bench.last(to: Bench.pbx)?.text(.sessionExpires) == "600;refresher=uac")
    try bench.callerReplies(200, to: .update, extra: "Session-Expires: 600;refresher=uac\r\n")
    bench.advance(by: .seconds(300))
    #expect(bench.toCaller == ["UPDATE", "UPDATE"])
    try bench.callerReplies(405, to: .update)
    bench.advance(by: .seconds(1))
    #expect(bench.newRequests(to: Bench.pbx) == ["UPDATE", "UPDATE", "INVITE"])
    try bench.callerReplies(200, to: .invite, extra: "Session-Expires: 600;refresher=uac\r\n", body: Bench.sdp)
    #expect(bench.toCallee == [])
    try bench.hangUp()
    bench.finish()
  }

  @Test("A refresh answered 408 or 481, or not at all, ends the call — RFC 4028 10", arguments: [408, 481, 0])
  func deadPeer(status: Int) throws {
    var bench = try bench()
    bench.dial(extra: known + "Session-Expires: 600;refresher=uas\r\n")
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(300))
    if status > 0 { try bench.callerReplies(status, to: .invite) } else { bench.advance(by: .seconds(40)) }
    #expect(bench.toCaller.contains("BYE"))
    #expect(Set(bench.toCallee) == ["BYE"])
    bench.finish()
  }

  @Test("A refresh that meets a 491 is sent again; one that is refused otherwise too, until the session is over — RFC 3261 14.1, RFC 4028 10")
  func glare() throws {
    var bench = try bench()
    bench.dial(extra: known + "Session-Expires: 600;refresher=uas\r\n")
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(300))
    try bench.callerReplies(491, to: .invite)
    bench.advance(by: .seconds(3))
    #expect(bench.newRequests(to: Bench.pbx) == ["INVITE", "INVITE"])
    try bench.callerReplies(488, to: .invite)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.advance(by: .seconds(80))
    #expect(bench.newRequests(to: Bench.pbx) == ["INVITE", "INVITE", "INVITE"])
    try bench.callerReplies(500, to: .invite)
    for _ in 0..<260 {
      bench.advance(by: .seconds(1))
      if bench.exchange.calls.first?.state == "up" { try? bench.callerReplies(500, to: .invite) }
    }
    #expect(bench.newRequests(to: Bench.pbx).last == "BYE")
    #expect(bench.newRequests(to: Bench.pbx).count < 9)
    bench.finish()
  }

  @Test("A refresh refused with 422 is sent again with the longer interval — RFC 4028 7.3")
  func refreshTooSmall() throws {
    var bench = try bench()
    bench.dial(extra: known + "Session-Expires: 600;refresher=uas\r\n")
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(300))
    try bench.callerReplies(422, to: .invite, extra: "Min-SE: 900\r\n")
    bench.advance(by: .seconds(1))
    #expect(bench.last(to: Bench.pbx)?.text(.sessionExpires) == "900;refresher=uac")
    #expect(bench.last(to: Bench.pbx)?.text(.minSE) == "900")
    try bench.callerReplies(200, to: .invite, extra: "Session-Expires: 900;refresher=uac\r\n", body: Bench.sdp)
    try bench.hangUp()
    bench.finish()
  }

  @Test("An interval below min-se: 422 with Min-SE, for a new call and in a dialog; not to who does not know timers — RFC 4028 9")
  func tooSmall() throws {
    var bench = try bench { Bench.settings(&$0, "hq") { $0.minSE = 300 } }
    bench.dial(extra: known + "Session-Expires: 200\r\n")
    #expect(bench.toCaller.last == "422 INVITE")
    #expect(bench.last(to: Bench.pbx)?.text(.minSE) == "300")
    #expect(bench.attempts.isEmpty)
    bench.caller("ACK", 1, branch: "1")
    bench.callerTag = ""
    bench.dial(branch: "2", callID: "call-2", extra: "Session-Expires: 200\r\n")
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.last(to: Bench.pbx)?.has(.sessionExpires) == false)
    bench.caller("ACK", 1, callID: "call-2")
    bench.caller("INVITE", 2, callID: "call-2", extra: known + "Session-Expires: 100\r\n", body: Bench.sdp)
    #expect(bench.toCaller.last == "422 INVITE")
    bench.caller("BYE", 3, callID: "call-2")
    try bench.calleeReplies(200, to: .bye)
    bench.finish(records: 2)
  }

  @Test("Require: timer is taken — RFC 4028 9")
  func required() throws {
    var bench = try bench()
    bench.dial(extra: known + "Require: timer\r\nSession-Expires: 600\r\n")
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.toCaller.last == "200 INVITE")
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }

  // MARK: We ask

  @Test("session-timer: the INVITE asks; the far side's answer says who refreshes — RFC 4028 7.1, 7.2")
  func weAsk() throws {
    var bench = try bench { Self.timed(&$0, "acme-1") }
    bench.dial()
    #expect(try bench.attempt().text(.sessionExpires) == "600")
    #expect(try !bench.attempt().has(.minSE))
    try bench.reply(200, extra: "Session-Expires: 400;refresher=uac\r\nRequire: timer\r\n", body: Bench.sdp)
    #expect(bench.last(to: Bench.pbx)?.has(.sessionExpires) == false)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(200))
    #expect(bench.toCallee == ["INVITE"])
    #expect(bench.last(to: Bench.provider)?.text(.sessionExpires) == "400;refresher=uac")
    try bench.calleeReplies(200, to: .invite, extra: "Session-Expires: 400;refresher=uas\r\n", body: Bench.sdp)
    #expect(bench.toCaller == [])
    bench.advance(by: .seconds(367))
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.advance(by: .seconds(1))
    #expect(bench.toCallee.last == "BYE")
    bench.finish()
  }

  @Test("422: the INVITE once more with what the far side wants at least, in the same dialog, once — RFC 4028 7.3")
  func retry() throws {
    var bench = try bench { Self.timed(&$0, "acme-1", 100) }
    bench.dial()
    try bench.reply(422, extra: "Min-SE: 1200\r\n")
    #expect(bench.attempts.count == 2)
    let (first, second) = (try bench.attempt(), try bench.attempt(1))
    #expect(second.text(.sessionExpires) == "1200" && second.text(.minSE) == "1200")
    #expect(second.callID == first.callID && second.from.tag == first.from.tag && second.cseqNumber == first.cseqNumber + 1)
    #expect(second.body == first.body)
    #expect(bench.toCaller == ["100 INVITE"])
    try bench.reply(200, attempt: 1, extra: "Session-Expires: 1200;refresher=uas\r\n", body: Bench.sdp)
    bench.callerAcknowledges()
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()

    var stubborn = try self.bench { Self.timed(&$0, "acme-1", 100) }
    stubborn.dial()
    try stubborn.reply(422, extra: "Min-SE: 1200\r\n")
    try stubborn.reply(422, attempt: 1, extra: "Min-SE: 2400\r\n")
    #expect(stubborn.attempts.count == 2)
    #expect(stubborn.toCaller.last == "500 INVITE")
    stubborn.finish()
  }

  @Test("A far side without timers is asked by OPTIONS; 481 or silence ends the call, any other answer is life — decided", arguments: [200, 405, 481, 0])
  func options(status: Int) throws {
    var bench = try bench { Self.timed(&$0, "acme-1") }
    try bench.established()
    bench.advance(by: .seconds(300))
    #expect(bench.toCallee == ["OPTIONS"])
    if status > 0 { try bench.calleeReplies(status, to: .options) } else { bench.advance(by: .seconds(40)) }
    guard [200, 405].contains(status) else {
      #expect(bench.toCallee.contains("BYE") && Set(bench.toCaller) == ["BYE"])
      return bench.finish()
    }
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.advance(by: .seconds(300))
    #expect(bench.toCallee == ["OPTIONS", "OPTIONS"])
    try bench.calleeReplies(status, to: .options)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A Min-SE of centuries is taken for a day, and the call can be written and read back")
  func centuries() throws {
    var bench = try bench { Self.timed(&$0, "hq") }
    bench.dial(extra: known + "Min-SE: 9999999999\r\n")
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.last(to: Bench.pbx)?.text(.sessionExpires) == "86400;refresher=uac")
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }

  @Test("A peer that asks to be refreshed every second is refreshed no oftener than min-se allows")
  func hostile() throws {
    var bench = try bench()
    bench.dial()
    try bench.reply(200, extra: "Session-Expires: 1;refresher=uac\r\n", body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(44))
    #expect(bench.toCallee == [])
    bench.advance(by: .seconds(1))
    #expect(bench.toCallee == ["INVITE"])
    try bench.calleeReplies(200, to: .invite, body: Bench.sdp)
    try bench.hangUp()
    bench.finish()
  }

  @Test("An offer that comes while our refresh is under way meets 491, and goes through afterwards — RFC 3261 14.2")
  func offerMeetsRefresh() throws {
    var bench = try bench()
    bench.dial(extra: known + "Session-Expires: 600;refresher=uas\r\n")
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(300))
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.callee("INVITE", 1, body: Bench.held)
    #expect(bench.toCaller == ["INVITE", "100 INVITE", "491 INVITE"])
    #expect(bench.toCallee == ["100 INVITE", "491 INVITE"])
    try bench.callerReplies(200, to: .invite, body: Bench.sdp)
    bench.caller("ACK", 2)
    bench.caller("INVITE", 3, body: Bench.held)
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    bench.callerAcknowledges(3)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A refresh in which the far side moves its media is told to the other leg")
  func movesInRefresh() throws {
    var bench = try bench()
    bench.dial(extra: known + "Session-Expires: 600;refresher=uas\r\n")
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(300))
    try bench.callerReplies(200, to: .invite, body: Bench.held)
    #expect(bench.toCallee == ["INVITE"])
    #expect(bench.lastBody(to: Bench.provider).contains("a=sendonly"))
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    try bench.hangUp()
    bench.finish()
  }

  @Test("Direct media: both legs have a timer though no trunk asks for one — decided")
  func direct() throws {
    var bench = try Bench {
      $0.mediaBypass.enabled = true
      $0.mediaBypass.always = true
      for trunk in ["hq", "acme-1"] { Bench.settings(&$0, trunk) { $0.enableBypass = true } }
    }
    bench.dial(extra: known)
    let isDirect = bench.exchange.calls.first?.mediaPath == .direct
    guard isDirect else { return }
    #expect(try bench.attempt().text(.sessionExpires) == "1800")
    try bench.reply(200, body: Bench.sdp)
    #expect(bench.last(to: Bench.pbx)?.text(.sessionExpires) == "1800;refresher=uac")
    bench.callerAcknowledges()
    bench.forget()
    bench.advance(by: .seconds(900))
    #expect(bench.toCallee == ["OPTIONS"])
    try bench.calleeReplies(200, to: .options)
    try bench.hangUp()
    bench.finish()
  }
}

extension Bench {
  /// Methods of the requests sent there, repetitions and ACKs left out.
  func newRequests(to address: TransportAddress) -> [String] {
    var branches: Set<[UInt8]> = []
    return requests(to: address).filter { $0.method != .ack && branches.insert(Array($0.topVia.branch ?? [])).inserted }.map(\.methodName)
  }
}
