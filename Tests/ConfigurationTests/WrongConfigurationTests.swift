import Testing

@testable import Configuration

/// A wrong line or tree is refused whole; the message names the node, the value and what would be accepted.
@Suite("Wrong configurations")
struct WrongConfigurationTests {
  struct Wrong: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var text: String
    var node: String
    var value: String?
    var says: [String]

    init(_ name: String, _ text: String, node: String, value: String? = nil, says: [String]) {
      testDescription = name
      self.text = text
      self.node = node
      self.value = value
      self.says = says
    }
  }

  static func refusal(_ body: () throws -> Void) -> ConfigurationError? {
    do { try body() } catch let error as ConfigurationError { return error } catch {}
    return nil
  }

  static func check(_ wrong: Wrong, _ error: ConfigurationError?) {
    #expect(error != nil, "accepted")
    guard let error else { return }
    #expect(error.node == wrong.node)
    #expect(error.value == wrong.value)
    for part in wrong.says { #expect(error.description.contains(part), "\(error.description)") }
  }

  static let lines = [
    Wrong("an unknown node at the top", "set pear x", node: "", value: "pear", says: ["line 1:", "did you mean peer?", "listener", "trunk-configuration"]),
    Wrong("an unknown leaf", "set peer hq prot 5060", node: "peer hq", value: "prot", says: ["did you mean port?", "accepted:", "transport"]),
    Wrong("a number that is none", "set peer hq port sip", node: "peer hq port", value: "sip", says: ["is not a whole number", "a port from 1 to 65535"]),
    Wrong("a number out of range", "set peer hq port 65536", node: "peer hq port", value: "65536", says: ["out of range", "1 to 65535"]),
    Wrong("zero as port", "set listener l port 0", node: "listener l port", value: "0", says: ["out of range", "1 to 65535"]),
    Wrong(
      "a range that the typedef does not say", "set trunk-configuration global max-early-dialogs 101", node: "trunk-configuration global max-early-dialogs",
      value: "101", says: ["1 to 100"]),
    Wrong("an enumeration", "set peer hq transport sctp", node: "peer hq transport", value: "sctp", says: ["udp, tcp or tls"]),
    Wrong(
      "an enumeration of its own", "set trunk-configuration global refer-support maybe", node: "trunk-configuration global refer-support", value: "maybe",
      says: ["refuse, execute, peer or third-party"]),
    Wrong("a boolean", "set peer hq routable yes", node: "peer hq routable", value: "yes", says: ["true or false"]),
    Wrong(
      "an address with an octet too large", "set peer hq address 300.1.2.3", node: "peer hq address", value: "300.1.2.3",
      says: ["does not have the right form", "dynamic"]),
    Wrong(
      "an interface address without length", "set interface lan address 192.0.2.1", node: "interface lan address", value: "192.0.2.1", says: ["192.0.2.10/24"]),
    Wrong(
      "a scope of no kind", "set trunk-configuration pool:x", node: "trunk-configuration scope", value: "pool:x", says: ["global, site:NAME", "trunk:NAME"]),
    Wrong("half a line: no value", "set peer hq type ip-pbx address", node: "peer hq address", says: ["needs a value", "domain name"]),
    Wrong("half a line: no key", "set peer", node: "peer", says: ["needs its name"]),
    Wrong("half a line: no leaf", "set trunk t match", node: "trunk t match", says: ["needs more words", "request-host or trunk-group"]),
    Wrong("half a line: nothing", "set", node: "", says: ["nothing to set", "peer"]),
    Wrong("an open bracket", "set pstn-usage [ A B", node: "pstn-usage", says: ["not closed", "[ VALUE VALUE ... ]"]),
    Wrong("brackets for one value", "set peer hq port [ 1 2 ]", node: "peer hq port", value: "[", says: ["takes one value"]),
    Wrong("an open single quote", "set interface lan\nset voice-route r pattern '^1$", node: "", says: ["line 2:", "never ends"]),
    Wrong("an open double quote", "set voice-route r pattern \"^1$", node: "", says: ["line 1:", "never ends"]),
    Wrong("no verb", "peer hq port 5060", node: "", value: "peer", says: ["set, delete"]),
    Wrong("delete of nothing", "delete peer hq", node: "peer hq", says: ["is not set", "acme or hq-pbx"]),
    Wrong("a key as a leaf", "set peer hq name x", node: "peer hq", value: "name", says: ["is not a setting here"]),
    Wrong("a word of several plugins", "set peer hq profile x", node: "peer hq", value: "profile", says: ["ip-pbx:profile or itsp:profile"]),
    Wrong("an absent plugin's value that is no JSON", "set peer hq carrierx:user {", node: "peer hq carrierx:user", value: "{", says: ["is not JSON"]),
  ]

  @Test("A line is refused", arguments: lines)
  func line(wrong: Wrong) throws {
    let context = try Fixtures.context()
    let database = try ConfigurationDatabase(context)
    try database.load(Fixtures.example("first-call.conf"), .override)
    let before = try database.show(as: .set)
    Self.check(wrong, Self.refusal { try database.load(wrong.text, .merge) })
    #expect(try database.show(as: .set) == before)
  }

  static let trees = [
    Wrong(
      "a dangling reference", "set trunk hq peer nobody", node: "trunk hq peer", value: "nobody",
      says: ["names no peer that exists", "accepted: acme or hq-pbx"]),
    Wrong(
      "a dangling reference in a list of values", "set voice-route national trunk acme-2", node: "voice-route national trunk", value: "acme-2",
      says: ["names no trunk that exists", "acme-1"]),
    Wrong(
      "a usage that is not listed", "set trunk-configuration trunk:hq pstn-usage Long", node: "trunk-configuration trunk:hq pstn-usage", value: "Long",
      says: ["names no pstn-usage", "Internal or National"]),
    Wrong(
      "a collection scope that names nothing", "set trunk-configuration trunk:nobody forward-pai true", node: "trunk-configuration", value: "trunk:nobody",
      says: ["names nothing", "global, trunk:acme-1 or trunk:hq"]),
    Wrong("a dial plan scope that names nothing", "set dial-plan user:nobody", node: "dial-plan", value: "user:nobody", says: ["names nothing", "trunk:hq"]),
    Wrong("a missing mandatory leaf", "delete peer hq-pbx address", node: "peer hq-pbx", says: ["needs address", "domain name"]),
    Wrong("a missing mandatory reference", "set trunk new peer acme", node: "trunk new", says: ["needs listener", "itsp-udp or lan-udp"]),
    Wrong("a missing place", "set listener new transport udp", node: "listener new", says: ["needs interface or address"]),
    Wrong("an interface without address", "set interface wan", node: "interface wan", says: ["needs address", "192.0.2.10/24"]),
    Wrong(
      "both places", "set listener lan-udp address 127.0.0.2", node: "listener lan-udp", says: ["exclude each other", "delete listener lan-udp interface"]),
    Wrong(
      "another transport at the peer", "set peer acme transport tcp", node: "trunk acme-1 peer", value: "acme",
      says: ["transport tcp", "listener itsp-udp", "udp"]),
    Wrong("TLS without certificate", "set listener sec interface lan transport tls", node: "listener sec", says: ["needs a certificate"]),
    Wrong(
      "bypass without one media address", "set trunk-configuration global enable-bypass true centralized-media false",
      node: "trunk-configuration global enable-bypass", value: "true", says: ["centralized-media true"]),
    Wrong(
      "bypass without transfers", "set trunk-configuration global enable-bypass true refer-support refuse", node: "trunk-configuration global enable-bypass",
      value: "true", says: ["refer-support"]),
    Wrong(
      "session times that contradict", "set trunk-configuration global session-expires 100 min-se 200", node: "trunk-configuration global session-expires",
      value: "100", says: ["shorter than min-se"]),
    Wrong(
      "another plugin's setting", "set peer hq-pbx registrar sip.example.com", node: "peer hq-pbx registrar", value: "sip.example.com",
      says: ["peers of type itsp"]),
    Wrong(
      "a listener on a taken port", "set listener third interface lan port 5060 transport udp", node: "listener third port", value: "5060",
      says: ["listener lan-udp", "another port"]),
    Wrong(
      "one port for TCP and TLS",
      "set certificate c chain-file c.pem key-file k.pem\nset listener a interface lan port 5065 transport tcp\nset listener b interface lan port 5065 transport tls certificate c",
      node: "listener b port", value: "5065", says: ["listener a"]),
    Wrong(
      "an odd first port", "set media-realm m ports 20001-20999\ndelete media-realm m ports 16384-32767", node: "media-realm m ports", value: "20001-20999",
      says: ["FIRST even"]),
    Wrong(
      "a media address of zeros, which means hold", "delete media-realm m interface\nset media-realm m address 0.0.0.0", node: "media-realm m address",
      value: "0.0.0.0", says: ["SDP", "192.0.2.10"]),
    Wrong("an even last port", "set media-realm m ports 40000-40010", node: "media-realm m ports", value: "40000-40010", says: ["LAST odd"]),
    Wrong("ports that overlap", "set media-realm m ports 30000-40001", node: "media-realm m ports", value: "30000-40001", says: ["overlaps 16384-32767"]),
    Wrong("ports that do not exist", "set media-realm m ports 40000-70001", node: "media-realm m ports", value: "40000-70001", says: ["65535"]),
    Wrong(
      "ports of another realm", "set media-realm n interface lan ports 20000-20009", node: "media-realm n ports", value: "20000-20009", says: ["media-realm m"]),
    Wrong(
      "ports with a listener inside", "set listener high interface lan port 20000 transport udp", node: "media-realm m ports", value: "16384-32767",
      says: ["listener high"]),
    Wrong(
      "a listener on no address", "set listener any address 0.0.0.0 transport tcp", node: "listener any address", value: "0.0.0.0",
      says: ["one address of the host"]),
    Wrong("a peer that is our own listener", "set peer acme port 5070", node: "trunk acme-1 peer", value: "acme", says: ["own listener itsp-udp"]),
    Wrong(
      "two families", "set listener six address ::1 transport udp\nset trunk hq listener six", node: "trunk hq peer", value: "hq-pbx", says: ["address family"]),
    Wrong(
      "two gateways of a family", "set interface lan device lo gateway [ 127.0.0.2 127.0.0.3 ]", node: "interface lan gateway", value: "127.0.0.2 127.0.0.3",
      says: ["one IPv4 and one IPv6"]),
    Wrong(
      "one address on two interfaces", "set interface wan address 127.0.0.1/32", node: "interface wan address", value: "127.0.0.1/32", says: ["interface lan"]),
    Wrong(
      "failover codes backwards", "set trunk-configuration global failover-code 599-500", node: "trunk-configuration global failover-code", value: "599-500",
      says: ["500-599"]),
    Wrong(
      "caller ID hidden behind nothing", "set voice-route national suppress-caller-id true", node: "voice-route national suppress-caller-id", value: "true",
      says: ["alternate-caller-id"]),
    Wrong("a link of one end", "set site a\nset link l site a", node: "link l", says: ["two sites or two regions"]),
    Wrong("a number of two users", "set user a line-uri tel:+1425\nset user b line-uri +1425", node: "user b line-uri", value: "+1425", says: ["user a"]),
    Wrong("a rule without translation", "set dial-plan trunk:hq rule 20 pattern '^1$'", node: "dial-plan trunk:hq rule 20", says: ["needs translation"]),
  ]

  @Test("A tree is refused at commit", arguments: trees)
  func tree(wrong: Wrong) throws {
    let database = try ConfigurationDatabase(Fixtures.context())
    try database.load(Fixtures.example("first-call.conf"), .override)
    _ = try database.prepare()
    try database.load(wrong.text, .merge)
    Self.check(wrong, Self.refusal { _ = try database.prepare() })
  }

  static let documents = [
    Wrong("broken JSON", "{\"tandem:peer\": [", node: "", says: ["line 1:", "JSON is refused"]),
    Wrong("JSON that is no object", "{} x", node: "", says: ["JSON is refused"]),
    Wrong("a member without module", "{\"peer\": []}", node: "", says: ["\"tandem:peer\""]),
    Wrong("an unknown member at the top", "{\"tandem:pear\": [{\"name\": 1}]}", node: "", value: "pear", says: ["did you mean peer?"]),
    Wrong("an unknown module at the top", "{\"other:thing\": 1}", node: "", value: "other:thing", says: ["is not a setting"]),
    Wrong("an unknown member", "{\"tandem:peer\": [{\"name\": \"hq pbx\", \"prot\": 5}]}", node: "peer 'hq pbx'", value: "prot", says: ["did you mean port?"]),
    Wrong(
      "a value out of range", "{\"tandem:peer\": [{\"name\": \"hq\", \"port\": 70000}]}", node: "peer hq port", value: "70000",
      says: ["out of range", "1 to 65535"]),
    Wrong(
      "an enumeration", "{\"tandem:peer\": [{\"name\": \"hq\", \"transport\": \"sctp\"}]}", node: "peer hq transport", value: "sctp", says: ["udp, tcp or tls"]),
    Wrong("an entry without key", "{\"tandem:peer\": [{\"port\": 5060}]}", node: "peer", says: ["has no name"]),
    Wrong("an object for a list", "{\"tandem:peer\": {\"name\": \"a\"}}", node: "", says: ["JSON is refused"]),
    Wrong(
      "a loaded plugin's unknown member", "{\"tandem:peer\": [{\"name\": \"hq\", \"itsp:nothing\": 1}]}", node: "peer hq", value: "nothing",
      says: ["is not a setting here"]),
  ]

  @Test("JSON is refused", arguments: documents)
  func json(wrong: Wrong) throws {
    let database = try ConfigurationDatabase(Fixtures.context())
    try database.load(Fixtures.example("first-call.json"), .override)
    let before = try database.show(as: .json)
    for mode in [ConfigurationDatabase.LoadMode.merge, .override] {
      Self.check(wrong, Self.refusal { try database.load(wrong.text, mode) })
      #expect(try database.show(as: .json) == before)
    }
  }

  @Test(
    "JSON with something twice is refused at commit",
    arguments: [
      #"{"tandem:pstn-usage": ["a", "a"]}"#, #"{"tandem:site": [{"name": "a"}, {"name": "a"}]}"#,
    ])
  func twice(text: String) throws {
    let context = try Fixtures.context()
    let error = Self.refusal { _ = try ConfigurationTree(json: text, context: context).decoded() }
    #expect(error?.description.contains("is there twice") == true)
  }

  @Test("All wrong lines of a file are reported, with their numbers")
  func several() throws {
    let error = try #require(Self.refusal { _ = try Fixtures.tree("# first\nset peer a port 0\n\nset site ok\nset pear b\n") })
    #expect(error.line == 2)
    #expect(error.others.map(\.line) == [5])
    #expect(error.description.split(separator: "\n").count == 2)
  }

  @Test("A single command's error has no line number")
  func noLine() throws {
    let tree = ConfigurationTree(try Fixtures.context())
    #expect(Self.refusal { try tree.set("peer a port 0") }?.line == nil)
    #expect(Self.refusal { try tree.set(words: ["peer", "a", "port", "0"]) }?.line == nil)
  }

  @Test("A line whose last word is wrong changes nothing")
  func atomicLine() throws {
    let tree = ConfigurationTree(try Fixtures.context())
    #expect(Self.refusal { try tree.set("peer a type itsp port 99999") } != nil)
    #expect(Self.refusal { try tree.set("peer a type itsp other:x {") } != nil)
    #expect(tree.isEmpty)
  }

  @Test("The value of a secret is not in the message")
  func secret() {
    let error = ConfigurationError(node: "peer acme auth-password", value: "hunter2", problem: "is too short")
    #expect(error.description == "peer acme auth-password: the value is too short")
  }
}
