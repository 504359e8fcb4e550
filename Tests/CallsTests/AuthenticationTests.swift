import Addressing
import Authentication
import Calls
import Configuration
import SIP
import Testing
import Timing

extension Bench {
  static let challenge = "Proxy-Authenticate: Digest realm=\"m\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256\r\n"
  static func proxy(_ nonce: String, more: String = "") -> String { "Proxy-Authenticate: Digest realm=\"m\", nonce=\"\(nonce)\", qop=\"auth\"\(more)\r\n" }
  static func server(_ nonce: String, more: String = "") -> String { "WWW-Authenticate: Digest realm=\"core\", nonce=\"\(nonce)\", qop=\"auth\"\(more)\r\n" }

  /// `acme` asks who we are, and we are somebody there.
  static func account(_ configuration: inout Configuration) {
    configuration.peers[1].account = .init(user: "tandem", password: "hunter2")
  }

  /// What a request carries: `proxy m n1 1`, `server core s 2`.
  static func carried(_ message: SIPMessage) -> [String] {
    [HeaderName.proxyAuthorization, .authorization].flatMap { name in
      message.values(name).map { value in
        guard let read = Credentials(parsing: value), read.user == Array("tandem".utf8), read.uri.elementsEqual(message.requestURI) || message.method == .ack
        else { return "?" }
        let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
        return "\(name == .authorization ? "server" : "proxy") \(text(read.realm)) \(text(read.nonce)) \(read.count)"
      }
    }
  }
  /// The same of every request an address got, in order: `INVITE`, `ACK`, `INVITE proxy m n1 1`.
  func proofs(_ address: TransportAddress = Bench.provider) -> [String] {
    requests(to: address).map { ([$0.methodName] + Bench.carried($0)).joined(separator: " ") }
  }
  /// Nothing that was sent to anybody holds credentials, and the password is nowhere at all.
  var leaks: [String] {
    let shown = sent.map { String(decoding: $0.bytes, as: UTF8.self) } + records.map { "\($0)" }
    return shown.filter { $0.contains("hunter2") || $0.contains("response=\"") }
  }
}

@Suite struct AuthenticationTests {
  @Test("A challenged INVITE goes out again with credentials: next CSeq, new branch, same Call-ID and tag; its ACK carries them too — RFC 3261 22.1, 22.2")
  func invite() throws {
    var bench = try Bench(edit: Bench.account)
    bench.dial()
    try bench.reply(407, extra: Bench.challenge)
    let (first, second) = (try bench.attempt(0), try bench.attempt(1))
    #expect(bench.proofs() == ["INVITE", "ACK", "INVITE proxy m n1 1"])
    #expect((first.cseqNumber, second.cseqNumber) == (1, 2))
    #expect(first.callID == second.callID && first.from.tag == second.from.tag && second.to.tag == nil)
    #expect(first.topVia.branch.map { Array($0) } != second.topVia.branch.map { Array($0) } && second.count(of: .via) == 1)
    #expect(first.body == second.body && first.text(.contact) == second.text(.contact))
    #expect(bench.toCaller == ["100 INVITE"])
    try bench.reply(180, attempt: 1)
    try bench.reply(200, attempt: 1, body: Bench.sdp)
    bench.callerAcknowledges()
    #expect(bench.proofs().last == "ACK proxy m n1 1")
    #expect(bench.requests(to: Bench.provider).last?.cseqNumber == 2)
    try bench.reply(200, attempt: 1, body: Bench.sdp)
    #expect(bench.proofs().suffix(2) == ["ACK proxy m n1 1", "ACK proxy m n1 1"], "a repeated 2xx gets the same ACK")
    bench.caller("BYE")
    #expect(bench.proofs().last == "BYE proxy m n1 2")
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
    #expect(bench.records.first?.legs.count == 2, "to the caller it is one attempt")
  }

  @Test("What is computed is what the peer computes — RFC 7616 3.4.1")
  func proof() throws {
    var random = RandomSource(seed: 1)
    for origin in [Challenge.Origin.server, .proxy] {
      for algorithm in DigestAlgorithm.allCases {
        var bench = try Bench(edit: Bench.account)
        var challenger = Challenger(realm: Array("m".utf8), algorithms: [algorithm], lifetime: .seconds(9), random: &random)
        let field = String(decoding: try #require(challenger.challenges(origin, at: bench.now).first).encoded, as: UTF8.self)
        bench.dial()
        try bench.reply(origin == .server ? 401 : 407, extra: "\(origin == .server ? "WWW" : "Proxy")-Authenticate: \(field)\r\n")
        let request = try bench.attempt(1)
        let value = try #require(request.value(origin == .server ? .authorization : .proxyAuthorization))
        let credentials = try #require(Credentials(parsing: value))
        let asked = Credentials.Request(method: request.method.token, uri: Array(request.requestURI), body: request.body)
        let verdict = challenger.judge(credentials, password: Array("hunter2".utf8), asked, at: bench.now)
        #expect(verdict == .accepted)
        try bench.reply(486, attempt: 1)
        bench.finish()
      }
    }
  }

  @Test("A proxy and the server behind it: both at once, and one after the other — RFC 3261 22.3")
  func both() throws {
    var bench = try Bench(edit: Bench.account)
    bench.dial()
    try bench.reply(407, extra: Bench.proxy("p") + Bench.server("s"))
    #expect(bench.proofs().last == "INVITE proxy m p 1 server core s 1")
    try bench.reply(486, attempt: 1)
    var slow = try Bench(edit: Bench.account)
    slow.dial()
    try slow.reply(407, extra: Bench.proxy("p"))
    try slow.reply(401, attempt: 1, extra: Bench.server("s"))
    #expect(slow.proofs().last == "INVITE proxy m p 2 server core s 1")
    #expect(try slow.attempt(2).cseqNumber == 3)
    try slow.reply(486, attempt: 2)
    bench.finish()
    slow.finish()
  }

  @Test("The next call goes out with credentials at once; a nonce that was forgotten meanwhile costs one challenge, stale or not — RFC 7616 3.4")
  func cached() throws {
    var bench = try Bench(edit: Bench.account)
    bench.dial()
    try bench.reply(407, extra: Bench.proxy("n1"))
    try bench.reply(486, attempt: 1)
    for (turn, more) in ["", ", stale=true"].enumerated() {
      bench.forget()
      bench.dial(branch: "b\(turn)", callID: "b\(turn)", fromTag: "b\(turn)")
      #expect(bench.proofs() == ["INVITE proxy m n\(turn + 1) 2"])
      try bench.reply(407, attempt: bench.attempts.count - 1, extra: Bench.proxy("n\(turn + 2)", more: more))
      #expect(bench.proofs().last == "INVITE proxy m n\(turn + 2) 1")
      try bench.reply(486, attempt: bench.attempts.count - 1)
    }
    bench.finish(records: 3)
  }

  /// What a challenged INVITE meets.
  enum State: CaseIterable, Sendable { case challenged, ringing, proven, provenStale, cancelled }
  enum Event: CaseIterable, Sendable { case sameNonce, newNonce, stale, otherRealm, nothingReadable }

  @Test("A challenge in every state of the INVITE is answered or ends the attempt, as RFC 3261 22.2 says", arguments: State.allCases, Event.allCases)
  func table(state: State, event: Event) throws {
    var bench = try Bench(edit: Bench.account)
    bench.dial()
    var last = 0
    if state == .ringing { try bench.reply(180) }
    if state == .proven || state == .provenStale {
      try bench.reply(407, extra: Bench.proxy("n1"))
      last = 1
    }
    if state == .provenStale {
      try bench.reply(407, attempt: 1, extra: Bench.proxy("n2", more: ", stale=true"))
      last = 2
    }
    if state == .cancelled {
      try bench.reply(100)
      bench.cancel()
    }
    let extra =
      switch event {
      case .sameNonce: Bench.proxy("n\(max(last, 1))")
      case .newNonce: Bench.proxy("n9")
      case .stale: Bench.proxy("n9", more: ", stale=true")
      case .otherRealm: Bench.server("n9")
      case .nothingReadable: "Proxy-Authenticate: Digest realm=m\r\n"
      }
    let isAnswered =
      switch (state, event) {
      case (.cancelled, _), (_, .nothingReadable): false
      case (.challenged, _), (.ringing, _), (_, .otherRealm): true
      case (.proven, .stale): true
      case (.proven, _), (.provenStale, _): false
      }
    let before = bench.attempts.count
    try bench.reply(407, attempt: last, extra: extra)
    #expect(bench.attempts.count == before + (isAnswered ? 1 : 0))
    if isAnswered {
      try bench.reply(200, attempt: last + 1, tag: "b2", body: Bench.sdp)
      bench.callerAcknowledges()
      #expect(bench.exchange.calls.map(\.state) == ["up"])
      bench.caller("BYE")
      try bench.calleeReplies(200, to: .bye)
    } else {
      #expect(bench.statuses(to: Bench.pbx).last == (state == .cancelled ? 487 : 403))
    }
    bench.finish()
    #expect(bench.records.first?.outcome == (isAnswered ? .answered : state == .cancelled ? .cancelled : .refused))
  }

  @Test("Refused credentials: 403 to the caller, the reason in the record and in `show peers`, gone with the next request that is taken")
  func refused() throws {
    var bench = try Bench(edit: Bench.account)
    bench.dial()
    try bench.reply(407, extra: Bench.proxy("n1"))
    try bench.reply(407, attempt: 1, extra: Bench.proxy("n2"))
    #expect(bench.statuses(to: Bench.pbx).last == 403)
    let said = "acme-1 refused our credentials (407, realm \"m\"): check auth-user and auth-password"
    #expect(bench.exchange.peerViews(at: bench.now)[1].alarms == ["credentials: \(said)"])
    bench.dial(branch: "2", callID: "call-2", fromTag: "a2")
    #expect(bench.proofs().last == "INVITE", "no nonce is left to try")
    try bench.reply(407, attempt: 2, extra: Bench.proxy("n3"))
    try bench.reply(200, attempt: 3, body: Bench.sdp)
    #expect(bench.exchange.peerViews(at: bench.now)[1].alarms == [])
    bench.caller("ACK", 1, fromTag: "a2", callID: "call-2")
    try bench.callee("BYE", attempt: 3)
    bench.finish(records: 2)
    #expect(bench.records.first?.reason == said)
    #expect(bench.records.first?.legs.map(\.status) == [403, 407])
  }

  @Test("A peer that challenges for ever is heard a bounded number of times")
  func bounded() throws {
    var bench = try Bench(edit: Bench.account)
    bench.dial()
    for turn in 0..<50 where bench.attempts.count > turn {
      let realm = "WWW-Authenticate: Digest realm=\"r\(turn % 9)\", nonce=\"n\(turn)\", stale=true\r\n"
      try bench.reply(401, attempt: turn, extra: realm)
    }
    #expect(bench.attempts.count <= 1 + AuthenticationLimits.spaces * AuthenticationLimits.answers)
    #expect(bench.statuses(to: Bench.pbx).last == 403)
    bench.finish()
  }

  @Test("The failover timer goes on over the challenge: it is one attempt")
  func failover() throws {
    var bench = try Bench {
      Bench.account(&$0)
      Bench.hunting(&$0)
    }
    bench.dial()
    bench.advance(by: .seconds(9))
    try bench.reply(407, extra: Bench.proxy("n1"))
    bench.advance(by: .milliseconds(1_100))
    #expect(bench.toSpare == ["INVITE"])
    #expect(bench.proofs(Bench.backup) == ["INVITE"])
    try bench.reply(486, attempt: 2, from: Bench.backup)
    bench.finish()
  }

  @Test("CANCEL behind the challenge cancels the INVITE that is open, with its number — RFC 3261 9.1")
  func cancelBehind() throws {
    var bench = try Bench(edit: Bench.account)
    bench.dial()
    try bench.reply(407, extra: Bench.proxy("n1"))
    bench.cancel()
    try bench.reply(180, attempt: 1)
    let cancel = try #require(bench.requests(to: Bench.provider).last)
    #expect(cancel.method == .cancel && cancel.cseqNumber == 2)
    #expect(cancel.topVia.branch.map { Array($0) } == (try bench.attempt(1)).topVia.branch.map { Array($0) })
    #expect(Bench.carried(cancel) == [], "a CANCEL is not challenged")
    try bench.reply(487, attempt: 1)
    bench.finish()
  }

  @Test("Early dialogs of the refused INVITE are forgotten: the answer makes its own — RFC 3261 12.3")
  func earlyDialog() throws {
    var bench = try Bench(edit: Bench.account)
    bench.dial()
    try bench.reply(183, tag: "old", extra: "Record-Route: <sip:10.0.0.2:5999;lr>\r\n", body: Bench.sdp)
    try bench.reply(401, tag: "old", extra: Bench.server("s"))
    #expect(bench.proofs().last == "INVITE server core s 1")
    try bench.reply(200, attempt: 1, tag: "new", body: Bench.sdp)
    let ack = try #require(bench.requests(to: Bench.provider).last)
    #expect(ack.method == .ack && ack.to.tag?.elementsEqual("new".utf8) == true && ack.value(.route) == nil)
    bench.callerAcknowledges()
    try bench.callee("BYE", attempt: 1, tag: "new")
    bench.finish()
  }

  @Test("re-INVITE and BYE are challenged and answered like the first INVITE — RFC 3261 22.2")
  func inDialog() throws {
    var bench = try Bench(edit: Bench.account)
    try bench.established()
    bench.caller("INVITE", 2, body: Bench.held)
    try bench.calleeReplies(401, to: .invite, extra: Bench.server("s1"))
    #expect(bench.proofs() == ["INVITE", "ACK", "INVITE server core s1 1"])
    try bench.calleeReplies(200, to: .invite, body: Bench.heldAnswer)
    #expect(bench.proofs().last == "ACK server core s1 1")
    #expect(bench.statuses(to: Bench.pbx).last == 200)
    bench.callerAcknowledges(2)
    bench.forget()
    bench.caller("BYE", 3)
    try bench.calleeReplies(407, to: .bye, extra: Bench.proxy("p1"))
    #expect(bench.proofs() == ["BYE server core s1 2", "BYE proxy m p1 1 server core s1 3"])
    #expect(bench.requests(to: Bench.provider).map(\.cseqNumber) == [4, 5])
    try bench.calleeReplies(200, to: .bye)
    bench.finish()
  }

  @Test("A re-INVITE whose offer was withdrawn is not sent again; refused credentials are 403 to who offered, and the call goes on")
  func withdrawn() throws {
    var bench = try Bench(edit: Bench.account)
    try bench.established()
    bench.caller("INVITE", 2, branch: "re", body: Bench.held)
    try bench.calleeReplies(100, to: .invite)
    bench.caller("CANCEL", 2, branch: "re", toTag: bench.callerTag)
    try bench.calleeReplies(401, to: .invite, extra: Bench.server("s1"))
    #expect(bench.proofs().filter { $0.hasPrefix("INVITE") } == ["INVITE"])
    bench.callerAcknowledges(2)
    bench.caller("INVITE", 3, body: Bench.held)
    try bench.calleeReplies(401, to: .invite, extra: Bench.server("s2"))
    try bench.calleeReplies(401, to: .invite, extra: Bench.server("s3"))
    #expect(bench.statuses(to: Bench.pbx).last == 403)
    #expect(bench.exchange.calls.map(\.state) == ["up"])
    bench.callerAcknowledges(3)
    try bench.hangUp()
    bench.finish()
  }

  @Test("The BYE to a second fork's answer, which no call owns, answers its challenge too — RFC 3261 13.2.2.4")
  func declined() throws {
    var bench = try Bench(edit: Bench.account)
    try bench.established()
    try bench.reply(200, tag: "fork", body: Bench.sdp)
    #expect(bench.proofs() == ["ACK", "BYE"])
    try bench.calleeReplies(401, to: .bye, extra: Bench.server("s"))
    #expect(bench.proofs() == ["ACK", "BYE", "BYE server core s 1"])
    let again = try #require(bench.requests(to: Bench.provider).last)
    #expect(again.to.tag?.elementsEqual("fork".utf8) == true && again.cseqNumber == 3)
    try bench.calleeReplies(401, to: .bye, extra: Bench.server("s2"))
    #expect(bench.proofs().count == 3)
    try bench.hangUp()
    bench.finish()
  }

  @Test("A plugin sees a challenged request once and neither challenge nor credentials; what it changed goes out again")
  func plugin() throws {
    var bench = try Bench(plugin: MarkingPlugin.table, edit: Bench.account)
    bench.dial()
    try bench.reply(407, extra: Bench.proxy("n1"))
    let (first, second) = (try bench.attempt(0), try bench.attempt(1))
    #expect(bench.proofs().last == "INVITE proxy m n1 1")
    let own: [HeaderName] = [.via, .cseq, .proxyAuthorization]
    func kept(_ message: SIPMessage) -> [String] {
      message.fields.filter { !own.contains($0.name) }.map { "\(String(decoding: $0.spelling, as: UTF8.self)): \(String(decoding: $0.value, as: UTF8.self))" }
    }
    #expect(kept(first) == kept(second))
    try bench.reply(486, attempt: 1)
    bench.finish()
  }
}

/// Decided: credentials belong to a trunk and its own addresses; nothing that comes from outside chooses them.
@Suite struct CredentialLeakTests {
  /// Both trunks outside, the first of which has an account.
  private func bench(_ edit: (inout Configuration) -> Void = { _ in }) throws -> Bench {
    try Bench { configuration in
      Bench.account(&configuration)
      Bench.hunting(&configuration)
      edit(&configuration)
    }
  }

  @Test("A trunk without an account that names our realm gets nothing, and says so")
  func otherTrunk() throws {
    var bench = try bench()
    bench.dial()
    try bench.reply(503)
    try bench.reply(407, attempt: 1, from: Bench.backup, extra: Bench.proxy("n1"))
    #expect(bench.leaks == [])
    #expect(bench.statuses(to: Bench.pbx).last == 403)
    bench.finish()
    #expect(
      bench.records.first?.reason == "spare-1 answered 407, it wants credentials and has none here: set trunk spare-1 auth-user and auth-password")
  }

  @Test("The caller's leg that challenges our BYE with the provider's realm gets nothing")
  func otherLeg() throws {
    var bench = try bench()
    try bench.established()
    try bench.callee("BYE")
    try bench.callerReplies(401, to: .bye, extra: Bench.server("n1"))
    try bench.callerReplies(407, to: .bye, extra: Bench.proxy("n1"))
    #expect(bench.leaks == [])
    #expect(bench.proofs(Bench.pbx) == ["BYE"])
    bench.finish()
  }

  @Test(
    "A challenge from an address that is not the trunk's own gets nothing, whatever it knows of the request",
    arguments: [Bench.backup, Bench.pbx, TransportAddress(IPAddress(10, 0, 0, 66), 5080)])
  func otherSource(source: TransportAddress) throws {
    var bench = try bench()
    bench.dial()
    try bench.reply(407, from: source, extra: Bench.proxy("n1"))
    #expect(bench.leaks == [])
    #expect(bench.proofs().filter { $0.hasPrefix("INVITE") } == ["INVITE"])
    bench.cancel()
    try bench.reply(487)
    bench.finish()
  }

  @Test("Of two trunks behind one address the port tells whose challenge it is, and where credentials may go")
  func sharedAddress() throws {
    let other = TransportAddress(Bench.provider.ip, 5999)
    var bench = try bench {
      $0.peers[2].address = .ip(Bench.provider.ip); $0.peers[2].port = 5999
    }
    bench.dial()
    try bench.reply(407, from: other, extra: Bench.proxy("n1"))
    #expect(bench.leaks == [])
    bench.advance(by: .seconds(60))
    bench.forget()
    // A dialog of the trunk that leads to the other one's port.
    bench.dial(branch: "2", callID: "call-2", fromTag: "a2")
    try bench.reply(407, attempt: bench.attempts.count - 1, extra: Bench.proxy("n2"))
    let invite = try bench.attempt(bench.attempts.count - 1)
    #expect(Bench.carried(invite) == ["proxy m n2 1"])
    bench.receive(
      Bench.response(200, to: invite, body: Bench.sdp).replacingContact("<sip:bob@\(other)>"), from: Bench.provider, listener: 1)
    bench.forget()
    _ = bench.exchange.clear(call: try #require(bench.exchange.calls.last?.id), at: bench.now)
    bench.drain()
    #expect(bench.proofs(other) == ["BYE"])
    #expect(bench.leaks == [])
    bench.finish(records: 2)
  }

  @Test("An account that was taken away, or whose peer moved, answers nothing more")
  func commit() throws {
    for edit in [{ $0.peers[1].account = nil }, { $0.peers[1].address = .ip(IPAddress(10, 0, 0, 77)) }] as [(inout Configuration) -> Void] {
      var bench = try bench()
      try bench.established()
      try bench.commit(edit)
      bench.caller("BYE")
      if let bye = bench.requests(to: Bench.provider).last {
        bench.receive(Bench.response(401, to: bye, extra: Bench.server("n1")), from: Bench.provider, listener: 1)
      }
      #expect(bench.leaks == [])
      bench.finish()
    }
  }

  @Test("A realm that is not the account's, an algorithm it does not allow: nothing — RFC 8760, decided")
  func narrowed() throws {
    for (realm, algorithms) in [("ours", []), (nil, [.sha256])] as [(String?, [Configuration.Account.Algorithm])] {
      var bench = try bench {
        $0.peers[1].account?.realm = realm
        $0.peers[1].account?.algorithms = algorithms
      }
      bench.dial()
      try bench.reply(407, extra: Bench.proxy("n1"))
      #expect(bench.leaks == [])
      #expect(bench.statuses(to: Bench.pbx).last == 403)
      bench.finish()
      #expect(bench.records.first?.reason.contains(realm == nil ? "auth-algorithm" : "realm \"m\", which is not auth-realm") == true)
    }
  }

  @Test("The password is in nothing that leaves, and in no text of the configuration")
  func password() throws {
    var bench = try bench()
    bench.dial()
    try bench.reply(407, extra: Bench.proxy("n1"))
    try bench.reply(486, attempt: 1)
    bench.finish()
    var dumped = ""
    dump(bench.edited, to: &dumped)
    #expect(dumped.contains("account") && !dumped.contains("hunter2"))
    #expect(!bench.leaks.contains { $0.contains("hunter2") })
  }
}
