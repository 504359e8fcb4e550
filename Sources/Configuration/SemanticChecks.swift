import Addressing

/// What a schema can not say about a whole configuration. Each complaint names the node, the value and what would be accepted.
struct SemanticChecks {
  let configuration: Configuration
  private var errors: [ConfigurationError] = []

  init(_ configuration: Configuration) { self.configuration = configuration }

  func run() -> [ConfigurationError] {
    var checks = self
    checks.interfacesHaveOwnAddresses()
    checks.listenersHaveOwnPlaces()
    checks.realmsHaveOwnPorts()
    checks.trunksFitTheirListener()
    checks.trunksCanBeToldApart()
    checks.numbersHaveOneOwner()
    checks.passedHeadersAreExtra()
    return checks.errors
  }

  private mutating func refuse(_ words: [String], value: String? = nil, _ problem: String, accepted: String? = nil) {
    let node = words.map(\.asConfigurationWord).joined(separator: " ")
    errors.append(ConfigurationError(node: node, value: value, problem: problem, accepted: accepted))
  }

  private mutating func interfacesHaveOwnAddresses() {
    var owners: [IPAddress: String] = [:]
    for interface in configuration.interfaces {
      for prefix in interface.addresses {
        if let other = owners[prefix.address] {
          refuse(
            ["interface", interface.name, "address"], value: "\(prefix)", "is an address of interface \(other) too",
            accepted: "an address that no other interface has")
        }
        owners[prefix.address] = interface.name
      }
    }
  }

  private mutating func listenersHaveOwnPlaces() {
    let listeners = configuration.listeners
    for (index, listener) in listeners.enumerated() {
      // TCP and TLS share the port numbers of streams.
      let other = listeners[..<index].first { $0.address == listener.address && ($0.transport == .udp) == (listener.transport == .udp) }
      guard let other else { continue }
      refuse(
        ["listener", listener.name, "port"], value: "\(listener.address.port)",
        "is taken: listener \(other.name) has \(other.address) \(other.transport.name) too", accepted: "another port, address or transport")
    }
  }

  private mutating func realmsHaveOwnPorts() {
    let realms = configuration.mediaRealms
    for (index, realm) in realms.enumerated() {
      for range in realm.ports {
        let text = "\(range.first)-\(range.last)"
        let shared = realms[..<index].first { other in
          other.addresses.contains(where: realm.addresses.contains) && other.ports.contains { $0.first <= range.last && range.first <= $0.last }
        }
        if let shared {
          refuse(
            ["media-realm", realm.name, "ports"], value: text, "overlaps the ports of media-realm \(shared.name) on the same address",
            accepted: "ranges of its own, or other addresses")
        }
        for listener in configuration.listeners
        where listener.transport == .udp && realm.addresses.contains(listener.address.ip)
          && range.first <= listener.address.port && listener.address.port <= range.last
        {
          refuse(
            ["media-realm", realm.name, "ports"], value: text, "holds port \(listener.address.port) of listener \(listener.name)",
            accepted: "a range without it, or another port for the listener")
        }
      }
    }
  }

  private mutating func trunksFitTheirListener() {
    for trunk in configuration.trunks {
      let listener = configuration.listeners[trunk.listener]
      let peer = configuration.peers[trunk.peer]
      guard case .ip(let ip) = peer.address else { continue }
      if ip.family != listener.address.ip.family {
        refuse(
          ["trunk", trunk.name, "peer"], value: peer.name,
          "has the address \(ip), but listener \(listener.name) has \(listener.address.ip)", accepted: "a peer and a listener of one address family")
      }
      if ip == listener.address.ip, configuration.peerPort(of: trunk) == listener.address.port {
        refuse(
          ["trunk", trunk.name, "peer"], value: peer.name, "has the address of this trunk's own listener \(listener.name), \(listener.address)",
          accepted: "the address or port of the other end")
      }
    }
  }

  // MARK: ambiguous trunks

  /// An incoming request belongs to the trunk its listener and source say; where several fit, the TLS name, the exact source port (UDP), then `match` decide.
  private mutating func trunksCanBeToldApart() {
    // A few thousand trunks: compare only those of one listener.
    let byListener = Dictionary(grouping: configuration.trunks.indices, by: { configuration.trunks[$0].listener })
    for listener in byListener.keys.sorted() {
      let trunks = byListener[listener] ?? []
      for (position, later) in trunks.enumerated() {
        guard let earlier = trunks[..<position].first(where: { !canTell($0, from: later) }) else { continue }
        refuseAmbiguous(configuration.trunks[earlier], configuration.trunks[later])
      }
    }
  }

  private func canTell(_ a: Int, from b: Int) -> Bool {
    let (a, b) = (configuration.trunks[a], configuration.trunks[b])
    let listener = configuration.listeners[a.listener]
    let transport = listener.transport
    if !sourcesMeet(configuration.peers[a.peer], configuration.peers[b.peer]) { return true }
    // The certificate's name tells them apart wherever they come from.
    if listener.knowsPeersByName, !configuration.peers[a.peer].sharesName(with: configuration.peers[b.peer]) { return true }
    // `match` is not looked at yet when a call comes in, so it can not tell trunks apart either.
    return transport == .udp && configuration.peerPort(of: a) != configuration.peerPort(of: b)
  }

  private func sourcesMeet(_ a: Configuration.Peer, _ b: Configuration.Peer) -> Bool {
    if a.name == b.name { return true }
    if case .domain(let x) = a.address, case .domain(let y) = b.address {
      if x.lowercased() == y.lowercased() { return true }
    }
    // Two peers that register are told apart by what they register with; domain names are resolved later.
    let (mine, others) = (Self.prefixes(a), Self.prefixes(b))
    return mine.contains { x in others.contains { $0.contains(x.address) || x.contains($0.address) } }
  }

  private static func prefixes(_ peer: Configuration.Peer) -> [IPPrefix] {
    guard case .ip(let ip) = peer.address, let own = IPPrefix(ip, length: ip.family == .v4 ? 32 : 128) else { return peer.sources }
    return [own] + peer.sources
  }

  private mutating func refuseAmbiguous(_ a: Configuration.Trunk, _ b: Configuration.Trunk) {
    let listener = configuration.listeners[a.listener]
    let port = listener.transport == .udp ? " and the same port \(configuration.peerPort(of: b))" : ""
    refuse(
      ["trunk", b.name],
      "can't be told from trunk \(a.name): both are on listener \(listener.name) and their peers have overlapping source addresses\(port)",
      accepted: (listener.transport == .udp ? "another peer port or " : "") + "another listener")
  }

  // MARK: passed headers

  /// Headers that we write ourselves on each leg, or that speak of one leg only. Passing one would put two of it into a message, or tell one side of the other.
  private static let ownHeaders: Set<String> = [
    "via", "v", "from", "f", "to", "t", "call-id", "i", "cseq", "contact", "m", "route", "record-route", "max-forwards", "content-type", "c", "content-length",
    "l",
    "content-encoding", "e", "content-disposition", "allow", "supported", "k", "require", "proxy-require", "unsupported", "accept", "accept-encoding",
    "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "authentication-info", "reason", "retry-after", "privacy",
    "p-asserted-identity", "p-preferred-identity", "rseq", "rack", "session-expires", "x", "min-se", "expires", "mime-version", "timestamp", "replaces",
    "refer-to", "r", "referred-by", "b", "event", "o", "subscription-state", "path", "service-route",
    "join", "target-dialog", "in-reply-to", "max-breadth", "content-language", "content-id", "security-client", "security-server", "security-verify",
    "sip-etag", "sip-if-match", "flow-timer", "allow-events", "u", "refer-sub", "recv-info", "info-package",
  ]

  private mutating func passedHeadersAreExtra() {
    for entry in configuration.trunkConfigurations {
      for header in entry.settings.passHeaders where Self.ownHeaders.contains(header.lowercased()) {
        refuse(
          ["trunk-configuration", entry.scope.text, "pass-header"], value: header, "is a header that each leg has of its own",
          accepted: "the name of a header that the call can do without")
      }
    }
  }

  // MARK: numbers

  private mutating func numbersHaveOneOwner() {
    var owners: [String: String] = [:]
    let lines = configuration.users.map { (["user", $0.name], $0.lineURI) } + configuration.responseGroups.map { (["response-group", $0.name], $0.lineURI) }
    for (words, uri) in lines {
      let number = uri.hasPrefix("tel:") ? String(uri.dropFirst(4)) : uri
      if let other = owners[number] {
        refuse(words + ["line-uri"], value: uri, "is the number of \(other) too", accepted: "a number of its own")
      }
      owners[number] = words.joined(separator: " ")
    }
    for range in configuration.unassignedNumbers {
      let (first, last) = (range.first.filter(\.isNumber), range.last.filter(\.isNumber))
      if first.count != last.count || first > last {
        refuse(
          ["unassigned-number", range.name, "last"], value: range.last, "does not follow \(range.first)",
          accepted: "a number of the same length that is not below first")
      }
    }
    orbitsAreRanges()
  }

  private mutating func orbitsAreRanges() {
    let orbits = configuration.callPark.orbits
    for (index, orbit) in orbits.enumerated() {
      let prefixes = [orbit.first, orbit.last].map { $0.first.map { $0 == "*" || $0 == "#" ? String($0) : "" } ?? "" }
      if prefixes[0] != prefixes[1] || orbit.first > orbit.last {
        refuse(
          ["call-park", "orbit", orbit.name, "last"], value: orbit.last, "does not follow \(orbit.first)",
          accepted: "a number of the same length and beginning that is not below first")
      }
      let other = orbits[..<index].first { $0.first.count == orbit.first.count && $0.first <= orbit.last && orbit.first <= $0.last }
      if let other {
        refuse(
          ["call-park", "orbit", orbit.name, "first"], value: orbit.first, "overlaps orbit \(other.name)", accepted: "numbers of its own")
      }
    }
  }
}
