public import Addressing
public import Calls
public import Media
public import Records
public import SIP
public import Timing
public import Trunks

/// One thing that crossed the exchange's border, or was seen inside it, at an instant. A run is a list of these; the checkers read nothing else.
public struct TraceEvent: Sendable {
  /// A datagram of signalling; `message` is nil when it is none.
  public struct Signal: Sendable {
    public var bytes: [UInt8]
    public var message: SIPMessage?
    /// What is no message, but enough of a request to be answered.
    public var fragment: SIPMessage?
    public var remote: TransportAddress
    public enum Standing: Sendable {
      /// The configuration in force has a peer there.
      case peer
      /// It had one, and calls with it live: in them it must be heard.
      case former
      /// Nothing is owed.
      case stranger
    }
    /// Of the sender, when it was delivered.
    public var standing: Standing
    /// Whether the exchange has to take notice of it: of a former peer only what belongs to something it has begun.
    var isOwed: Bool {
      switch standing {
      case .peer: return true
      case .stranger: return false
      case .former:
        guard let message else { return false }
        return !message.isRequest || message.to.tag != nil
      }
    }
    public init(_ bytes: [UInt8], remote: TransportAddress, standing: Standing? = nil) {
      self.bytes = bytes
      self.remote = remote
      self.standing = standing ?? (Party.owning(remote.ip) == nil ? .stranger : .peer)
      do throws(SIPMessage.ParseFailure) { message = try SIPMessage(parsing: bytes) } catch { fragment = error.answerable }
    }
  }
  public enum What: Sendable {
    /// By the exchange.
    case sent(Signal)
    /// To the exchange.
    case delivered(Signal)
    case command(MediaCommand)
    case answer(MediaEvent)
    case bound(TransportAddress)
    case unbound(TransportAddress)
    case packetDelivered([UInt8], from: TransportAddress, to: TransportAddress)
    /// From the exchange's port to a media address; `source`: where it had come from.
    case packetSent([UInt8], from: TransportAddress, to: TransportAddress, source: TransportAddress)
    case record(CallRecord)
    case holdings(Exchange.Holdings, broken: [String])
    /// A call was swapped for its copy; `isSame`: the copy wrote the same bytes.
    case rewritten(call: UInt64, isSame: Bool)
    /// Calls that are neither up nor ended when everybody has had time enough; one sentence each.
    case unsettled([String])
    /// Faults stop; then everybody hangs up; then nothing is left to happen.
    case calm, hangUp, ended
    /// Stopping was asked for when these calls were there, and 5 s later.
    case stopping([String]), halted(unfinished: [String])
    /// How the servers are seen, when that has changed; `isNew`: after a commit.
    case servers([Exchange.ServerSight], isNew: Bool)
    case happening(String)
  }
  public var at: Instant
  public var what: What
  public init(at: Instant, _ what: What) {
    self.at = at
    self.what = what
  }
}

extension TraceEvent: CustomStringConvertible {
  public var description: String {
    let microseconds = at.nanoseconds / 1_000
    let fraction = String(microseconds % 1_000_000)
    let time = "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    return "\(time)  \(text)"
  }

  private var text: String {
    switch what {
    case .sent(let signal): "<- \(signal.remote)  \(signal.summary)"
    case .delivered(let signal): "-> \(signal.remote)\(signal.standing == .peer ? "" : " (\(signal.standing))")  \(signal.summary)"
    case .command(let command): "media command  \(command)"
    case .answer(let event): "media event    \(event)"
    case .bound(let address): "bound \(address)"
    case .unbound(let address): "unbound \(address)"
    case .packetDelivered(let bytes, let from, let to): "RTP -> \(from) to \(to), \(bytes.count) bytes"
    case .packetSent(let bytes, let from, let to, _): "RTP <- \(from) to \(to), \(bytes.count) bytes"
    case .record(let record): "record \(record.id) \(record.outcome.rawValue) \(record.status): \(record.reason)"
    case .holdings(let held, let broken):
      "holds \(held.calls) calls, \(held.transactions) transactions, ports \(held.ports), places \(held.places)\(broken.isEmpty ? "" : ": \(broken)")"
    case .rewritten(let call, let isSame): "call \(String(call, radix: 16)) swapped for its copy\(isSame ? "" : ", which differs")"
    case .unsettled(let calls): "unsettled: \(calls)"
    case .calm: "faults stop"
    case .hangUp: "everybody hangs up"
    case .ended: "the end"
    case .stopping(let calls): "the operator stops the exchange with \(calls.count) calls"
    case .halted(let unfinished): "5 s after stopping, not ending: \(unfinished)"
    case .servers(let sights, _):
      "servers: " + sights.map { "\($0.address)\($0.isDown ? " down" : "")\($0.isResting ? " to be left alone" : "")" }.joined(separator: ", ")
    case .happening(let text): text
    }
  }
}

extension SIPMessage {
  /// Where no request is ever repeated by right (RFC 3261 17.1.1.2), and no transaction waits for repetitions.
  var isFromStream: Bool { topVia.transport?.isReliable ?? false }
  /// RFC 3261 8.1.1.8: a Contact that requests can be sent to.
  var hasTarget: Bool { contact.map { $0.uri.scheme == .sip || $0.uri.scheme == .sips } ?? false }
}

extension TraceEvent.Signal {
  var summary: String {
    guard let message else { return "no message (\(bytes.count) bytes: \(String(decoding: bytes.prefix(60), as: UTF8.self).debugDescription))" }
    let start = String(decoding: bytes.prefix { $0 != 0x0D }, as: UTF8.self)
    let cseq = message.value(.cseq).map { String(decoding: $0, as: UTF8.self) } ?? "-"
    let tags = [message.from.tag, message.to.tag].map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "-" }
    let branch = message.topVia.branch.map { String(decoding: $0, as: UTF8.self) } ?? "-"
    let body = message.body.isEmpty ? "" : "  +\(message.body.count)"
    return "\(start)  [\(cseq)] call-id \(String(decoding: message.callID, as: UTF8.self)) tags \(tags[0]) \(tags[1]) branch \(branch)\(body)"
  }
}
