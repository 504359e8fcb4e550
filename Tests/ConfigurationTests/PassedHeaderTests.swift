import Testing

@testable import Configuration

@Suite("Passed headers") struct PassedHeaderTests {
  private func refusals(_ headers: [String]) -> [ConfigurationError] {
    var settings = Configuration.TrunkConfiguration()
    settings.passHeaders = headers
    var configuration = Configuration()
    configuration.trunkConfigurations = [.init(scope: .trunk("t"), settings: settings)]
    return SemanticChecks(configuration).run()
  }

  /// What makes a transaction, a dialog, a body or a session of a leg; what proves who is there; what points at another dialog.
  static let never = [
    "Via", "v", "From", "f", "To", "t", "Call-ID", "i", "CSeq", "Contact", "m", "Route", "Record-Route", "Path", "Service-Route", "Max-Forwards",
    "Content-Type", "c", "Content-Length", "l", "Content-Encoding", "e", "Content-Disposition", "MIME-Version", "Allow", "Supported", "k", "Require",
    "Proxy-Require", "Unsupported", "Authorization", "Proxy-Authorization", "WWW-Authenticate", "Proxy-Authenticate", "Authentication-Info", "RSeq", "RAck",
    "Session-Expires", "x", "Min-SE", "Expires", "Event", "o", "Subscription-State", "Refer-To", "r", "Referred-By", "b", "Replaces", "Reason", "Retry-After",
    "P-Asserted-Identity", "P-Preferred-Identity", "Privacy", "Timestamp", "Join", "Target-Dialog", "In-Reply-To", "Max-Breadth", "Content-Language",
    "Security-Client", "Security-Server", "Security-Verify", "SIP-ETag", "SIP-If-Match", "Flow-Timer", "Content-ID", "Allow-Events", "u", "Refer-Sub",
    "Recv-Info",
    "Info-Package",
  ]

  @Test("A header that each leg has of its own is refused, naming the collection and the header, in whatever case it is written", arguments: never)
  func refused(header: String) throws {
    for spelling in [header, header.lowercased(), header.uppercased()] {
      let errors = refusals([spelling])
      let error = try #require(errors.first, "\(spelling) was accepted")
      #expect(errors.count == 1)
      #expect(error.node == "trunk-configuration trunk:t pass-header")
      #expect(error.value == spelling)
    }
  }

  @Test("Others may pass", arguments: ["X-Marker", "User-Agent", "Subject", "Organization", "Call-Info", "Alert-Info", "P-Charging-Vector", "User-to-User"])
  func accepted(header: String) { #expect(refusals([header]).isEmpty) }

  @Test("Each wrong one is named, wherever it stands in the list")
  func all() { #expect(refusals(["X-A", "Via", "X-B", "To"]).map(\.value) == ["Via", "To"]) }
}
