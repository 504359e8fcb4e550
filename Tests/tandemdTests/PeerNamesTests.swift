import Addressing
import Configuration
import Linux
import Testing
import Timing

@testable import tandemd

@Suite struct PeerNamesTests {
  private static let (a, b) = (IPAddress(192, 0, 2, 1), IPAddress(192, 0, 2, 2))

  private func configuration(_ names: String...) -> Configuration {
    var configuration = Configuration()
    configuration.peers = names.map { .init(name: "to-\($0)", type: "itsp", address: .domain($0)) } + [.init(name: "fixed", type: "itsp", address: .ip(Self.b))]
    return configuration
  }
  private func names(_ zone: Lock<[String: [IPAddress]]>, slow: Lock<Bool> = Lock(false)) throws -> PeerNames {
    try PeerNames(log: Log(threshold: .critical)) { name in
      while slow.withLock({ $0 }) { (try? EventPoll())?.wait(.milliseconds(5)) { _ in } }
      return zone.withLock { $0[name] ?? [] }
    }
  }
  /// Takes when something has come back.
  private func take(_ names: PeerNames) throws {
    let poll = try EventPoll()
    try poll.add(names.mailbox.descriptor, key: 1)
    var isThere = false
    poll.wait(.seconds(5)) { _ in isThere = true }
    #expect(isThere, "no lookup has come back")
    names.take()
  }

  @Test("Names that are seen first are waited for; peers with an address need none")
  func first() throws {
    let names = try names(Lock(["x.example": [Self.a], "y.example": [Self.b, Self.a]]))
    let found = names.addresses(configuration("x.example", "y.example", "none.example"), patience: .seconds(5))
    #expect(found == [[Self.a], [Self.b, Self.a], [], []])
  }

  @Test("A resolver that does not answer holds a commit up for its patience and no longer; what it finds later is taken over then")
  func slow() throws {
    let slow = Lock(true)
    let names = try names(Lock(["x.example": [Self.a]]), slow: slow)
    let began = MonotonicClock.now()
    #expect(names.addresses(configuration("x.example"), patience: .milliseconds(50)) == [[], []])
    #expect(MonotonicClock.now().since(began) < .seconds(2))
    names.serve(configuration("x.example"), at: began)
    slow.withLock { $0 = false }
    try take(names)
    #expect(names.known(configuration("x.example")) == [[Self.a], []])
  }

  @Test("Every minute names are looked up again: a new address is known, a failure keeps the old one, another order is nothing new")
  func again() throws {
    let zone = Lock(["x.example": [Self.a]])
    let names = try names(zone)
    let configuration = configuration("x.example")
    let start = MonotonicClock.now()
    _ = names.addresses(configuration, patience: .seconds(5))
    names.serve(configuration, at: start)
    #expect(names.due == start + PeerNames.interval)
    var now = start
    func look(_ answer: [IPAddress]) throws -> [IPAddress]? {
      zone.withLock { $0["x.example"] = answer }
      now = now + PeerNames.interval
      names.lookUpAgain(at: now)
      try take(names)
      return names.known(configuration).first
    }
    #expect(try look([Self.b, Self.a]) == [Self.b, Self.a])
    #expect(try look([Self.a, Self.b]) == [Self.b, Self.a])
    #expect(try look([]) == [Self.b, Self.a])
    #expect(try look([Self.a]) == [Self.a])
    // Not yet time.
    let due = names.due
    names.lookUpAgain(at: now)
    #expect(names.due == due)
  }

  @Test("A configuration without names is left alone; names that are gone are forgotten")
  func none() throws {
    let names = try names(Lock(["x.example": [Self.a]]))
    _ = names.addresses(configuration("x.example"), patience: .seconds(5))
    names.serve(configuration("x.example"), at: MonotonicClock.now())
    names.serve(configuration(), at: MonotonicClock.now())
    #expect(names.due == nil)
    #expect(names.addresses(configuration(), patience: .seconds(0)) == [[]])
  }

  @Test("More names than threads: all are looked up")
  func many() throws {
    let zone = Lock(Dictionary(uniqueKeysWithValues: (0..<20).map { ("n\($0).example", [Self.a]) }))
    let names = try names(zone)
    var configuration = Configuration()
    configuration.peers = (0..<20).map { .init(name: "p\($0)", type: "itsp", address: .domain("n\($0).example")) }
    #expect(names.addresses(configuration, patience: .seconds(5)) == configuration.peers.map { _ in [Self.a] })
  }
}
