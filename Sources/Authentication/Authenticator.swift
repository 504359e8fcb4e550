public import Timing

/// The client side of digest authentication for one account (RFC 3261 22, RFC 7616, RFC 8760): which challenges are answered, with which nonce,
/// and when it is enough. Whoever owns it sees to it that challenges and requests are those of the account's own trunk.
///
/// What was learnt stays: a *protection space* (origin and realm) keeps its last challenge, so that the next request goes out with credentials at
/// once and the nonce count goes up. What one request has been through is its `Trial`, which belongs to the request.
///
/// ```
///              from the cache, or without             challenge              same, but stale             anything more
///   (request) ────────────────────────▶ answers 0 ─────────────▶ answers 1 ──────────────▶ answers 2 ──────────▶ refused
/// ```
/// A cached nonce that is not taken costs nothing of that: servers forget nonces and not all say `stale`. The same nonce again is a refusal, whatever
/// it says. Each request ends after at most `AuthenticationLimits.spaces * answers` repetitions. Not done: `userhash`, `nextnonce`, `rspauth`.
public struct Authenticator: Sendable {
  public let account: Account
  private var spaces: [Space] = []
  private var clock: UInt64 = 0

  private struct Space: Sendable {
    var challenge: Challenge
    /// RFC 7616 3.4: one for each nonce will do, since the nonce count differs.
    var clientNonce: [UInt8]
    /// How often the nonce was used.
    var count: UInt32 = 0
    var usedAt: UInt64
  }

  public init(account: Account) { self.account = account }

  /// Why a challenge is not answered.
  public enum Refusal: Sendable, Equatable {
    /// None that we can answer: no digest, no algorithm that the account allows, or nothing readable.
    case nothingAnswerable
    /// The account answers another realm only.
    case foreignRealm([UInt8])
    /// It was answered, and that was not enough.
    case rejected([UInt8])
  }
  public enum Verdict: Sendable, Equatable {
    /// Send the request again with what the trial now carries.
    case retry
    case refused(Refusal)
  }

  /// A new request: what is known goes along at once.
  public mutating func begin(_ request: Credentials.Request) -> Trial {
    var trial = Trial()
    for index in spaces.indices where trial.steps.count < AuthenticationLimits.spaces {
      trial.steps.append(Trial.Step(origin: spaces[index].challenge.origin, realm: spaces[index].challenge.realm))
    }
    fill(&trial, request)
    return trial
  }

  /// The challenges of one response to what the trial carried.
  public mutating func answer(
    _ challenges: [Challenge], _ trial: inout Trial, _ request: Credentials.Request, random: inout RandomSource
  ) -> Verdict {
    var isAnswered = false
    var foreign: [UInt8]?
    var seen: [(origin: Challenge.Origin, realm: [UInt8])] = []
    for challenge in challenges.prefix(AuthenticationLimits.challenges) where account.algorithms.contains(challenge.algorithm) {
      // RFC 8760 2.4: of several for one realm the topmost that we support.
      if seen.contains(where: { $0.origin == challenge.origin && $0.realm == challenge.realm }) { continue }
      seen.append((challenge.origin, challenge.realm))
      if let own = account.realm, own != challenge.realm {
        foreign = foreign ?? challenge.realm
        continue
      }
      guard trial.admits(challenge) else {
        spaces.removeAll { $0.challenge.origin == challenge.origin && $0.challenge.realm == challenge.realm }
        return .refused(.rejected(challenge.realm))
      }
      learn(challenge, &random)
      isAnswered = true
    }
    guard isAnswered else { return .refused(foreign.map { .foreignRealm($0) } ?? .nothingAnswerable) }
    fill(&trial, request)
    return trial.steps.contains { !$0.field.isEmpty } ? .retry : .refused(.nothingAnswerable)
  }

  private mutating func learn(_ challenge: Challenge, _ random: inout RandomSource) {
    // Requests that left together are asked together; the nonce of one must not begin anew for the next.
    if let index = index(of: challenge.origin, challenge.realm), spaces[index].challenge.nonce == challenge.nonce {
      spaces[index].challenge = challenge
      return
    }
    // Hashed, so that the generator's own state does not go over the wire.
    let drawn = Hexadecimal.digits(of: random.next()) + Hexadecimal.digits(of: random.next())
    let space = Space(challenge: challenge, clientNonce: Array((DigestAlgorithm.sha256.digits(of: drawn) ?? drawn).prefix(32)), usedAt: tick())
    if let index = index(of: challenge.origin, challenge.realm) {
      spaces[index] = space
    } else if spaces.count < AuthenticationLimits.spaces {
      spaces.append(space)
    } else if let oldest = spaces.indices.min(by: { spaces[$0].usedAt < spaces[$1].usedAt }) {
      spaces[oldest] = space
    }
  }

  /// Computes what each step of the trial carries now. A space that another request has learnt anew meanwhile gives its new nonce.
  private mutating func fill(_ trial: inout Trial, _ request: Credentials.Request) {
    for index in trial.steps.indices {
      let step = trial.steps[index]
      trial.steps[index].field = []
      guard let space = self.index(of: step.origin, step.realm) else { continue }
      guard spaces[space].count < .max else {
        spaces.remove(at: space)
        continue
      }
      spaces[space].count += 1
      spaces[space].usedAt = tick()
      let credentials = Credentials(
        spaces[space].challenge, account, request, count: spaces[space].count, clientNonce: spaces[space].clientNonce)
      trial.steps[index].nonce = spaces[space].challenge.nonce
      trial.steps[index].field = credentials?.encoded ?? []
    }
  }

  private func index(of origin: Challenge.Origin, _ realm: [UInt8]) -> Int? {
    spaces.firstIndex { $0.challenge.origin == origin && $0.challenge.realm == realm }
  }
  private mutating func tick() -> UInt64 {
    clock &+= 1
    return clock
  }
}

/// What one request has been through: the protection spaces it proves itself to, with the header values it carries for them.
public struct Trial: Sendable, Equatable {
  public struct Step: Sendable, Equatable {
    public var origin: Challenge.Origin
    public var realm: [UInt8]
    /// Of the credentials carried; empty before the first.
    public var nonce: [UInt8] = []
    /// Challenges of this space that were answered for this request; 0: what it carries came from the cache.
    public var answers = 0
    /// The value of Authorization or Proxy-Authorization; empty: none.
    public var field: [UInt8] = []
    public init(origin: Challenge.Origin, realm: [UInt8]) {
      self.origin = origin
      self.realm = realm
    }
  }
  public var steps: [Step] = []
  public init() {}

  /// Whether one more challenge of its space may be answered; then it is counted.
  mutating func admits(_ challenge: Challenge) -> Bool {
    guard let index = steps.firstIndex(where: { $0.origin == challenge.origin && $0.realm == challenge.realm }) else {
      guard steps.count < AuthenticationLimits.spaces else { return false }
      var step = Step(origin: challenge.origin, realm: challenge.realm)
      step.answers = 1
      steps.append(step)
      return true
    }
    guard challenge.nonce != steps[index].nonce else { return false }
    // RFC 3261 22.2: credentials that were just rejected are not sent again; `stale` says that only the nonce was.
    guard steps[index].answers == 0 || (challenge.isStale && steps[index].answers < AuthenticationLimits.answers) else { return false }
    steps[index].answers += 1
    return true
  }
}
