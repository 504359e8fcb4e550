import Addressing
import CTandemTrunk
import Calls
import Configuration
import Media
import Records
import Routing
import SIP
import Timing

/// An exchange between two hand-driven endpoints: `pbx` (10.0.0.1:5090) on trunk `hq`, `provider` (10.0.0.2:5080) on trunk `acme-1`.
/// Messages are written by the test; media ports open at once unless told otherwise.
struct Bench {
  static let pbx = TransportAddress(IPAddress(10, 0, 0, 1), 5090)
  static let provider = TransportAddress(IPAddress(10, 0, 0, 2), 5080)
  static let backup = TransportAddress(IPAddress(10, 0, 0, 3), 5080)

  var exchange: Exchange
  var now = Instant(nanoseconds: 1_000_000_000)
  /// What the exchange sent, in order, since the last `forget`.
  var sent: [(message: SIPMessage, to: TransportAddress, bytes: [UInt8], at: Instant)] = []
  /// Where the last message went.
  var lastFlow: Flow?
  /// Each first INVITE of an attempt, once, in order.
  var attempts: [SIPMessage] = []
  /// Our tag on the caller's leg.
  var callerTag = ""
  /// What must never be: broken invariants, calls that can not be written and read back.
  var faults: [String] = []
  /// Numbers branches that the test need not know.
  var serial = 100
  /// Media opens are left to the test.
  var holdsMedia = false
  /// The configuration in force, and whether a commit turned its lists around.
  var edited = Bench.configuration
  var reversed = false
  var movesPorts = false
  /// Where each of `sent` went, never forgotten.
  var flows: [SIP.Flow] = []
  var media: [MediaCommand] = []
  /// What the media plane says when a session is closed.
  var closingCounts: [StreamStatistics] = []
  var records: [CallRecord] = []
  var ladders: [Ladder] = []
  var notes: [String] = []
  /// Sides whose `open` is refused, once each.
  var refusals: [MediaSide] = []

  init(plugin: UnsafePointer<tt_plugin_v1> = PlainPlugin.table, edit: (inout Configuration) -> Void = { _ in }) throws {
    var configuration = Bench.configuration
    edit(&configuration)
    edited = configuration
    exchange = Exchange(
      shard: 0, setup: .init(configuration: configuration, routing: try RoutingTable(configuration)),
      plugins: ["plain": plugin], random: RandomSource(seed: 1), wallClock: 1_700_000_000, at: now)
  }

  static var configuration: Configuration {
    var c = Configuration()
    c.listeners = [
      .init(name: "lan", address: TransportAddress(IPAddress(10, 0, 0, 9), 5060), transport: .udp),
      .init(name: "wan", address: TransportAddress(IPAddress(10, 0, 0, 9), 5070), transport: .udp),
    ]
    c.mediaRealms = [.init(name: "m", addresses: [IPAddress(10, 0, 0, 9)], ports: [.init(first: 20_000, last: 20_399)])]
    c.peers = [
      .init(name: "hq-pbx", type: "plain", address: .ip(pbx.ip), port: pbx.port),
      .init(name: "acme", type: "plain", address: .ip(provider.ip), port: provider.port),
      .init(name: "spare", type: "plain", address: .ip(backup.ip), port: backup.port),
    ]
    // Nobody is asked whether he is alive: tests look at every message.
    for peer in c.peers.indices { c.peers[peer].optionsInterval = 0 }
    c.trunks = [
      .init(name: "hq", listener: 0, peer: 0, mediaRealm: 0), .init(name: "acme-1", listener: 1, peer: 1, mediaRealm: 0),
      .init(name: "spare-1", listener: 1, peer: 2, mediaRealm: 0),
    ]
    c.pstnUsages = ["Internal", "National"]
    var hq = Configuration.TrunkConfiguration()
    hq.pstnUsages = ["National"]
    var acme = Configuration.TrunkConfiguration()
    acme.pstnUsages = ["Internal"]
    acme.calledNumberRules = [.init(number: 10, pattern: "^\\+(\\d+)$", translation: "$1")]
    c.trunkConfigurations = [.init(scope: .trunk("hq"), settings: hq), .init(scope: .trunk("acme-1"), settings: acme)]
    c.dialPlans = [.init(scope: .trunk("hq"), rules: [.init(number: 10, pattern: "^9(\\d{10})$", translation: "+1$1")])]
    c.voiceRoutes = [
      .init(name: "national", pattern: "^\\+1\\d{10}$", priority: 10, pstnUsages: ["National"], trunks: [1]),
      .init(name: "hq-dids", pattern: "^\\+1425555\\d{4}$", priority: 5, pstnUsages: ["Internal"], trunks: [0]),
    ]
    return c
  }

  static let sdp = """
    v=0\r
    o=phone 77 77 IN IP4 10.0.0.1\r
    s=secret\r
    c=IN IP4 10.0.0.1\r
    t=0 0\r
    m=audio 4000 RTP/AVP 0 101\r
    a=rtpmap:0 PCMU/8000\r
    a=rtpmap:101 telephone-event/8000\r
    a=sendrecv\r

    """

  mutating func receive(_ text: String, from source: TransportAddress, listener: UInt16 = 0) {
    exchange.receive(Array(text.utf8), on: Flow(listener: listener, transport: .udp, remote: source), at: now)
    drain()
  }

  mutating func advance(by gap: Gap) {
    let end = now + gap
    while let next = exchange.nextDeadline, next <= end {
      now = max(now, next)
      exchange.advance(to: now)
      drain()
    }
    now = end
    exchange.advance(to: now)
    drain()
  }

  mutating func drain() {
    while let action = exchange.nextAction() {
      switch action {
      case .transmit(let bytes, let flow):
        guard let message = try? SIPMessage(parsing: bytes) else {
          faults.append("sent what can not be read: \(String(decoding: bytes, as: UTF8.self))")
          break
        }
        sent.append((message, flow.remote, bytes, now))
        lastFlow = flow
        flows.append(flow)
        note(message, to: flow.remote)
      case .media(let command):
        media.append(command)
        switch command {
        case .open(let session, let side, _):
          if holdsMedia {
            break
          } else if let index = refusals.firstIndex(of: side) {
            refusals.remove(at: index)
            exchange.media(.refused(session: session, side: side, reason: "in use"), at: now)
          } else {
            exchange.media(.opened(session: session, side: side), at: now)
          }
        case .close(let session): exchange.media(.closed(session: session, closingCounts), at: now)
        default: break
        }
      case .record(let record, let ladder):
        records.append(record)
        ladders.append(ladder)
      case .note(let note): notes.append(note.text)
      }
    }
    inspect()
  }

  private mutating func note(_ message: SIPMessage, to address: TransportAddress) {
    if message.isRequest, message.method == .invite, message.to.tag == nil, !attempts.contains(where: { $0.topVia.branch == message.topVia.branch }) {
      attempts.append(message)
    }
    if address == Bench.pbx, !message.isRequest, message.method == .invite, callerTag.isEmpty, let tag = message.to.tag {
      callerTag = String(decoding: tag, as: UTF8.self)
    }
  }

  /// After every event: the invariants hold, and each call goes on as the copy that was read back from its bytes.
  private mutating func inspect() {
    faults += exchange.brokenInvariants
    let holdings = exchange.holdings
    if holdings.ports != holdings.portsOfCalls { faults.append("ports \(holdings.ports) are not those of the calls \(holdings.portsOfCalls)") }
    if holdings.places != holdings.placesOfCalls { faults.append("places \(holdings.places) are not those of the calls \(holdings.placesOfCalls)") }
    for number in exchange.liveCallNumbers where !exchange.rewriteCall(number) { faults.append("call \(number) can not be written and read back") }
  }

  /// The last message sent to an address.
  func last(to address: TransportAddress) -> SIPMessage? { sent.last { $0.to == address }?.message }
  func statuses(to address: TransportAddress) -> [Int] { sent.filter { $0.to == address && !$0.message.isRequest }.map { $0.message.status } }
  func requests(to address: TransportAddress) -> [SIPMessage] { sent.filter { $0.to == address && $0.message.isRequest }.map { $0.message } }

  // MARK: Writing messages

  static func request(
    _ method: String, uri: String, from: TransportAddress, branch: String, fromTag: String = "a1", toTag: String? = nil, callID: String = "call-1",
    sequence: Int = 1, sequenceMethod: String? = nil, extra: String = "", body: String = ""
  ) -> String {
    "\(method) \(uri) SIP/2.0\r\nVia: SIP/2.0/UDP \(from);branch=z9hG4bK\(branch);rport\r\nMax-Forwards: 70\r\n"
      + "From: \"Alice\" <sip:+14255551000@\(from.ip)>;tag=\(fromTag)\r\nTo: <\(uri)>\(toTag.map { ";tag=\($0)" } ?? "")\r\nCall-ID: \(callID)\r\n"
      + "CSeq: \(sequence) \(sequenceMethod ?? method)\r\nContact: <sip:alice@\(from)>\r\n\(extra)"
      + (body.isEmpty ? "" : "Content-Type: application/sdp\r\n") + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  static func response(_ status: Int, to request: SIPMessage, toTag: String? = "b1", extra: String = "", body: String = "") -> String {
    var out = "SIP/2.0 \(status) Whatever\r\n"
    for via in request.values(.via) { out += "Via: \(String(decoding: via, as: UTF8.self))\r\n" }
    out += "From: \(String(decoding: request.value(.from)!, as: UTF8.self))\r\n"
    let to = String(decoding: request.value(.to)!, as: UTF8.self)
    out += "To: \(to)\(request.to.tag == nil && toTag != nil ? ";tag=\(toTag!)" : "")\r\n"
    out += "Call-ID: \(String(decoding: request.callID, as: UTF8.self))\r\nCSeq: \(String(decoding: request.value(.cseq)!, as: UTF8.self))\r\n"
    out += "Contact: <sip:bob@\(Bench.provider)>\r\n\(extra)"
    return out + (body.isEmpty ? "" : "Content-Type: application/sdp\r\n") + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }
}
