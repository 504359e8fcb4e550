import Addressing

extension Decoder {
  mutating func decodeRouting() {
    configuration.dialPlans = entries("dial-plan").map { node in
      Configuration.DialPlan(scope: Self.scope(node.leaf("scope") ?? "global"), rules: Self.rules(node.list("rule")))
    }
    configuration.pstnUsages = tree.top.named("pstn-usage").compactMap(\.value)
    configuration.voicePolicies = entries("voice-policy").map(voicePolicy)
    configuration.voiceRoutes = entries("voice-route").map { node in
      Configuration.VoiceRoute(
        name: node.leaf("name") ?? "", pattern: node.leaf("pattern") ?? "", priority: node.number("priority") ?? 0,
        pstnUsages: node.leaves("pstn-usage"), trunks: node.leaves("trunk").compactMap { trunkIndex[$0] },
        suppressCallerID: node.flag("suppress-caller-id"), alternateCallerID: node.leaf("alternate-caller-id"))
    }
    guard let bypass = container("media-bypass") else { return }
    configuration.mediaBypass.enabled = bypass.flag("enabled")
    configuration.mediaBypass.always = bypass.flag("always")
    configuration.mediaBypass.defaultBypassID = bypass.leaf("default-bypass-id")
  }

  private func voicePolicy(_ node: DataNode) -> Configuration.VoicePolicy {
    var policy = Configuration.VoicePolicy(name: node.leaf("name") ?? "")
    policy.pstnUsages = node.leaves("pstn-usage")
    policy.callForwarding = node.flag("call-forwarding")
    policy.delegation = node.flag("delegation")
    policy.transfer = node.flag("transfer")
    policy.callPark = node.flag("call-park")
    policy.simultaneousRing = node.flag("simultaneous-ring")
    policy.teamCall = node.flag("team-call")
    policy.pstnReroute = node.flag("pstn-reroute")
    policy.bandwidthOverride = node.flag("bandwidth-override")
    policy.voicemailEscape = node.flag("voicemail-escape")
    policy.voicemailEscapeMilliseconds = node.number("voicemail-escape-timer") ?? policy.voicemailEscapeMilliseconds
    policy.forwardingUsage = node.choice("forwarding-usage", .voicePolicy)
    policy.forwardingPSTNUsages = node.leaves("forwarding-pstn-usage")
    policy.preventTollBypass = node.flag("prevent-toll-bypass")
    return policy
  }

  mutating func decodeNetwork() {
    var map = Configuration.NetworkMap()
    map.sites = entries("site").map { node in
      var site = Configuration.NetworkMap.Site(name: node.leaf("name") ?? "")
      site.region = node.leaf("region")
      site.bypassID = node.leaf("bypass-id")
      site.bandwidthPolicy = node.leaf("bandwidth-policy")
      site.voicePolicy = node.leaf("voice-policy")
      site.locationBasedRouting = node.flag("location-based-routing")
      site.emergencyPolicy = node.leaf("emergency-policy")
      site.location = node.leaf("location")
      return site
    }
    map.regions = entries("region").map { .init(name: $0.leaf("name") ?? "", bypassID: $0.leaf("bypass-id")) }
    map.networks = entries("network").compactMap { node in
      node.leaf("prefix").flatMap { IPPrefix($0) }.map { .init(prefix: $0, site: node.leaf("site") ?? "", location: node.leaf("location")) }
    }
    map.links = entries("link").map {
      .init(name: $0.leaf("name") ?? "", sites: $0.leaves("site"), regions: $0.leaves("region"), bandwidthPolicy: $0.leaf("bandwidth-policy"))
    }
    map.bandwidthPolicies = entries("bandwidth-policy").map { node in
      var policy = Configuration.NetworkMap.BandwidthPolicy(name: node.leaf("name") ?? "")
      policy.audioTotal = node.number("audio-total")
      policy.audioSession = node.number("audio-session") ?? policy.audioSession
      policy.videoTotal = node.number("video-total")
      policy.videoSession = node.number("video-session") ?? policy.videoSession
      return policy
    }
    configuration.network = map
    configuration.sites = map.sites.map(\.name)
  }
}
