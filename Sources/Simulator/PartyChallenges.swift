import Authentication
import SIP
import Timing

// A party that wants to know who calls: it challenges INVITE, re-INVITE and BYE at random, as a proxy, as the server behind it or as both, forgets
// nonces early, and takes what proves itself.
extension SimulatedParty {
  /// What its trunk has an account for.
  static func user(of party: Party) -> String { String(decoding: party.mark, as: UTF8.self) + "user" }
  static func password(of party: Party) -> String { String(decoding: party.mark, as: UTF8.self) + "password" }
  static func realm(of party: Party, _ origin: Challenge.Origin) -> String {
    String(decoding: party.mark, as: UTF8.self) + (origin == .proxy ? "-edge" : "-core")
  }

  static func newChallengers(_ party: Party, _ manners: Knobs.Manners, _ random: inout RandomSource) -> [Challenger] {
    guard manners.challenges > 0 else { return [] }
    return [Challenge.Origin.server, .proxy].map { origin in
      Challenger(
        realm: Array(realm(of: party, origin).utf8), algorithms: random.pick([[.md5], [.sha256, .md5], [.sha512Truncated256]]),
        lifetime: .milliseconds(manners.nonceMilliseconds), random: &random)
    }
  }

  /// Whether a request may pass; if not, it has its challenge.
  mutating func admits(_ request: SIPMessage, _ server: TransactionLayer.ServerID, at now: Instant) -> Bool {
    guard request.method == .invite || request.method == .bye, !challengers.isEmpty else { return true }
    var missing: [(origin: Challenge.Origin, isStale: Bool)] = []
    for (index, origin) in [Challenge.Origin.server, .proxy].enumerated() where manners.challengesAs.contains(origin) {
      switch judge(request, origin, index, at: now) {
      case .accepted: tally.proofs += 1
      case .refused: missing.append((origin, false))
      case .stale: missing.append((origin, true))
      }
    }
    // Who proves nothing may be lucky; who tried and failed is not.
    let hasTried = request.value(.authorization) != nil || request.value(.proxyAuthorization) != nil
    guard !missing.isEmpty, hasTried || random.chance(manners.challenges) else { return true }
    // A proxy stands before the server: often only one of them is heard at a time.
    if missing.count > 1, random.chance(50) { missing.removeFirst() }
    var refusal = response(missing[0].origin == .proxy ? 407 : 401, to: request, tag: bytes(token()), call: nil)
    for (origin, isStale) in missing {
      tally.challenges += 1
      for challenge in challengers[origin == .server ? 0 : 1].challenges(origin, isStale: isStale && random.chance(80), at: now) {
        refusal.append(origin == .proxy ? .proxyAuthenticate : .wwwAuthenticate, challenge.encoded)
      }
    }
    layer.respond(refusal, in: server, at: now)
    return false
  }

  private mutating func judge(_ request: SIPMessage, _ origin: Challenge.Origin, _ index: Int, at now: Instant) -> Challenger.Verdict {
    let proof = Credentials.Request(method: request.method.token, uri: Array(request.requestURI), body: request.body)
    for value in request.values(origin == .proxy ? .proxyAuthorization : .authorization) {
      guard let credentials = Credentials(parsing: value), credentials.realm == challengers[index].realm else { continue }
      let isKnown = credentials.user == bytes(SimulatedParty.user(of: party))
      return challengers[index].judge(credentials, password: isKnown ? bytes(SimulatedParty.password(of: party)) : nil, proof, at: now)
    }
    return .refused
  }
}
