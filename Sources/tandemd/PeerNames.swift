import Addressing
import Configuration
import Linux
import Timing

/// The addresses of peers that are named by a domain: looked up when a configuration is to run, and again every `interval`, since who runs a service moves it by its name.
///
/// ```
/// first thread: wanted ─▶ queue ──▶ a thread a lookup (getaddrinfo blocks), `threads` at once ──mailbox──▶ known ─▶ not what the exchange has: it is told
/// ```
/// A lookup that fails keeps the addresses of the one before, and the log says so once; so does one that has not come back when the next is due. Nobody waits for a lookup but a commit
/// and the start, for names they see first, and these `commitPatience` and `startPatience` at most: what comes later is taken over when it comes.
/// Belongs to the first thread.
final class PeerNames {
  static let interval = Gap.seconds(60)
  static let threads = 4
  static let commitPatience = Gap.milliseconds(250)
  static let startPatience = Gap.seconds(2)

  struct Found: Sendable {
    var name: String
    var addresses: [IPAddress]
  }
  let mailbox: Mailbox<Found>
  private let log: Log
  private let lookup: @Sendable (String) -> [IPAddress]
  /// Names of the configuration in force with the peers they belong to, in its order.
  private var wanted: [(name: String, peer: String)] = []
  /// By name; looked up, never iterated.
  private var known: [String: [IPAddress]] = [:]
  private var failing: Set<String> = []
  private var queue: [String] = []
  private var running: Set<String> = []
  private var found: [Found] = []
  /// When all names are looked up again; `nil` = there are none.
  private(set) var due: Instant?

  init(log: Log, lookup: @escaping @Sendable (String) -> [IPAddress] = { NameLookup.addresses(of: $0) }) throws(SystemCallError) {
    mailbox = try Mailbox()
    self.log = log
    self.lookup = lookup
  }

  /// The addresses of each peer as far as they are known, by peer index; names that are seen first are waited for.
  func addresses(_ configuration: Configuration, patience: Gap) -> [[IPAddress]] {
    let names = configuration.peers.compactMap(\.domain)
    let new = names.filter { known[$0] == nil && !running.contains($0) }
    // In front of those that are only looked up again.
    queue = new.uniqued() + queue.filter { !new.contains($0) }
    pump()
    wait(for: Set(names.filter { known[$0] == nil }), patience)
    return known(configuration)
  }

  /// What is known now of the addresses of each peer, by peer index. Nothing is looked up.
  func known(_ configuration: Configuration) -> [[IPAddress]] {
    configuration.peers.map { peer in peer.domain.flatMap { known[$0] } ?? [] }
  }

  /// These names are in force from now on.
  func serve(_ configuration: Configuration, at now: Instant) {
    wanted = configuration.peers.compactMap { peer in peer.domain.map { ($0, peer.name) } }
    let names = Set(wanted.map(\.name))
    known = known.filter { names.contains($0.key) }
    failing.formIntersection(names)
    due = wanted.isEmpty ? nil : due ?? now + Self.interval
    for one in wanted where known[one.name]?.isEmpty ?? true { tellFailing(one.name) }
  }

  /// Looks all names up again when it is time.
  func lookUpAgain(at now: Instant) {
    guard let due, due <= now else { return }
    self.due = now + Self.interval
    let names = wanted.map(\.name).uniqued()
    for name in names where running.contains(name) { tellFailing(name) }
    queue += names.filter { !running.contains($0) && !queue.contains($0) }
    pump()
  }

  /// Takes what lookups have found. Whether that is news is for those to say who use it: a commit that waits for its own names takes the others' too, and may be refused.
  func take() {
    mailbox.take(into: &found)
    for one in found {
      running.remove(one.name)
      learn(one)
    }
    pump()
  }

  private func learn(_ one: Found) {
    let old = known[one.name] ?? []
    guard !one.addresses.isEmpty else {
      known[one.name] = old
      return tellFailing(one.name)
    }
    let wasFailing = failing.remove(one.name) != nil
    // A server that deals its answers round changes their order every time.
    let isNew = Set(old) != Set(one.addresses)
    if isNew { known[one.name] = one.addresses }
    if isNew || wasFailing, let peer = peer(of: one.name) {
      log.write(.notice, "peer \(peer): \(one.name) is \(list(one.addresses))", [("TANDEM_PEER", peer)])
    }
  }

  private func tellFailing(_ name: String) {
    guard let peer = peer(of: name), failing.insert(name).inserted else { return }
    let old = known[name] ?? []
    let rest = old.isEmpty ? "it has no address until it is: check with `getent ahosts \(name)`" : "its last addresses are kept: \(list(old))"
    log.write(.warning, "peer \(peer): the name \(name) is not resolved; \(rest)", [("TANDEM_PEER", peer)])
  }

  private func peer(of name: String) -> String? { wanted.first { $0.name == name }?.peer }
  private func list(_ addresses: [IPAddress]) -> String { addresses.map(\.description).joined(separator: ", ") }

  private func pump() {
    while running.count < Self.threads, !queue.isEmpty {
      let name = queue.removeFirst()
      guard running.insert(name).inserted else { continue }
      let (mailbox, lookup) = (mailbox, lookup)
      do throws(SystemCallError) {
        try Thread.spawn(name: "lookup") { mailbox.post(Found(name: name, addresses: lookup(name))) }
      } catch {
        // No thread: as good as no answer.
        mailbox.post(Found(name: name, addresses: []))
      }
    }
  }

  private func wait(for names: Set<String>, _ patience: Gap) {
    guard !names.isEmpty, let poll = try? EventPoll(), (try? poll.add(mailbox.descriptor, key: 0)) != nil else { return }
    let end = MonotonicClock.now() + patience
    while !names.allSatisfy({ known[$0] != nil }), MonotonicClock.now() < end {
      poll.wait(end.since(MonotonicClock.now())) { _ in }
      take()
    }
  }
}

extension Configuration.Peer {
  fileprivate var domain: String? {
    if case .domain(let name) = address { name } else { nil }
  }
}

extension Array where Element: Hashable {
  fileprivate func uniqued() -> [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
