import Addressing
import Testing
import Timing

@testable import SIP

/// A transaction layer under test with its clock: what went out is kept, time goes only where the test sends it.
struct TransactionBench {
  static let peer = TransportAddress(IPAddress(192, 0, 2, 10), 5070)
  static let udp = Flow(listener: 0, transport: .udp, remote: peer)
  static let tcp = Flow(listener: 0, transport: .tcp, remote: peer, connection: 7)
  static let sentBy = Array("198.51.100.1:5060".utf8)

  var layer: TransactionLayer
  var now = Instant(nanoseconds: 0)

  init(shard: UInt8 = 3, timers: TransactionLayer.Timers = .init(), limit: Int = 1000, seed: UInt64 = 1) {
    layer = TransactionLayer(shard: shard, timers: timers, limit: limit, random: RandomSource(seed: seed))
  }

  var milliseconds: Int { Int(now.nanoseconds / 1_000_000) }

  mutating func drain() -> [TransactionLayer.Output] {
    var outputs: [TransactionLayer.Output] = []
    while let output = layer.nextOutput() { outputs.append(output) }
    return outputs
  }

  /// From deadline to deadline up to `end`: the time in milliseconds of every output on the way.
  mutating func run(until end: Gap) -> [(at: Int, output: TransactionLayer.Output)] {
    var seen: [(Int, TransactionLayer.Output)] = []
    let last = Instant(nanoseconds: end.nanoseconds)
    while let deadline = layer.nextDeadline, deadline <= last {
      now = deadline
      layer.advance(to: now)
      for output in drain() { seen.append((milliseconds, output)) }
    }
    now = last
    return seen
  }

  mutating func receive(_ message: SIPMessage, from flow: Flow = udp) -> [TransactionLayer.Output] {
    layer.receive(message, from: flow, at: now)
    return drain()
  }

  // MARK: Client side

  static func ownRequest(_ method: String = "INVITE", extra: [String] = []) -> SIPMessage {
    // Read from bytes with a Via, which is then taken away again: `send` adds the first.
    var message = parse(
      [
        "\(method) sip:+4930123@192.0.2.10:5070;transport=udp SIP/2.0", "Via: SIP/2.0/UDP x;branch=z9hG4bKx", "Max-Forwards: 70",
        "From: <sip:+4989@198.51.100.1>;tag=ours", "To: <sip:+4930123@192.0.2.10>", "Call-ID: call-1@198.51.100.1",
        "CSeq: 42 \(method)", "Contact: <sip:198.51.100.1:5060>",
      ] + extra)
    message.remove(.via)
    return message
  }

  /// Sends and returns what stood on the wire.
  mutating func send(_ method: String = "INVITE", on flow: Flow = udp, extra: [String] = []) -> (id: TransactionLayer.ClientID, wire: SIPMessage) {
    let id = layer.send(Self.ownRequest(method, extra: extra), on: flow, sentBy: Self.sentBy, at: now)
    let sent = drain().transmitted
    return (id, sent[0])
  }

  static func response(_ status: Int, to request: SIPMessage, tag: String? = "theirs", cseqMethod: String? = nil, via: String? = nil) -> SIPMessage {
    var lines = ["SIP/2.0 \(status) Whatever", "Via: " + (via ?? request.topVia.bytes.text), "From: " + request.value(.from)!.text]
    lines.append("To: " + request.value(.to)!.text + (tag.map { ";tag=" + $0 } ?? ""))
    lines.append("Call-ID: " + request.callID.text)
    lines.append("CSeq: \(request.cseqNumber) " + (cseqMethod ?? request.method.token.text))
    lines.append("Contact: <sip:192.0.2.10:5070>")
    return parse(lines)
  }

  // MARK: Server side

  struct Incoming {
    var method = "INVITE"
    var branch: String? = "z9hG4bK-one"
    var sentBy = "192.0.2.10:5070"
    var viaParameters = ""
    var moreVias: [String] = []
    var fromTag = "far"
    var toTag: String?
    var callID = "incoming@192.0.2.10"
    var cseq = 7
    var uri = "sip:+4989@198.51.100.1"
    var cseqMethod: String?

    var message: SIPMessage {
      let via = "SIP/2.0/UDP " + sentBy + (branch.map { ";branch=" + $0 } ?? "") + viaParameters
      return parse(
        ["\(method) \(uri) SIP/2.0", "Via: " + via] + moreVias.map { "Via: " + $0 } + [
          "Max-Forwards: 70", "From: <sip:far@192.0.2.10>;tag=\(fromTag)",
          "To: <sip:+4989@198.51.100.1>" + (toTag.map { ";tag=" + $0 } ?? ""), "Call-ID: \(callID)", "CSeq: \(cseq) \(method)",
          "Contact: <sip:far@192.0.2.10:5070>",
        ])
    }
  }

  /// Receives a new request and returns its transaction and the request as handed up.
  mutating func accept(_ incoming: Incoming = Incoming(), from flow: Flow = udp) throws -> (id: TransactionLayer.ServerID, request: SIPMessage) {
    let outputs = receive(incoming.message, from: flow)
    return try #require(outputs.requests.first)
  }

  mutating func respond(_ status: Int, to request: SIPMessage, in id: TransactionLayer.ServerID, tag: String = "here") -> [TransactionLayer.Output] {
    layer.respond(SIPMessage(responding: status, to: request, toTag: Array(tag.utf8)), in: id, at: now)
    return drain()
  }

  func counter(_ name: String) -> UInt64? { layer.counters.first { "\($0.name)" == name }?.value }
}

func parse(_ lines: [String]) -> SIPMessage {
  do {
    return try SIPMessage(parsing: Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
  } catch {
    fatalError("a test's own message does not parse: \(error.reason)\n" + lines.joined(separator: "\n"))
  }
}

extension [TransactionLayer.Output] {
  var transmitted: [SIPMessage] { transmissions.map { try! SIPMessage(parsing: $0.bytes) } }
  var transmissions: [(bytes: [UInt8], flow: Flow)] { compactMap { if case .transmit(let bytes, let flow) = $0 { (bytes, flow) } else { nil } } }
  var requests: [(TransactionLayer.ServerID, SIPMessage)] { compactMap { if case .request(let id, let message, _) = $0 { (id, message) } else { nil } } }
  var responses: [SIPMessage] { compactMap { if case .response(_, let message, _) = $0 { message } else { nil } } }
  var acknowledgements: [SIPMessage] { compactMap { if case .ack(let message, _) = $0 { message } else { nil } } }
  var strays: [SIPMessage] { compactMap { if case .stray(let message, _) = $0 { message } else { nil } } }
  /// Short names in order, as `transmit 100`, `transmit ACK`, `request INVITE`.
  var names: [String] { map(\.name) }
}

extension TransactionLayer.Output {
  var name: String {
    func title(_ m: SIPMessage) -> String { m.isRequest ? m.method.token.text : "\(m.status)" }
    return switch self {
    case .transmit(let bytes, _): "transmit " + title(try! SIPMessage(parsing: bytes))
    case .request(_, let m, _): "request " + title(m)
    case .ack: "ack"
    case .cancelled: "cancelled"
    case .response(_, let m, _): "response " + title(m)
    case .timedOut: "timedOut"
    case .transportFailed: "transportFailed"
    case .unacknowledged: "unacknowledged"
    case .stray(let m, _): "stray " + title(m)
    case .turnedAway(let m, _): "turned away " + title(m)
    case .clientEnded: "clientEnded"
    case .serverEnded: "serverEnded"
    }
  }
}
