import Addressing
import CTandemTrunk
import Calls
import Configuration
import CountingAllocator
import Linux
import Routing
import SIP
import Timing
import Trunks

/// An exchange with two trunks, and the two peers that call each other through it: both written by hand, outside what is measured.
///
/// Time is virtual: a call begins every 20 ms and lives for one such step, so that transactions of the last 32 s (1,600 calls) are always there and as many end as begin.
struct ExchangeBenchmark {
  private static let caller = TransportAddress(IPAddress(10, 10, 0, 1), 5070)
  private static let callee = TransportAddress(IPAddress(10, 10, 0, 3), 5060)
  private var exchange: Exchange
  private var now = Instant(nanoseconds: 1_000_000_000)
  private var number = 0
  private var sent: [(bytes: [UInt8], remote: TransportAddress)] = []
  var spent = Duration.zero
  var spentByStep: [String: Duration] = [:]
  var allocationsByStep: [String: Int] = [:]
  private(set) var transmitted = 0
  private(set) var plugins = "none"

  init() throws {
    var tables: [String: UnsafePointer<tt_plugin_v1>] = [:]
    for id in ["itsp", "ip-pbx"] as [StaticString] {
      if let library = try? PluginLibrary(path: "./.build/release/plugins/\(id).so") {
        tables["\(id)"] = try PluginProbe.table(entry: UnsafeRawPointer(library.entry), file: "\(id)")
        plugins = "shipped"
      } else {
        tables["\(id)"] = ExchangeBenchmark.plainPlugin(id)
      }
    }
    let configuration = ExchangeBenchmark.configuration
    exchange = Exchange(
      shard: 0, setup: .init(configuration: configuration, routing: try RoutingTable(configuration)),
      plugins: tables, random: RandomSource(seed: 1), wallClock: 1_700_000_000, at: now, clock: { MonotonicClock.now() })
  }

  /// As in ../signalling/tandem.conf.
  private static var configuration: Configuration {
    var c = Configuration()
    c.listeners = [.init(name: "lan", address: TransportAddress(IPAddress(10, 10, 0, 2), 5060), transport: .udp)]
    c.mediaRealms = [.init(name: "m", addresses: [IPAddress(10, 10, 0, 2)])]
    c.peers = [
      .init(name: "caller", type: "ip-pbx", address: .ip(caller.ip), port: caller.port),
      .init(name: "callee", type: "itsp", address: .ip(callee.ip), port: callee.port),
    ]
    for peer in c.peers.indices { c.peers[peer].optionsInterval = 0 }
    c.trunks = [.init(name: "a", listener: 0, peer: 0, mediaRealm: 0), .init(name: "b", listener: 0, peer: 1, mediaRealm: 0)]
    c.pstnUsages = ["All"]
    var a = Configuration.TrunkConfiguration()
    a.pstnUsages = ["All"]
    a.enableBypass = true
    var b = Configuration.TrunkConfiguration()
    b.enableBypass = true
    c.trunkConfigurations = [.init(scope: .trunk("a"), settings: a), .init(scope: .trunk("b"), settings: b)]
    c.mediaBypass.enabled = true
    c.mediaBypass.always = true
    c.voiceRoutes = [.init(name: "all", pattern: #"^\+1\d+$"#, priority: 10, pstnUsages: ["All"], trunks: [1])]
    return c
  }

  /// Calls that live for one step of 20 ms each.
  mutating func run(_ count: Int) {
    for _ in 0..<count {
      if let call = begin() { end(call) }
      step(.milliseconds(20))
    }
  }

  // MARK: One call

  /// What the caller needs to say anything in a call that is up.
  struct Live {
    var number: Int
    var callID: String
    var from: String
    var to: String
    var target: String
  }

  /// INVITE, 180, 200, ACK.
  mutating func begin() -> Live? {
    number += 1
    let id = "\(number)-4711@10.10.0.1"
    let from = "\"Alice Example\" <sip:+1212555\(number)@10.10.0.1:5070;user=phone>;tag=4711SIPpTag00\(number)"
    let uri = "sip:+1415555\(number)@10.10.0.2:5060;user=phone"
    let invite = deliver("1 INVITE", ExchangeBenchmark.invite(number, uri: uri, from: from, callID: id), from: ExchangeBenchmark.caller)
    guard let outgoing = invite.message(to: ExchangeBenchmark.callee) else { return nil }
    deliver("2 180", ExchangeBenchmark.response("180 Ringing", to: outgoing, number, body: ""), from: ExchangeBenchmark.callee)
    let answered = deliver("3 200", ExchangeBenchmark.response("200 OK", to: outgoing, number, body: ExchangeBenchmark.answer), from: ExchangeBenchmark.callee)
    guard let answer = answered.message(to: ExchangeBenchmark.caller), let tag = answer.to.tag, let contact = answer.contact else { return nil }
    let live = Live(
      number: number, callID: id, from: from, to: "<\(uri)>;tag=\(String(decoding: tag, as: UTF8.self))",
      target: String(decoding: contact.uri.bytes, as: UTF8.self))
    request("4 ACK", "ACK", 1, in: live)
    return live
  }

  /// BYE and its answer.
  mutating func end(_ live: Live) {
    let ended = request("5 BYE", "BYE", 99, in: live)
    guard let bye = ended.message(to: ExchangeBenchmark.callee) else { return }
    deliver("6 200 to BYE", ExchangeBenchmark.response("200 OK", to: bye, live.number, body: ""), from: ExchangeBenchmark.callee)
  }

  /// A request of the caller that we answer ourselves.
  mutating func ask(_ sequence: Int, in live: Live) { request("8 OPTIONS", "OPTIONS", sequence, in: live) }

  @discardableResult
  private mutating func request(_ step: String, _ method: String, _ sequence: Int, in live: Live) -> Sent {
    deliver(
      step,
      ExchangeBenchmark.request(
        method, sequence, uri: live.target, from: live.from, to: live.to, callID: live.callID, branch: "\(method)\(live.number)-\(sequence)"),
      from: ExchangeBenchmark.caller)
  }

  mutating func step(_ gap: Gap) {
    now = now + gap
    measured("7 timers") { $0.measuredTimers() }
  }

  var resting: (calls: Int, of: Int) { (exchange.restingCalls, exchange.liveCalls) }
  var restingBytes: Int { exchange.restingBytes }

  @discardableResult
  private mutating func deliver(_ step: String, _ text: String, from source: TransportAddress) -> Sent {
    sent.removeAll(keepingCapacity: true)
    let bytes = Array(text.utf8)
    measured(step) { $0.measuredInput(bytes, source) }
    return Sent(messages: sent)
  }

  private mutating func measured(_ step: String, _ body: (inout Self) -> Void) {
    let (began, allocations) = (ContinuousClock.now, ca_allocations())
    body(&self)
    let (took, made) = (ContinuousClock.now - began, Int(ca_allocations() - allocations))
    spent += took
    spentByStep[step, default: .zero] += took
    allocationsByStep[step, default: 0] += made
  }

  /// Named for callgrind.
  @inline(never) private mutating func measuredInput(_ bytes: [UInt8], _ source: TransportAddress) {
    exchange.receive(bytes, on: Flow(listener: 0, transport: .udp, remote: source), at: now)
    drain()
  }

  @inline(never) private mutating func measuredTimers() {
    exchange.advance(to: now)
    drain()
  }

  private mutating func drain() {
    while let action = exchange.nextAction() {
      guard case .transmit(let bytes, let flow) = action else { continue }
      transmitted += 1
      sent.append((bytes, flow.remote))
    }
    _ = exchange.nextDeadline
  }

  private struct Sent {
    var messages: [(bytes: [UInt8], remote: TransportAddress)]
    func message(to remote: TransportAddress) -> SIPMessage? {
      messages.last { $0.remote == remote }.flatMap { try? SIPMessage(parsing: $0.bytes) }
    }
  }
}

// MARK: - What the peers write, as in ../signalling/uac.xml and uas.xml
extension ExchangeBenchmark {
  private static func lines(_ lines: [String], body: String) -> String {
    let type = body.isEmpty ? [] : ["Content-Type: application/sdp"]
    return (lines + type + ["Content-Length: \(body.utf8.count)", "", ""]).joined(separator: "\r\n") + body
  }

  fileprivate static func invite(_ number: Int, uri: String, from: String, callID: String) -> String {
    lines(
      [
        "INVITE \(uri) SIP/2.0", "Via: SIP/2.0/UDP 10.10.0.1:5070;branch=z9hG4bK-4711-\(number)-0", "Max-Forwards: 70", "From: \(from)", "To: <\(uri)>",
        "Call-ID: \(callID)", "CSeq: 1 INVITE", "Contact: <sip:+1212555\(number)@10.10.0.1:5070;transport=UDP>",
        "P-Asserted-Identity: \"Alice Example\" <sip:+1212555\(number)@10.10.0.1;user=phone>",
        "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, INFO, REFER, NOTIFY", "Supported: timer, 100rel, replaces", "Session-Expires: 1800",
        "Min-SE: 90", "User-Agent: benchmark/1.0",
      ], body: offer)
  }

  fileprivate static func request(_ method: String, _ sequence: Int, uri: String, from: String, to: String, callID: String, branch: String) -> String {
    lines(
      [
        "\(method) \(uri) SIP/2.0", "Via: SIP/2.0/UDP 10.10.0.1:5070;branch=z9hG4bK-4711-\(branch)", "Max-Forwards: 70", "From: \(from)", "To: \(to)",
        "Call-ID: \(callID)", "CSeq: \(sequence) \(method)",
      ], body: "")
  }

  fileprivate static func response(_ status: String, to request: SIPMessage, _ number: Int, body: String) -> String {
    func value(_ name: HeaderName) -> String { String(decoding: request.value(name) ?? [], as: UTF8.self) }
    let tag = request.to.tag == nil ? ";tag=4711SIPpTag01\(number)" : ""
    return lines(
      [
        "SIP/2.0 \(status)", "Via: \(value(.via))", "From: \(value(.from))", "To: \(value(.to))\(tag)", "Call-ID: \(value(.callID))", "CSeq: \(value(.cseq))",
        "Contact: <sip:uas@10.10.0.3:5060;transport=UDP>",
      ] + (body.isEmpty ? [] : ["Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE"]), body: body)
  }

  private static let offer =
    "v=0\r\no=alice 2890844526 2890844526 IN IP4 10.10.0.1\r\ns=-\r\nc=IN IP4 10.10.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 8 101\r\n"
    + "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
  fileprivate static let answer =
    "v=0\r\no=bob 53655765 2353687637 IN IP4 10.10.0.3\r\ns=-\r\nc=IN IP4 10.10.0.3\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 101\r\n"
    + "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"

  /// Opens and closes, has no hooks.
  private static func plainPlugin(_ id: StaticString) -> UnsafePointer<tt_plugin_v1> {
    func text(_ value: StaticString) -> UnsafePointer<CChar> { UnsafeRawPointer(value.utf8Start).assumingMemoryBound(to: CChar.self) }
    let table = UnsafeMutablePointer<tt_plugin_v1>.allocate(capacity: 1)
    table.initialize(to: tt_plugin_v1())
    table.pointee.abi_major = UInt32(TT_ABI_MAJOR)
    table.pointee.struct_size = UInt32(MemoryLayout<tt_plugin_v1>.size)
    table.pointee.id = text(id)
    table.pointee.version = text("1.0.0")
    table.pointee.description = text("no hooks")
    table.pointee.open = { _, _ in OpaquePointer(bitPattern: 1) }
    table.pointee.close = { _ in }
    return UnsafePointer(table)
  }
}
