import Addressing
public import Timing

/// Keeps the locations of all queries up to date: remembers answers for their TTL, asks again before they expire, and walks RFC 3263's steps anew whenever
/// something new is known (`LocationWalk`).
///
/// ```
/// of each question:   awaited ──answer──▶ known ──9/10 of the TTL──▶ asked again ──▶ known
///                        │                                              │ resolver fails
///                        └──resolver fails──▶ failed ─2, 4 ... 60 s─▶ asked again; what was known before holds until it answers
/// ```
/// The one contract: `follow`, `answered` and `advance` at an instant; then `nextAction` until there is none; then `nextDeadline`. It asks nobody itself:
/// `.ask` goes to a resolver, whose answer comes back once. A first location is told as soon as one server of it is known; a later one when all is known.
/// Bounds: `LocationLimits`.
public struct ServerLocator: Sendable {
  public enum Action: Sendable, Equatable {
    case ask(DNSQuestion)
    case located(ServerQuery, ServerLocation)
    /// For the log.
    case note(String, isTrouble: Bool)
  }

  private struct Entry {
    /// `nil`: never answered.
    var records: [DNSRecord]?
    var expires: Instant
    /// When it is asked next.
    var askAt: Instant
    var isOpen = false
    var failures = 0
    var failingSince: Instant?
    var reason = ""
    /// Queries that rest on it, by their place in `queries`.
    var users: [Int] = []

    /// Valid for `gap`, asked again when nine tenths of it are over.
    mutating func hold(from now: Instant, for gap: Gap) {
      expires = now + gap
      askAt = now + Gap(nanoseconds: gap.nanoseconds / 10 * 9)
    }
  }

  private var queries: [ServerQuery] = []
  private var located: [ServerQuery: ServerLocation] = [:]
  private var entries: [DNSQuestion: Entry] = [:]
  /// In the order in which they arose: the dictionary's order must not reach the wire.
  private var order: [DNSQuestion] = []
  private var open = 0
  private var actions: [Action] = []

  public init() {}

  // MARK: Inputs

  /// What is to be found from now on; what is known stays known.
  public mutating func follow(_ wanted: [ServerQuery], at now: Instant) {
    queries = []
    for query in wanted where !queries.contains(query) { queries.append(query) }
    let kept = Set(queries)
    located = located.filter { kept.contains($0.key) }
    for question in order { entries[question]?.users = [] }
    for index in queries.indices { locate(index, at: now) }
    forgetUnused()
    ask(at: now)
  }

  /// The resolver's answer to an `.ask`. One that nobody waits for any more is dropped.
  public mutating func answered(_ question: DNSQuestion, _ answer: DNSAnswer, at now: Instant) {
    guard entries[question]?.isOpen == true else { return }
    open -= 1
    entries[question]?.isOpen = false
    take(answer, to: question, at: now)
    for index in entries[question]?.users ?? [] { locate(index, at: now) }
    forgetUnused()
    ask(at: now)
  }

  public mutating func advance(to now: Instant) { ask(at: now) }

  /// Forgets how long to wait after failures: another resolver is to be asked.
  public mutating func retry(at now: Instant) {
    for question in order where entries[question]?.failingSince != nil { entries[question]?.askAt = now }
    ask(at: now)
  }

  public var nextDeadline: Instant? {
    guard open < LocationLimits.openQuestions else { return nil }
    return order.compactMap { entries[$0].flatMap { $0.isOpen ? nil : $0.askAt } }.min()
  }

  public mutating func nextAction() -> Action? { actions.isEmpty ? nil : actions.removeFirst() }

  // MARK: Answers

  private mutating func take(_ answer: DNSAnswer, to question: DNSQuestion, at now: Instant) {
    guard var entry = entries[question] else { return }
    switch answer {
    case .records(let records, let seconds):
      // Name servers turn their lists round; the same records in another order are nothing new.
      if entry.records.map({ Set($0) != Set(records) }) ?? true { entry.records = records }
      entry.hold(from: now, for: min(max(.seconds(Int(seconds)), LocationLimits.floor), LocationLimits.ceiling))
    case .nothing(let seconds):
      entry.records = []
      let told = seconds.map { Gap.seconds(Int($0)) } ?? LocationLimits.negativeDefault
      entry.hold(from: now, for: min(max(told, LocationLimits.floor), LocationLimits.negativeCeiling))
    case .failed(let reason):
      if entry.failures == 0 {
        entry.failingSince = now
        let rest = entry.records == nil ? "nothing is known of it yet" : "what was answered before holds"
        actions.append(.note("resolver: \(question): \(reason); \(rest), asked again until there is an answer", isTrouble: true))
      }
      entry.failures += 1
      entry.reason = reason
      entry.askAt = now + min(LocationLimits.retryFirst * (1 << min(entry.failures - 1, 8)), LocationLimits.retryLast)
      entries[question] = entry
      return
    }
    if let since = entry.failingSince {
      actions.append(.note("resolver: \(question): answered again after \(now.since(since).milliseconds / 1000) s", isTrouble: false))
    }
    entry.failures = 0
    entry.failingSince = nil
    entries[question] = entry
  }

  private mutating func locate(_ index: Int, at now: Instant) {
    let query = queries[index]
    let walk = LocationWalk.outcome(of: query) { question in
      guard let entry = entries[question] else { return .awaited }
      if let since = entry.failingSince {
        return entry.records.map { .stale($0, entry.reason, since: since) } ?? .failed(entry.reason, since: since)
      }
      return entry.records.map { .records($0, expires: entry.expires) } ?? .awaited
    }
    for question in order { entries[question]?.users.removeAll { $0 == index } }
    for question in walk.questions {
      if entries[question] == nil {
        entries[question] = Entry(expires: now, askAt: now)
        order.append(question)
      }
      entries[question]?.users.append(index)
    }
    if walk.isWaiting, walk.servers.isEmpty || located[query]?.servers.isEmpty == false { return }
    publish(query, walk)
  }

  private mutating func publish(_ query: ServerQuery, _ walk: LocationWalk.Outcome) {
    let old = located[query]
    var new = ServerLocation(servers: walk.servers, expires: walk.expires, failingSince: walk.failingSince, trouble: walk.trouble)
    // Only an answer takes away what an answer gave.
    if walk.servers.isEmpty, walk.failingSince != nil, let old { new.servers = old.servers }
    guard new != old else { return }
    located[query] = new
    actions.append(.located(query, new))
    guard case .domain(let name) = query.host, new.servers != old?.servers ?? [] || (old == nil && walk.failingSince == nil) else { return }
    let list = new.targets.map(\.description).joined(separator: ", ")
    actions.append(
      .note(
        new.targets.isEmpty ? "\(new.trouble ?? ""): its trunks are down" : "\(name) over \("\(query.transport)".uppercased()) is \(list)",
        isTrouble: new.targets.isEmpty))
  }

  private mutating func forgetUnused() {
    order.removeAll { question in
      guard let entry = entries[question], entry.users.isEmpty else { return false }
      if entry.isOpen { open -= 1 }
      entries[question] = nil
      return true
    }
  }

  private mutating func ask(at now: Instant) {
    for question in order where open < LocationLimits.openQuestions {
      guard let entry = entries[question], !entry.isOpen, entry.askAt <= now else { continue }
      entries[question]?.isOpen = true
      open += 1
      actions.append(.ask(question))
    }
  }
}
