import Addressing
import ServerLocation
import Testing
import Timing

/// A name server in a test: records by question, and questions it fails to answer.
struct Zone {
  var records: [DNSQuestion: [DNSRecord]] = [:]
  var seconds: [DNSQuestion: UInt32] = [:]
  var failing: Set<DNSQuestion> = []
  var isDead = false
  /// What was asked, in order, since the last `forget`.
  var asked: [String] = []

  func answer(_ question: DNSQuestion) -> DNSAnswer {
    if isDead || failing.contains(question) { return .failed("timeout") }
    guard let found = records[question], !found.isEmpty else { return .nothing(seconds: seconds[question]) }
    return .records(found, seconds: seconds[question] ?? 300)
  }

  mutating func a(_ name: String, _ addresses: String..., seconds ttl: UInt32 = 300) {
    records[q(.a, name)] = addresses.map { .address(IPAddress($0)!) }
    seconds[q(.a, name)] = ttl
  }
  mutating func aaaa(_ name: String, _ addresses: String...) { records[q(.aaaa, name)] = addresses.map { .address(IPAddress($0)!) } }
  mutating func srv(_ name: String, _ services: (priority: UInt16, weight: UInt16, port: UInt16, target: String)..., seconds ttl: UInt32 = 300) {
    records[q(.srv, name)] = services.map {
      .service(.init(priority: $0.priority, weight: $0.weight, port: $0.port, target: DomainName($0.target)!))
    }
    seconds[q(.srv, name)] = ttl
  }
  mutating func naptr(_ name: String, _ pointers: (order: UInt16, preference: UInt16, service: String, replacement: String)..., flags: String = "s") {
    records[q(.naptr, name)] = pointers.map {
      .pointer(
        .init(
          order: $0.order, preference: $0.preference, flags: Array(flags.utf8), service: Array($0.service.utf8), replacement: DomainName($0.replacement)!))
    }
  }
}

func q(_ kind: DNSQuestion.Kind, _ name: String) -> DNSQuestion { DNSQuestion(kind, DomainName(name)!) }

func query(
  _ domain: String = "example.com", _ transport: Transport = .udp, named: Bool = false, port: UInt16? = nil, families: [IPAddress.Family] = [.v4]
) -> ServerQuery {
  ServerQuery(.domain(DomainName(domain)!), transport: transport, isTransportNamed: named, port: port, families: families)
}

/// A locator whose questions a zone answers at once.
struct Bench {
  var locator = ServerLocator()
  var zone = Zone()
  var now = Instant(nanoseconds: 1_000_000_000_000)
  var locations: [ServerQuery: ServerLocation] = [:]
  /// How often a location was told.
  var told = 0
  var notes: [String] = []
  /// Questions are left open.
  var holds = false
  var open: [DNSQuestion] = []

  mutating func settle() {
    while let action = locator.nextAction() {
      switch action {
      case .ask(let question):
        zone.asked.append(question.description)
        if holds { open.append(question) } else { locator.answered(question, zone.answer(question), at: now) }
      case .located(let query, let location):
        locations[query] = location
        told += 1
      case .note(let text, _): notes.append(text)
      }
    }
  }
  mutating func follow(_ queries: ServerQuery...) {
    locator.follow(queries, at: now)
    settle()
  }
  mutating func advance(by gap: Gap) {
    let end = now + gap
    while let next = locator.nextDeadline, next <= end {
      now = max(now, next)
      locator.advance(to: now)
      settle()
    }
    now = end
  }
  mutating func release() {
    let questions = open
    open = []
    for question in questions {
      locator.answered(question, zone.answer(question), at: now)
      settle()
    }
  }
  func targets(_ query: ServerQuery) -> [String] { locations[query]?.targets.map(\.description) ?? [] }

  /// What a query finds in a zone.
  static func find(_ query: ServerQuery, _ fill: (inout Zone) -> Void) -> Bench {
    var bench = Bench()
    fill(&bench.zone)
    bench.follow(query)
    return bench
  }
}
