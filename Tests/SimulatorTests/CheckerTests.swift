import Addressing
import Calls
import Media
import Records
import SIP
import Testing
import Timing

@testable import Simulator

/// A checker that can not fail checks nothing: hand-written traces, each of which breaks one rule, and its twin that breaks none.
@Suite struct CheckerTests {
  private static let t1 = Gap.milliseconds(500)
  private static let hq = Party.hq.address
  private static let acme = Party.acme.address

  /// The first complaint over a trace; events one second apart.
  private func complaint(_ events: [TraceEvent.What], apart: Int = 1_000) -> String? {
    var checkers = Checkers(t1: Self.t1)
    var at = Instant(nanoseconds: 0)
    for what in events {
      at = at + .milliseconds(apart)
      if let violation = checkers.observe(TraceEvent(at: at, what)) { return violation.checker }
    }
    return nil
  }

  private func message(
    _ start: String, from: String = "<sip:a@h>;tag=f", to: String = "<sip:b@h>", callID: String = "c1", cseq: String, branch: String = "z9hG4bK1",
    extra: String = ""
  ) -> [UInt8] {
    Array(
      "\(start)\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=\(branch)\r\nMax-Forwards: 70\r\nFrom: \(from)\r\nTo: \(to)\r\nCall-ID: \(callID)\r\nCSeq: \(cseq)\r\nContact: <sip:x@h>\r\n\(extra)Content-Length: 0\r\n\r\n"
        .utf8)
  }
  private func sent(_ bytes: [UInt8], _ remote: TransportAddress = hq) -> TraceEvent.What { .sent(.init(bytes, remote: remote)) }
  private func delivered(_ bytes: [UInt8], _ remote: TransportAddress = hq) -> TraceEvent.What { .delivered(.init(bytes, remote: remote)) }
  private var invite: [UInt8] { message("INVITE sip:b@h SIP/2.0", cseq: "1 INVITE") }
  private func answer(_ status: Int, tag: String = "t") -> [UInt8] { message("SIP/2.0 \(status) X", to: "<sip:b@h>;tag=\(tag)", cseq: "1 INVITE") }
  private var ack: [UInt8] { message("ACK sip:b@h SIP/2.0", to: "<sip:b@h>;tag=t", cseq: "1 ACK", branch: "z9hG4bK2") }
  private var bye: [UInt8] { message("BYE sip:b@h SIP/2.0", to: "<sip:b@h>;tag=t", cseq: "2 BYE", branch: "z9hG4bK3") }
  private var byeAnswer: [UInt8] { message("SIP/2.0 200 OK", to: "<sip:b@h>;tag=t", cseq: "2 BYE", branch: "z9hG4bK3") }
  private var nothingHeld: TraceEvent.What { .holdings(Exchange.Holdings(), broken: []) }
  private func record(_ id: String, answered: Bool) -> CallRecord {
    CallRecord(
      id: id, began: 1, answered: answered ? 2 : nil, ended: 3, outcome: answered ? .answered : .refused, status: answered ? 200 : 486, cause: nil,
      diagnostic: 0,
      reason: "", route: nil, usage: nil, media: "relay", legs: [], streams: [])
  }

  @Test("A sound call breaks no rule")
  func sound() {
    #expect(
      complaint([
        delivered(invite), sent(answer(200)), delivered(ack), delivered(bye), sent(byeAnswer), .record(record("1", answered: true)), nothingHeld,
        .unsettled([]), .ended,
      ]) == nil)
  }

  @Test("Separation: a mark or an address of one party on another's leg", arguments: ["X: q7bb", "X: Q7BB1", "X: 10.22.22.10", "Organization: q7cc Ltd"])
  func separation(line: String) {
    let bytes = message("SIP/2.0 486 X", to: "<sip:b@h>;tag=t", cseq: "1 INVITE", extra: line + "\r\n")
    #expect(complaint([delivered(invite), sent(bytes)]) == "Separation")
  }

  @Test("Separation: a party's own mark, and a damaged one, are nobody else's", arguments: ["X: q7aa", "X: q7ab", "X: 10.11.11.1"])
  func ownMark(line: String) {
    let bytes = message("SIP/2.0 486 X", to: "<sip:b@h>;tag=t", cseq: "1 INVITE", extra: line + "\r\n")
    #expect(complaint([delivered(invite), sent(bytes)]) == nil)
  }

  @Test("Addresses: a datagram to a stranger, and one that is no message")
  func addresses() {
    #expect(complaint([sent(invite, TransportAddress(IPAddress(203, 0, 113, 1), 5060))]) == "Addresses")
    #expect(complaint([sent(Array("hello".utf8))]) == "Addresses")
    #expect(complaint([sent(message("OPTIONS sip:b@h SIP/2.0", cseq: "1 OPTIONS"))]) == nil)
  }

  @Test("Answers: two of them, none at all, one to nobody — RFC 3261 17.2.1")
  func answers() {
    #expect(complaint([delivered(invite), sent(answer(486)), sent(answer(486))]) == nil)
    #expect(complaint([delivered(invite), sent(answer(486)), sent(answer(500))]) == "Answers")
    #expect(complaint([delivered(invite), sent(answer(486)), sent(answer(486, tag: "other"))]) == "Answers")
    #expect(complaint([delivered(invite), nothingHeld, .ended]) == "Answers")
    #expect(complaint([sent(answer(486))]) == "Answers")
  }

  @Test("Acknowledgements: nothing follows our 2xx in 64*T1 — RFC 3261 13.3.1.4")
  func ourAnswer() {
    #expect(complaint([delivered(invite), sent(answer(200)), nothingHeld], apart: 34_000) == "Acknowledgements")
    #expect(complaint([delivered(invite), sent(answer(200)), nothingHeld], apart: 31_000) == nil)
    #expect(complaint([delivered(invite), sent(answer(200)), delivered(ack), nothingHeld], apart: 34_000) == "Acknowledgements")
  }

  @Test("Acknowledgements: we leave a 2xx alone, the first one or another fork's — RFC 3261 13.2.2.4")
  func theirAnswer() {
    let asked = sent(invite)
    let heard = delivered(answer(200))
    #expect(complaint([asked, heard, nothingHeld, nothingHeld]) == "Acknowledgements")
    #expect(complaint([asked, heard, sent(ack), nothingHeld, nothingHeld]) == nil)
    #expect(complaint([asked, heard, sent(ack), delivered(answer(200, tag: "fork")), nothingHeld, nothingHeld]) == "Acknowledgements")
  }

  @Test("Credentials: to a party that never asked, to one without an account, another trunk's; a challenged BYE that is not sent again")
  func credentials() {
    func complaint(_ accounts: [Party], _ events: [TraceEvent.What], apart: Int = 200, isSteady: Bool = true) -> String? {
      var checker = CredentialChecker(accounts: accounts, isSteady: isSteady)
      var at = Instant(nanoseconds: 0)
      for what in events {
        at = at + .milliseconds(apart)
        if let text = checker.observe(TraceEvent(at: at, what)) { return text }
      }
      return nil
    }
    func proof(_ user: String) -> String {
      "Authorization: Digest username=\"\(user)\", realm=\"r\", nonce=\"n\", uri=\"sip:b@h\", response=\"00\"\r\n"
    }
    func proven(_ user: String, branch: String = "z9hG4bK4", cseq: String = "3 BYE") -> TraceEvent.What {
      sent(message("BYE sip:b@h SIP/2.0", to: "<sip:b@h>;tag=t", cseq: cseq, branch: branch, extra: proof(user)), Self.acme)
    }
    let asked = delivered(
      message(
        "SIP/2.0 401 X", to: "<sip:b@h>;tag=t", cseq: "2 BYE", branch: "z9hG4bK3", extra: "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"),
      Self.acme)
    let own = SimulatedParty.user(of: .acme)
    #expect(complaint([.acme], [sent(bye, Self.acme), asked, proven(own), .ended]) == nil)
    #expect(complaint([.acme], [proven(own)])?.contains("never asked") == true)
    #expect(complaint([.hq], [sent(bye, Self.acme), asked, proven(own)])?.contains("no account") == true)
    #expect(complaint([.acme], [sent(bye, Self.acme), asked, proven(SimulatedParty.user(of: .hq))])?.contains("another trunk's") == true)
    #expect(complaint([.acme], [sent(bye, Self.acme), asked, .calm, .ended], apart: 900)?.contains("not sent again") == true)
    #expect(complaint([.acme], [sent(bye, Self.acme), asked, .calm, .ended], apart: 900, isSteady: false) == nil)
    let repeated = (0...9).map { index in
      sent(message("INVITE sip:b@h SIP/2.0", cseq: "\(index + 2) INVITE", branch: "z9hG4bK\(index + 5)", extra: proof(own)), Self.acme)
    }
    #expect(complaint([.acme], [sent(bye, Self.acme), asked, proven(own)] + repeated)?.contains("repeated more than") == true)
  }

  @Test("Farewells: a dialog that nobody ends — RFC 3261 15")
  func farewells() {
    let up: [TraceEvent.What] = [delivered(invite), sent(answer(200)), delivered(ack), .record(record("1", answered: true)), nothingHeld]
    #expect(complaint(up + [.ended]) == "Farewells")
    #expect(complaint(up + [delivered(bye), .ended]) == nil)
  }

  @Test("Sequence: a CSeq that does not rise, in one dialog — RFC 3261 12.2.1.1")
  func sequence() {
    func request(_ number: Int, _ branch: String, tag: String = "t") -> TraceEvent.What {
      sent(message("OPTIONS sip:b@h SIP/2.0", to: "<sip:b@h>;tag=\(tag)", cseq: "\(number) OPTIONS", branch: branch))
    }
    #expect(complaint([request(2, "z9hG4bKa"), request(3, "z9hG4bKb"), request(3, "z9hG4bKb")]) == nil)
    #expect(complaint([request(2, "z9hG4bKa"), request(2, "z9hG4bKb")]) == "Sequence")
    #expect(complaint([request(3, "z9hG4bKa"), request(2, "z9hG4bKb")]) == "Sequence")
    #expect(complaint([request(3, "z9hG4bKa"), request(2, "z9hG4bKb", tag: "fork")]) == nil)
  }

  @Test("Dialogs: one tag in two of them")
  func dialogs() {
    func invite(_ callID: String) -> [UInt8] { message("INVITE sip:b@h SIP/2.0", callID: callID, cseq: "1 INVITE", branch: "z9hG4bK\(callID)") }
    #expect(complaint([sent(invite("c1")), sent(invite("c2"))]) == "Dialogs")
    #expect(complaint([sent(invite("c1")), sent(invite("c1"), Self.acme)]) == "Dialogs")
  }

  @Test("Media: a stranger's packet goes on, or a packet goes where nobody asked for it")
  func packets() throws {
    let port = TransportAddress(IPAddress(192, 0, 2, 9), 30_000)
    let stranger = TransportAddress(IPAddress(203, 0, 113, 1), 4000)
    let phone = TransportAddress(Party.hq.media, 20_000)
    let sdp = "v=0\r\no=- 1 1 IN IP4 \(phone.ip)\r\ns=-\r\nc=IN IP4 \(phone.ip)\r\nt=0 0\r\nm=audio \(phone.port) RTP/AVP 0\r\n"
    var offer = try SIPMessage(parsing: invite)
    offer.setBody(Array(sdp.utf8), type: "application/sdp")
    let signalled = delivered(offer.encoded())
    #expect(complaint([signalled, .packetSent([1], from: port, to: phone, source: TransportAddress(Party.acme.media, 4000))]) == nil)
    #expect(complaint([signalled, .packetSent([1], from: port, to: phone, source: stranger)]) == "Media")
    #expect(complaint([.packetSent([1], from: port, to: phone, source: TransportAddress(Party.acme.media, 4000))]) == "Media")
  }

  @Test("Media: sessions that are not opened once and closed once, ports bound twice or for ever")
  func sessions() {
    let anchor = MediaAnchor(realm: 0, bind: IPAddress(192, 0, 2, 9), advertised: IPAddress(192, 0, 2, 9), ports: [30_000])
    let port = TransportAddress(anchor.bind, 30_000)
    let open = TraceEvent.What.command(.open(session: 1, side: .incoming, anchor: anchor))
    let close = TraceEvent.What.command(.close(session: 1))
    let closed = TraceEvent.What.answer(.closed(session: 1, []))
    #expect(complaint([open, close, closed, nothingHeld, .ended]) == nil)
    #expect(complaint([open, nothingHeld, .ended]) == "Media")
    #expect(complaint([open, close, nothingHeld, .ended]) == "Media")
    #expect(complaint([open, close, close]) == "Media")
    #expect(complaint([open, close, open]) == "Media")
    #expect(complaint([.command(.release(session: 1, side: .incoming))]) == "Media")
    #expect(complaint([.bound(port), .bound(port)]) == "Media")
    #expect(complaint([.bound(port), nothingHeld, .ended]) == "Media")
    #expect(complaint([.unbound(port)]) == "Media")
  }

  @Test("Conservation: what is held is not what the calls hold, or something is left at the end")
  func conservation() {
    func held(_ edit: (inout Exchange.Holdings) -> Void) -> TraceEvent.What {
      var holdings = Exchange.Holdings()
      edit(&holdings)
      return .holdings(holdings, broken: [])
    }
    #expect(complaint([held { ($0.ports, $0.portsOfCalls) = ([4], [2]) }]) == "Conservation")
    #expect(complaint([held { ($0.places, $0.placesOfCalls) = ([1], [0]) }]) == "Conservation")
    #expect(complaint([held { $0.owners = 1 }]) == "Conservation")
    #expect(complaint([held { $0.mediaSessions = 1 }]) == "Conservation")
    #expect(complaint([.holdings(Exchange.Holdings(), broken: ["a call lies"])]) == "Conservation")
    #expect(complaint([held { $0.calls = 1 }]) == nil)
    #expect(complaint([held { $0.calls = 1 }, .ended]) == "Conservation")
    #expect(complaint([held { $0.transactions = 1 }, .ended]) == "Conservation")
    #expect(complaint([.ended]) == "Conservation")
  }

  @Test("Records: one too many, one too few, an impossible one")
  func records() {
    let refused: [TraceEvent.What] = [delivered(invite), sent(answer(486))]
    #expect(complaint(refused + [.record(record("1", answered: false)), nothingHeld, .ended]) == nil)
    #expect(complaint(refused + [nothingHeld, .ended]) == "Records")
    #expect(complaint(refused + [.record(record("1", answered: false)), .record(record("2", answered: false)), nothingHeld, .ended]) == "Records")
    #expect(complaint([.record(record("1", answered: false)), .record(record("1", answered: false))]) == "Records")
    // Refused before it was a call, and the same call by another way.
    #expect(complaint([delivered(invite), sent(answer(420)), nothingHeld, .ended]) == "Records")
    #expect(complaint([delivered(invite), sent(answer(420)), .record(record("1", answered: false)), nothingHeld, .ended]) == nil)
    #expect(complaint([delivered(invite), sent(answer(482)), nothingHeld, .ended]) == nil)
    var impossible = record("1", answered: true)
    impossible.answered = 9
    #expect(complaint([.record(impossible)]) == "Records")
  }

  @Test("Farewells: their BYE in a dialog that stands is left without an answer — RFC 3261 15.1.2")
  func unansweredBye() {
    let up: [TraceEvent.What] = [delivered(invite), sent(answer(200)), delivered(ack), nothingHeld]
    #expect(complaint(up + [delivered(bye), nothingHeld, nothingHeld], apart: 600) == "Farewells")
    #expect(complaint(up + [delivered(bye), sent(byeAnswer), nothingHeld, nothingHeld], apart: 600) == nil)
    // A damaged Via without a branch (seed 32271).
    func bare(_ bytes: [UInt8]) -> [UInt8] {
      let branch = Array(";branch=z9hG4bK3".utf8)
      let at = bytes.indices.first { bytes[$0...].starts(with: branch) } ?? 0
      return Array(bytes[..<at] + bytes[(at + branch.count)...])
    }
    #expect(complaint(up + [delivered(bare(bye)), sent(bare(byeAnswer)), nothingHeld, nothingHeld], apart: 600) == nil)
    // In a dialog that never was, nothing is owed.
    #expect(complaint([delivered(bye), nothingHeld, nothingHeld], apart: 600) == nil)
  }

  @Test("Who was a peer and has a call is owed an answer in it, and nothing outside it; a stranger nothing")
  func formerPeers() {
    func from(_ standing: TraceEvent.Signal.Standing, _ bytes: [UInt8]) -> TraceEvent.What {
      .delivered(.init(bytes, remote: Self.hq, standing: standing))
    }
    let up: [TraceEvent.What] = [delivered(invite), sent(answer(200)), delivered(ack), nothingHeld]
    #expect(complaint(up + [from(.former, bye), nothingHeld, nothingHeld], apart: 600) == "Farewells")
    #expect(complaint(up + [from(.stranger, bye), nothingHeld, nothingHeld], apart: 600) == nil)
    #expect(complaint([from(.former, invite), nothingHeld, .ended]) == nil)
    #expect(complaint([from(.stranger, invite), nothingHeld, .ended]) == nil)
  }

  @Test("Media: sessions that no live call has, ports bound for no live leg")
  func strayMedia() {
    let anchor = MediaAnchor(realm: 0, bind: IPAddress(192, 0, 2, 9), advertised: IPAddress(192, 0, 2, 9), ports: [30_000])
    let port = TransportAddress(anchor.bind, 30_000)
    func held(_ sessions: Int) -> TraceEvent.What {
      var holdings = Exchange.Holdings()
      holdings.calls = 5
      holdings.mediaSessions = sessions
      return .holdings(holdings, broken: [])
    }
    let open: [TraceEvent.What] = [.command(.open(session: 1, side: .incoming, anchor: anchor)), .bound(port)]
    #expect(complaint(open + [held(1)]) == nil)
    #expect(complaint(open + [held(0)]) == "Media")
    #expect(complaint([held(1)]) == "Media")
    #expect(complaint(open + [.command(.release(session: 1, side: .incoming)), held(1)]) == "Media")
    #expect(complaint(open + [.command(.release(session: 1, side: .incoming)), .unbound(port), held(1)]) == nil)
  }

  @Test("Records: 5 s after stopping a call is not ending, or has no record")
  func stopping() {
    let ended: [TraceEvent.What] = [delivered(invite), sent(answer(486)), .record(record("1", answered: false))]
    #expect(complaint(ended + [.stopping(["1"]), .halted(unfinished: [])]) == nil)
    #expect(complaint(ended + [.stopping(["1"]), .halted(unfinished: ["1"])]) == "Records")
    #expect(complaint(ended + [.stopping(["1", "2"]), .halted(unfinished: [])]) == "Records")
    #expect(complaint([delivered(invite), .stopping([]), .halted(unfinished: [])]) == "Answers")
    #expect(complaint([.stopping([]), delivered(invite), .halted(unfinished: [])]) == nil)
    let up: [TraceEvent.What] = [delivered(invite), sent(answer(200)), delivered(ack)]
    #expect(complaint(up + [.stopping([]), .halted(unfinished: [])]) == "Farewells")
    #expect(complaint(up + [.stopping([]), delivered(bye), .halted(unfinished: [])]) == nil)
  }

  @Test("Liveness and restore")
  func others() {
    #expect(complaint([.unsettled(["call 1 is calling"])]) == "Liveness")
    #expect(complaint([.rewritten(call: 1, isSame: false)]) == "Restore")
    #expect(complaint([.rewritten(call: 1, isSame: true)]) == nil)
  }
}
