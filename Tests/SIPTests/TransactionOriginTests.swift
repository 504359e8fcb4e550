import Addressing
import Testing
import Timing

@testable import SIP

/// Who sent a request is part of its transaction: what one peer chooses as branch, another may choose too, or copy.
@Suite struct TransactionOriginTests {
  private static func request(_ method: String, callID: String = "c1", toTag: String? = nil) -> SIPMessage {
    parse([
      "\(method) sip:b@198.51.100.1 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.10:5070;branch=z9hG4bKsame", "Max-Forwards: 70", "From: <sip:a@192.0.2.10>;tag=a",
      "To: <sip:b@198.51.100.1>" + (toTag.map { ";tag=" + $0 } ?? ""), "Call-ID: \(callID)", "CSeq: 1 \(method)", "Contact: <sip:a@192.0.2.10>",
    ])
  }
  private func receive(_ bench: inout TransactionBench, _ message: SIPMessage, origin: UInt32, from source: TransportAddress = TransactionBench.peer)
    -> [TransactionLayer.Output]
  {
    bench.layer.receive(message, from: Flow(listener: 0, transport: .udp, remote: source), origin: origin, at: bench.now)
    return bench.drain()
  }
  private func requests(_ outputs: [TransactionLayer.Output]) -> [TransactionLayer.ServerID] {
    outputs.compactMap { if case .request(let id, _, _) = $0 { id } else { nil } }
  }

  @Test("The same branch, sent-by and method of another origin is a request of its own; of the same origin it is a repetition — RFC 3261 17.2.3")
  func twoTransactions() {
    var bench = TransactionBench()
    let first = requests(receive(&bench, Self.request("INVITE"), origin: 1))
    #expect(first.count == 1)
    #expect(requests(receive(&bench, Self.request("INVITE"), origin: 1)).isEmpty)
    let second = requests(receive(&bench, Self.request("INVITE", callID: "c2"), origin: 2))
    #expect(second.count == 1)
    #expect(first != second)
  }

  @Test("A peer's other node repeats what the first one sent: the origin is the peer and not the address")
  func sharedWork() {
    var bench = TransactionBench()
    #expect(requests(receive(&bench, Self.request("INVITE"), origin: 1)).count == 1)
    #expect(requests(receive(&bench, Self.request("INVITE"), origin: 1, from: TransportAddress(IPAddress(192, 0, 2, 77), 5060))).isEmpty)
  }

  @Test("A CANCEL of another origin finds no INVITE: 481 — RFC 3261 9.2")
  func foreignCancel() {
    var bench = TransactionBench()
    _ = receive(&bench, Self.request("INVITE"), origin: 1)
    let outputs = receive(&bench, Self.request("CANCEL"), origin: 2)
    #expect(outputs.transmitted.map(\.status) == [481])
    #expect(!outputs.contains { if case .cancelled = $0 { true } else { false } })
    let own = receive(&bench, Self.request("CANCEL"), origin: 1)
    #expect(own.transmitted.map(\.status) == [200])
  }

  @Test("An ACK of another origin does not end the repetition of a refusal — RFC 3261 17.2.1")
  func foreignAcknowledgement() throws {
    var bench = TransactionBench()
    let server = try #require(requests(receive(&bench, Self.request("INVITE"), origin: 1)).first)
    bench.layer.respond(SIPMessage(responding: 486, to: Self.request("INVITE"), toTag: Array("t".utf8)), in: server, at: bench.now)
    _ = bench.drain()
    _ = receive(&bench, Self.request("ACK", toTag: "t"), origin: 2)
    #expect(bench.run(until: .seconds(2)).count == 2)
    _ = receive(&bench, Self.request("ACK", toTag: "t"), origin: 1)
    #expect(!bench.run(until: .seconds(40)).contains { if case .transmit = $0.output { true } else { false } })
  }

  @Test("A branch without the magic cookie is told apart by its origin as well — RFC 3261 17.2.3")
  func oldBranch() {
    var bench = TransactionBench()
    let old = { (callID: String) in
      var message = Self.request("OPTIONS", callID: callID)
      message.replaceFirstValue(of: .via, with: Array("SIP/2.0/UDP 192.0.2.10:5070;branch=1".utf8))
      return message
    }
    #expect(requests(receive(&bench, old("c1"), origin: 1)).count == 1)
    #expect(requests(receive(&bench, old("c1"), origin: 1)).isEmpty)
    // Merged (8.2.2.2) or new, but no repetition that is absorbed.
    #expect(!receive(&bench, old("c1"), origin: 2).isEmpty)
  }
}
