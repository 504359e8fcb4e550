import Addressing
import Calls
import SIP
import Testing
import Timing

/// 2xx responses to INVITEs of ours that nobody sent who had one: nothing may follow from them (RFC 3261 13.2.2.4 is for true ones only).
@Suite struct ForgedAnswerTests {
  /// Up, and the INVITE's transaction long gone: what comes now is late.
  private func upForAMinute() throws -> Bench {
    var bench = try Bench()
    try bench.established()
    bench.advance(by: .seconds(60))
    bench.forget()
    return bench
  }
  private func check(_ bench: inout Bench, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(bench.sent.isEmpty, "\(bench.sent.map(\.message.methodName))", sourceLocation: sourceLocation)
    #expect(bench.exchange.calls.map(\.state) == ["up"], sourceLocation: sourceLocation)
    try bench.hangUp()
    bench.finish()
  }
  private func late(_ bench: Bench, tag: String = "forged", edit: (String) -> String = { $0 }) throws -> String {
    edit(Bench.response(200, to: try bench.attempt(), toTag: tag, body: Bench.sdp))
  }

  @Test("The true fork gets ACK and BYE: what the forged ones below differ from")
  func trueFork() throws {
    var bench = try upForAMinute()
    bench.receive(try late(bench), from: Bench.provider, listener: 1)
    #expect(bench.toCallee == ["ACK", "BYE"])
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.calleeReplies(200, to: .bye)
    try bench.hangUp()
    bench.finish()
  }

  @Test("From another peer, with Call-ID and tag overheard: nothing, neither for a new tag nor for the call's own", arguments: ["forged", "b1"])
  func otherPeer(tag: String) throws {
    var bench = try upForAMinute()
    bench.receive(try late(bench, tag: tag), from: Bench.backup, listener: 1)
    bench.receive(try late(bench, tag: tag), from: Bench.provider, listener: 0)
    bench.receive(try late(bench, tag: tag), from: Bench.pbx, listener: 0)
    try check(&bench)
  }

  @Test("From a stranger: silence")
  func stranger() throws {
    var bench = try upForAMinute()
    bench.receive(try late(bench), from: TransportAddress(IPAddress(203, 0, 113, 5), 5060), listener: 1)
    try check(&bench)
  }

  @Test("With another tag than we made: nothing, whether its call lives or not", arguments: [0, 5, 17, 20, 29])
  func wrongTag(place: Int) throws {
    var bench = try upForAMinute()
    let tag = String(decoding: try #require(try bench.attempt().from.tag), as: UTF8.self)
    var bytes = Array(tag.utf8)
    bytes[place] = bytes[place] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
    let forged = String(decoding: bytes, as: UTF8.self)
    bench.receive(try late(bench) { $0.replacing(tag, with: forged) }, from: Bench.provider, listener: 1)
    try check(&bench)
  }

  @Test("With another Call-ID and a tag of ours: at most the sender itself hears of it, and the call goes on")
  func wrongCallID() throws {
    var bench = try upForAMinute()
    let callID = String(decoding: try bench.attempt().callID, as: UTF8.self)
    bench.receive(try late(bench) { $0.replacing(callID, with: "other-call") }, from: Bench.provider, listener: 1)
    #expect(bench.toCaller == [])
    #expect(bench.sent.allSatisfy { !$0.message.callID.elementsEqual(callID.utf8) })
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    try bench.hangUp()
    bench.finish()
  }

  @Test("A tag of the right form for a call that never was: no ACK, no BYE")
  func neverWas() throws {
    var bench = try Bench()
    let tag = "00000000000000ff01aabbccddeeff"
    bench.receive(
      "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK00000000000000000000000000000000aa\r\nFrom: <sip:1@10.0.0.9>;tag=\(tag)\r\n"
        + "To: <sip:2@10.0.0.2>;tag=x\r\nCall-ID: any\r\nCSeq: 1 INVITE\r\nContact: <sip:victim@10.0.0.2>\r\nContent-Length: 0\r\n\r\n", from: Bench.provider,
      listener: 1)
    #expect(bench.sent.isEmpty)
    bench.finish(records: 0)
  }

  @Test("While the INVITE is open: a 2xx with a branch that is nearly right does not answer it — RFC 3261 17.1.3", arguments: [0, 2, 9, 17, 25])
  func wrongBranch(place: Int) throws {
    var bench = try Bench()
    bench.dial()
    let branch = String(decoding: try #require(try bench.attempt().topVia.branch), as: UTF8.self)
    var bytes = Array(branch.utf8)
    let at = bytes.count - 1 - place
    bytes[at] = bytes[at] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
    bench.forget()
    bench.receive(try late(bench) { $0.replacing(branch, with: String(decoding: bytes, as: UTF8.self)) }, from: Bench.provider, listener: 1)
    #expect(bench.sent.isEmpty)
    #expect(bench.exchange.calls.map(\.state) == ["calling"])
    try bench.reply(200, body: Bench.sdp)
    bench.callerAcknowledges()
    try bench.hangUp()
    bench.finish()
  }
}
