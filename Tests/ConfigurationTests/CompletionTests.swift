import Testing

@testable import Configuration

@Suite("Completion")
struct CompletionTests {
  let database: ConfigurationDatabase

  init() throws {
    database = try ConfigurationDatabase(Fixtures.context())
    try database.load(Fixtures.example("first-call.conf"), .override)
  }

  private func words(_ typed: [String], _ mode: Completion.Mode = .set) -> [String] {
    database.complete(words: typed, mode: mode).filter { !$0.isPlaceholder }.map(\.word)
  }

  @Test("Nodes come from the schema, with their descriptions and defaults")
  func nodes() throws {
    #expect(words(["lis"]) == ["listener"])
    #expect(words(["trunk"]) == ["trunk", "trunk-configuration"])
    #expect(words(["peer", "new", "media-"]) == ["media-nat", "media-source", "media-source-check"])
    let nat = try #require(database.complete(words: ["peer", "new", "media-nat"]).first)
    #expect(nat.description.hasSuffix("Default: false."))
    #expect(!words(["peer", "new", ""]).contains("name"))
  }

  @Test("Keys and references offer the names that exist")
  func names() {
    #expect(words(["peer", ""]) == ["acme", "hq-pbx"])
    #expect(words(["trunk", "new", "peer", ""]) == ["acme", "hq-pbx"])
    #expect(words(["voice-route", "national", "trunk", "a"]) == ["acme-1"])
    #expect(words(["trunk-configuration", ""]) == ["trunk:acme-1", "trunk:hq", "global"])
    #expect(words(["voice-route", "national", "pstn-usage", "[", "Internal", ""]) == ["Internal", "National", "]"])
  }

  @Test("Values offer the words of their type and say what else is accepted")
  func values() {
    #expect(words(["listener", "l", "transport", ""]) == ["udp", "tcp", "tls"])
    #expect(words(["listener", "l", "transport", "udp", "po"]) == ["port"])
    #expect(words(["peer", "x", "type", ""]) == ["itsp", "ip-pbx", "pstn-gateway"])
    #expect(database.complete(words: ["listener", "l", "port", ""]) == [Completion("<port>", "a port from 1 to 65535", isPlaceholder: true)])
  }

  @Test("A plugin's words are offered for peers of its type only")
  func plugins() {
    #expect(words(["peer", "acme", "profile"]) == ["profile"])
    #expect(words(["peer", "acme", "registrar"]) == ["registrar"])
    #expect(words(["peer", "hq-pbx", "registrar"]) == [])
    #expect(words(["peer", "new", "type", "itsp", "regi"]) == ["registrar"])
  }

  @Test("For delete and show only what is there is offered")
  func existing() {
    #expect(words(["peer", "acme", ""], .existing) == ["type", "address", "port", "transport"])
    #expect(words(["pstn-usage", ""], .existing) == ["Internal", "National", "["])
    #expect(words(["region"], .existing) == [])
    #expect(words(["peer", "nobody", ""], .existing) == [])
  }

  @Test("Words that make no sense give nothing", arguments: [["pear", ""], ["peer", "a", "prot", ""], ["peer", "a", "port", "1", "prot", "x"]])
  func nonsense(typed: [String]) {
    #expect(words(typed) == [])
  }

  @Test("What would be accepted is a phrase")
  func acceptable() {
    #expect(database.acceptable(at: ["peer", "x", "port"]) == "a port from 1 to 65535")
    #expect(database.acceptable(at: ["trunk", "x", "peer"]) == "acme or hq-pbx")
    #expect(database.acceptable(at: ["trunk", "x", "match"]) == "request-host or trunk-group")
    #expect(database.acceptable(at: ["trunk", "x", "site"]) == "the name of a site, and there is none yet: set site NAME ...")
  }
}
