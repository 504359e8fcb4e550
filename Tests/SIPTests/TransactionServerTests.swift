import Addressing
import Testing
import Timing

@testable import SIP

@Suite("Server transactions on the wire")
struct TransactionServerTests {
  typealias Incoming = TransactionBench.Incoming

  @Test("An INVITE is answered 100 at once and handed up — RFC 3261 17.2.1")
  func trying() throws {
    var bench = TransactionBench()
    let outputs = bench.receive(Incoming().message)
    #expect(outputs.names == ["transmit 100", "request INVITE"])
    let trying = try #require(outputs.transmitted.first)
    #expect(trying.to.tag == nil)
    #expect(trying.topVia.branch?.text == "z9hG4bK-one")
    var options = Incoming()
    options.method = "OPTIONS"
    options.branch = "z9hG4bK-two"
    options.callID = "other"
    #expect(bench.receive(options.message).names == ["request OPTIONS"])
  }

  @Test("A repeated request gets the latest response and is not handed up — RFC 3261 17.2.1, 17.2.2")
  func repeated() throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    #expect(bench.receive(Incoming().message).names == ["transmit 100"])
    _ = bench.respond(183, to: request, in: id)
    #expect(bench.receive(Incoming().message).names == ["transmit 183"])
    _ = bench.respond(486, to: request, in: id)
    #expect(bench.receive(Incoming().message).names == ["transmit 486"])
    var options = Incoming()
    options.method = "OPTIONS"
    options.branch = "z9hG4bK-two"
    options.callID = "other"
    let (other, question) = try bench.accept(options)
    #expect(bench.receive(options.message).isEmpty)
    let sent = bench.respond(200, to: question, in: other).transmissions
    #expect(bench.receive(options.message).transmissions.map(\.bytes) == sent.map(\.bytes))
  }

  @Test("Branch, sent-by and method make the transaction — RFC 3261 17.2.3")
  func matching() throws {
    var bench = TransactionBench()
    var first = Incoming()
    first.method = "OPTIONS"
    first.toTag = "dialog"
    _ = try bench.accept(first)
    let changes: [(String, (inout Incoming) -> Void)] = [
      ("branch", { $0.branch = "z9hG4bK-onE" }), ("sent-by port", { $0.sentBy = "192.0.2.10:5071" }),
      ("sent-by without port", { $0.sentBy = "192.0.2.10" }), ("sent-by host", { $0.sentBy = "192.0.2.11:5070" }), ("method", { $0.method = "INFO" }),
    ]
    for (what, change) in changes {
      var other = first
      change(&other)
      #expect(bench.receive(other.message).requests.count == 1, "another \(what) is another transaction")
    }
    for (what, change) in [
      ("From tag", { (i: inout Incoming) in i.fromTag = "x" }), ("Call-ID", { $0.callID = "x" }), ("CSeq number", { $0.cseq = 8 }),
      ("Request-URI", { $0.uri = "sip:x" }),
    ] {
      var same = first
      change(&same)
      #expect(bench.receive(same.message).requests.isEmpty, "another \(what) is the same transaction")
    }
  }

  @Test("sent-by's host is compared without regard to case — RFC 3261 17.2.3")
  func hostCase() throws {
    var bench = TransactionBench()
    var request = Incoming()
    request.sentBy = "Edge.Example.com:5070"
    _ = try bench.accept(request)
    request.sentBy = "edge.example.COM:5070"
    #expect(bench.receive(request.message).requests.isEmpty)
  }

  @Test("Without the magic cookie the RFC 2543 parts match — RFC 3261 17.2.3", arguments: [nil, "1", "z9hG4b"] as [String?])
  func oldBranch(branch: String?) throws {
    var bench = TransactionBench()
    var first = Incoming()
    first.branch = branch
    first.toTag = "dialog"
    let (id, request) = try bench.accept(first)
    #expect(bench.receive(first.message).names == ["transmit 100"])
    for change in [
      { (i: inout Incoming) in i.fromTag = "x" }, { $0.callID = "x" }, { $0.cseq = 8 }, { $0.uri = "sip:x@198.51.100.1" },
    ] {
      var other = first
      change(&other)
      #expect(bench.receive(other.message).requests.count == 1)
    }
    _ = bench.respond(486, to: request, in: id)
    var ack = first
    ack.method = "ACK"
    ack.toTag = "here"
    #expect(bench.receive(ack.message).isEmpty)
    #expect(bench.layer.phase(of: id) == .confirmed)
  }

  // MARK: ACK

  @Test("The ACK of a non-2xx is absorbed and stops the repetitions — RFC 3261 17.2.1")
  func acknowledged() throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    _ = bench.respond(486, to: request, in: id)
    var ack = Incoming()
    ack.method = "ACK"
    ack.toTag = "here"
    #expect(bench.receive(ack.message).isEmpty)
    #expect(bench.receive(ack.message).isEmpty)
    #expect(bench.run(until: .seconds(100)).map(\.output.name) == ["serverEnded"])
  }

  @Test(
    "The ACK of a 2xx is handed up, whether it has a branch of its own or the INVITE's — RFC 3261 13.3.1.4, RFC 6026 7.1",
    arguments: ["z9hG4bK-new", "z9hG4bK-one"])
  func acknowledgementOfSuccess(branch: String) throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    _ = bench.respond(200, to: request, in: id)
    var ack = Incoming()
    ack.method = "ACK"
    ack.branch = branch
    ack.toTag = "here"
    #expect(bench.receive(ack.message).names == ["ack"])
    #expect(bench.layer.phase(of: id) == .accepted)
  }

  @Test("An ACK before any final answer means nothing")
  func earlyAcknowledgement() throws {
    var bench = TransactionBench()
    let (id, _) = try bench.accept()
    var ack = Incoming()
    ack.method = "ACK"
    #expect(bench.receive(ack.message).isEmpty)
    #expect(bench.layer.phase(of: id) == .proceeding)
  }

  @Test("In Accepted repeated INVITEs are absorbed, the 2xx is repeated on request only, and not once acknowledged — RFC 6026 7.1")
  func accepted() throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    let answer = bench.respond(200, to: request, in: id).transmissions
    #expect(bench.receive(Incoming().message).isEmpty)
    bench.layer.repeatAnswer(in: id)
    #expect(bench.drain().transmissions.map(\.bytes) == answer.map(\.bytes))
    #expect(bench.respond(200, to: request, in: id).names == ["transmit 200"])
    bench.layer.answerAcknowledged(in: id)
    bench.layer.repeatAnswer(in: id)
    #expect(bench.drain().isEmpty)
    #expect(bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" } == ["32000 serverEnded"])
  }

  // MARK: Answers out of place

  @Test("Only the first final answer counts; what has no place is dropped and counted — RFC 3261 17.2.1, 17.2.2")
  func discarded() throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    _ = bench.respond(486, to: request, in: id)
    #expect(bench.respond(200, to: request, in: id).isEmpty)
    #expect(bench.respond(180, to: request, in: id).isEmpty)
    #expect(bench.counter("answers-discarded") == 2)
    #expect(bench.layer.phase(of: id) == .completed)
    _ = bench.run(until: .seconds(100))
    #expect(bench.respond(200, to: request, in: id).isEmpty)
    #expect(bench.counter("answers-too-late") == 1)
  }

  // MARK: CANCEL

  @Test("CANCEL is answered 200 and handed up once, with the tag of the INVITE's responses — RFC 3261 9.2")
  func cancel() throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    _ = bench.respond(180, to: request, in: id, tag: "ringing")
    var cancel = Incoming()
    cancel.method = "CANCEL"
    let outputs = bench.receive(cancel.message)
    #expect(outputs.names == ["transmit 200", "cancelled"])
    let answer = try #require(outputs.transmitted.first)
    #expect(answer.value(.cseq)?.text == "7 CANCEL")
    #expect(answer.to.tag?.text == "ringing")
    #expect(bench.receive(cancel.message).names == ["transmit 200"])
    #expect(bench.respond(487, to: request, in: id).names == ["transmit 487"])
  }

  @Test("Before any tag is known, repeated CANCELs get one and the same — RFC 3261 8.2.7")
  func cancelTag() throws {
    var bench = TransactionBench()
    _ = try bench.accept()
    var cancel = Incoming()
    cancel.method = "CANCEL"
    let tags = (0..<2).map { _ in bench.receive(cancel.message).transmitted.first?.to.tag?.text }
    #expect(tags[0] != nil)
    #expect(tags[0] == tags[1])
  }

  @Test("After a final answer CANCEL changes nothing — RFC 3261 9.2", arguments: [200, 486])
  func lateCancel(status: Int) throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    _ = bench.respond(status, to: request, in: id)
    var cancel = Incoming()
    cancel.method = "CANCEL"
    #expect(bench.receive(cancel.message).names == ["transmit 200"])
  }

  @Test("A CANCEL that matches nothing, or no INVITE, gets 481 — RFC 3261 9.2")
  func unmatchedCancel() throws {
    var bench = TransactionBench()
    var cancel = Incoming()
    cancel.method = "CANCEL"
    #expect(bench.receive(cancel.message).names == ["transmit 481"])
    var options = Incoming()
    options.method = "OPTIONS"
    _ = try bench.accept(options)
    #expect(bench.receive(cancel.message).names == ["transmit 481"])
    #expect(bench.counter("unmatched-cancels") == 2)
    #expect(bench.layer.liveTransactions == 1)
  }

  // MARK: Merged requests

  @Test("The same request by another way is a loop: 482, and no transaction — RFC 3261 8.2.2.2")
  func merged() throws {
    var bench = TransactionBench()
    _ = try bench.accept()
    var other = Incoming()
    other.branch = "z9hG4bK-other"
    let outputs = bench.receive(other.message)
    #expect(outputs.names == ["transmit 482"])
    #expect(outputs.transmitted.first?.to.tag != nil)
    #expect(bench.receive(other.message).transmissions.map(\.bytes) == outputs.transmissions.map(\.bytes))
    #expect(bench.layer.liveTransactions == 1)
    #expect(bench.counter("merged") == 2)
  }

  @Test("With a To tag, or another From tag, Call-ID, CSeq number or method, it is not merged — RFC 3261 8.2.2.2")
  func notMerged() throws {
    for change in [
      { (i: inout Incoming) in i.toTag = "dialog" }, { $0.fromTag = "x" }, { $0.callID = "x" }, { $0.cseq = 8 }, { $0.method = "OPTIONS" },
    ] {
      var bench = TransactionBench()
      _ = try bench.accept()
      var other = Incoming()
      other.branch = "z9hG4bK-other"
      change(&other)
      #expect(bench.receive(other.message).requests.count == 1)
    }
  }

  @Test("After a refusal the same request by another way is a second try; after a 2xx it is still a loop", arguments: [(503, 1), (200, 0)])
  func mergedAfterAnswer(status: Int, handedUp: Int) throws {
    var bench = TransactionBench()
    let (id, request) = try bench.accept()
    _ = bench.respond(status, to: request, in: id)
    var other = Incoming()
    other.branch = "z9hG4bK-other"
    #expect(bench.receive(other.message).requests.count == handedUp)
  }

  // MARK: Bounds and transport

  @Test("Beyond the limit a new request gets a stateless 503, counted; repetitions and own requests go on")
  func limit() throws {
    var bench = TransactionBench(limit: 2)
    _ = try bench.accept()
    _ = bench.send("OPTIONS")
    var next = Incoming()
    next.branch = "z9hG4bK-next"
    next.callID = "next"
    #expect(bench.receive(next.message).names == ["transmit 503", "turned away INVITE"])
    #expect(bench.receive(Incoming().message).names == ["transmit 100"])
    #expect(bench.layer.liveTransactions == 2)
    #expect(bench.counter("refused-full") == 1)
    _ = bench.send("OPTIONS")
    #expect(bench.layer.liveTransactions == 3)
    _ = bench.run(until: .seconds(100))
    #expect(bench.layer.liveTransactions == 1)
    #expect(bench.receive(next.message).names == ["transmit 100", "request INVITE"], "there is room again")
  }

  @Test("A stateless answer goes where the request's Via says, with the source marked — RFC 3261 8.2.7, RFC 3581 4")
  func stateless() throws {
    var bench = TransactionBench()
    var request = Incoming()
    request.viaParameters = ";rport"
    bench.layer.answerStatelessly(403, to: request.message, on: TransactionBench.udp)
    let sent = bench.drain()
    #expect(sent.transmissions.map(\.flow) == [TransactionBench.udp])
    #expect(sent.transmitted.first?.topVia.rport == .value(5070))
    #expect(sent.transmitted.first?.topVia.received?.text == "192.0.2.10")
    #expect(bench.layer.liveTransactions == 0)
  }

  @Test("A stateless answer to a repeated request is the same, To tag and all; to another request it is not — RFC 3261 8.2.7")
  func statelessTag() {
    var bench = TransactionBench()
    func tag(_ request: Incoming) -> String? {
      bench.layer.answerStatelessly(400, to: request.message, on: TransactionBench.udp)
      return bench.drain().transmitted.first?.to.tag?.text
    }
    var request = Incoming()
    let first = tag(request)
    #expect(first?.count == 16)
    #expect(tag(request) == first)
    request.branch = "z9hG4bKother"
    #expect(tag(request) != first)
    request.branch = "old-style"
    let old = tag(request)
    #expect(tag(request) == old)
    request.cseq += 1
    #expect(tag(request) != old)
  }

  @Test("When its connection is gone, a response asks for a new one to sent-by's port — RFC 3261 18.2.2")
  func connectionGone() throws {
    var bench = TransactionBench()
    var request = Incoming()
    request.sentBy = "192.0.2.10:5088"
    let (id, message) = try bench.accept(request, from: TransactionBench.tcp)
    bench.layer.unreachable(TransactionBench.tcp, at: bench.now)
    #expect(bench.drain().isEmpty)
    let flow = try #require(bench.respond(180, to: message, in: id).transmissions.first?.flow)
    #expect(flow.connection == 0)
    #expect(flow.remote == TransportAddress(IPAddress(192, 0, 2, 10), 5088))
    // RFC 6026 7.1: even if that fails, the INVITE transaction lives on.
    bench.layer.unreachable(flow, at: bench.now)
    #expect(bench.layer.phase(of: id) == .proceeding)
  }

  @Test("A non-INVITE whose response can't be delivered ends — RFC 3261 17.2.4")
  func undeliverable() throws {
    var bench = TransactionBench()
    var options = Incoming()
    options.method = "OPTIONS"
    let (id, request) = try bench.accept(options)
    _ = bench.respond(200, to: request, in: id)
    bench.layer.unreachable(TransactionBench.udp, at: bench.now)
    #expect(bench.drain().names == ["serverEnded"])
  }
}
