import Addressing
import Calls
import SIP
import Testing
import Timing

@Suite struct OriginTests {
  /// The caller's INVITE as another peer would copy it: same branch, same sent-by.
  private func copied(callID: String = "copied", number: String = "+14255551234") -> String {
    Bench.request("INVITE", uri: "sip:\(number)@10.0.0.9", from: Bench.pbx, branch: "1", fromTag: "x", callID: callID, body: Bench.sdp)
  }

  @Test("A peer that uses another peer's branch is not taken for it, and is answered itself — RFC 3261 17.2.3")
  func copiedBranch() throws {
    var bench = try Bench()
    bench.dial()
    #expect(bench.exchange.liveCalls == 1)
    bench.receive(copied(), from: Bench.provider, listener: 1)
    #expect(bench.exchange.liveCalls == 2)
    #expect(bench.requests(to: Bench.pbx).map(\.methodName) == ["INVITE"])
    bench.exchange.endAllCalls(at: bench.now)
    bench.drain()
    bench.finish(records: 2)
  }

  @Test("A peer can not cancel another peer's call with its branch — RFC 3261 9.2")
  func copiedCancel() throws {
    var bench = try Bench()
    bench.dial()
    try bench.reply(180)
    bench.forget()
    bench.receive(
      Bench.request("CANCEL", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1"), from: Bench.provider, listener: 1)
    #expect(bench.exchange.calls.map(\.state) == ["ringing"])
    #expect(bench.sent.map(\.message.status) == [481])
    bench.cancel()
    #expect(bench.toCaller.contains("487 INVITE"))
    bench.finish()
  }

  @Test("A repetition is one after a commit too that gives the peer another index")
  func overCommit() throws {
    var bench = try Bench()
    bench.dial()
    try bench.commit {
      $0.peers.reverse()
      for index in $0.trunks.indices { $0.trunks[index].peer = 2 - $0.trunks[index].peer }
    }
    bench.forget()
    bench.dial()
    #expect(bench.toCaller == ["100 INVITE"])
    #expect(bench.exchange.liveCalls == 1)
    bench.cancel()
    bench.finish()
  }

  @Test("A repetition from another address of the same peer is absorbed: its nodes share their work")
  func secondNode() throws {
    var bench = try Bench { $0.peers[0].sources = [IPPrefix("10.0.1.0/24")!] }
    bench.dial()
    bench.forget()
    let text = Bench.request("INVITE", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: "1", body: Bench.sdp)
    bench.receive(text, from: TransportAddress(IPAddress(10, 0, 1, 7), 5090))
    #expect(bench.exchange.liveCalls == 1)
    #expect(bench.sent.map(\.message.status) == [100])
    bench.cancel()
    bench.finish()
  }
}
