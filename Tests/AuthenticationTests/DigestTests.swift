import Testing

@testable import Authentication

@Suite struct DigestTests {
  struct Example: Sendable, CustomTestStringConvertible {
    var name: String
    var user: String, password: String, realm: String, nonce: String, clientNonce: String
    var method: String, uri: String
    var body = ""
    var algorithm = DigestAlgorithm.md5
    var isSession = false
    var protection = Challenge.Protection.auth
    var response: String
    var testDescription: String { name }
  }

  private static func web(_ name: String, _ algorithm: DigestAlgorithm, _ response: String) -> Example {
    Example(
      name: name, user: "Mufasa", password: "Circle of Life", realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
      clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", method: "GET", uri: "/dir/index.html", algorithm: algorithm, response: response)
  }
  private static func call(
    _ name: String, _ algorithm: DigestAlgorithm, isSession: Bool = false, _ response: String, _ protection: Challenge.Protection = .auth
  ) -> Example {
    Example(
      name: name, user: "bob", password: "zanzibar", realm: "biloxi.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", clientNonce: "0a4f113b",
      method: "INVITE", uri: "sip:bob@biloxi.com", body: "v=0\r\n", algorithm: algorithm, isSession: isSession, protection: protection, response: response)
  }
  static let examples: [Example] = [
    web("RFC 7616 3.9.1, MD5", .md5, "8ca523f5e9506fed4657c9700eebdbec"),
    web("RFC 7616 3.9.1, SHA-256", .sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    Example(
      name: "RFC 2617 3.5", user: "Mufasa", password: "Circle Of Life", realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
      clientNonce: "0a4f113b", method: "GET", uri: "/dir/index.html", response: "6629fae49393a05397450978507c4ef1"),
    Example(
      name: "RFC 2069 2.4, erratum 749", user: "Mufasa", password: "CircleOfLife", realm: "testrealm@host.com",
      nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", clientNonce: "", method: "GET", uri: "/dir/index.html", protection: .legacy,
      response: "1949323746fe6a43ef61f9606e7febea"),
    call("SIP, without qop", .md5, "bf57e4e0d0bffc0fbaedce64d59add5e", .legacy),
    call("SIP, MD5", .md5, "89eb0059246c02b2f6ee02c7961d5ea3"),
    call("SIP, MD5-sess", .md5, isSession: true, "e4e4ea61d186d07a92c9e1f6919902e9"),
    call("SIP, MD5, auth-int", .md5, "77226bb823dc077c1ad3537415667bae", .authInt),
    call("SIP, SHA-256-sess", .sha256, isSession: true, "5da59c9ca40954be9d5063a15a174066c8251be2c10cf47c144c366dc7daf792"),
    call("SIP, SHA-256, auth-int", .sha256, "554a9ffe79ce71c3cb6c9630deddd2787d8033f895e5cdef6a73c8e84ed4c979", .authInt),
    call("SIP, SHA-512-256-sess", .sha512Truncated256, isSession: true, "077d9677be83f41f162d1a4453dc163389919f81e5927391d972f477da767633"),
    call("SIP, SHA-512-256, auth-int", .sha512Truncated256, "e9a7fbc1c80a10421c59a0c982f28d40e0ddc7b62ef3dc4faf68f179c6e05922", .authInt),
  ]

  @Test("The digest is the RFCs' own, for every algorithm, session and quality of protection — RFC 7616 3.4, RFC 2617 3.5, RFC 2069", arguments: examples)
  func response(_ example: Example) throws {
    let challenge = Challenge(
      origin: .server, realm: bytes(example.realm), nonce: bytes(example.nonce), algorithm: example.algorithm, isSession: example.isSession,
      protection: example.protection)
    let credentials = try #require(
      Credentials(
        challenge, Account(user: bytes(example.user), password: bytes(example.password)), .init(example.method, example.uri, example.body), count: 1,
        clientNonce: bytes(example.clientNonce)))
    #expect(text(credentials.response) == example.response)
  }

  @Test("Credentials as written are read back the same, and prove the same", arguments: examples)
  func roundTrip(_ example: Example) throws {
    let challenge = Challenge(
      origin: .server, realm: bytes(example.realm), nonce: bytes(example.nonce), opaque: bytes("o\\\"p"), algorithm: example.algorithm,
      isSession: example.isSession, protection: example.protection)
    let request = Credentials.Request(example.method, example.uri, example.body)
    let account = Account(user: bytes(example.user), password: bytes(example.password))
    var written = try #require(Credentials(challenge, account, request, count: 0xAB, clientNonce: bytes(example.clientNonce)))
    let read = try #require(Credentials(parsing: written.encoded[...]))
    if example.protection == .legacy { written.count = 0 }
    #expect(read == written)
    #expect(read.expected(password: account.password, request) == written.response)
    #expect(read.expected(password: bytes("other"), request) != written.response)
  }

  @Test("Without qop there is neither nonce count nor cnonce — RFC 2617 3.2.2")
  func legacyForm() throws {
    let challenge = Challenge(origin: .server, realm: bytes("r"), nonce: bytes("n"), protection: .legacy)
    let credentials = try #require(
      Credentials(challenge, Account(user: bytes("u"), password: bytes("p")), .init("BYE", "sip:x"), count: 3, clientNonce: bytes("c")))
    #expect(
      text(credentials.encoded) == "Digest username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:x\", response=\"\(text(credentials.response))\", algorithm=MD5")
  }

  @Test("Neither the text of an account nor its mirror shows the password")
  func secret() {
    let account = Account(user: bytes("u"), password: bytes("hunter2"))
    var dumped = ""
    dump(account, to: &dumped)
    for shown in ["\(account)", String(reflecting: account), dumped, "\(Authenticator(account: account))"] {
      #expect(!shown.contains("hunter2") && !shown.contains("104, 117, 110"), "\(shown)")
    }
  }
}
