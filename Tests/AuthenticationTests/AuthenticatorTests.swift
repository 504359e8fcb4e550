import Authentication
import Testing
import Timing

@Suite struct AuthenticatorTests {
  @Test("A challenged request goes out again with credentials, once — RFC 3261 22.2")
  func once() {
    var client = Client()
    client.begin()
    #expect(client.carried == [])
    #expect(client.meets(.sample("1")) == .retry)
    #expect(client.carried == ["server r 1 1"])
    #expect(client.meets(.sample("2")) == .refused(.rejected(bytes("r"))))
  }

  /// What the request has met of one space, and what comes then.
  enum Met: CaseIterable, Sendable { case nothing, cached, challenged, stale }
  enum Comes: CaseIterable, Sendable { case sameNonce, newNonce, staleSameNonce, staleNewNonce }

  @Test(
    "Every challenge after every history is answered or refused as it should be — RFC 3261 22.2, RFC 7616 3.3 stale", arguments: Met.allCases, Comes.allCases)
  func table(met: Met, comes: Comes) {
    var client = Client()
    client.begin()
    if met == .cached {
      #expect(client.meets(.sample("1")) == .retry)
      client.begin()
    }
    if met == .challenged || met == .stale { #expect(client.meets(.sample("1")) == .retry) }
    if met == .stale { #expect(client.meets(.sample("1b", isStale: true)) == .retry) }
    let last = met == .stale ? "1b" : "1"
    let challenge: Challenge =
      switch comes {
      case .sameNonce: .sample(last)
      case .newNonce: .sample("9")
      case .staleSameNonce: .sample(last, isStale: true)
      case .staleNewNonce: .sample("9", isStale: true)
      }
    let isAnswered =
      switch (met, comes) {
      case (.nothing, _): true
      case (_, .sameNonce), (_, .staleSameNonce): false
      case (.cached, _): true
      case (.challenged, .staleNewNonce): true
      case (.challenged, _), (.stale, _): false
      }
    #expect(client.meets(challenge) == (isAnswered ? .retry : .refused(.rejected(bytes("r")))))
    if isAnswered { #expect(client.carried == ["server r \(text(challenge.nonce)) 1"]) }
  }

  @Test("The next request goes out with credentials at once, and the nonce count goes up — RFC 7616 3.4")
  func cached() {
    var client = Client()
    client.begin()
    _ = client.meets(.sample("1"))
    for count in 2...5 {
      client.begin()
      #expect(client.carried == ["server r 1 \(count)"])
    }
  }

  @Test("Two requests asked with one nonce do not use one nonce count twice — RFC 7616 3.4")
  func together() {
    var client = Client()
    client.begin()
    var other = client.trial
    #expect(client.meets(.sample("1")) == .retry)
    swap(&client.trial, &other)
    #expect(client.meets(.sample("1")) == .retry)
    #expect(client.carried == ["server r 1 2"])
  }

  @Test("A proxy and the server behind it are answered both, at once or one after the other — RFC 3261 22.3")
  func both() {
    var client = Client()
    client.begin()
    #expect(client.meets(.sample("p", .proxy, realm: "edge"), .sample("s", realm: "core")) == .retry)
    #expect(client.carried == ["proxy edge p 1", "server core s 1"])
    var slow = Client()
    slow.begin()
    #expect(slow.meets(.sample("p", .proxy, realm: "edge")) == .retry)
    #expect(slow.meets(.sample("s", realm: "core")) == .retry)
    #expect(slow.carried == ["proxy edge p 2", "server core s 1"])
  }

  @Test("Of several challenges for one realm the topmost is answered that the account allows — RFC 8760 2.4")
  func topmost() throws {
    for (algorithms, wanted) in [(DigestAlgorithm.allCases, DigestAlgorithm.sha256), ([.md5], .md5), ([.sha512Truncated256, .md5], .sha512Truncated256)] {
      var client = Client(algorithms: algorithms)
      client.begin()
      #expect(client.meets(.sample("1", .server, .sha256), .sample("1", .server, .sha512Truncated256), .sample("1", .server, .md5)) == .retry)
      #expect(client.trial.steps.count == 1)
      let credentials = try #require(Credentials(parsing: client.trial.steps[0].field[...]))
      #expect(credentials.algorithm == wanted)
    }
  }

  @Test("A challenge with no algorithm that the account allows, or of another realm than the account's, gets no credentials")
  func refused() {
    var client = Client(realm: "ours", algorithms: [.sha256])
    client.begin()
    #expect(client.meets(.sample("1", realm: "ours")) == .refused(.nothingAnswerable))
    #expect(client.meets(.sample("1", .server, realm: "r", .sha256)) == .refused(.foreignRealm(bytes("r"))))
    #expect(client.meets() == .refused(.nothingAnswerable))
    #expect(client.carried == [])
    #expect(client.meets(.sample("1", .server, realm: "ours", .sha256), .sample("1", .server, realm: "r", .sha256)) == .retry)
    #expect(client.carried == ["server ours 1 1"])
  }

  @Test("One request is repeated a bounded number of times whatever is asked of it")
  func bounded() {
    var client = Client()
    client.begin()
    var repetitions = 0
    for turn in 0..<100 {
      guard client.meets(.sample("n\(turn)", turn % 2 == 0 ? .server : .proxy, realm: "r\(turn % 7)", isStale: true)) == .retry else { break }
      repetitions += 1
    }
    #expect((1...AuthenticationLimits.spaces * AuthenticationLimits.answers).contains(repetitions))
    #expect(client.carried.count <= AuthenticationLimits.spaces)
  }

  @Test("A rejected nonce is not used again: the next request asks to be challenged")
  func forgotten() {
    var client = Client()
    client.begin()
    _ = client.meets(.sample("1"))
    #expect(client.meets(.sample("2")) == .refused(.rejected(bytes("r"))))
    client.begin()
    #expect(client.carried == [])
  }

  @Test("Of more protection spaces than are kept, the one used longest ago gives way")
  func oldest() {
    var client = Client()
    for realm in 0...AuthenticationLimits.spaces {
      client.begin()
      client.trial = Trial()
      #expect(client.meets(.sample("n", realm: "r\(realm)")) == .retry)
    }
    client.begin()
    #expect(client.carried.count == AuthenticationLimits.spaces)
    #expect(!client.carried.contains { $0.hasPrefix("server r0 ") })
  }

  @Test("A cnonce differs from nonce to nonce and shows nothing of the generator")
  func clientNonce() throws {
    var client = Client()
    var seen: Set<[UInt8]> = []
    for turn in 0..<10 {
      client.begin()
      client.trial = Trial()
      _ = client.meets(.sample("\(turn)"))
      let clientNonce = try #require(Credentials(parsing: client.trial.steps[0].field[...])?.clientNonce)
      seen.insert(clientNonce)
    }
    #expect(seen.count == 10 && seen.allSatisfy { $0.count == 32 })
  }
}
