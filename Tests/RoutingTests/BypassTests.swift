import Addressing
import Configuration
import Routing
import Testing

@Suite struct BypassTests {
  private func network(site: String? = "hq", _ change: (inout Configuration.TrunkConfiguration) -> Void = { _ in }) -> Network {
    var network = Network()
    network.configuration.mediaBypass.enabled = true
    network.trunk("a", site: site, usages: []) { $0.enableBypass = true }
    network.trunk("b", site: site, usages: []) {
      $0.enableBypass = true
      change(&$0)
    }
    return network
  }
  private func decide(_ network: Network) throws -> (allowed: Bool, reason: String) {
    let table = try RoutingTable(network.configuration)
    let there = table.bypass(incoming: 0, outgoing: 1, explain: true)
    #expect(table.bypass(incoming: 1, outgoing: 0).allowed == there.allowed)
    #expect(table.bypass(incoming: 0, outgoing: 1).reasons.isEmpty)
    return (there.allowed, there.reasons.joined(separator: " "))
  }

  @Test("Two trunks of one site that enable it may bypass")
  func oneSite() throws {
    let (allowed, reason) = try decide(network())
    #expect(allowed)
    #expect(reason == "Media may bypass: both trunks are in site hq.")
  }
  @Test("Trunks in different sites, and trunks in none, may not unless bypass is always")
  func sites() throws {
    var apart = network()
    apart.configuration.trunks[1].site = "branch"
    for var network in [apart, network(site: nil)] {
      let (allowed, reason) = try decide(network)
      #expect(!allowed)
      #expect(reason == "No bypass: trunks a and b are not in one site.")
      network.configuration.mediaBypass.always = true
      #expect(try decide(network).allowed)
    }
  }
  @Test("The global switch is needed, also with always")
  func globalSwitch() throws {
    var network = network()
    network.configuration.mediaBypass.enabled = false
    network.configuration.mediaBypass.always = true
    let (allowed, reason) = try decide(network)
    #expect(!allowed)
    #expect(reason == "No bypass: media-bypass is not enabled.")
  }
  @Test("Each trunk must enable bypass and have centralized media")
  func trunkSwitches() throws {
    let off = try decide(network { $0.enableBypass = false })
    #expect(!off.allowed)
    #expect(off.reason == "No bypass: trunk b has enable-bypass false (trunk-configuration trunk:b).")
    let spread = try decide(network { $0.centralizedMedia = false })
    #expect(!spread.allowed)
    #expect(spread.reason == "No bypass: trunk b has centralized-media false (trunk-configuration trunk:b).")
  }
  @Test("With refer-support refuse both RTCP checks must be off")
  func refer() throws {
    #expect(try !decide(network { $0.referSupport = .refuse }).allowed)
    #expect(
      try !decide(
        network {
          $0.referSupport = .refuse
          $0.rtcpActiveCalls = false
        }
      ).allowed)
    #expect(
      try decide(
        network {
          $0.referSupport = .refuse
          $0.rtcpActiveCalls = false
          $0.rtcpCallsOnHold = false
        }
      ).allowed)
    for other in [Configuration.TrunkConfiguration.ReferSupport.execute, .peer, .thirdParty] {
      #expect(try decide(network { $0.referSupport = other }).allowed)
    }
  }
  @Test("A trunk that requires SRTP and one that does not support it can not bypass; unset goes by transport")
  func srtp() throws {
    #expect(try !decide(network { $0.srtpMode = .required }).allowed)
    #expect(try decide(network { $0.srtpMode = .optional }).allowed)
    var secure = network()
    secure.configuration.listeners.append(.init(name: "tls", address: .init(IPAddress(127, 0, 0, 1), 5061), transport: .tls))
    secure.configuration.trunks[1].listener = 1
    #expect(try !decide(secure).allowed)
    secure.configuration.trunks[0].listener = 1
    #expect(try decide(secure).allowed)
  }
}
