import Glibc
import Testing

@testable import TLS

/// Two sessions joined in memory.
@Suite struct SessionTests {
  /// Well inside the lives of certificates that are made in the next minutes.
  static let now = Int64(time(nil)) + 3_600
  let authority: Authority

  init() throws { authority = try Authority() }

  private func context(
    _ role: TLSContext.Role, _ files: Authority.Files?, further: [Authority.Files] = [], trust: [UInt8]? = nil,
    _ verification: TLSContext.Verification = .required
  ) throws -> TLSContext {
    func identity(_ files: Authority.Files) throws -> TLSIdentity { try TLSIdentity(chain: files.chain, key: files.key) }
    return try TLSContext(
      role, identity: files.map(identity), further: further.map(identity), trust: try TLSTrust(trust ?? authority.root), verification: verification)
  }
  private func session(_ context: TLSContext, _ names: [String], isStrict: Bool = false, asking: String? = nil, at now: Int64 = Self.now) throws -> TLSSession {
    let candidates = names.enumerated().map { TLSSession.Candidate(id: $0, names: [$1], isStrict: isStrict) }
    return try #require(TLSSession(context, candidates: candidates, serverName: asking, now: now))
  }
  /// Carries bytes to and fro until nothing moves.
  private func join(_ client: TLSSession, _ server: TLSSession, step: Int = .max) {
    var moved = true
    while moved {
      moved = false
      for (from, to) in [(client, server), (server, client)] {
        _ = from.advance()
        var bytes = from.takeOutput()[...]
        while !bytes.isEmpty {
          moved = true
          to.receive(bytes.prefix(step))
          _ = to.advance()
          bytes = bytes.dropFirst(step)
        }
      }
    }
  }
  private func text(_ session: TLSSession) -> String {
    var buffer = [UInt8](repeating: 0, count: 16_384)
    var text: [UInt8] = []
    while case .bytes(let count) = session.read(into: &buffer) { text += buffer[..<count] }
    return String(decoding: text, as: UTF8.self)
  }
  /// A client with this certificate at a server that knows the names.
  private func offered(
    _ files: Authority.Files?, known: [String] = ["pbx.example.com"], isStrict: Bool = false, at now: Int64 = Self.now,
    _ verification: TLSContext.Verification = .required
  ) throws -> TLSSession {
    let own = try authority.issue("server", "subjectAltName=DNS:sbc.example.com")
    let client = try session(context(.client, files), ["sbc.example.com"])
    let server = try session(context(.server, own, verification), known, isStrict: isStrict, at: now)
    join(client, server)
    return server
  }

  @Test("Both ends show certificates, know each other by name, and texts cross, also byte by byte", arguments: [Int.max, 1])
  func mutual(_ step: Int) throws {
    defer { authority.remove() }
    let client = try session(
      context(.client, authority.issue("pbx", "subjectAltName=DNS:pbx.example.com")), ["sbc.example.com"], asking: "sbc.example.com")
    let server = try session(context(.server, authority.issue("sbc", "subjectAltName=DNS:sbc.example.com")), ["itsp.example.com", "pbx.example.com"])
    join(client, server, step: step)
    #expect(client.phase == .established)
    #expect(server.phase == .established)
    #expect(server.identified == [1])
    #expect(client.identified == [0])
    #expect(client.version == "TLSv1.3")
    #expect(client.peer?.names.domains == ["sbc.example.com"])
    client.write(Array("hello".utf8))
    server.receive(client.takeOutput()[...])
    #expect(text(server) == "hello")
    let long = String(repeating: "x", count: 100_000)
    server.write(Array(long.utf8))
    client.receive(server.takeOutput()[...])
    #expect(text(client).utf8.count == long.utf8.count)
    server.finish()
    client.receive(server.takeOutput()[...])
    #expect(text(client).isEmpty)
    #expect(client.phase == .ended)
  }

  @Test("A client certificate for servers only is taken, one for neither is not — decided")
  func uses() throws {
    defer { authority.remove() }
    let san = "subjectAltName=DNS:pbx.example.com"
    for usage in ["serverAuth", "clientAuth", "1.3.6.1.5.5.7.3.20", "anyExtendedKeyUsage", "serverAuth,clientAuth"] {
      #expect(try offered(authority.issue("c", san + "\\nextendedKeyUsage=\(usage)")).phase == .established, "\(usage)")
    }
    #expect(try offered(authority.issue("c", san + "\\nextendedKeyUsage=emailProtection")).phase == .failed(.wrongUse))
  }

  @Test("A server's certificate that is for clients only is not taken — RFC 5280 4.2.1.12")
  func serverUse() throws {
    defer { authority.remove() }
    let client = try session(context(.client, nil), ["sbc.example.com"])
    let own = try authority.issue("s", "subjectAltName=DNS:sbc.example.com\\nextendedKeyUsage=clientAuth")
    let server = try session(context(.server, own, .off), [])
    join(client, server)
    #expect(client.phase == .failed(.wrongUse))
  }

  @Test("What a certificate must not be: absent, expired, early, of strangers, of itself, of another name — RFC 5280 6, RFC 5922 7")
  func refusals() throws {
    defer { authority.remove() }
    let san = "subjectAltName=DNS:pbx.example.com"
    #expect(try offered(nil).phase == .failed(.missing))
    let good = try authority.issue("good", san)
    #expect(try offered(good).phase == .established)
    guard case .failed(.expired(let end)) = try offered(good, at: Self.now + 29 * 86_400).phase else { return #expect(Bool(false), "an expired one is taken") }
    #expect(TLSFailure.expired(end).text("peer acme") == "certificate of peer acme expired on \(day(end))")
    guard case .failed(.notYetValid) = try offered(authority.issue("early", san, notBefore: "20900101000000Z")).phase else {
      return #expect(Bool(false), "one of the future is taken")
    }
    #expect(try offered(authority.issue("self", san, selfSigned: true)).phase == .failed(.selfSigned))
    let stranger = try Authority("Another CA")
    defer { stranger.remove() }
    #expect(try offered(stranger.issue("x", san)).phase == .failed(.unknownAuthority(issuer: "CN=Another CA")))
    #expect(try offered(good, known: ["itsp.example.com"]).phase == .failed(.wrongName(names: ["pbx.example.com"])))
    #expect(try offered(authority.issue("cn", "", subject: "/CN=pbx.example.com")).phase == .failed(.wrongName(names: [])))
    #expect(try offered(authority.issue("wild", "subjectAltName=DNS:*.example.com")).phase == .established)
    #expect(try offered(authority.issue("wild", "subjectAltName=DNS:*.example.com"), isStrict: true).phase == .failed(.wrongName(names: ["*.example.com"])))
  }

  @Test("A self-signed certificate is trusted when it is itself in the trust-file")
  func pinned() throws {
    defer { authority.remove() }
    let own = try authority.issue("self", "subjectAltName=DNS:sbc.example.com", selfSigned: true)
    let client = try session(context(.client, nil, trust: own.chain), ["sbc.example.com"])
    let server = try session(context(.server, own, .off), [])
    join(client, server)
    #expect(client.phase == .established)
  }

  @Test("The other end learns why it was refused by an alert")
  func alerts() throws {
    defer { authority.remove() }
    let client = try session(context(.client, authority.issue("x", "subjectAltName=DNS:x.example.com")), ["sbc.example.com"])
    let server = try session(context(.server, authority.issue("s", "subjectAltName=DNS:other.example.com")), ["x.example.com"])
    join(client, server)
    #expect(client.phase == .failed(.wrongName(names: ["other.example.com"])))
    guard case .failed(.refused) = server.phase else { return #expect(Bool(false), "\(server.phase)") }
  }

  @Test("With optional, who shows no certificate is taken and stays unknown; who shows a wrong one is refused")
  func optional() throws {
    defer { authority.remove() }
    let none = try offered(nil, .optional)
    #expect(none.phase == .established)
    #expect(none.identified == nil)
    #expect(try offered(authority.issue("w", "subjectAltName=DNS:w.example.com"), .optional).phase == .failed(.wrongName(names: ["w.example.com"])))
  }

  @Test("With verification off anybody is taken and nobody is known")
  func off() throws {
    defer { authority.remove() }
    let server = try offered(authority.issue("self", "subjectAltName=DNS:pbx.example.com", selfSigned: true), .off)
    #expect(server.phase == .established)
    #expect(server.identified == nil)
  }

  @Test("The identity for the server name that was asked for is presented, else the first — RFC 6066 section 3")
  func serverNames() throws {
    defer { authority.remove() }
    let (first, second) = (try authority.issue("one", "subjectAltName=DNS:one.example.com"), try authority.issue("two", "subjectAltName=DNS:two.example.com"))
    let context = try context(.server, first, further: [second], .off)
    for (asked, shown) in [("two.example.com", "two.example.com"), ("one.example.com", "one.example.com"), ("three.example.com", "one.example.com")] {
      let client = try session(self.context(.client, nil), [shown], asking: asked)
      join(client, try session(context, []))
      #expect(client.phase == .established, "\(asked)")
    }
    let silent = try session(self.context(.client, nil), ["one.example.com"])
    join(silent, try session(context, []))
    #expect(silent.phase == .established)
  }

  @Test("What is no TLS is told apart, and changes nothing else", arguments: ["OPTIONS sip:a SIP/2.0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n\r\n"])
  func clear(_ text: String) throws {
    defer { authority.remove() }
    let server = try session(context(.server, authority.issue("s", "subjectAltName=DNS:s.example.com"), .off), [])
    server.receive(Array(text.utf8)[...])
    #expect(server.advance() == .failed(.notTLS))
  }

  @Test("Keys and certificates that do not belong together, are no PEM, are encrypted or too short are refused with the part that is wrong")
  func files() throws {
    defer { authority.remove() }
    let (one, two) = (try authority.issue("one", ""), try authority.issue("two", ""))
    #expect(throws: TLSFileProblem.self) { try TLSIdentity(chain: one.chain, key: two.key) }
    #expect(throws: TLSFileProblem(.chain, "holds no certificate in PEM form")) { try TLSIdentity(chain: one.key, key: one.key) }
    #expect(throws: TLSFileProblem(.key, "holds no private key in PEM form")) { try TLSIdentity(chain: one.chain, key: []) }
    #expect(throws: TLSFileProblem(.trust, "holds no certificate in PEM form")) { try TLSTrust(Array("nothing".utf8)) }
    _ = try Shell.run("cd \(authority.folder) && openssl pkey -in one.key -aes256 -passout pass:secret -out locked.key")
    let locked = try Shell.bytes("\(authority.folder)/locked.key")
    #expect(throws: TLSFileProblem(.key, "is encrypted: `openssl pkey -in FILE -out FILE` takes its passphrase off")) {
      try TLSIdentity(chain: one.chain, key: locked)
    }
    let short = try authority.issue("short", "", key: "rsa:1024")
    let identity = try TLSIdentity(chain: short.chain, key: short.key)
    #expect(throws: TLSFileProblem.self) { try TLSContext(.server, identity: identity, trust: nil, verification: .off) }
  }
}
