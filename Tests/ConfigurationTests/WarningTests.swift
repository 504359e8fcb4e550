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
      ("set trunk-configuration global forward-pai true\nset trunk-configuration trunk:u remove-plus true",
        "trunk-configuration trunk:u leaves forward-pai at its default false, though trunk-configuration global sets it: the narrower collection holds as a whole"),
      ("set trunk-configuration site:s pstn-usage a\nset trunk-configuration trunk:t remove-plus true",
        "trunk-configuration trunk:t leaves pstn-usage at its default (none), though trunk-configuration site:s sets it: the narrower collection holds as a whole"),
      ("set trunk-configuration trunk:u srtp-mode optional",
        "trunk u: srtp-mode optional over udp: the media keys cross the network in clear text"),
      ("set trunk t is-pstn true\nset trunk u is-pstn true\nset trunk-configuration trunk:t pstn-usage a\nset voice-route r pattern x pstn-usage a trunk u",
        "trunk t: its usages reach route r to trunk u, and both lead to the public network: calls from outside may leave at your cost"),
    ])
  func warns(lines: String, warning: String) throws {
    #expect(try Fixtures.tree(Self.base + lines).decoded().warnings == [warning])
  }

  @Test(
    "What is meant is not warned of",
    arguments: [
      "set trunk-configuration global forward-pai false\nset trunk-configuration trunk:u remove-plus true",
      "set trunk-configuration global forward-pai true description x\nset trunk-configuration trunk:u forward-pai false",
      "set trunk-configuration trunk:u srtp-mode not-supported",
      "set trunk-configuration trunk:t pstn-usage a\nset voice-route r pattern x pstn-usage a trunk u",
    ])
  func quiet(lines: String) throws {
    #expect(try Fixtures.tree(Self.base + lines).decoded().warnings == [])
  }
}
