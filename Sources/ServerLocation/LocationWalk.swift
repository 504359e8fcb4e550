import Addressing
import Timing

/// The steps of RFC 3263 4.1 and 4.2 over what is known so far: the servers they lead to, the questions they rest on, and whether an answer is still missing.
///
/// ```
/// port given ───────────────────────────────────────────────▶ A, AAAA
/// NAPTR (transport not named) ──▶ SRV of its replacements ──▶ A, AAAA of each target
///    └─ none of use ──▶ SRV _sip._udp, _sip._tcp, _sips._tcp ─▶ A, AAAA of each target
///                          └─ none ──▶ A, AAAA of the domain, the transport's port
/// ```
struct LocationWalk {
  enum Known {
    /// Asked, or to be asked; nothing came yet.
    case awaited
    /// None of them: there is nothing of that name and type.
    case records([DNSRecord], expires: Instant)
    /// Never answered.
    case failed(String, since: Instant)
    /// The answer of before; the resolver does not give a new one.
    case stale([DNSRecord], String, since: Instant)
  }

  struct Outcome {
    var servers: [ServerLocation.Server] = []
    /// In the order in which they arose.
    var questions: [DNSQuestion] = []
    var isWaiting = false
    var expires: Instant?
    var failingSince: Instant?
    var trouble: String?
  }
  private let query: ServerQuery
  private let known: (DNSQuestion) -> Known
  private var outcome = Outcome()

  static func outcome(of query: ServerQuery, known: (DNSQuestion) -> Known) -> Outcome {
    withoutActuallyEscaping(known) { known in
      var walk = LocationWalk(query: query, known: known)
      walk.outcome.servers = walk.servers()
      if walk.outcome.servers.isEmpty, walk.outcome.trouble == nil { walk.outcome.trouble = walk.absence }
      return walk.outcome
    }
  }

  private init(query: ServerQuery, known: @escaping (DNSQuestion) -> Known) {
    self.query = query
    self.known = known
  }

  private mutating func servers() -> [ServerLocation.Server] {
    guard case .domain(let name) = query.host else { return ServerLocation(of: query)?.servers ?? [] }
    // 4.2: a port in the URI leaves out SRV.
    if let port = query.port { return host(name, port: port) }
    if !query.isTransportNamed {
      let found = pointed(from: name)
      if outcome.isWaiting || !found.isEmpty { return found }
    }
    if let service = name.service(over: query.transport) {
      if let found = services(service, firstRank: 0, origin: .service) { return found }
      // A resolver that fails has not said that there is no SRV, and the domain's own address may be anything but a SIP server.
      switch known(DNSQuestion(.srv, service)) {
      case .awaited, .failed: return []
      case .records, .stale: break
      }
    }
    // 4.2: no SRV: the domain's own addresses.
    return host(name, port: query.transport.defaultPort)
  }

  /// What is wrong when all has been answered and nothing was found.
  private var absence: String {
    guard case .domain(let name) = query.host else { return "" }
    let families = query.families.map { $0 == .v4 ? "IPv4" : "IPv6" }.joined(separator: " or ")
    return "\(name) has no \(families) address for SIP over \("\(query.transport)".uppercased())"
  }

  /// 4.1: NAPTR. Services that can not be used are left out first, then the lowest order counts (RFC 3403), its preferences one after the other.
  private mutating func pointed(from name: DomainName) -> [ServerLocation.Server] {
    let records = answer(DNSQuestion(.naptr, name)).compactMap { record -> DNSRecord.Pointer? in
      if case .pointer(let pointer) = record, pointer.transport == query.transport { pointer } else { nil }
    }
    guard let order = records.map(\.order).min() else { return [] }
    var found: [ServerLocation.Server] = []
    for pointer in records.filter({ $0.order == order }).sorted(by: { $0.preference < $1.preference }).prefix(LocationLimits.pointers) {
      found += services(pointer.replacement, firstRank: (found.last?.rank ?? -1) + 1, origin: .pointer) ?? []
    }
    return found
  }

  /// SRV of one name; `nil`: it has none, or they are not known yet. RFC 2782: a single target "." is an answer: no server here.
  private mutating func services(_ name: DomainName, firstRank: Int, origin: ServerLocation.Origin) -> [ServerLocation.Server]? {
    var records = answer(DNSQuestion(.srv, name)).compactMap { record -> DNSRecord.Service? in
      if case .service(let service) = record { service } else { nil }
    }
    if records.isEmpty { return nil }
    // Those that are cut off are the least wanted.
    records = Array(
      records.enumerated().sorted { ($0.element.priority, $0.offset) < ($1.element.priority, $1.offset) }.map(\.element).prefix(LocationLimits.services))
    var found: [ServerLocation.Server] = []
    var rank = firstRank
    var priority = records[0].priority
    for record in records where !record.target.isRoot {
      if record.priority != priority { (rank, priority) = (rank + 1, record.priority) }
      let addresses = addresses(of: record.target)
      guard !addresses.isEmpty else { continue }
      found.append(.init(rank: rank, weight: record.weight, name: record.target, port: record.port, addresses: addresses, origin: origin))
    }
    return found
  }

  private mutating func host(_ name: DomainName, port: UInt16) -> [ServerLocation.Server] {
    let addresses = addresses(of: name)
    return addresses.isEmpty ? [] : [.init(rank: 0, weight: 0, name: name, port: port, addresses: addresses, origin: .address)]
  }

  /// Family after family, each in the order of its answer. A name that is an address is one: RFC 2782 forbids it as a target, and it occurs.
  private mutating func addresses(of name: DomainName) -> [IPAddress] {
    if let address = IPAddress(name.bytes) { return query.families.contains(address.family) ? [address] : [] }
    var found: [IPAddress] = []
    for family in query.families {
      for case .address(let address) in answer(DNSQuestion(family == .v4 ? .a : .aaaa, name)) where isUsable(address, family) { found.append(address) }
    }
    return Array(found.prefix(LocationLimits.addresses))
  }

  /// Not an address that would make us call ourselves or everybody.
  private func isUsable(_ address: IPAddress, _ family: IPAddress.Family) -> Bool {
    address.family == family && !address.isUnspecified && !address.isMulticast
  }

  private mutating func answer(_ question: DNSQuestion) -> [DNSRecord] {
    if !outcome.questions.contains(question) { outcome.questions.append(question) }
    switch known(question) {
    case .awaited:
      outcome.isWaiting = true
      return []
    case .records(let records, let end):
      outcome.expires = min(outcome.expires ?? end, end)
      return records
    case .failed(let reason, let since):
      note(question, reason, since)
      return []
    case .stale(let records, let reason, let since):
      note(question, reason, since)
      return records
    }
  }

  private mutating func note(_ question: DNSQuestion, _ reason: String, _ since: Instant) {
    if let known = outcome.failingSince, known <= since { return }
    outcome.failingSince = since
    outcome.trouble = "\(question): \(reason)"
  }
}
