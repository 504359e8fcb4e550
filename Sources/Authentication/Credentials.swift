/// The value of Authorization or Proxy-Authorization (RFC 7616 3.4): what was asked, and the proof.
public struct Credentials: Sendable, Equatable {
  public var user: [UInt8]
  public var realm: [UInt8]
  public var nonce: [UInt8]
  public var uri: [UInt8]
  public var response: [UInt8]
  public var opaque: [UInt8]?
  public var algorithm: DigestAlgorithm
  public var isSession: Bool
  public var protection: Challenge.Protection
  /// Of a nonce's uses this is number so many; nothing in RFC 2069's form.
  public var count: UInt32
  public var clientNonce: [UInt8]?

  /// What a request proves itself by.
  public struct Request {
    public var method: [UInt8]
    public var uri: [UInt8]
    public var body: ArraySlice<UInt8>
    public init(method: [UInt8], uri: [UInt8], body: ArraySlice<UInt8>) {
      self.method = method
      self.uri = uri
      self.body = body
    }
  }

  /// The answer to a challenge; `nil` where the library refuses the algorithm, or the URI could not stand between quotes.
  init?(_ challenge: Challenge, _ account: Account, _ request: Request, count: UInt32, clientNonce: [UInt8]) {
    guard !request.uri.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else { return nil }
    user = account.user
    realm = challenge.realm
    nonce = challenge.nonce
    uri = request.uri
    response = []
    opaque = challenge.opaque
    algorithm = challenge.algorithm
    isSession = challenge.isSession
    protection = challenge.protection
    self.count = count
    // RFC 2617 3.2.2: no cnonce without qop; a session can not do without.
    self.clientNonce = challenge.protection == .legacy && !challenge.isSession ? nil : clientNonce
    guard let proof = expected(password: account.password, request) else { return nil }
    response = proof
  }

  /// One field's value as a client sent it; `nil`: no digest credentials, or not well-formed.
  public init?(parsing field: ArraySlice<UInt8>) {
    guard let lists = ParameterList.all(in: field), lists.count == 1, let list = lists.first, list.isDigest,
      let user = list.value("username", quoted: true), let realm = list.value("realm", quoted: true), let nonce = list.value("nonce", quoted: true),
      let uri = list.value("uri", quoted: true), let response = list.value("response"),
      let algorithm = list.has("algorithm") ? list.value("algorithm").flatMap({ DigestAlgorithm.named($0) }) : (.md5, false)
    else { return nil }
    self.user = Array(user)
    self.realm = Array(realm)
    self.nonce = Array(nonce)
    self.uri = Array(uri)
    self.response = response.map(\.lowercased)
    opaque = list.value("opaque", quoted: true).map { Array($0) }
    self.algorithm = algorithm.algorithm
    isSession = algorithm.isSession
    clientNonce = list.value("cnonce", quoted: true).map { Array($0) }
    count = 0
    guard let quality = list.value("qop") else {
      protection = .legacy
      return
    }
    guard quality.matches("auth") || quality.matches("auth-int"), clientNonce != nil, let digits = list.value("nc", quoted: false), digits.count == 8,
      let number = Hexadecimal.value(digits)
    else { return nil }
    protection = quality.matches("auth") ? .auth : .authInt
    count = UInt32(truncatingIfNeeded: number)
  }

  /// The proof that this password gives (RFC 7616 3.4.1 to 3.4.3).
  func expected(password: [UInt8], _ request: Request) -> [UInt8]? {
    func hash(_ parts: [[UInt8]]) -> [UInt8]? { algorithm.digits(of: Array(parts.joined(separator: [UInt8(ascii: ":")]))) }
    guard var secret = hash([user, realm, password]) else { return nil }
    if isSession {
      guard let sum = hash([secret, nonce, clientNonce ?? []]) else { return nil }
      secret = sum
    }
    var asked = [request.method, uri]
    if protection == .authInt {
      guard let sum = algorithm.digits(of: Array(request.body)) else { return nil }
      asked.append(sum)
    }
    guard let what = hash(asked) else { return nil }
    switch protection {
    case .legacy: return hash([secret, nonce, what])
    case .auth: return hash([secret, nonce, Hexadecimal.digits(of: count), clientNonce ?? [], Array("auth".utf8), what])
    case .authInt: return hash([secret, nonce, Hexadecimal.digits(of: count), clientNonce ?? [], Array("auth-int".utf8), what])
    }
  }

  /// As a header value.
  public var encoded: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(320)
    func quoted(_ name: StaticString, _ value: [UInt8]) {
      out.append(name)
      out.append("=\"")
      out += value
      out.append("\"")
    }
    quoted("Digest username", user)
    quoted(", realm", realm)
    quoted(", nonce", nonce)
    quoted(", uri", uri)
    quoted(", response", response)
    if let opaque { quoted(", opaque", opaque) }
    out.append(", algorithm=")
    out.append(algorithm.name)
    if isSession { out.append("-sess") }
    if let clientNonce { quoted(", cnonce", clientNonce) }
    if protection != .legacy {
      out.append(protection == .auth ? ", qop=auth, nc=" : ", qop=auth-int, nc=")
      out += Hexadecimal.digits(of: count)
    }
    return out
  }
}
