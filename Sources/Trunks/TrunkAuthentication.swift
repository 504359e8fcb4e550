public import Authentication
import Configuration
public import SIP
public import Timing

/// What one trunk has to do with digest authentication: its account, if it has one, and what is wrong with it.
///
/// A trunk is asked for credentials by its own account or not at all: no realm, no header and no other trunk ever chooses one. That challenge and
/// request are the trunk's own (their addresses) is for the caller to see to, who knows the source.
struct TrunkAuthentication {
  var authenticator: Authenticator?
  /// Since the peer last took a request: why its challenge was not answered, for call records and `show peers`.
  var refusal: String?

  init(_ account: Configuration.Account?, keeping old: TrunkAuthentication?) {
    guard let account = account.map({ Account($0) }) else { return }
    // The same account goes on with the nonces it knows.
    if let known = old, known.authenticator?.account == account { self = known } else { authenticator = Authenticator(account: account) }
  }
}

extension TrunkTable {
  /// Credentials that a new request may carry at once; `nil`: the trunk has no account.
  public mutating func begin(_ request: SIPMessage, trunk: Int) -> Trial? {
    authentication[trunk].authenticator?.begin(Credentials.Request(request))
  }

  public func hasAccount(_ trunk: Int) -> Bool { authentication[trunk].authenticator != nil }

  /// A 401 or 407 to a request of the trunk. True: the request is to be sent again with what the trial now carries. False: it is refused, and
  /// `challengeRefusal` says why.
  public mutating func answer(_ response: SIPMessage, to request: SIPMessage, _ trial: inout Trial, trunk: Int, random: inout RandomSource) -> Bool {
    // RFC 3261 16.7 step 7: a proxy that forked puts the challenges of all branches into one response, whichever its status.
    let challenges =
      response.values(.proxyAuthenticate).flatMap { Challenge.all(in: $0, origin: .proxy) }
      + response.values(.wwwAuthenticate).flatMap { Challenge.all(in: $0, origin: .server) }
    guard let verdict = authentication[trunk].authenticator?.answer(challenges, &trial, Credentials.Request(request), random: &random) else { return false }
    let name = configuration.trunks[trunk].name
    switch verdict {
    case .retry: return true
    case .refused(.nothingAnswerable):
      refuseChallenge(trunk, "\(name) answered \(response.status) with no challenge that auth-algorithm of its account allows")
    case .refused(.foreignRealm(let realm)):
      refuseChallenge(trunk, "\(name) answered \(response.status) for realm \(Self.quoted(realm)), which is not auth-realm of its account")
    case .refused(.rejected(let realm)):
      refuseChallenge(trunk, "\(name) refused our credentials (\(response.status), realm \(Self.quoted(realm))): check auth-user and auth-password")
    }
    return false
  }

  /// `why`: one sentence that begins with the trunk's name.
  public mutating func refuseChallenge(_ trunk: Int, _ why: String) { authentication[trunk].refusal = why }
  public func challengeRefusal(of trunk: Int) -> String? { authentication[trunk].refusal }

  /// The peer took a request: whatever was wrong with the account is not any more.
  public mutating func tookRequest(_ trunk: Int) {
    if authentication[trunk].refusal != nil { authentication[trunk].refusal = nil }
  }

  /// From outside, for people: short, and without what could steer a terminal.
  private static func quoted(_ realm: [UInt8]) -> String {
    "\"" + String(decoding: realm.prefix(64).map { $0 < 0x20 || $0 > 0x7E ? UInt8(ascii: "?") : $0 }, as: UTF8.self) + "\""
  }
}

extension Account {
  init(_ configured: Configuration.Account) {
    let algorithms = configured.algorithms.map { algorithm -> DigestAlgorithm in
      switch algorithm {
      case .md5: .md5
      case .sha256: .sha256
      case .sha512Truncated256: .sha512Truncated256
      }
    }
    self.init(
      user: Array(configured.user.utf8), password: Array(configured.password.utf8), realm: configured.realm.map { Array($0.utf8) },
      algorithms: algorithms.isEmpty ? DigestAlgorithm.allCases : algorithms)
  }
}

extension Credentials.Request {
  public init(_ request: SIPMessage) { self.init(method: request.method.token, uri: Array(request.requestURI), body: request.body) }
}
