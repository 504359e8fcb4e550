import Authentication
import Testing
import Timing

@Suite struct ChallengerTests {
  private var random = RandomSource(seed: 5)
  private var challenger: Challenger
  private var client = Client()
  private var now = Instant(nanoseconds: 0) + .seconds(1_000)

  init() { challenger = Challenger(realm: bytes("r"), algorithms: [.sha256, .md5], lifetime: .seconds(60), random: &random) }

  /// What the client's request carries, judged.
  private mutating func judge(password: String? = "zanzibar", _ request: Credentials.Request? = nil) throws -> Challenger.Verdict {
    let credentials = try #require(Credentials(parsing: (client.trial.steps.first?.field ?? [])[...]))
    return challenger.judge(credentials, password: password.map(bytes), request ?? client.request, at: now)
  }
  private mutating func challenge() {
    client.begin()
    client.trial = Trial()
    let challenges = challenger.challenges(.server, at: now)
    #expect(challenges.map(\.algorithm) == [.sha256, .md5])
    #expect(client.authenticator.answer(challenges, &client.trial, client.request, random: &random) == .retry)
  }

  @Test("Who was challenged and knows the password is let in; who does not is not, nor an unknown user — RFC 7616 3.4")
  mutating func password() throws {
    challenge()
    expect(try judge(password: "other"), .refused)
    expect(try judge(password: nil), .refused)
    expect(try judge(.init("BYE", "sip:bob@biloxi.com")), .refused)
    expect(try judge(.init("INVITE", "sip:alice@biloxi.com")), .refused)
    expect(try judge(), .accepted)
  }

  @Test("The same credentials are taken once; later counts are, in any order within the window — RFC 7616 3.4")
  mutating func replay() throws {
    challenge()
    expect(try judge(), .accepted)
    expect(try judge(), .stale)
    var kept: [Trial] = []
    for _ in 0..<70 {
      client.begin()
      kept.append(client.trial)
    }
    for trial in [kept[2], kept[0], kept[1], kept[69]] {
      client.trial = trial
      expect(try judge(), .accepted)
      expect(try judge(), .stale)
    }
    // More than the window behind the highest.
    client.trial = kept[3]
    expect(try judge(), .stale)
    client.trial = kept[68]
    expect(try judge(), .accepted)
  }

  @Test("A nonce that is too old is stale; one we did not make is not — RFC 7616 3.3")
  mutating func age() throws {
    challenge()
    now = now + .seconds(60)
    expect(try judge(), .accepted)
    client.begin()
    now = now + .milliseconds(1)
    expect(try judge(), .stale)
    var other = Challenger(realm: bytes("r"), algorithms: [.sha256, .md5], lifetime: .seconds(60), random: &random)
    let credentials = try #require(Credentials(parsing: client.trial.steps[0].field[...]))
    expect(other.judge(credentials, password: bytes("zanzibar"), client.request, at: now), .refused)
  }

  @Test("More nonces in use than are followed: the oldest become stale early, and nothing can be replayed")
  mutating func bound() throws {
    challenge()
    expect(try judge(), .accepted)
    let first = client.trial
    for _ in 0..<AuthenticationLimits.nonces {
      now = now + .milliseconds(1)
      challenge()
      expect(try judge(), .accepted)
    }
    client.trial = first
    expect(try judge(), .stale)
  }

  private func expect(_ found: Challenger.Verdict, _ wanted: Challenger.Verdict, _ location: SourceLocation = #_sourceLocation) {
    #expect(found == wanted, sourceLocation: location)
  }
}
