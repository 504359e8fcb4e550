import Addressing
import Configuration
import Linux
import ServerLocation
import Timing
import Trunks

/// Keeps track of where peers that are named by a domain are: a thread with one `ServerLocator` and one `Resolver`, so that a slow or dead name server
/// delays nobody else. What it finds goes to the signalling thread as values.
///
/// ```
/// commit ──follow──▶ [ locator ─ask─▶ resolver ─DNS─▶ answers ─▶ locator ] ──located──▶ signalling
/// ```
/// It lives as long as the process.
final class ResolvingThread: Sendable {
  typealias Found = [(ServerQuery, ServerLocation)]
  fileprivate enum Message: Sendable {
    case follow([ServerQuery], servers: [TransportAddress])
  }
  private let mailbox: Mailbox<Message>

  /// Both are called on the thread. `located`: false = not taken, it is told again later.
  init(located: @escaping @Sendable (Found) -> Bool, note: @escaping @Sendable (String, _ isTrouble: Bool) -> Void) throws(SystemCallError) {
    let mailbox = try Mailbox<Message>()
    self.mailbox = mailbox
    let loop = Handover(try ResolvingLoop(mailbox: mailbox, located: located, note: note))
    try Thread.spawn(name: "resolving") { loop.value.run() }
  }

  /// A commit: these names, through the servers it names (port 53), else the system's.
  func follow(_ configuration: Configuration) {
    mailbox.post(.follow(configuration.serverQueries, servers: configuration.system.nameServers.map { TransportAddress($0, 53) }))
  }
}

private final class ResolvingLoop {
  /// Locations that were not taken are told again after so long.
  private static let patience = Gap.seconds(1)
  private static let mailboxKey: UInt64 = 0
  /// A descriptor's number is added to it.
  private static let firstSocketKey: UInt64 = 1 << 32

  private let mailbox: Mailbox<ResolvingThread.Message>
  private let located: @Sendable (ResolvingThread.Found) -> Bool
  private let note: @Sendable (String, Bool) -> Void
  private let poll: EventPoll
  private let resolver: Resolver
  private var locator = ServerLocator()
  private var messages: [ResolvingThread.Message] = []
  private var found: ResolvingThread.Found = []

  init(
    mailbox: Mailbox<ResolvingThread.Message>, located: @escaping @Sendable (ResolvingThread.Found) -> Bool, note: @escaping @Sendable (String, Bool) -> Void
  ) throws(SystemCallError) {
    self.mailbox = mailbox
    self.located = located
    self.note = note
    poll = try EventPoll()
    resolver = try Resolver(poll: poll, firstKey: ResolvingLoop.firstSocketKey)
    try poll.add(mailbox.descriptor, key: ResolvingLoop.mailboxKey)
  }

  func run() {
    var ready: [EventPoll.Ready] = []
    while true {
      ready.removeAll(keepingCapacity: true)
      poll.wait(patience) { ready.append($0) }
      for event in ready where event.key != ResolvingLoop.mailboxKey { resolver.handle(event) }
      resolver.advance()
      let now = MonotonicClock.now()
      takeMessages(at: now)
      locator.advance(to: now)
      settle(at: now)
    }
  }

  /// `nil`: until somebody commits.
  private var patience: Gap? {
    var gap = found.isEmpty ? nil : ResolvingLoop.patience
    func consider(_ other: Gap?) {
      if let other { gap = gap.map { min($0, other) } ?? other }
    }
    consider(resolver.timeout)
    consider(locator.nextDeadline.map { max(Gap(nanoseconds: 0), $0.since(MonotonicClock.now())) })
    return gap
  }

  private func takeMessages(at now: Instant) {
    mailbox.take(into: &messages)
    for case .follow(let queries, let servers) in messages {
      let isOther = resolver.servers != servers
      resolver.servers = servers
      locator.follow(queries, at: now)
      if isOther { locator.retry(at: now) }
    }
  }

  /// Carries questions and answers to and fro until nothing is left to do, then tells what was found.
  private func settle(at now: Instant) {
    while true {
      while let action = locator.nextAction() {
        switch action {
        case .ask(let question): resolver.ask(question)
        case .located(let query, let location):
          found.removeAll { $0.0 == query }
          found.append((query, location))
        case .note(let text, let isTrouble): note(text, isTrouble)
        }
      }
      let answers = resolver.takeAnswers()
      if answers.isEmpty { break }
      for (question, answer) in answers { locator.answered(question, answer, at: now) }
    }
    if !found.isEmpty, located(found) { found = [] }
  }
}
