import Addressing
import Authentication
import Configuration
import SIP
import Testing
import Timing
import Trunks

@Suite("Trunks: the accounts by which they prove themselves")
struct TrunkAuthenticationTests {
  private var random = RandomSource(seed: 9)
  private var trial = Trial()

  /// Two trunks to one peer, one to another.
  private static func configuration(_ edit: (inout Configuration) -> Void = { _ in }) -> Configuration {
    var c = Configuration()
    c.listeners = [.init(name: "l", address: TransportAddress(IPAddress(10, 0, 0, 9), 5060), transport: .udp)]
    c.peers = [
      .init(name: "p", type: "none", address: .ip(IPAddress(10, 0, 0, 1))), .init(name: "q", type: "none", address: .ip(IPAddress(10, 0, 0, 2))),
    ]
    c.trunks = [.init(name: "p-1", listener: 0, peer: 0), .init(name: "p-2", listener: 0, peer: 0, peerPort: 5070), .init(name: "q-1", listener: 0, peer: 1)]
    c.peers[0].account = .init(user: "peer", password: "x")
    c.trunks[1].account = .init(user: "own", password: "y")
    edit(&c)
    return c
  }
  private var invite: SIPMessage {
    var message = SIPMessage(request: .invite, uri: Array("sip:a@b".utf8))
    message.append(.cseq, Array("1 INVITE".utf8))
    return message
  }
  private func challenge(_ nonce: String) -> SIPMessage {
    var response = SIPMessage(status: 401, reason: [])
    response.append(.wwwAuthenticate, Array("Digest realm=\"r\", nonce=\"\(nonce)\", qop=\"auth\"".utf8))
    return response
  }
  private func carried(_ trial: Trial?) -> String? {
    guard let field = trial?.steps.first?.field, let read = Credentials(parsing: field[...]) else { return nil }
    return String(decoding: read.user + Array(" ".utf8) + read.nonce, as: UTF8.self) + " \(read.count)"
  }
  private mutating func answer(_ trunks: inout TrunkTable, _ trunk: Int, _ nonce: String) -> Bool {
    trial = trunks.begin(invite, trunk: trunk) ?? Trial()
    return trunks.answer(challenge(nonce), to: invite, &trial, trunk: trunk, random: &random)
  }

  @Test("A trunk proves itself by its own account, else by its peer's, else not at all; what one learnt the other does not use")
  mutating func accounts() {
    var trunks = TrunkTable(Self.configuration(), plugins: [:])
    #expect((0..<3).map { trunks.hasAccount($0) } == [true, true, false])
    let first = answer(&trunks, 0, "n0")
    #expect(first && carried(trial) == "peer n0 1")
    #expect(carried(trunks.begin(invite, trunk: 1)) == nil)
    let second = answer(&trunks, 1, "n1")
    #expect(second && carried(trial) == "own n1 1")
    #expect(trunks.begin(invite, trunk: 2) == nil)
    let third = answer(&trunks, 2, "n2")
    #expect(!third)
  }

  @Test("Over a commit an account that stays keeps its nonce, also at another index; a changed one begins anew")
  mutating func commit() {
    var trunks = TrunkTable(Self.configuration(), plugins: [:])
    _ = answer(&trunks, 0, "n0")
    trunks.reconfigure(Self.configuration { $0.trunks.swapAt(0, 1) })
    #expect(carried(trunks.begin(invite, trunk: 1)) == "peer n0 2")
    #expect(carried(trunks.begin(invite, trunk: 0)) == nil)
    trunks.reconfigure(Self.configuration { $0.peers[0].account?.password = "z" })
    #expect(carried(trunks.begin(invite, trunk: 0)) == nil)
  }

  @Test("Why a challenge was not answered is kept for `show peers` until the peer takes a request, and steers no terminal")
  mutating func refusal() {
    let configuration = Self.configuration {
      $0.peers[0].type = "bare"
      $0.peers[0].account?.realm = "ours"
    }
    var trunks = TrunkTable(configuration, plugins: ["bare": bareTable()])
    var response = SIPMessage(status: 401, reason: [])
    response.append(.wwwAuthenticate, Array("Digest realm=\"\u{9B}2J\", nonce=\"n\"".utf8))
    var trial = Trial()
    let isAnswered = trunks.answer(response, to: invite, &trial, trunk: 0, random: &random)
    #expect(!isAnswered)
    let said = trunks.challengeRefusal(of: 0)
    #expect(said == "p-1 answered 401 for realm \"??2J\", which is not auth-realm of its account")
    #expect(trunks.state(ofPeer: 0, at: Instant(nanoseconds: 0)).alarms == ["credentials: \(said ?? "")"])
    trunks.tookRequest(0)
    #expect(trunks.state(ofPeer: 0, at: Instant(nanoseconds: 0)).alarms == [])
    #expect(trunks.challengeRefusal(of: 0) == nil)
  }
}
