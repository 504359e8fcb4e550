public import Addressing
import CTandemShims
import Glibc
public import ServerLocation
public import Timing

/// Asks DNS servers, through c-ares: its sockets stand in the owner's `EventPoll`, its timeouts are the owner's deadline, and nothing here waits.
///
/// The servers are those given, else the system's (/etc/resolv.conf, read again when it has changed and nothing is open). Names in /etc/hosts come first,
/// as with the system's own resolver; search domains are not used, since a peer's name is whole.
/// A question that no server answers fails after `patience` x `tries` for each server. Bound: the owner's, who asks.
/// Belongs to one thread.
public final class Resolver {
  /// What a server gets for its answer the first time; the second try waits twice as long.
  public static let patience = Gap.seconds(2)
  public static let tries = 2
  /// How long a name in /etc/hosts holds: there is no TTL, and it is an operator's file.
  private static let secondsOfHosts: UInt32 = 60
  private static let addressesInHosts = 16

  private let poll: EventPoll
  private let firstKey: UInt64
  private let settings: String
  private var channel: UnsafeMutableRawPointer?
  private var stamp: [Int] = []
  private var open = 0
  private var answers: [(DNSQuestion, DNSAnswer)] = []

  /// What c-ares carries through to the callback.
  private final class Request {
    let resolver: Resolver
    let question: DNSQuestion
    init(_ resolver: Resolver, _ question: DNSQuestion) {
      self.resolver = resolver
      self.question = question
    }
  }

  /// Reports of `poll` with keys from `firstKey` on, for a 32-bit range, belong to `handle`.
  /// `settings`: the file that names the system's servers.
  public init(servers: [TransportAddress] = [], poll: EventPoll, firstKey: UInt64, settings: String = "/etc/resolv.conf") throws(SystemCallError) {
    self.poll = poll
    self.firstKey = firstKey
    self.settings = settings
    self.servers = servers
    guard tandem_resolver_prepare() == 0 else {
      throw SystemCallError("ares_library_init", errno: ENOMEM, object: "resolver", advice: "free memory")
    }
    try openChannel()
  }

  deinit { if let channel { tandem_resolver_close(channel) } }

  /// Those asked from now on; none: the system's. What is open fails and is asked again by its owner.
  public var servers: [TransportAddress] {
    didSet { if servers != oldValue { reopen() } }
  }

  // MARK: In and out

  public func ask(_ question: DNSQuestion) {
    if open == 0, servers.isEmpty, modified() != stamp { reopen() }
    guard let channel else { return answers.append((question, .failed("no resolver could be opened"))) }
    if let found = addressInHosts(question) { return answers.append((question, .records(found, seconds: Resolver.secondsOfHosts))) }
    open += 1
    let request = Unmanaged.passRetained(Request(self, question))
    if !tandem_resolver_ask(channel, question.name.description, Int32(question.kind.rawValue), answerArrived, request.toOpaque()) {
      request.release()
      open -= 1
      answers.append((question, .failed("out of memory")))
    }
  }

  public func handle(_ event: EventPoll.Ready) {
    guard let channel else { return }
    let number = Int32(truncatingIfNeeded: event.key &- firstKey)
    tandem_resolver_process(channel, event.readable || event.failed ? number : -1, event.writable || event.failed ? number : -1)
  }

  /// Lets what is too late fail; call it once a turn.
  public func advance() {
    if let channel { tandem_resolver_process(channel, -1, -1) }
  }

  /// How long the owner may wait; `nil`: nothing is open.
  public var timeout: Gap? {
    guard let channel else { return nil }
    let left = tandem_resolver_timeout(channel)
    return left < 0 ? nil : Gap(nanoseconds: left)
  }

  /// What has come since it was asked last.
  public func takeAnswers() -> [(DNSQuestion, DNSAnswer)] {
    defer { answers = [] }
    return answers
  }

  // MARK: The channel

  private func reopen() {
    if let channel { tandem_resolver_close(channel) }
    channel = nil
    try? openChannel()
  }

  private func openChannel() throws(SystemCallError) {
    stamp = modified()
    let list = servers.isEmpty ? nil : servers.map(\.description).joined(separator: ",")
    let context = Unmanaged.passUnretained(self).toOpaque()
    channel = tandem_resolver_open(list, settings, Int32(Resolver.patience.milliseconds), Int32(Resolver.tries), socketChanged, context)
    if channel == nil {
      throw SystemCallError("ares_init", errno: EINVAL, object: "resolver", advice: "correct \(settings), or `set system name-server ADDRESS`")
    }
  }

  /// When the settings were written last.
  private func modified() -> [Int] {
    var about = stat()
    return stat(settings, &about) == 0 ? [about.st_mtim.tv_sec, about.st_mtim.tv_nsec, Int(about.st_size)] : []
  }

  private func addressInHosts(_ question: DNSQuestion) -> [DNSRecord]? {
    guard let channel, question.kind == .a || question.kind == .aaaa else { return nil }
    let length = question.kind == .a ? 4 : 16
    var bytes = [UInt8](repeating: 0, count: 16 * Resolver.addressesInHosts)
    let count = tandem_resolver_in_hosts(
      channel, question.name.description, question.kind == .a ? AF_INET : AF_INET6, &bytes, Int32(Resolver.addressesInHosts))
    func word(_ place: Int) -> UInt64 { bytes[place..<(place + 4)].reduce(0) { $0 << 8 | UInt64($1) } }
    let found = (0..<Int(count)).map { index in
      let at = index * length
      return DNSRecord.address(
        length == 4 ? IPAddress(v4: UInt32(word(at))) : IPAddress(v6High: word(at) << 32 | word(at + 4), low: word(at + 8) << 32 | word(at + 12)))
    }
    return found.isEmpty ? nil : found
  }

  // MARK: What c-ares says

  fileprivate func changed(_ number: Int32, readable: Bool, writable: Bool) {
    poll.watch(foreign: number, key: firstKey &+ UInt64(UInt32(bitPattern: number)), readable: readable, writable: writable)
  }

  fileprivate static func arrived(_ context: UnsafeMutableRawPointer, error: String?, _ bytes: [UInt8]) {
    let request = Unmanaged<Request>.fromOpaque(context).takeRetainedValue()
    request.resolver.open -= 1
    let answer: DNSAnswer = bytes.isEmpty ? .failed((error ?? "no answer").lowercased()) : DNSMessage.answer(bytes, to: request.question)
    request.resolver.answers.append((request.question, answer))
  }
}

private func socketChanged(_ context: UnsafeMutableRawPointer?, _ number: Int32, _ readable: Int32, _ writable: Int32) {
  guard let context else { return }
  Unmanaged<Resolver>.fromOpaque(context).takeUnretainedValue().changed(number, readable: readable != 0, writable: writable != 0)
}

private func answerArrived(_ context: UnsafeMutableRawPointer?, _ error: UnsafePointer<CChar>?, _ bytes: UnsafePointer<UInt8>?, _ count: Int32) {
  guard let context else { return }
  Resolver.arrived(context, error: error.map { String(cString: $0) }, Array(UnsafeBufferPointer(start: bytes, count: Int(count))))
}
