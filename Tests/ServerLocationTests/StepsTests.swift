import Addressing
import ServerLocation
import Testing
import Timing

@Suite("The steps from a domain to its servers") struct StepsTests {
  private func provider(_ zone: inout Zone) {
    zone.naptr(
      "example.com", (10, 20, "SIP+D2U", "_sip._udp.eu.example.com"), (10, 10, "SIP+D2T", "_sip._tcp.eu.example.com"),
      (10, 5, "SIPS+D2T", "_sips._tcp.eu.example.com"), (1, 1, "SIP+D2W", "_sip._ws.example.com"))
    zone.srv("_sip._udp.eu.example.com", (10, 1, 5070, "a.example.com"), (20, 1, 5080, "b.example.com"))
    zone.srv("_sip._tcp.eu.example.com", (10, 1, 5071, "a.example.com"))
    zone.srv("_sips._tcp.eu.example.com", (10, 1, 5072, "a.example.com"))
    zone.srv("_sip._udp.example.com", (10, 1, 5099, "plain.example.com"))
    zone.a("a.example.com", "192.0.2.1")
    zone.a("b.example.com", "192.0.2.2", "192.0.2.3")
    zone.a("plain.example.com", "192.0.2.9")
    zone.a("example.com", "192.0.2.80")
  }

  @Test("NAPTR names the SRV of each transport, SRV the hosts, A their addresses — RFC 3263 4.1, 4.2")
  func whole() {
    let bench = Bench.find(query(), provider)
    #expect(bench.targets(query()) == ["192.0.2.1:5070", "192.0.2.2:5080", "192.0.2.3:5080"])
    #expect(bench.zone.asked == ["NAPTR example.com", "SRV _sip._udp.eu.example.com", "A a.example.com", "A b.example.com"])
    #expect(bench.locations[query()]?.servers.map(\.origin) == [.pointer, .pointer])
  }

  @Test("SIP+D2T leads to TCP, SIPS+D2T to TLS; services that are not ours are passed over — RFC 3263 4.1", arguments: [(Transport.tcp, 5071), (.tls, 5072)])
  func services(transport: Transport, port: Int) {
    #expect(Bench.find(query("example.com", transport), provider).targets(query("example.com", transport)) == ["192.0.2.1:\(port)"])
  }

  @Test("A transport that the configuration names asks no NAPTR — RFC 3263 4.1")
  func named() {
    let bench = Bench.find(query(named: true), provider)
    #expect(bench.targets(query(named: true)) == ["192.0.2.9:5099"])
    #expect(bench.zone.asked == ["SRV _sip._udp.example.com", "A plain.example.com"])
  }

  @Test("A port asks for addresses only — RFC 3263 4.2")
  func port() {
    let bench = Bench.find(query(port: 5090), provider)
    #expect(bench.targets(query(port: 5090)) == ["192.0.2.80:5090"])
    #expect(bench.zone.asked == ["A example.com"])
  }

  @Test("A numeric address asks nothing; its port is the one given, else the transport's — RFC 3263 4.2")
  func numeric() throws {
    func location(_ address: String, _ transport: Transport, _ port: UInt16?) -> [String]? {
      ServerLocation(of: ServerQuery(.address(IPAddress(address)!), transport: transport, port: port, families: [.v4]))?.targets.map(\.description)
    }
    #expect(location("192.0.2.5", .udp, nil) == ["192.0.2.5:5060"])
    #expect(location("192.0.2.5", .tls, nil) == ["192.0.2.5:5061"])
    #expect(location("192.0.2.5", .tls, 5070) == ["192.0.2.5:5070"])
    #expect(location("2001:db8::1", .udp, nil) == [])
    #expect(ServerLocation(of: query()) == nil)
  }

  @Test(
    "Without NAPTR the SRV of the transport is asked: _sip._udp, _sip._tcp, _sips._tcp — RFC 3263 4.1",
    arguments: [
      (Transport.udp, "SRV _sip._udp.example.com"), (.tcp, "SRV _sip._tcp.example.com"), (.tls, "SRV _sips._tcp.example.com"),
    ])
  func withoutPointers(transport: Transport, question: String) {
    #expect(Bench.find(query("example.com", transport)) { _ in }.zone.asked.dropFirst().first == question)
  }

  @Test("NAPTR of no use is as none: other flags, a regular expression, or a replacement without SRV")
  func uselessPointers() {
    let bench = Bench.find(query()) {
      provider(&$0)
      $0.naptr("example.com", (10, 10, "SIP+D2U", "_sip._udp.eu.example.com"), flags: "u")
    }
    #expect(bench.targets(query()) == ["192.0.2.9:5099"])
    let dangling = Bench.find(query()) {
      provider(&$0)
      $0.naptr("example.com", (10, 10, "SIP+D2U", "_sip._udp.gone.example.com"))
    }
    #expect(dangling.targets(query()) == ["192.0.2.9:5099"])
    #expect(DNSRecord.Pointer(order: 1, preference: 1, flags: [0x73], service: Array("sip+d2u".utf8), replacement: DomainName("x.example")!).transport == .udp)
    let expression = DNSRecord.Pointer(
      order: 1, preference: 1, flags: [0x53], service: Array("SIP+D2U".utf8), hasExpression: true, replacement: DomainName("x.example")!)
    #expect(expression.transport == nil)
  }

  @Test("Of NAPTR records only the lowest order counts, its preferences one after the other — RFC 3403 4.1")
  func orders() {
    let bench = Bench.find(query()) {
      $0.naptr("example.com", (20, 1, "SIP+D2U", "late.example.com"), (10, 2, "SIP+D2U", "second.example.com"), (10, 1, "SIP+D2U", "first.example.com"))
      $0.srv("late.example.com", (1, 1, 1, "h.example.com"))
      $0.srv("second.example.com", (1, 1, 2, "h.example.com"))
      $0.srv("first.example.com", (9, 1, 3, "h.example.com"), (9, 1, 4, "h.example.com"))
      $0.a("h.example.com", "192.0.2.1")
    }
    #expect(bench.targets(query()) == ["192.0.2.1:3", "192.0.2.1:4", "192.0.2.1:2"])
    #expect(bench.locations[query()]?.servers.map(\.rank) == [0, 0, 1])
  }

  @Test("Without SRV the domain's own addresses are taken, with the transport's port — RFC 3263 4.2")
  func addresses() {
    let bench = Bench.find(query("example.com", .tls)) { $0.a("example.com", "192.0.2.1", "192.0.2.2") }
    #expect(bench.targets(query("example.com", .tls)) == ["192.0.2.1:5061", "192.0.2.2:5061"])
    #expect(bench.locations.values.first?.servers.map(\.origin) == [.address])
  }

  @Test("A single SRV with the target \".\" says that there is no server: the domain's addresses are not tried — RFC 2782")
  func notThere() {
    let bench = Bench.find(query()) {
      $0.srv("_sip._udp.example.com", (0, 0, 0, "."))
      $0.a("example.com", "192.0.2.1")
    }
    #expect(bench.targets(query()) == [])
    #expect(bench.locations[query()]?.trouble == "example.com has no IPv4 address for SIP over UDP")
    #expect(bench.notes.last == "example.com has no IPv4 address for SIP over UDP: its trunks are down")
  }

  @Test("Address families come in their order; only those that can be sent to are asked")
  func families() {
    let both = query(port: 5060, families: [.v6, .v4])
    let bench = Bench.find(both) {
      $0.a("example.com", "192.0.2.1")
      $0.aaaa("example.com", "2001:db8::1")
    }
    #expect(bench.targets(both) == ["[2001:db8::1]:5060", "192.0.2.1:5060"])
    let one = Bench.find(query(port: 5060)) { $0.a("example.com", "192.0.2.1") }
    #expect(one.zone.asked == ["A example.com"])
  }

  @Test("Addresses nobody can be reached at are passed over")
  func unusable() {
    let bench = Bench.find(query(port: 5060)) { $0.a("example.com", "0.0.0.0", "224.0.0.1", "192.0.2.1") }
    #expect(bench.targets(query(port: 5060)) == ["192.0.2.1:5060"])
  }

  @Test("What one domain leads to is bounded")
  func bounds() {
    let bench = Bench.find(query(named: true)) { zone in
      zone.records[q(.srv, "_sip._udp.example.com")] = (0..<200).map {
        .service(.init(priority: UInt16(200 - $0), weight: 0, port: 5060, target: DomainName("h\($0).example.com")!))
      }
      for host in 0..<200 { zone.records[q(.a, "h\(host).example.com")] = (0..<200).map { .address(IPAddress(10, 0, UInt8(host), UInt8($0))) } }
    }
    #expect(bench.targets(query(named: true)).count == 64)
    #expect(bench.targets(query(named: true)).first == "10.0.199.0:5060")
    #expect(bench.zone.asked.count <= 17)
  }
}
