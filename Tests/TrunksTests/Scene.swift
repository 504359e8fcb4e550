import Addressing
import CTandemTrunk
import Configuration
import SIP
import ServerLocation
import Timing
import Trunks

/// A small appliance: one UDP and one TLS listener, three peers, a trunk to each and a second one to the first.
func scene(
  type: String = "fixture", settings: String = "{}", trunkSettings: String = "{}", edit: (inout Configuration) -> Void = { _ in }
) -> Configuration {
  var configuration = Configuration()
  configuration.listeners = [
    .init(name: "udp", address: TransportAddress(IPAddress(192, 0, 2, 1), 5060), transport: .udp),
    .init(name: "tls", address: TransportAddress(IPAddress(192, 0, 2, 1), 5081), transport: .tls),
  ]
  configuration.peers = [
    .init(name: "carrier", type: type, address: .ip(IPAddress(198, 51, 100, 7)), pluginSettings: settings),
    .init(name: "named", type: type, address: .domain("sip.example")),
    .init(name: "roaming", type: type, address: .dynamic),
  ]
  // Whoever wants OPTIONS says so.
  for peer in configuration.peers.indices { configuration.peers[peer].optionsInterval = 0 }
  configuration.trunks = [
    .init(name: "carrier-udp", listener: 0, peer: 0),
    .init(name: "named-tls", listener: 1, peer: 1),
    .init(name: "roaming-udp", listener: 0, peer: 2),
    .init(name: "carrier-tls", listener: 1, peer: 0, peerPort: 5070),
  ]
  var global = Configuration.TrunkConfiguration()
  global.pluginSettings = trunkSettings
  configuration.trunkConfigurations = [.init(scope: .global, settings: global)]
  edit(&configuration)
  return configuration
}

/// Where the scene's domain is.
let sceneLocation = ServerLocation(
  servers: [.init(rank: 0, weight: 0, name: DomainName("sip.example"), port: 5061, addresses: [IPAddress(203, 0, 113, 9)], origin: .address)])

extension TrunkTable {
  /// With the scene's domain looked up.
  init(located configuration: Configuration, plugins: [String: UnsafePointer<tt_plugin_v1>], clock: (() -> Instant)? = nil) {
    self.init(configuration, plugins: plugins, clock: clock)
    _ = locate(configuration.serverQueries.map { ($0, sceneLocation) })
  }
}

func second(_ n: Int) -> Instant { Instant(nanoseconds: Int64(n) * 1_000_000_000) }

func request(
  _ method: String = "INVITE", uri: String = "sip:+4930@198.51.100.7", from: String = "<sip:100@192.0.2.1>", toTag: String = "", headers: [String] = []
)
  throws -> SIPMessage
{
  let lines =
    [
      "\(method) \(uri) SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", "Max-Forwards: 70", "From: \(from);tag=a",
      "To: <sip:+4930@198.51.100.7;lr>\(toTag)", "Call-ID: c1", "CSeq: 1 \(method)", "Contact: <sip:1@192.0.2.1:5060>",
    ] + headers + ["Content-Length: 0", "", ""]
  return try SIPMessage(parsing: Array(lines.joined(separator: "\r\n").utf8))
}

func response(_ status: Int, headers: [String] = []) throws -> SIPMessage {
  let lines =
    [
      "SIP/2.0 \(status) Whatever", "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1", "From: <sip:100@192.0.2.1>;tag=a",
      "To: <sip:+4930@198.51.100.7>;tag=b", "Call-ID: c1", "CSeq: 1 INVITE",
    ] + headers + ["Content-Length: 0", "", ""]
  return try SIPMessage(parsing: Array(lines.joined(separator: "\r\n").utf8))
}

extension SIPMessage {
  func text(_ name: String) -> String? {
    let known = HeaderName(spelling: Array(name.utf8))
    let value = known == .other ? value(named: Array(name.utf8)) : value(known)
    return value.map { String(decoding: $0, as: UTF8.self) }
  }
  var wire: String { String(decoding: encoded(), as: UTF8.self) }
}

extension TrunkTable {
  /// A counter of the plugin that was used first.
  func counter(_ name: String) -> UInt64? { pluginCounters.first { $0.name.hasSuffix("." + name) }?.value }
}
