import Addressing
import Testing
import Timing

@testable import SIP

@Suite("Client transactions on the wire")
struct TransactionClientTests {
  // MARK: Requests as sent

  @Test("A request gets a top Via with transport, sent-by, rport and a branch that carries the shard — RFC 3261 8.1.1.7, RFC 3581 3")
  func via() throws {
    var bench = TransactionBench(shard: 0xa5)
    let (id, wire) = bench.send("OPTIONS", on: TransactionBench.tcp)
    let via = wire.topVia
    #expect(via.transport == .tcp)
    #expect(via.host.text == "198.51.100.1")
    #expect(via.port == 5060)
    #expect(via.rport == .requested)
    #expect(via.hasMagicCookie)
    #expect(try ownBranch(wire).shard == 0xa5)
    #expect(wire.count(of: .via) == 1)
    #expect(bench.layer.requestMessage(of: id)?.encoded() == wire.encoded())
  }

  @Test("No two requests have the same branch — RFC 3261 8.1.1.7")
  func branches() {
    var bench = TransactionBench()
    var seen: Set<[UInt8]> = []
    for round in 0..<50 {
      let (_, wire) = bench.send("OPTIONS", on: TransactionBench.tcp)
      #expect(seen.insert(Array(wire.topVia.branch ?? [])).inserted)
      // Half of them end at once, so that slots are used again.
      if round % 2 == 0 { _ = bench.receive(TransactionBench.response(200, to: wire), from: TransactionBench.tcp) }
    }
  }

  @Test("The same seed gives the same bytes")
  func deterministic() {
    func bytes() -> [[UInt8]] {
      var bench = TransactionBench(seed: 99)
      return (0..<5).map { _ in bench.send("OPTIONS").wire.encoded() }
    }
    #expect(bytes() == bytes())
  }

  @Test("The ACK for a non-2xx has the INVITE's branch, its Route and the response's To — RFC 3261 17.1.1.3")
  func acknowledgement() throws {
    var bench = TransactionBench()
    let (_, wire) = bench.send(extra: ["Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>", "Subject: not for the ACK"])
    let outputs = bench.receive(TransactionBench.response(486, to: wire))
    #expect(outputs.names == ["transmit ACK", "response 486"])
    let ack = try #require(outputs.transmitted.first)
    #expect(ack.requestURI == wire.requestURI)
    #expect(ack.values(.via) == wire.values(.via))
    #expect(ack.value(.from) == wire.value(.from))
    #expect(ack.to.tag?.text == "theirs")
    #expect(ack.callID == wire.callID)
    #expect(ack.cseqNumber == 42)
    #expect(ack.value(.cseq)?.text == "42 ACK")
    #expect(ack.values(.route).map(\.text) == ["<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>"])
    #expect(ack.maxForwards == 70)
    #expect(!ack.has(.subject))
    #expect(!ack.has(.contact))
  }

  @Test("The ACK for a 2xx has a branch of its own and is given back for repetition — RFC 3261 13.2.2.4")
  func acknowledgementOfSuccess() throws {
    var bench = TransactionBench()
    let ack = TransactionBench.ownRequest("ACK")
    let bytes = bench.layer.sendAcknowledgement(ack, on: TransactionBench.udp, sentBy: TransactionBench.sentBy)
    let sent = bench.drain().transmissions
    #expect(sent.map(\.bytes) == [bytes])
    #expect(sent.map(\.flow) == [TransactionBench.udp])
    #expect(try ownBranch(try SIPMessage(parsing: bytes)).slot == Branch.noSlot)
    #expect(bench.layer.liveTransactions == 0)
  }

  // MARK: Responses

  @Test("Repeated non-2xx answers are absorbed and acknowledged again — RFC 3261 17.1.1.2")
  func repeatedFailure() {
    var bench = TransactionBench()
    let (_, wire) = bench.send()
    let busy = TransactionBench.response(486, to: wire)
    let first = bench.receive(busy).transmissions
    let again = bench.receive(busy)
    #expect(again.names == ["transmit ACK"])
    #expect(again.transmissions.map(\.bytes) == first.map(\.bytes))
    #expect(bench.receive(TransactionBench.response(180, to: wire)).isEmpty)
    #expect(bench.counter("retransmissions-received") == 2)
  }

  @Test("Every 2xx to an INVITE is handed up, repetitions and other forks, until timer M — RFC 6026 7.2")
  func everySuccess() {
    var bench = TransactionBench()
    let (_, wire) = bench.send()
    for tag in ["a", "a", "b"] {
      #expect(bench.receive(TransactionBench.response(200, to: wire, tag: tag)).names == ["response 200"])
    }
    #expect(bench.receive(TransactionBench.response(486, to: wire, tag: "c")).isEmpty)
    _ = bench.run(until: .seconds(40))
    #expect(bench.receive(TransactionBench.response(200, to: wire, tag: "d")).names == ["stray 200"])
  }

  @Test(
    "The request can be asked for until the outputs of its final response are drained, also when it ends at once",
    arguments: [TransactionBench.udp, TransactionBench.tcp])
  func requestWhileDraining(flow: Flow) {
    var bench = TransactionBench()
    let (id, wire) = bench.send("OPTIONS", on: flow)
    bench.layer.receive(TransactionBench.response(401, to: wire), from: flow, at: bench.now)
    var wasThere = false
    while let output = bench.layer.nextOutput() {
      if case .response(let answered, _, _) = output { wasThere = bench.layer.requestMessage(of: answered) != nil }
    }
    #expect(wasThere)
    #expect(bench.layer.requestMessage(of: id) == nil)
    #expect(bench.layer.liveTransactions == (flow == TransactionBench.udp ? 1 : 0))
  }

  @Test("A stream's connection becomes known with the first response, and CANCEL and ACK take it")
  func connectionLearnt() {
    var bench = TransactionBench()
    var unopened = TransactionBench.tcp
    unopened.connection = 0
    let (id, wire) = bench.send("INVITE", on: unopened)
    let outputs = bench.receive(TransactionBench.response(486, to: wire), from: TransactionBench.tcp)
    #expect(outputs.transmissions.map(\.flow) == [TransactionBench.tcp])
    _ = id
  }

  // MARK: Not believed

  @Test("The right slot under a wrong random part is no match", arguments: [200, 486])
  func forgedBranch(status: Int) throws {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    var branch = try ownBranch(wire)
    branch.random ^= 1
    var forged: [UInt8] = []
    branch.append(to: &forged)
    let via = "SIP/2.0/UDP 198.51.100.1:5060;rport;branch=" + forged.text
    let outputs = bench.receive(TransactionBench.response(status, to: wire, via: via))
    #expect(outputs.names == (status == 200 ? ["stray 200"] : []))
    #expect(bench.layer.phase(of: id) == .calling)
    #expect(bench.counter("stray-responses") == 1)
  }

  @Test("A slot that does not exist, or an earlier holder's generation, is no match")
  func wrongSlot() throws {
    var bench = TransactionBench()
    let (_, wire) = bench.send("OPTIONS")
    for change in [{ (b: inout Branch) in b.slot = 77 }, { $0.slot = .max }, { $0.generation &-= 2 }, { $0.generation &+= 1 }] {
      var branch = try ownBranch(wire)
      change(&branch)
      var bytes: [UInt8] = []
      branch.append(to: &bytes)
      #expect(bench.receive(TransactionBench.response(200, to: wire, via: "SIP/2.0/UDP 198.51.100.1:5060;branch=" + bytes.text)).isEmpty)
    }
    #expect(bench.counter("stray-responses") == 4)
  }

  @Test("A response for another method with our branch is no match — RFC 3261 17.1.3")
  func wrongMethod() {
    var bench = TransactionBench()
    let (_, wire) = bench.send("OPTIONS")
    #expect(bench.receive(TransactionBench.response(200, to: wire, cseqMethod: "BYE")).isEmpty)
    #expect(bench.receive(TransactionBench.response(200, to: wire, cseqMethod: "CANCEL")).isEmpty)
    #expect(bench.counter("stray-responses") == 2)
  }

  @Test(
    "A response whose top Via is not ours is dropped — RFC 3261 18.1.2, 8.1.3.3",
    arguments: [
      "SIP/2.0/UDP 198.51.100.1:5061;branch=", "SIP/2.0/UDP 198.51.100.2:5060;branch=", "SIP/2.0/UDP 198.51.100.1;branch=x",
      "SIP/2.0/UDP 198.51.100.11:5060;branch=", "SIP/2.0/UDP 203.0.113.1, SIP/2.0/UDP 198.51.100.1:5060;branch=",
      "SIP/2.0/UDP 198.51.100.1:5060;x=y, SIP/2.0/UDP 203.0.113.1;branch=",
    ])
  func foreignVia(prefix: String) throws {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    let branch = try #require(wire.topVia.branch).text
    #expect(bench.receive(TransactionBench.response(200, to: wire, via: prefix + branch)).isEmpty)
    #expect(bench.counter("foreign-responses") == 1)
    #expect(bench.layer.phase(of: id) == .calling)
  }

  @Test(
    "sent-by without a port is the default port's, and its case does not matter",
    arguments: ["SIP/2.0/UDP sbc.EXAMPLE.com", "SIP/2.0/UDP sbc.example.com:5060"])
  func sentByForms(prefix: String) throws {
    for own in ["sbc.example.com", "SBC.example.com:5060"] {
      var bench = TransactionBench()
      _ = bench.layer.send(TransactionBench.ownRequest(), on: TransactionBench.udp, sentBy: Array(own.utf8), at: bench.now)
      let wire = bench.drain().transmitted[0]
      let branch = try #require(wire.topVia.branch).text
      #expect(bench.receive(TransactionBench.response(180, to: wire, via: prefix + ";branch=" + branch)).names == ["response 180"])
    }
  }

  @Test("Another shard's response is not ours")
  func otherShard() {
    var one = TransactionBench(shard: 1)
    var two = TransactionBench(shard: 2)
    let (_, wire) = one.send()
    _ = two.send()
    #expect(two.receive(TransactionBench.response(200, to: wire)).isEmpty)
    #expect(two.counter("foreign-responses") == 1)
  }

  // MARK: Unreachable

  @Test("An unreachable destination fails who waits on it, and no one else")
  func unreachable() {
    var bench = TransactionBench()
    var elsewhere = TransactionBench.udp
    elsewhere.remote.port = 5090
    _ = bench.send("INVITE")
    _ = bench.send("OPTIONS")
    let (other, _) = bench.send("OPTIONS", on: elsewhere)
    let (ringing, wire) = bench.send("INVITE")
    _ = bench.receive(TransactionBench.response(180, to: wire))
    bench.layer.unreachable(TransactionBench.udp, at: bench.now)
    #expect(bench.drain().names == ["transportFailed", "clientEnded", "transportFailed", "clientEnded"])
    #expect(bench.layer.phase(of: other) == .trying)
    // RFC 3261 figure 5: nothing of ours is on its way in Proceeding.
    #expect(bench.layer.phase(of: ringing) == .proceeding)
    #expect(bench.counter("transport-failures") == 2)
  }

  @Test("Several destinations that fail at once: each transaction hears once")
  func unreachableTogether() {
    var bench = TransactionBench()
    var elsewhere = TransactionBench.udp
    elsewhere.remote.port = 5090
    var third = TransactionBench.udp
    third.remote.port = 5091
    let (one, _) = bench.send("INVITE")
    let (two, _) = bench.send("OPTIONS", on: elsewhere)
    let (other, _) = bench.send("OPTIONS", on: third)
    bench.layer.unreachable([TransactionBench.udp, elsewhere, TransactionBench.udp], at: bench.now)
    #expect(bench.drain().names == ["transportFailed", "clientEnded", "transportFailed", "clientEnded"])
    #expect(bench.layer.phase(of: one) == nil && bench.layer.phase(of: two) == nil && bench.layer.phase(of: other) == .trying)
  }

  @Test("A request too large for a datagram fails alone; others to the same place go on — RFC 3261 18.1.1")
  func tooLarge() {
    var bench = TransactionBench()
    let (large, wire) = bench.send("INVITE")
    let (small, _) = bench.send("OPTIONS")
    bench.layer.tooLarge(wire, at: bench.now)
    #expect(bench.drain().names == ["transportFailed", "clientEnded"])
    #expect(bench.layer.phase(of: large) == nil && bench.layer.phase(of: small) == .trying)
    // It is over.
    bench.layer.tooLarge(wire, at: bench.now)
    #expect(bench.drain().isEmpty)
  }

  @Test("A closed connection is not another one to the same address")
  func otherConnection() {
    var bench = TransactionBench()
    let (id, _) = bench.send("OPTIONS", on: TransactionBench.tcp)
    var other = TransactionBench.tcp
    other.connection = 8
    bench.layer.unreachable(other, at: bench.now)
    #expect(bench.drain().isEmpty)
    #expect(bench.layer.phase(of: id) == .trying)
  }

  @Test("The ended transaction's name is never believed again")
  func oldName() {
    var bench = TransactionBench()
    let (id, _) = bench.send("INVITE")
    bench.layer.unreachable(TransactionBench.udp, at: bench.now)
    _ = bench.drain()
    let (next, _) = bench.send("INVITE")
    #expect(next.slot == id.slot)
    #expect(next != id)
    bench.layer.cancel(id, reason: nil, at: bench.now)
    #expect(bench.drain().isEmpty)
    #expect(bench.layer.requestMessage(of: id) == nil)
    #expect(bench.layer.requestMessage(of: next) != nil)
  }
}

/// The branch of a request we sent, taken apart.
func ownBranch(_ wire: SIPMessage) throws -> Branch {
  let bytes = try #require(wire.topVia.branch)
  return try #require(Branch(bytes))
}

@Suite("CANCEL sent")
struct TransactionCancelTests {
  @Test("CANCEL is the INVITE's hop, branch and identifiers — RFC 3261 9.1")
  func form() throws {
    var bench = TransactionBench()
    let (id, wire) = bench.send(extra: ["Route: <sip:p1.example.com;lr>", "Require: 100rel", "Subject: x"])
    _ = bench.receive(TransactionBench.response(180, to: wire))
    bench.layer.cancel(id, reason: Array("SIP;cause=200;text=\"Call completed elsewhere\"".utf8), at: bench.now)
    let outputs = bench.drain()
    #expect(outputs.names == ["transmit CANCEL"])
    let cancel = try #require(outputs.transmitted.first)
    #expect(cancel.requestURI == wire.requestURI)
    #expect(cancel.values(.via) == wire.values(.via))
    #expect(cancel.value(.from) == wire.value(.from))
    #expect(cancel.value(.to) == wire.value(.to))
    #expect(cancel.callID == wire.callID)
    #expect(cancel.value(.cseq)?.text == "42 CANCEL")
    #expect(cancel.values(.route) == wire.values(.route))
    #expect(cancel.value(.reason)?.text == "SIP;cause=200;text=\"Call completed elsewhere\"")
    // 9.1: no Require, no Proxy-Require.
    #expect(!cancel.has(.require))
    #expect(!cancel.has(.subject))
  }

  @Test("Asked for before a provisional response, CANCEL goes out with the first one — RFC 3261 9.1")
  func waitsForProvisional() {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    bench.layer.cancel(id, reason: nil, at: bench.now)
    #expect(bench.drain().isEmpty)
    #expect(bench.receive(TransactionBench.response(100, to: wire, tag: nil)).names == ["response 100", "transmit CANCEL"])
    #expect(bench.receive(TransactionBench.response(180, to: wire)).names == ["response 180"])
  }

  @Test("A final answer first: no CANCEL at all — RFC 3261 9.1", arguments: [200, 486])
  func finalOvertakes(status: Int) {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    bench.layer.cancel(id, reason: nil, at: bench.now)
    let names = bench.receive(TransactionBench.response(status, to: wire)).names
    #expect(names == (status == 200 ? ["response 200"] : ["transmit ACK", "response 486"]))
    bench.layer.cancel(id, reason: nil, at: bench.now)
    #expect(bench.drain().isEmpty)
    #expect(!bench.run(until: .seconds(100)).contains { $0.output.name == "transmit CANCEL" })
  }

  @Test("The CANCEL's own answer is absorbed and stops its repetition; 487 ends the INVITE — RFC 3261 9.1")
  func cancelled() {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    _ = bench.receive(TransactionBench.response(180, to: wire))
    bench.layer.cancel(id, reason: nil, at: bench.now)
    _ = bench.drain()
    #expect(bench.layer.liveTransactions == 2)
    #expect(bench.receive(TransactionBench.response(200, to: wire, cseqMethod: "CANCEL")).isEmpty)
    #expect(bench.receive(TransactionBench.response(487, to: wire)).names == ["transmit ACK", "response 487"])
    #expect(bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" } == ["32000 clientEnded"])
    #expect(bench.layer.liveTransactions == 0)
  }

  @Test("CANCEL is repeated by timer E until it is answered — RFC 3261 17.1.2.2")
  func repeated() {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    _ = bench.receive(TransactionBench.response(180, to: wire))
    bench.layer.cancel(id, reason: nil, at: bench.now)
    _ = bench.drain()
    #expect(bench.run(until: .seconds(4)).map { "\($0.at) \($0.output.name)" } == ["500 transmit CANCEL", "1500 transmit CANCEL", "3500 transmit CANCEL"])
  }

  @Test("Without a final answer the cancelled INVITE times out 64*T1 after the CANCEL — RFC 3261 9.1")
  func cancelTimesOut() {
    var bench = TransactionBench()
    let (id, wire) = bench.send("INVITE", on: TransactionBench.tcp)
    _ = bench.receive(TransactionBench.response(180, to: wire), from: TransactionBench.tcp)
    _ = bench.run(until: .seconds(60))
    bench.layer.cancel(id, reason: nil, at: bench.now)
    _ = bench.drain()
    _ = bench.receive(TransactionBench.response(200, to: wire, cseqMethod: "CANCEL"), from: TransactionBench.tcp)
    #expect(bench.run(until: .seconds(200)).map { "\($0.at) \($0.output.name)" } == ["92000 timedOut", "92000 clientEnded"])
    #expect(bench.layer.liveTransactions == 0)
  }

  @Test("A 2xx that crosses the CANCEL is handed up like any other — RFC 3261 9.1")
  func crossing() {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    _ = bench.receive(TransactionBench.response(180, to: wire))
    bench.layer.cancel(id, reason: nil, at: bench.now)
    _ = bench.drain()
    #expect(bench.receive(TransactionBench.response(200, to: wire)).names == ["response 200"])
    #expect(bench.receive(TransactionBench.response(481, to: wire, cseqMethod: "CANCEL")).isEmpty)
  }

  @Test("On a stream the 487 ends INVITE and CANCEL together, a late answer to CANCEL is a stray")
  func streamEnd() {
    var bench = TransactionBench()
    let (id, wire) = bench.send("INVITE", on: TransactionBench.tcp)
    _ = bench.receive(TransactionBench.response(180, to: wire), from: TransactionBench.tcp)
    bench.layer.cancel(id, reason: nil, at: bench.now)
    _ = bench.drain()
    #expect(bench.receive(TransactionBench.response(487, to: wire), from: TransactionBench.tcp).names == ["transmit ACK", "response 487", "clientEnded"])
    #expect(bench.layer.liveTransactions == 0)
    #expect(bench.receive(TransactionBench.response(200, to: wire, cseqMethod: "CANCEL"), from: TransactionBench.tcp).isEmpty)
    #expect(bench.counter("stray-responses") == 1)
  }

  @Test("Asked twice, CANCEL is sent once")
  func twice() {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    _ = bench.receive(TransactionBench.response(180, to: wire))
    bench.layer.cancel(id, reason: nil, at: bench.now)
    bench.layer.cancel(id, reason: nil, at: bench.now)
    #expect(bench.drain().names == ["transmit CANCEL"])
  }

  @Test("An unreachable destination ends the CANCEL, the INVITE waits on")
  func unreachable() {
    var bench = TransactionBench()
    let (id, wire) = bench.send()
    _ = bench.receive(TransactionBench.response(180, to: wire))
    bench.layer.cancel(id, reason: nil, at: bench.now)
    _ = bench.drain()
    bench.layer.unreachable(TransactionBench.udp, at: bench.now)
    #expect(bench.drain().isEmpty)
    #expect(bench.layer.liveTransactions == 1)
    #expect(bench.run(until: .seconds(100)).map { "\($0.at) \($0.output.name)" } == ["32000 timedOut", "32000 clientEnded"])
  }
}
