extension Decoder {
  mutating func decodeEnterprise() {
    configuration.users = entries("user").map(user)
    decodeEmergency()
    if let node = container("call-park") {
      var park = Configuration.CallPark()
      park.pickupTimeout = node.number("pickup-timeout") ?? park.pickupTimeout
      park.maxPickupAttempts = node.number("max-pickup-attempts") ?? park.maxPickupAttempts
      park.musicOnHold = node.flag("music-on-hold")
      park.timeoutURI = node.leaf("timeout-uri")
      park.orbits = node.list("orbit").sorted(by: DataNode.precedes).map { orbit in
        .init(
          name: orbit.leaf("name") ?? "", first: orbit.leaf("first") ?? "", last: orbit.leaf("last") ?? "",
          kind: orbit.choice("type", .callPark))
      }
      configuration.callPark = park
    }
    configuration.responseGroups = entries("response-group").map { node in
      var group = Configuration.ResponseGroup(name: node.leaf("name") ?? "", lineURI: node.leaf("line-uri") ?? "")
      group.hunt = node.choice("hunt", .parallel)
      group.agents = node.leaves("agent")
      group.ringTime = node.number("ring-time") ?? group.ringTime
      group.queueTimeout = node.number("queue-timeout") ?? group.queueTimeout
      group.overflowTo = node.leaf("overflow-to")
      return group
    }
    configuration.unassignedNumbers = tree.top.named("unassigned-number").map { node in
      .init(
        name: node.leaf("name") ?? "", first: node.leaf("first") ?? "", last: node.leaf("last") ?? "",
        treatment: node.leaf("forward-to").map { .forward($0) } ?? .refuse(node.number("status") ?? 404))
    }
  }

  private func user(_ node: DataNode) -> Configuration.User {
    var user = Configuration.User(name: node.leaf("name") ?? "", lineURI: node.leaf("line-uri") ?? "")
    user.voicePolicy = node.leaf("voice-policy")
    user.dialPlan = node.leaf("dial-plan").map(Self.scope)
    user.emergencyPolicy = node.leaf("emergency-policy")
    user.targets = node.list("target").compactMap { target in
      target.leaf("trunk").flatMap { trunkIndex[$0] }.map { .init(trunk: $0, number: target.leaf("number") ?? "") }
    }
    user.forwardTo = node.leaf("forward-to")
    user.simultaneousRing = node.leaves("simultaneous-ring")
    user.unansweredTo = node.leaf("unanswered-to")
    user.unansweredWait = node.number("unanswered-wait") ?? user.unansweredWait
    user.voicemail = node.leaf("voicemail")
    user.delegates = node.leaves("delegate")
    user.delegateRingWait = node.number("delegate-ring-wait") ?? user.delegateRingWait
    return user
  }

  private mutating func decodeEmergency() {
    var emergency = Configuration.Emergency()
    if let node = container("emergency") {
      emergency.policy = node.leaf("policy")
      emergency.callBackTime = node.number("call-back-time") ?? emergency.callBackTime
      emergency.callingNumberRules = node.list("calling-number-rule").map {
        .init(number: $0.number("number") ?? 0, pattern: $0.leaf("pattern") ?? "", location: $0.leaf("location") ?? "")
      }.sorted { $0.number < $1.number }
    }
    emergency.policies = entries("emergency-policy").map { node in
      var policy = Configuration.Emergency.Policy(
        name: node.leaf("name") ?? "", dialStrings: node.leaves("dial-string"), pstnUsage: node.leaf("pstn-usage") ?? "")
      policy.dialMasks = node.leaves("dial-mask")
      policy.notify = node.leaves("notify")
      policy.locations = node.leaves("location")
      return policy
    }
    emergency.locations = entries("location").map { node in
      var location = Configuration.Emergency.Location(name: node.leaf("name") ?? "")
      location.country = node.leaf("country")
      location.state = node.leaf("state")
      location.city = node.leaf("city")
      location.street = node.leaf("street")
      location.houseNumber = node.leaf("house-number")
      location.postalCode = node.leaf("postal-code")
      location.floor = node.leaf("floor")
      location.room = node.leaf("room")
      location.elins = node.leaves("elin")
      return location
    }
    configuration.emergency = emergency
  }
}
