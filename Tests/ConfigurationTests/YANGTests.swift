import Glibc
import Testing

@testable import Configuration

@Suite("The YANG model")
struct YANGTests {
  @Test("docs/yang-tree.txt is the tree of the model")
  func tree() throws {
    let drawn = try YANGContext().drawnTree()
    if getenv("TANDEM_WRITE_YANG_TREE") != nil {
      let file = try #require(fopen(Fixtures.root + "/docs/yang-tree.txt", "w"))
      fputs(drawn, file)
      fclose(file)
    }
    let kept = (try? Fixtures.read("docs/yang-tree.txt")) ?? ""
    #expect(
      kept == drawn,
      "the model has changed: run TANDEM_WRITE_YANG_TREE=1 swift test --filter YANGTests and check docs/yang-tree.txt in")
  }

  @Test("Every node says what it is, and every value what it accepts")
  func described() throws {
    let context = try Fixtures.context()
    var count = 0
    func walk(_ parent: SchemaNode?) {
      for node in context.children(of: parent) where node.moduleName == YANGContext.coreModule {
        count += 1
        #expect(node.summary.hasSuffix("."), "\(node.path): '\(node.summary)'")
        #expect(node.summary.utf8.count >= 9, "\(node.path): '\(node.summary)'")
        if node.kind == .leaf || node.kind == .leafList {
          let accepted = context.acceptance(of: node)
          #expect(!accepted.isEmpty && !accepted.contains("YANG") && !accepted.contains(#"\p{"#), "\(node.path): \(accepted)")
        }
        if node.kind == .container || node.kind == .list { walk(node) }
      }
    }
    walk(nil)
    #expect(count > 250)
  }

  @Test("The names that operators and programs rely on are there")
  func names() throws {
    let context = try YANGContext()
    let wanted = """
      system hostname, system name-server, system ntp-server, system cdr, system metrics listen, system trace hep, system watchdog, system identity,
      interface device, interface vlan, interface address, interface gateway, interface dscp-signalling, interface dscp-media, interface fast-path,
      certificate chain-file, certificate key-file, certificate trust-file,
      listener interface, listener address, listener port, listener transport, listener certificate, listener verify-peer, listener public-address, listener contact-host,
      media-realm interface, media-realm address, media-realm ports, media-realm public-address,
      peer type, peer address, peer port, peer transport, peer source, peer media-nat, peer media-source, peer media-source-check, peer representative-media-ip,
      peer alternate-bypass-id, peer routable, peer large-message, peer strict-name,
      trunk listener, trunk peer, trunk peer-port, trunk match request-host, trunk match trunk-group, trunk contact-host, trunk media-realm, trunk site,
      trunk max-calls, trunk max-call-rate, trunk is-pstn,
      trunk-configuration description, trunk-configuration centralized-media, trunk-configuration enable-bypass, trunk-configuration refer-support,
      trunk-configuration srtp-mode, trunk-configuration rtcp-active-calls, trunk-configuration rtcp-calls-on-hold, trunk-configuration rtcp-timeout,
      trunk-configuration session-timer, trunk-configuration session-expires, trunk-configuration min-se, trunk-configuration max-early-dialogs,
      trunk-configuration remove-plus, trunk-configuration pidf-lo, trunk-configuration signal-boost, trunk-configuration mobile-trunk,
      trunk-configuration enable-rtp-latching, trunk-configuration fast-failover, trunk-configuration progress-timeout, trunk-configuration routing-timeout,
      trunk-configuration failover-code, trunk-configuration forward-history, trunk-configuration forward-pai, trunk-configuration pstn-usage,
      trunk-configuration called-number-rule pattern, trunk-configuration called-number-rule translation, trunk-configuration called-number-rule description,
      trunk-configuration calling-number-rule pattern, trunk-configuration calling-number-rule translation,
      trunk-configuration response-code-rule received-code, trunk-configuration response-code-rule received-cause, trunk-configuration response-code-rule translated-code,
      trunk-configuration location-restriction, trunk-configuration network-site, trunk-configuration pass-header,
      trunk-configuration header-rule message, trunk-configuration header-rule header, trunk-configuration header-rule action,
      trunk-configuration header-rule pattern, trunk-configuration header-rule value, trunk-configuration max-call-duration,
      site region, site bandwidth-policy, site voice-policy, site location-based-routing, site emergency-policy, region bypass-id, network site,
      link site, link region, link bandwidth-policy, bandwidth-policy audio-total, bandwidth-policy audio-session, bandwidth-policy video-total, bandwidth-policy video-session,
      media-bypass enabled, media-bypass always, media-bypass default-bypass-id, dial-plan rule pattern, dial-plan rule translation, pstn-usage,
      voice-policy pstn-usage, voice-policy call-forwarding, voice-policy delegation, voice-policy transfer, voice-policy call-park, voice-policy simultaneous-ring,
      voice-policy team-call, voice-policy pstn-reroute, voice-policy bandwidth-override, voice-policy voicemail-escape, voice-policy voicemail-escape-timer,
      voice-policy forwarding-usage, voice-policy forwarding-pstn-usage, voice-policy prevent-toll-bypass,
      voice-route pattern, voice-route priority, voice-route pstn-usage, voice-route trunk, voice-route suppress-caller-id, voice-route alternate-caller-id,
      user line-uri, user voice-policy, user dial-plan, user target, user voicemail, emergency, call-park, response-group, unassigned-number,
      emergency-policy dial-string, emergency-policy dial-mask, emergency-policy pstn-usage, emergency-policy notify, emergency-policy location
      """
    for path in wanted.split(separator: ",") {
      var node: SchemaNode?
      for word in path.split(whereSeparator: \.isWhitespace) {
        node = context.children(of: node, named: String(word)).first
        if node == nil { break }
      }
      #expect(node != nil, "\(path)")
    }
    for ordered in [
      ["pstn-usage"], ["voice-route", "trunk"], ["voice-route", "pstn-usage"], ["trunk-configuration", "pstn-usage"], ["voice-policy", "pstn-usage"],
    ] {
      var node: SchemaNode?
      for word in ordered { node = context.children(of: node, named: word).first }
      #expect(node?.isUserOrdered == true, "\(ordered)")
    }
  }

  @Test("The schema's defaults of a collection are those of the typed value")
  func collectionDefaults() throws {
    let tree = try Fixtures.tree("set trunk-configuration global")
    let decoded = try tree.decoded().configuration
    #expect(decoded.trunkConfigurations.first?.settings == Configuration.TrunkConfiguration())
  }
}
