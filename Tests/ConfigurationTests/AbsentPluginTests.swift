import Testing

@testable import Configuration

@Suite("Plugins, there and not")
struct AbsentPluginTests {
  static let json =
    #"{"tandem:peer":[{"name":"acme","type":"carrierx","address":"192.0.2.1","carrierx:account":{"user":"u","retries":5,"on":true},"carrierx:node":["a","b"],"carrierx:route":[{"id":1},{"id":2}]}],"tandem:trunk-configuration":[{"scope":"global","carrierx:tone":"x"}]}"#

  @Test("The settings of an absent plugin survive JSON and set lines, and commit with a warning that names the peer")
  func survive() throws {
    let context = try Fixtures.context()
    let tree = try ConfigurationTree(json: Self.json, context: context)
    #expect(tree.json(compact: true) == Self.json)
    let lines = try Fixtures.tree(tree.setLines().joined(separator: "\n"), context)
    #expect(lines.json(compact: true) == Self.json)
    #expect(try ConfigurationTree(json: lines.copy().json(), context: context).json(compact: true) == Self.json)
    let (configuration, warnings) = try tree.decoded()
    #expect(configuration.peers.first?.isServed == false)
    #expect(configuration.peers.first?.type == "carrierx")
    #expect(warnings.contains { $0.hasPrefix("peer acme: no plugin 'carrierx' is loaded (loaded are ip-pbx, itsp, pstn-gateway)") })
    #expect(warnings.contains { $0.hasPrefix("trunk-configuration global: 'carrierx:tone'") })
  }

  @Test("They can be set anew and deleted")
  func edited() throws {
    let tree = try ConfigurationTree(json: Self.json, context: Fixtures.context())
    try tree.set("peer acme carrierx:node '[\"c\"]'")
    try tree.delete("peer acme carrierx:account")
    try tree.delete("peer acme carrierx:route")
    try tree.delete("trunk-configuration global")
    #expect(tree.json(compact: true) == #"{"tandem:peer":[{"name":"acme","type":"carrierx","address":"192.0.2.1","carrierx:node":["c"]}]}"#)
  }

  @Test("A plugin that goes and comes back finds its settings, checked again")
  func goesAndComes() throws {
    let with = try Fixtures.context()
    let without = try YANGContext()
    let database = try ConfigurationDatabase(with)
    try database.load("set peer a type itsp address 192.0.2.1 registrar sip.example.com profile teams", .override)
    database.finish(try database.prepare(), time: 1)
    let bare = try ConfigurationDatabase(without, stored: database.stored)
    #expect(try bare.prepare().configuration.peers.first?.isServed == false)
    #expect(bare.stored.running == database.stored.running)
    let printed = try bare.show(as: .set)
    #expect(printed.contains(#"itsp:registrar '"sip.example.com"'"#))
    let back = try ConfigurationDatabase(with, stored: bare.stored)
    #expect(try back.prepare().configuration == database.prepare().configuration)
    let fromLines = try Fixtures.tree(printed, with)
    #expect(fromLines.setLines().joined(separator: "\n") + "\n" == (try database.show(as: .set)))
    #expect(throws: ConfigurationError.self) { try Fixtures.tree(#"set peer a itsp:profile '"nonsense"'"#, with) }
  }

  @Test("A plugin's settings are checked, printed without prefix and handed to it as JSON with its defaults")
  func settings() throws {
    let tree = try Fixtures.tree(
      "set peer a type itsp address 192.0.2.1 registrar sip.example.com\nset peer b type ip-pbx address 192.0.2.2 profile x dialect [ q r ] hold style s")
    let (configuration, warnings) = try tree.decoded()
    #expect(warnings == [])
    #expect(configuration.peers[0].pluginSettings == #"{"itsp:registrar":"sip.example.com","itsp:profile":"generic"}"#)
    #expect(configuration.peers[1].pluginSettings == #"{"ip-pbx:profile":"x","ip-pbx:dialect":["q","r"],"ip-pbx:hold":{"style":"s"}}"#)
    #expect(tree.setLines().contains("set peer a registrar sip.example.com"))
    #expect(tree.setLines().contains("set peer b ip-pbx:profile x"))
  }

  @Test("A module that does not compile is refused, named, and the others load")
  func broken() throws {
    let context = try YANGContext(plugins: [.init(id: "bad", text: "module bad { nonsense; }")] + Fixtures.plugins)
    #expect(context.pluginIDs == ["itsp", "ip-pbx", "pstn-gateway"])
    #expect(context.refused.map(\.node) == ["plugin bad"])
    #expect(try Fixtures.tree("set peer a type itsp profile teams", context).setLines().count == 2)
  }

  @Test("The modules of the shipped plugins compile and their words are their own")
  func shipped() throws {
    let ids = ["itsp", "pstn-gateway", "ip-pbx"]
    let context = try YANGContext(plugins: ids.map { .init(id: $0, text: try Fixtures.read("plugins/\($0)/\($0).yang")) })
    #expect(context.refused == [])
    #expect(context.pluginIDs == ids)
    let (configuration, warnings) = try Fixtures.tree(Fixtures.example("first-call.conf"), context).decoded()
    #expect(warnings == [])
    #expect(configuration.peers.map(\.isServed) == [true, true])
  }
}
