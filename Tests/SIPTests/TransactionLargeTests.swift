import Addressing
import Testing
import Timing

@testable import SIP

/// Requests that are too large for a packet, for peers who want them over TCP.
@Suite struct TransactionLargeTests {
  private static let tcp = Flow(listener: 0, transport: .tcp, remote: TransactionBench.peer)

  /// Sends a request of about so many bytes; where it went and what stood on the wire.
  private func send(_ bench: inout TransactionBench, _ bytes: Int, _ method: String = "INVITE", moves: Bool = true) throws
    -> (id: TransactionLayer.ClientID, wire: SIPMessage, flow: Flow)
  {
    let request = TransactionBench.ownRequest(method, extra: ["Subject: " + String(repeating: "x", count: bytes)])
    let id = bench.layer.send(request, on: TransactionBench.udp, sentBy: TransactionBench.sentBy, movesLarge: moves, at: bench.now)
    let (wire, flow) = try #require(sent(bench.drain()).first)
    return (id, wire, flow)
  }
  private func sent(_ outputs: [TransactionLayer.Output]) -> [(SIPMessage, Flow)] {
    outputs.compactMap { output in
      guard case .transmit(let bytes, let flow) = output, let message = try? SIPMessage(parsing: bytes) else { return nil }
      return (message, flow)
    }
  }

  @Test(
    "A request of more than 1,300 bytes goes over TCP to the same address, its Via says so, and it is not repeated — RFC 3261 18.1.1",
    arguments: ["INVITE", "OPTIONS"])
  func moves(_ method: String) throws {
    var bench = TransactionBench()
    let (_, wire, flow) = try send(&bench, 1_500, method)
    #expect(flow == Self.tcp)
    #expect(wire.topVia.transport == .tcp)
    #expect(bench.run(until: .seconds(5)).isEmpty)
    #expect(bench.layer.counters.first { "\($0.name)" == "moved-to-tcp" }?.value == 1)
  }

  @Test("A smaller one, and one to a peer who does not want it, goes over UDP")
  func stays() throws {
    var bench = TransactionBench()
    #expect(try send(&bench, 100).flow == TransactionBench.udp)
    #expect(try send(&bench, 30_000, moves: false).flow == TransactionBench.udp)
  }

  @Test("When TCP is refused the same transaction goes on over UDP, once, and repeats itself there — RFC 3261 18.1.1")
  func movesBack() throws {
    var bench = TransactionBench()
    let (id, wire, _) = try send(&bench, 1_500)
    bench.layer.unreachable(Self.tcp, at: bench.now)
    let (again, flow) = try #require(sent(bench.drain()).first)
    #expect(flow == TransactionBench.udp)
    #expect(again.topVia.transport == .udp)
    #expect(again.topVia.branch == wire.topVia.branch)
    #expect(again.count(of: .via) == 1)
    #expect(!bench.run(until: .seconds(1)).isEmpty)
    let outputs = bench.receive(TransactionBench.response(486, to: again))
    #expect(outputs.names == ["transmit ACK", "response 486"])
    #expect(bench.layer.requestMessage(of: id) == nil || outputs.count == 2)
  }

  @Test("Refused by UDP as well, it has failed")
  func fails() throws {
    var bench = TransactionBench()
    _ = try send(&bench, 1_500)
    bench.layer.unreachable(Self.tcp, at: bench.now)
    _ = bench.drain()
    bench.layer.unreachable(TransactionBench.udp, at: bench.now)
    #expect(bench.drain().contains { if case .transportFailed = $0 { true } else { false } })
  }

  @Test("With an answer or a CANCEL under way it is too late to go over UDP")
  func tooLate() throws {
    var bench = TransactionBench()
    let (id, _, _) = try send(&bench, 1_500)
    bench.layer.cancel(id, reason: nil, at: bench.now)
    bench.layer.unreachable(Self.tcp, at: bench.now)
    #expect(sent(bench.drain()).isEmpty)
  }
}
