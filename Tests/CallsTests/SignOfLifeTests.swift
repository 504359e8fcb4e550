import Addressing
import Calls
import SIP
import Testing
import Timing

/// A trunk on which a call failed is tried after the others for 60 s; a sign of life of its peer ends that at once (decided).
@Suite struct SignOfLifeTests {
  /// `acme-1` showed no progress once, and is less preferred.
  private func doubted() throws -> Bench {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial(branch: "0", callID: "call-0", fromTag: "0")
    bench.advance(by: .seconds(11))
    #expect(isDoubted(bench))
    return bench
  }
  private func isDoubted(_ bench: Bench) -> Bool { bench.exchange.trunkViews(at: bench.now)[1].reason.contains("less preferred") }
  private func end(_ bench: inout Bench) {
    bench.exchange.endAllCalls(at: bench.now)
    bench.drain()
    #expect(bench.faults == [])
  }

  @Test("Of the attempt that was given up, no answer but silence counts: neither 100 nor 487, 180, 486 or 200", arguments: [100, 180, 486, 487, 503, 200])
  func abandoned(status: Int) throws {
    var bench = try doubted()
    try bench.reply(status, body: status == 200 ? Bench.sdp : "")
    #expect(isDoubted(bench))
    end(&bench)
  }

  @Test(
    "Of a live attempt: 180 and whatever takes or refuses the call, but not 100, 408 and 503 — decided",
    arguments: [(100, false), (180, true), (183, true), (200, true), (404, true), (408, false), (486, true), (500, true), (503, false), (603, true)])
  func attempt(status: Int, counts: Bool) throws {
    // The only trunk, so that it is tried while doubted.
    var bench = try Bench()
    bench.dial(branch: "0", callID: "call-0", fromTag: "0")
    bench.advance(by: .seconds(11))
    #expect(isDoubted(bench))
    bench.dial(branch: "n", callID: "call-n", fromTag: "n")
    #expect(bench.attempts.count == 2)
    try bench.reply(status, attempt: 1, body: status == 200 ? Bench.sdp : "")
    #expect(isDoubted(bench) == !counts)
    end(&bench)
  }

  @Test("Any request of the peer counts, also one that is refused", arguments: ["OPTIONS", "REGISTER", "MESSAGE", "BYE"])
  func request(method: String) throws {
    var bench = try doubted()
    bench.receive(Bench.request(method, uri: "sip:x@10.0.0.9:5070", from: Bench.provider, branch: "q"), from: Bench.provider, listener: 1)
    #expect(!isDoubted(bench))
    end(&bench)
  }

  @Test("What is no message, a stray answer, a request on a listener where the peer has no trunk, and other peers' requests do not count")
  func others() throws {
    var bench = try doubted()
    bench.receive("OPTIONS sip:x@10.0.0.9 SIP/2.0\r\nVia: SIP/2.0/UDP \(Bench.provider);branch=z9hG4bK5\r\n\r\n", from: Bench.provider, listener: 1)
    bench.receive("\r\n\r\n", from: Bench.provider, listener: 1)
    bench.receive(
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK00000000000000000000000000000000aa\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
        + "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n", from: Bench.provider, listener: 1)
    bench.receive(Bench.request("OPTIONS", uri: "sip:x@10.0.0.9", from: Bench.provider, branch: "q"), from: Bench.provider, listener: 0)
    bench.receive(Bench.request("OPTIONS", uri: "sip:x@10.0.0.9:5070", from: Bench.backup, branch: "r"), from: Bench.backup, listener: 1)
    bench.receive(Bench.request("OPTIONS", uri: "sip:x@10.0.0.9", from: Bench.pbx, branch: "s"), from: Bench.pbx)
    #expect(isDoubted(bench))
    end(&bench)
  }

  @Test("The answer to a BYE counts")
  func byeAnswered() throws {
    var bench = try Bench(edit: Bench.hunting)
    bench.dial(branch: "u", callID: "call-u", fromTag: "u")
    try bench.reply(200, body: Bench.sdp)
    bench.caller("ACK", 1, fromTag: "u", callID: "call-u")
    bench.dial(branch: "v", callID: "call-v", fromTag: "v")
    bench.advance(by: .seconds(11))
    #expect(isDoubted(bench))
    bench.caller("BYE", 2, fromTag: "u", callID: "call-u")
    try bench.calleeReplies(200, to: .bye)
    #expect(!isDoubted(bench))
    end(&bench)
  }

  @Test("Without a sign of life the doubt ends after 60 s by itself")
  func expires() throws {
    var bench = try doubted()
    bench.advance(by: .seconds(58))
    #expect(isDoubted(bench))
    bench.advance(by: .seconds(3))
    #expect(!isDoubted(bench))
    end(&bench)
  }
}
