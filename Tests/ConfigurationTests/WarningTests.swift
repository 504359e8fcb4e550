import Testing

@testable import Configuration

@Suite("Warnings of a commit")
struct WarningTests {
  static let base = """
    set interface lan address 127.0.0.1/8
    set listener l interface lan port 5060 transport udp
    set peer p type itsp address 127.0.0.1 port 5080
    set peer q type itsp address 127.0.0.1 port 5081
    set site s
    set trunk t peer p listener l site s
    set trunk u peer q listener l
    set pstn-usage a

    """

  @Test(
    "A narrower collection that leaves out what a wider one sets is pointed out",
    arguments: [
      (
        "set trunk-configuration global forward-pai true\nset trunk-configuration trunk:u remove-plus true",
        "trunk-configuration trunk:u leaves forward-pai at its default false, though trunk-configuration global sets it: the narrower collection holds as a whole"
      ),
      (
        "set trunk-configuration site:s pstn-usage a\nset trunk-configuration trunk:t remove-plus true",
        "trunk-configuration trunk:t leaves pstn-usage at its default (none), though trunk-configuration site:s sets it: the narrower collection holds as a whole"
      ),
      (
        "set trunk-configuration trunk:u srtp-mode optional",
        "trunk u: srtp-mode optional: there is no SRTP in this version, the trunk's media crosses the network in clear text"
      ),
      (
        "set trunk t is-pstn true\nset trunk u is-pstn true\nset trunk-configuration trunk:t pstn-usage a\nset voice-route r pattern x pstn-usage a trunk u",
        "trunk t: its usages reach route r to trunk u, and both lead to the public network: calls from outside may leave at your cost"
      ),
    ])
  func warns(lines: String, warning: String) throws {
    #expect(try Fixtures.tree(Self.base + lines).decoded().warnings.filter { !$0.hasSuffix(Self.noEffect) } == [warning])
  }

  @Test(
    "What is meant is not warned of",
    arguments: [
      "set trunk-configuration global forward-pai false\nset trunk-configuration trunk:u remove-plus true",
      "set trunk-configuration global forward-pai true description x\nset trunk-configuration trunk:u forward-pai false",
      "set trunk-configuration trunk:u srtp-mode not-supported",
      "set trunk-configuration trunk:u refer-support refuse",
      "set trunk-configuration trunk:t pstn-usage a\nset voice-route r pattern x pstn-usage a trunk u",
    ])
  func quiet(lines: String) throws {
    #expect(try Fixtures.tree(Self.base + lines).decoded().warnings.filter { !$0.hasSuffix(Self.noEffect) } == [])
  }

  static let noEffect = "nothing acts on it in this version"

  @Test("A setting that nothing acts on yet is kept and said, once for each kind; one at its default is not")
  func withoutEffect() throws {
    let lines = "set peer p alternate-bypass-id x\nset peer q alternate-bypass-id x\nset region west\nset trunk-configuration trunk:u signal-boost true"
    #expect(
      try Fixtures.tree(Self.base + lines).decoded().warnings
        == [
          "peer alternate-bypass-id (2 times): checked and kept, but \(Self.noEffect)",
          "trunk-configuration signal-boost: checked and kept, but \(Self.noEffect)",
          "region: checked and kept, but \(Self.noEffect)",
        ].sorted { a, b in order(a) < order(b) })
    #expect(try Fixtures.tree(Self.base).decoded().warnings == [])
  }
  /// The tree's own order of top nodes is the schema's.
  private func order(_ warning: String) -> Int {
    ["peer", "trunk-configuration", "region"].firstIndex { warning.hasPrefix($0) } ?? 9
  }

  @Test("Every name in the list of settings without effect is one of the schema's")
  func namesExist() throws {
    let context = try YANGContext()
    let top = context.children(of: nil)
    for name in WithoutEffect.nodes { #expect(top.contains { $0.name == name }, "\(name)") }
    for (parent, names) in WithoutEffect.settings {
      let node = try #require(top.first { $0.name == parent })
      for name in names { #expect(context.children(of: node).contains { $0.name == name }, "\(parent) \(name)") }
    }
  }
}
