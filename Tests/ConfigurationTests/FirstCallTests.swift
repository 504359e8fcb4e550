import Addressing
import Testing

@testable import Configuration

@Suite("The example configurations")
struct FirstCallTests {
  @Test("set lines and JSON of the first call decode to the same configuration")
  func bothForms() throws {
    let lines = try Fixtures.tree(Fixtures.example("first-call.conf"))
    let json = try ConfigurationTree(json: Fixtures.example("first-call.json"), context: Fixtures.context())
    let fromLines = try lines.decoded()
    let fromJSON = try json.decoded()
    #expect(fromLines.configuration == fromJSON.configuration)
    #expect(fromLines.warnings == [])
    #expect(Set(lines.setLines()) == Set(json.setLines()))
  }

  @Test("The first call decodes to what it says", arguments: ["first-call.conf"])
  func decoded(name: String) throws {
    let configuration = try Fixtures.tree(Fixtures.example(name)).decoded().configuration
    #expect(configuration.listeners.map(\.name) == ["itsp-udp", "lan-udp"])
    #expect(configuration.listeners[1].address == TransportAddress(IPAddress(127, 0, 0, 1), 5060))
    #expect(configuration.listeners[1].dscp == 24)
    #expect(configuration.mediaRealms[0].addresses == [IPAddress(127, 0, 0, 1)])
    #expect(configuration.mediaRealms[0].ports == [.init(first: 16384, last: 32767)])
    let hq = try #require(configuration.trunks.firstIndex { $0.name == "hq" })
    #expect(configuration.peers[configuration.trunks[hq].peer].port == 5090)
    #expect(configuration.peers[configuration.trunks[hq].peer].address == .ip(IPAddress(127, 0, 0, 1)))
    #expect(configuration.trunkConfiguration(for: hq).pstnUsages == ["National"])
    #expect(configuration.dialPlan(for: hq)?.rules == [.init(number: 10, pattern: #"^9(\d{10})$"#, translation: "+1$1")])
    #expect(configuration.pstnUsages == ["Internal", "National"])
    #expect(configuration.voiceRoutes[0].name == "hq-dids")
    #expect(configuration.voiceRoutes[0].trunks == [hq])
  }

  @Test("A collection that sets nothing decodes to the product's defaults")
  func defaults() throws {
    let configuration = try Fixtures.tree("set trunk-configuration global").decoded().configuration
    #expect(configuration.trunkConfigurations == [.init(scope: .global, settings: .init())])
    #expect(try Fixtures.tree("").decoded().configuration == Configuration())
  }

  @Test("Printed set lines and printed JSON load back to the same", arguments: ["first-call.conf", "two-pbx.conf"])
  func roundTrip(name: String) throws {
    let context = try Fixtures.context()
    let tree = try Fixtures.tree(Fixtures.example(name), context)
    let again = try Fixtures.tree(tree.setLines().joined(separator: "\n"), context)
    let json = try ConfigurationTree(json: tree.json(), context: context)
    #expect(again.setLines() == tree.setLines())
    #expect(json.setLines() == tree.setLines())
    #expect(Comparison.lines(from: tree, to: again) == [])
    #expect(Comparison.lines(from: tree, to: json) == [])
    #expect(try json.decoded().configuration == tree.decoded().configuration)
  }

  @Test("Two PBXs on one listener are told apart by their ports")
  func twoPBX() throws {
    let (configuration, warnings) = try Fixtures.tree(Fixtures.example("two-pbx.conf")).decoded()
    #expect(warnings == [])
    #expect(configuration.trunks.map(\.name) == ["acme-1", "branch", "hq"])
    #expect(configuration.trunks[1].listener == configuration.trunks[2].listener)
  }
}
