import Addressing
import Admission
import Configuration
import Testing

@Suite struct SourceGateTests {
  private let acme = IPAddress(192, 0, 2, 10)
  private let pbx = IPAddress(10, 0, 0, 5)

  private func listener(_ name: String, _ transport: Transport) -> Configuration.Listener {
    .init(name: name, address: .init(IPAddress(10, 0, 0, 1), 5060), transport: transport)
  }
  private func peer(_ name: String, _ address: Configuration.Peer.Address, port: UInt16? = nil, sources: [String] = []) -> Configuration.Peer {
    .init(name: name, type: "itsp", address: address, port: port, sources: sources.compactMap { IPPrefix($0) })
  }
  /// Listeners: 0 UDP, 1 UDP, 2 TCP, 3 TLS.
  private func configuration(_ peers: [Configuration.Peer], _ trunks: [Configuration.Trunk]) -> Configuration {
    var configuration = Configuration()
    configuration.listeners = [listener("a", .udp), listener("b", .udp), listener("c", .tcp), listener("d", .tls)]
    configuration.peers = peers
    configuration.trunks = trunks
    return configuration
  }
  private func from(_ ip: IPAddress, _ port: UInt16 = 5060) -> TransportAddress { .init(ip, port) }

  @Test("A source nobody named is a stranger on every listener")
  func stranger() {
    let gate = SourceGate(configuration([peer("acme", .ip(acme))], [.init(name: "t", listener: 0, peer: 0)]), resolved: [])
    for listener in 0..<4 { #expect(gate.judge(source: from(IPAddress(203, 0, 113, 9)), listener: listener) == .stranger) }
    #expect(gate.judge(source: from(IPAddress(192, 0, 2, 11)), listener: 0) == .stranger)
  }
  @Test("An empty configuration knows nobody")
  func empty() {
    #expect(SourceGate(configuration([], []), resolved: []).judge(source: from(acme), listener: 0) == .stranger)
  }
  @Test("A peer's own address is its trunk, from any port")
  func exact() {
    let gate = SourceGate(configuration([peer("acme", .ip(acme), port: 5080)], [.init(name: "t", listener: 0, peer: 0)]), resolved: [])
    for port in [5080, 5060, 40_000, 0] as [UInt16] { #expect(gate.judge(source: from(acme, port), listener: 0) == .trunk(0)) }
  }
  @Test("A peer on a listener where it has no trunk is told from a stranger")
  func noTrunkHere() {
    let gate = SourceGate(configuration([peer("acme", .ip(acme)), peer("idle", .ip(pbx))], [.init(name: "t", listener: 0, peer: 0)]), resolved: [])
    #expect(gate.judge(source: from(acme), listener: 1) == .noTrunkHere(peer: 0))
    #expect(gate.judge(source: from(pbx), listener: 0) == .noTrunkHere(peer: 1))
  }
  @Test("All addresses a name resolves to are the peer's, and only those it has now")
  func resolved() {
    let configuration = configuration([peer("acme", .domain("sip.example.com"))], [.init(name: "t", listener: 0, peer: 0)])
    let gate = SourceGate(configuration, resolved: [[acme, IPAddress(192, 0, 2, 11)]])
    #expect(gate.judge(source: from(acme), listener: 0) == .trunk(0))
    #expect(gate.judge(source: from(IPAddress(192, 0, 2, 11)), listener: 0) == .trunk(0))
    #expect(SourceGate(configuration, resolved: [[]]).judge(source: from(acme), listener: 0) == .stranger)
    #expect(SourceGate(configuration, resolved: []).judge(source: from(acme), listener: 0) == .stranger)
  }
  @Test("A dynamic peer that has not registered is a stranger")
  func dynamic() {
    let gate = SourceGate(configuration([peer("desk", .dynamic)], [.init(name: "t", listener: 0, peer: 0)]), resolved: [[]])
    #expect(gate.judge(source: from(pbx), listener: 0) == .stranger)
  }
  @Test("No more addresses are taken of a name than the bound")
  func tooManyAddresses() {
    let many = (0..<400).map { IPAddress(v4: 0x0A01_0000 + UInt32($0)) }
    let gate = SourceGate(configuration([peer("acme", .domain("x"))], [.init(name: "t", listener: 0, peer: 0)]), resolved: [many])
    #expect(gate.judge(source: from(many[SourceGate.addressesPerPeer - 1]), listener: 0) == .trunk(0))
    #expect(gate.judge(source: from(many[SourceGate.addressesPerPeer]), listener: 0) == .stranger)
  }
  @Test("A source prefix admits its block and nothing beside it")
  func prefix() {
    let gate = SourceGate(
      configuration([peer("acme", .ip(acme), sources: ["198.51.100.64/26", "2001:db8:1::/48"])], [.init(name: "t", listener: 0, peer: 0)]), resolved: [])
    for inside in ["198.51.100.64", "198.51.100.127", "2001:db8:1::", "2001:db8:1:ffff::1"] {
      #expect(IPAddress(inside).map { gate.judge(source: from($0), listener: 0) } == .trunk(0))
    }
    for outside in ["198.51.100.63", "198.51.100.128", "2001:db8:2::", "::ffff:198.51.100.64", "::"] {
      #expect(IPAddress(outside).map { gate.judge(source: from($0), listener: 0) } == .stranger)
    }
  }
  @Test("A prefix written with host bits, of the whole space, and of one address")
  func oddPrefixes() {
    func gate(_ source: String) -> SourceGate {
      SourceGate(configuration([peer("acme", .domain("x"), sources: [source])], [.init(name: "t", listener: 0, peer: 0)]), resolved: [[]])
    }
    #expect(gate("10.0.0.7/8").judge(source: from(IPAddress(10, 200, 0, 1)), listener: 0) == .trunk(0))
    #expect(gate("0.0.0.0/0").judge(source: from(acme), listener: 0) == .trunk(0))
    #expect(gate("0.0.0.0/0").judge(source: from(IPAddress(v6High: 0, low: 1)), listener: 0) == .stranger)
    #expect(gate("::/0").judge(source: from(IPAddress(v6High: .max, low: .max)), listener: 0) == .trunk(0))
    #expect(gate("192.0.2.10/32").judge(source: from(acme), listener: 0) == .trunk(0))
    #expect(gate("2001:db8::1/128").judge(source: from(IPAddress(v6High: 0x2001_0db8 << 32, low: 1)), listener: 0) == .trunk(0))
    #expect(gate("2001:db8::1/128").judge(source: from(IPAddress(v6High: 0x2001_0db8 << 32, low: 2)), listener: 0) == .stranger)
    #expect(gate("2001:db8::/65").judge(source: from(IPAddress(v6High: 0x2001_0db8 << 32, low: .max >> 1)), listener: 0) == .trunk(0))
    #expect(gate("2001:db8::/65").judge(source: from(IPAddress(v6High: 0x2001_0db8 << 32, low: .max)), listener: 0) == .stranger)
  }
  @Test("An exact address comes before a prefix, a longer prefix before a shorter one")
  func narrowest() {
    let gate = SourceGate(
      configuration(
        [peer("wide", .domain("x"), sources: ["10.0.0.0/8"]), peer("narrow", .domain("y"), sources: ["10.0.0.0/24"]), peer("exact", .ip(pbx))],
        [.init(name: "w", listener: 0, peer: 0), .init(name: "n", listener: 0, peer: 1), .init(name: "e", listener: 0, peer: 2)]), resolved: [])
    #expect(gate.judge(source: from(pbx), listener: 0) == .trunk(2))
    #expect(gate.judge(source: from(IPAddress(10, 0, 0, 6)), listener: 0) == .trunk(1))
    #expect(gate.judge(source: from(IPAddress(10, 0, 1, 6)), listener: 0) == .trunk(0))
  }
  @Test("A source whose exact peer has no trunk here still fits another peer's prefix that has one")
  func prefixHere() {
    let gate = SourceGate(
      configuration([peer("exact", .ip(pbx)), peer("wide", .domain("x"), sources: ["10.0.0.0/8"])], [.init(name: "w", listener: 0, peer: 1)]), resolved: [])
    #expect(gate.judge(source: from(pbx), listener: 0) == .trunk(0))
    #expect(gate.judge(source: from(pbx), listener: 1) == .noTrunkHere(peer: 0))
  }
  @Test("Several trunks of one UDP listener and address are told apart by the exact source port")
  func sourcePort() {
    // One peer with two trunks, and another peer behind the same address.
    let gate = SourceGate(
      configuration(
        [peer("acme", .ip(acme), port: 5080), peer("beta", .ip(acme), port: 5090)],
        [.init(name: "a1", listener: 0, peer: 0), .init(name: "a2", listener: 0, peer: 0, peerPort: 5082), .init(name: "b", listener: 0, peer: 1)]),
      resolved: [])
    #expect(gate.judge(source: from(acme, 5080), listener: 0) == .trunk(0))
    #expect(gate.judge(source: from(acme, 5082), listener: 0) == .trunk(1))
    #expect(gate.judge(source: from(acme, 5090), listener: 0) == .trunk(2))
    #expect(gate.judge(source: from(acme, 5060), listener: 0) == .noTrunkHere(peer: 0))
    #expect(gate.ambiguities.isEmpty)
  }
  @Test("The port of a trunk is its own, else the peer's, else the transport's default")
  func defaultPort() {
    let gate = SourceGate(
      configuration([peer("acme", .ip(acme))], [.init(name: "a", listener: 0, peer: 0), .init(name: "b", listener: 0, peer: 0, peerPort: 5070)]), resolved: [])
    #expect(gate.judge(source: from(acme, 5060), listener: 0) == .trunk(0))
    #expect(gate.judge(source: from(acme, 5070), listener: 0) == .trunk(1))
  }
  @Test("The same address on two listeners is two trunks, whatever the port")
  func listeners() {
    let gate = SourceGate(
      configuration([peer("acme", .ip(acme))], [.init(name: "a", listener: 0, peer: 0), .init(name: "b", listener: 1, peer: 0)]), resolved: [])
    #expect(gate.judge(source: from(acme, 1), listener: 0) == .trunk(0))
    #expect(gate.judge(source: from(acme, 1), listener: 1) == .trunk(1))
  }
  @Test("On streams the source port says nothing: the first trunk is taken, and the pair is listed for the commit")
  func streams() {
    for listener in [2, 3] {
      let gate = SourceGate(
        configuration(
          [peer("acme", .ip(acme))], [.init(name: "a", listener: listener, peer: 0), .init(name: "b", listener: listener, peer: 0, peerPort: 5070)]),
        resolved: [])
      #expect(gate.judge(source: from(acme, 5070), listener: listener) == .trunk(0))
      #expect(gate.ambiguities.map { [$0.first, $0.second] } == [[0, 1]])
      #expect(gate.ambiguities.first?.source.description == "192.0.2.10/32")
    }
  }
  @Test("Two trunks with the same listener, address and port are listed once, and the first is taken")
  func ambiguous() {
    let gate = SourceGate(
      configuration(
        [peer("acme", .ip(acme), sources: ["198.51.100.0/24"])],
        [.init(name: "a", listener: 0, peer: 0), .init(name: "b", listener: 0, peer: 0, peerPort: 5060)]),
      resolved: [[acme]])
    #expect(gate.judge(source: from(acme), listener: 0) == .trunk(0))
    #expect(gate.ambiguities.map { [$0.first, $0.second] } == [[0, 1]])
  }
  @Test("In-dialog requests of a trunk may come from any address of its peer, and from no other")
  func belongs() {
    let gate = SourceGate(
      configuration(
        [peer("acme", .ip(acme), sources: ["198.51.100.0/24"]), peer("pbx", .ip(pbx))],
        [.init(name: "a", listener: 0, peer: 0), .init(name: "p", listener: 1, peer: 1)]),
      resolved: [[IPAddress(192, 0, 2, 99)]])
    for ip in [acme, IPAddress(192, 0, 2, 99), IPAddress(198, 51, 100, 3)] {
      #expect(gate.belongs(ip, toTrunk: 0))
      #expect(!gate.belongs(ip, toTrunk: 1))
    }
    #expect(gate.belongs(pbx, toTrunk: 1))
    #expect(!gate.belongs(IPAddress(203, 0, 113, 1), toTrunk: 0))
  }

  @Test("Among trunks that one source may mean, the peer its certificate is for decides; one a commit took away is nobody — decided")
  func names() {
    var configuration = Configuration()
    let source = IPAddress(192, 0, 2, 7)
    var listener = Configuration.Listener(name: "tls", address: TransportAddress(IPAddress(192, 0, 2, 1), 5061), transport: .tls)
    configuration.listeners = [listener]
    configuration.peers = ["a", "b"].map { name in
      var peer = Configuration.Peer(name: name, type: "itsp", address: .ip(source))
      peer.certificateNames = ["\(name).example.com"]
      return peer
    }
    configuration.trunks = [.init(name: "to-a", listener: 0, peer: 0), .init(name: "to-b", listener: 0, peer: 1)]
    let gate = SourceGate(configuration, resolved: [[], []])
    let far = TransportAddress(source, 40_000)
    #expect(gate.judge(source: far, listener: 0) == .trunk(0))
    #expect(gate.judge(source: far, listener: 0, peer: 0) == .trunk(0))
    #expect(gate.judge(source: far, listener: 0, peer: 1) == .trunk(1))
    #expect(gate.judge(source: far, listener: 0, peer: -1) == .stranger)
    #expect(gate.judge(source: far, listener: 1, peer: 1) == .noTrunkHere(peer: 1))
    #expect(gate.judge(source: TransportAddress(IPAddress(192, 0, 2, 8), 1), listener: 0, peer: 1) == .stranger)
    #expect(gate.trunks(of: source, listener: 0) == [0, 1])
    #expect(gate.ambiguities.isEmpty)
    // Where nobody has to show a certificate nothing tells them apart.
    listener.verifyPeer = false
    configuration.listeners = [listener]
    #expect(SourceGate(configuration, resolved: [[], []]).ambiguities.count == 1)
  }
}
