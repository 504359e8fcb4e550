public import Timing

/// The server side of digest authentication for one realm (RFC 7616 3.3 to 3.5, RFC 3261 22.4, RFC 8760): nonces, and the verdict on credentials.
///
/// Nonces are stateless: the time and a keyed hash of it, so that strangers cost no memory; one that is too old is `stale`. Replays are found by the
/// nonce count: of the nonces in use the highest count and the 64 before it are remembered. Bound: `AuthenticationLimits.nonces`; when more are in
/// use at a time, those made before the one that gave way become stale early. `auth` only; RFC 2069's form, which could be replayed, is not taken.
///
/// One challenge for each algorithm, the first of the list topmost (RFC 8760 2.3).
public struct Challenger: Sendable {
  public let realm: [UInt8]
  private let key: [UInt8]
  private let algorithms: [DigestAlgorithm]
  private let lifetime: Gap
  /// In the order of their first use.
  private var used: [Use] = []
  private var oldestAllowed = Instant(nanoseconds: .min)

  private struct Use: Sendable {
    var made: Instant
    var nonce: [UInt8]
    var highest: UInt32
    /// Bit n: count `highest` - n was seen.
    var seen: UInt64
  }

  public enum Verdict: Sendable, Equatable {
    case accepted
    /// No credentials for this realm, or wrong ones: challenge anew.
    case refused
    /// The right secret with a nonce that is too old or was used so before: challenge anew with `stale`.
    case stale
  }

  public init(realm: [UInt8], algorithms: [DigestAlgorithm], lifetime: Gap, random: inout RandomSource) {
    self.realm = realm
    self.algorithms = algorithms
    self.lifetime = lifetime
    key = (0..<4).flatMap { _ in Hexadecimal.digits(of: random.next()) }
  }

  public func challenges(_ origin: Challenge.Origin, isStale: Bool = false, at now: Instant) -> [Challenge] {
    guard let nonce = nonce(made: now) else { return [] }
    return algorithms.map { Challenge(origin: origin, realm: realm, nonce: nonce, algorithm: $0, isStale: isStale) }
  }

  /// `password`: of the user the credentials name, `nil` for nobody we know.
  public mutating func judge(_ credentials: Credentials, password: [UInt8]?, _ request: Credentials.Request, at now: Instant) -> Verdict {
    guard credentials.realm == realm, algorithms.contains(credentials.algorithm), !credentials.isSession, credentials.protection == .auth,
      credentials.uri == request.uri, let made = time(of: credentials.nonce)
    else { return .refused }
    let proof = credentials.expected(password: password ?? [], request)
    guard password != nil, let proof, Self.isEqual(proof, credentials.response) else { return .refused }
    guard made <= now, now.since(made) <= lifetime, made >= oldestAllowed else { return .stale }
    return isNew(credentials, made: made) ? .accepted : .stale
  }

  private mutating func isNew(_ credentials: Credentials, made: Instant) -> Bool {
    guard let index = used.firstIndex(where: { $0.nonce == credentials.nonce }) else {
      if used.count >= AuthenticationLimits.nonces {
        let gone = used.removeFirst()
        oldestAllowed = max(oldestAllowed, Instant(nanoseconds: gone.made.nanoseconds &+ 1))
      }
      used.append(Use(made: made, nonce: credentials.nonce, highest: credentials.count, seen: 1))
      return made >= oldestAllowed
    }
    let highest = used[index].highest
    if credentials.count > highest {
      let step = credentials.count - highest
      used[index].seen = step < 64 ? used[index].seen << UInt64(step) | 1 : 1
      used[index].highest = credentials.count
      return true
    }
    let back = highest - credentials.count
    guard back < 64, used[index].seen & 1 << UInt64(back) == 0 else { return false }
    used[index].seen |= 1 << UInt64(back)
    return true
  }

  private func nonce(made: Instant) -> [UInt8]? {
    let time = Hexadecimal.digits(of: UInt64(bitPattern: made.nanoseconds))
    return KeyedSum.digits(of: time + realm, key: key, bytes: 16).map { time + $0 }
  }
  private func time(of nonce: [UInt8]) -> Instant? {
    guard nonce.count == 48, let bits = Hexadecimal.value(nonce.prefix(16)) else { return nil }
    let made = Instant(nanoseconds: Int64(bitPattern: bits))
    return self.nonce(made: made).flatMap { Self.isEqual($0, nonce) ? made : nil }
  }

  /// In a time that says nothing of where they differ.
  private static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && zip(a, b).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
