import Testing

@testable import Configuration

@Suite("Accounts for digest authentication")
struct AccountTests {
  private func decoded(_ lines: String) throws -> Configuration {
    let tree = try Fixtures.tree(Fixtures.example("first-call.conf") + "\n" + lines)
    return try tree.decoded().configuration
  }

  @Test("A trunk's own account holds in place of its peer's; other trunks have none")
  func inheritance() throws {
    let peer = "set peer acme auth-user tandem auth-password 'hunter \u{22}2\u{22}' auth-realm acme.example auth-algorithm [ sha-256 md5 ]\n"
    let ofPeer = Configuration.Account(user: "tandem", password: "hunter \"2\"", realm: "acme.example", algorithms: [.md5, .sha256])
    var found = try decoded(peer)
    let acme = try #require(found.trunks.firstIndex { $0.name == "acme-1" })
    let hq = try #require(found.trunks.firstIndex { $0.name == "hq" })
    #expect(found.account(for: acme).map { [$0.user, $0.password, $0.realm] } == [ofPeer.user, ofPeer.password, ofPeer.realm])
    #expect(found.account(for: acme).map { Set($0.algorithms.map(\.rawValue)) } == ["md5", "sha-256"])
    #expect(found.account(for: hq) == nil)
    found = try decoded(peer + "set trunk acme-1 auth-user other auth-password x\n")
    #expect(found.account(for: acme) == Configuration.Account(user: "other", password: "x"))
  }

  @Test(
    "Half an account is refused, and so is a user that could not stand between quotes",
    arguments: [
      ("auth-user u", "set auth-password too"), ("auth-password p", "set auth-user too"), ("auth-realm r", "without auth-user"),
      ("auth-algorithm md5", "without auth-user"), (#"auth-user 'a"b' auth-password p"#, "without quotation marks"),
      (#"auth-user 'a\b' auth-password p"#, "without quotation marks"), ("auth-user u auth-password p auth-algorithm md4", "md5, sha-256 or sha-512-256"),
    ])
  func half(line: String, says: String) {
    for object in ["peer acme", "trunk acme-1"] {
      let error = WrongConfigurationTests.refusal { _ = try decoded("set \(object) \(line)") }
      #expect(error?.description.contains(says) == true, "\(error?.description ?? "accepted")")
    }
  }

  @Test("No complaint about a password shows it")
  func secret() {
    let error = WrongConfigurationTests.refusal { _ = try decoded("set peer acme auth-password 'hunter2\u{1}'") }
    #expect(error != nil)
    #expect(error?.description.contains("hunter2") == false)
  }
}
