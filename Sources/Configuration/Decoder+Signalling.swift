import Addressing

extension Decoder {
  mutating func decodeSystem() {
    guard let node = container("system") else { return }
    var system = Configuration.System()
    system.hostname = node.leaf("hostname")
    system.identity = node.leaf("identity")
    system.callRecords = node.flag("cdr")
    system.nameServers = node.leaves("name-server").compactMap { IPAddress($0) }
    system.timeServers = node.leaves("ntp-server")
    system.watchdog = node.flag("watchdog")
    for (container, leaf) in [("metrics", "listen"), ("trace", "hep")] {
      guard let inner = node.child(container), let text = inner.leaf(leaf) else { continue }
      guard let port = text.split(separator: ":").last.flatMap({ UInt16($0) }), port > 0 else {
        refuse(inner, leaf, value: text, "has no port from 1 to 65535", accepted: "HOST:PORT, for example 127.0.0.1:9090")
        continue
      }
      if container == "metrics" { system.metricsListen = text } else { system.hepCollector = text }
    }
    configuration.system = system
  }

  mutating func interface(_ node: DataNode) -> Configuration.Interface {
    var interface = Configuration.Interface(name: node.leaf("name") ?? "", device: node.leaf("device"))
    for text in node.leaves("address") {
      guard let prefix = IPPrefix(text), !prefix.address.isUnspecified, !prefix.address.isMulticast else {
        refuse(node, "address", value: text, "is not an address an interface can have", accepted: "for example 192.0.2.10/24 or 2001:db8::10/64")
        continue
      }
      interface.addresses.append(prefix)
    }
    interface.gateways = node.leaves("gateway").compactMap { IPAddress($0) }
    for family in [IPAddress.Family.v4, .v6] where interface.gateways.count(where: { $0.family == family }) > 1 {
      refuse(
        node, "gateway", value: interface.gateways.map(\.description).joined(separator: " "), "are two of one family",
        accepted: "at most one IPv4 and one IPv6 gateway: delete \(node.steps.words) gateway, then set the one that holds")
    }
    interface.dscpSignalling = UInt8(clamping: node.number("dscp-signalling") ?? 24)
    interface.dscpMedia = UInt8(clamping: node.number("dscp-media") ?? 46)
    interface.vlan = node.number("vlan")
    interface.fastPath = node.choice("fast-path", .auto)
    return interface
  }

  func certificate(_ node: DataNode) -> Configuration.Certificate {
    Configuration.Certificate(
      name: node.leaf("name") ?? "", chainFile: node.leaf("chain-file"), keyFile: node.leaf("key-file"), trustFile: node.leaf("trust-file"))
  }

  mutating func listener(_ node: DataNode) -> Configuration.Listener? {
    let interface = node.leaf("interface").flatMap { interfaceIndex[$0] }.map { configuration.interfaces[$0] }
    // An interface without a usable address was refused where it stands.
    guard let ip = node.ip("address") ?? interface?.addresses.first?.address, let transport = node.transport("transport") else { return nil }
    if ip.isUnspecified || ip.isMulticast {
      refuse(node, "address", value: "\(ip)", "can not be written into Via and Contact", accepted: "one address of the host, for example 192.0.2.10")
    }
    let port = node.port("port") ?? transport.defaultPort
    var listener = Configuration.Listener(
      name: node.leaf("name") ?? "", address: TransportAddress(ip, port), transport: transport, publicAddress: node.ip("public-address"),
      contactHost: node.leaf("contact-host"), dscp: interface?.dscpSignalling ?? 24)
    listener.certificate = node.leaf("certificate").flatMap { certificateIndex[$0] }
    listener.furtherCertificates = node.leaves("additional-certificate").compactMap { certificateIndex[$0] }
    listener.verifyPeer = node.flag("verify-peer")
    listener.keepAliveInterval = node.number("keep-alive-interval") ?? listener.keepAliveInterval
    listener.isClientCertificateOptional = node.leaf("client-certificate") == "optional"
    return listener
  }

  mutating func mediaRealm(_ node: DataNode) -> Configuration.MediaRealm? {
    let interface = node.leaf("interface").flatMap { interfaceIndex[$0] }.map { configuration.interfaces[$0] }
    let addresses = interface.map { $0.addresses.map(\.address) } ?? node.leaves("address").compactMap { IPAddress($0) }
    guard !addresses.isEmpty else { return nil }
    // RFC 3264 8.4: an address of zeros in c= means hold.
    for address in addresses where address.isUnspecified || address.isMulticast {
      refuse(
        node, interface == nil ? "address" : "interface", value: "\(address)", "can not be written into SDP as where media is to be sent",
        accepted: "addresses of the host, for example 192.0.2.10")
    }
    var ranges: [Configuration.PortRange] = []
    for text in node.leaves("ports") {
      guard let range = Self.ranges([text]).first, range.first >= 1024, range.first % 2 == 0, range.last % 2 == 1, range.first < range.last else {
        refuse(
          node, "ports", value: text, "is not a range of port pairs (RTP has the even port, RTCP the odd one after it)",
          accepted: "FIRST-LAST with FIRST even and LAST odd, from 1024 to 65535, for example 16384-32767")
        continue
      }
      if let other = ranges.first(where: { $0.first <= range.last && range.first <= $0.last }) {
        refuse(node, "ports", value: text, "overlaps \(other.first)-\(other.last)", accepted: "ranges that do not overlap")
      }
      ranges.append(range)
    }
    return Configuration.MediaRealm(
      name: node.leaf("name") ?? "", addresses: addresses, publicAddress: node.ip("public-address"), ports: ranges,
      dscp: interface?.dscpMedia ?? 46)
  }

  mutating func peer(_ node: DataNode) -> Configuration.Peer {
    let text = node.leaf("address") ?? ""
    let address: Configuration.Peer.Address =
      text == "dynamic" ? .dynamic : IPAddress(text).map { .ip($0) } ?? .domain(text)
    if case .ip(let ip) = address, ip.isUnspecified || ip.isMulticast {
      refuse(node, "address", value: text, "is no address of one host", accepted: "an address such as 192.0.2.10, a domain name, or dynamic")
    }
    var peer = Configuration.Peer(
      name: node.leaf("name") ?? "", type: node.leaf("type") ?? "", address: address, port: node.port("port"),
      transport: node.transport("transport"), sources: node.prefixes("source"), mediaNAT: node.flag("media-nat"),
      mediaSources: node.prefixes("media-source"), representativeMediaIP: node.ip("representative-media-ip"),
      routable: node.flag("routable"), pluginSettings: tree.pluginSettings(of: node))
    peer.mediaSourceCheck = node.choice("media-source-check", .tuple)
    if peer.mediaSourceCheck == .prefix, peer.mediaSources.isEmpty {
      refuse(node, "media-source-check", value: "prefix", "needs the prefixes: set media-source too", accepted: "tuple or address without them")
    }
    peer.alternateBypassID = node.leaf("alternate-bypass-id")
    peer.optionsInterval = node.number("options-interval") ?? 30
    peer.sendsLargeOverTCP = node.leaf("large-message") == "tcp"
    peer.strictName = node.flag("strict-name")
    peer.account = Self.account(node)
    peer.certificateNames = node.leaves("certificate-name")
    peer.certificate = node.leaf("certificate").flatMap { certificateIndex[$0] }
    peer.isServed = tree.context.pluginIDs.contains(peer.type)
    return peer
  }

  mutating func trunk(_ node: DataNode) -> Configuration.Trunk? {
    guard let listener = node.leaf("listener").flatMap({ listenerIndex[$0] }), let peer = node.leaf("peer").flatMap({ peerIndex[$0] }) else {
      return nil
    }
    var trunk = Configuration.Trunk(
      name: node.leaf("name") ?? "", listener: listener, peer: peer, mediaRealm: node.leaf("media-realm").flatMap { realmIndex[$0] },
      peerPort: node.port("peer-port"), contactHost: node.leaf("contact-host"), site: node.leaf("site"),
      maxCalls: node.number("max-calls") ?? 0, maxCallRate: node.number("max-call-rate") ?? 0)
    trunk.matchRequestHost = node.child("match")?.leaf("request-host")
    trunk.matchTrunkGroup = node.child("match")?.leaf("trunk-group")
    trunk.isPSTN = node.flag("is-pstn")
    trunk.account = Self.account(node)
    return trunk
  }

  private static func account(_ node: DataNode) -> Configuration.Account? {
    guard let user = node.leaf("auth-user"), let password = node.leaf("auth-password") else { return nil }
    return Configuration.Account(
      user: user, password: password, realm: node.leaf("auth-realm"),
      algorithms: node.leaves("auth-algorithm").compactMap { Configuration.Account.Algorithm(rawValue: $0) })
  }

  mutating func collection(_ node: DataNode) -> Configuration.ScopedTrunkConfiguration {
    var settings = Configuration.TrunkConfiguration()
    settings.centralizedMedia = node.flag("centralized-media")
    settings.enableBypass = node.flag("enable-bypass")
    settings.referSupport = node.choice("refer-support", .execute)
    settings.srtpMode = node.leaf("srtp-mode").flatMap { .init(rawValue: $0) }
    settings.rtcpActiveCalls = node.flag("rtcp-active-calls")
    settings.rtcpCallsOnHold = node.flag("rtcp-calls-on-hold")
    settings.rtcpTimeout = node.number("rtcp-timeout") ?? settings.rtcpTimeout
    settings.sessionTimer = node.flag("session-timer")
    settings.sessionExpires = node.number("session-expires") ?? settings.sessionExpires
    settings.minSE = node.number("min-se") ?? settings.minSE
    settings.maxEarlyDialogs = node.number("max-early-dialogs") ?? settings.maxEarlyDialogs
    settings.removePlus = node.flag("remove-plus")
    settings.pidfLO = node.flag("pidf-lo")
    settings.enableRTPLatching = node.flag("enable-rtp-latching")
    settings.fastFailover = node.flag("fast-failover")
    settings.progressTimeout = node.number("progress-timeout") ?? settings.progressTimeout
    settings.routingTimeout = node.number("routing-timeout") ?? settings.routingTimeout
    settings.failoverCodes = failoverCodes(node)
    settings.forwardHistory = node.flag("forward-history")
    settings.forwardPAI = node.flag("forward-pai")
    settings.forwardAnonymousPAI = node.flag("forward-anonymous-pai")
    settings.acceptGatewayPAI = node.flag("accept-gateway-pai")
    settings.pstnUsages = node.leaves("pstn-usage")
    settings.calledNumberRules = Self.rules(node.list("called-number-rule"))
    settings.callingNumberRules = Self.rules(node.list("calling-number-rule"))
    settings.responseCodeRules = Self.responseCodeRules(node)
    settings.locationRestriction = node.flag("location-restriction")
    settings.networkSite = node.leaf("network-site")
    settings.passHeaders = node.leaves("pass-header")
    settings.passInfoBodies = node.leaves("pass-info-body")
    settings.headerRules = Self.headerRules(node)
    settings.maxCallDuration = node.number("max-call-duration") ?? settings.maxCallDuration
    settings.pluginSettings = tree.pluginSettings(of: node)
    return .init(scope: Self.scope(node.leaf("scope") ?? "global"), settings: settings)
  }

  private mutating func failoverCodes(_ node: DataNode) -> [Configuration.PortRange] {
    for text in node.leaves("failover-code") {
      guard let range = Self.ranges([text]).first, range.first <= range.last else {
        refuse(node, "failover-code", value: text, "ends before it begins", accepted: "a status or a range of them, for example 503 or 500-599")
        continue
      }
    }
    return Self.ranges(node.leaves("failover-code"))
  }

  private static func responseCodeRules(_ node: DataNode) -> [Configuration.ResponseCodeRule] {
    node.list("response-code-rule").map { rule in
      Configuration.ResponseCodeRule(
        number: rule.number("number") ?? 0, receivedCode: rule.number("received-code") ?? 0, receivedCause: rule.number("received-cause") ?? -1,
        translatedCode: rule.number("translated-code") ?? 0)
    }.sorted { $0.number < $1.number }
  }

  private static func headerRules(_ node: DataNode) -> [Configuration.HeaderRule] {
    node.list("header-rule").map { rule in
      Configuration.HeaderRule(
        number: rule.number("number") ?? 0, message: rule.leaf("message") ?? "any", header: rule.leaf("header") ?? "",
        action: rule.choice("action", .remove), pattern: rule.leaf("pattern"), value: rule.leaf("value"))
    }.sorted { $0.number < $1.number }
  }
}
