import Authentication
import Timing

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

extension Credentials.Request {
  init(_ method: String, _ uri: String, _ body: String = "") { self.init(method: bytes(method), uri: bytes(uri), body: bytes(body)[...]) }
}

extension Challenge {
  /// One of realm `r`.
  static func sample(
    _ nonce: String, _ origin: Origin = .server, realm: String = "r", _ algorithm: DigestAlgorithm = .md5, isStale: Bool = false
  ) -> Challenge {
    Challenge(origin: origin, realm: bytes(realm), nonce: bytes(nonce), algorithm: algorithm, isStale: isStale)
  }
}

/// An authenticator with its generator, and one request at a time.
struct Client {
  var authenticator: Authenticator
  var random = RandomSource(seed: 7)
  var trial = Trial()
  let request = Credentials.Request("INVITE", "sip:bob@biloxi.com")

  init(realm: String? = nil, algorithms: [DigestAlgorithm] = DigestAlgorithm.allCases) {
    authenticator = Authenticator(account: Account(user: bytes("bob"), password: bytes("zanzibar"), realm: realm.map(bytes), algorithms: algorithms))
  }
  mutating func begin() { trial = authenticator.begin(request) }
  mutating func meets(_ challenges: Challenge...) -> Authenticator.Verdict {
    authenticator.answer(challenges, &trial, request, random: &random)
  }
  /// What the request carries: origin, realm, nonce, nonce count.
  var carried: [String] {
    trial.steps.compactMap { step in
      guard !step.field.isEmpty, let parsed = Credentials(parsing: step.field[...]) else { return nil }
      return "\(step.origin) \(text(parsed.realm)) \(text(parsed.nonce)) \(parsed.count)"
    }
  }
}
