import Addressing
import Calls
import Configuration
import SIP
import Testing
import Timing

// The words of a test: who says what, what was heard, and the closing check every test ends with.
extension Bench {
  // MARK: The caller (`pbx`)

  mutating func dial(
    _ number: String = "94155550100", branch: String = "1", callID: String = "call-1", fromTag: String = "a1", extra: String = "", body: String = Bench.sdp
  ) {
    receive(
      Bench.request("INVITE", uri: "sip:\(number)@10.0.0.9", from: Bench.pbx, branch: branch, fromTag: fromTag, callID: callID, extra: extra, body: body),
      from: Bench.pbx)
  }
  mutating func cancel(branch: String = "1", sequence: Int = 1) {
    receive(Bench.request("CANCEL", uri: "sip:94155550100@10.0.0.9", from: Bench.pbx, branch: branch, sequence: sequence), from: Bench.pbx)
  }
  /// A request of the caller in its dialog.
  mutating func caller(
    _ method: String, _ sequence: Int = 2, branch: String? = nil, fromTag: String = "a1", toTag: String? = nil, callID: String = "call-1",
    from source: TransportAddress = Bench.pbx, listener: UInt16 = 0, extra: String = "", body: String = ""
  ) {
    serial += 1
    receive(
      Bench.request(
        method, uri: "sip:x@10.0.0.9", from: source, branch: branch ?? "c\(serial)", fromTag: fromTag, toTag: toTag ?? callerTag, callID: callID,
        sequence: sequence, extra: extra, body: body), from: source, listener: listener)
  }
  mutating func callerAcknowledges(_ sequence: Int = 1) { caller("ACK", sequence) }

  /// The caller's answer to the last request of that method sent to it.
  mutating func callerReplies(_ status: Int, to method: SIP.Method, extra: String = "", body: String = "") throws {
    let request = try #require(requests(to: Bench.pbx).last { $0.method == method })
    receive(Bench.response(status, to: request, extra: extra, body: body).replacingContact("<sip:alice@\(Bench.pbx)>"), from: Bench.pbx)
  }

  // MARK: The called side (`provider`, or where the attempt went)

  func attempt(_ number: Int = 0) throws -> SIPMessage {
    try #require(attempts.indices.contains(number) ? attempts[number] : nil)
  }
  /// A response to attempt `number`.
  mutating func reply(
    _ status: Int, attempt number: Int = 0, from source: TransportAddress = Bench.provider, tag: String? = "b1", extra: String = "", body: String = ""
  ) throws {
    receive(Bench.response(status, to: try attempt(number), toTag: status == 100 ? nil : tag, extra: extra, body: body), from: source, listener: 1)
  }
  /// A response to the last request of that method sent there.
  mutating func calleeReplies(_ status: Int, to method: SIP.Method, from source: TransportAddress = Bench.provider, extra: String = "", body: String = "")
    throws
  {
    let request = try #require(requests(to: source).last { $0.method == method })
    receive(Bench.response(status, to: request, extra: extra, body: body), from: source, listener: 1)
  }
  /// A request of the called side in the dialog of attempt `number`.
  mutating func callee(
    _ method: String, _ sequence: Int = 1, attempt number: Int = 0, branch: String? = nil, tag: String = "b1",
    from source: TransportAddress = Bench.provider, extra: String = "", body: String = ""
  ) throws {
    serial += 1
    let invite = try attempt(number)
    let text = { (name: HeaderName) in String(decoding: invite.value(name) ?? [], as: UTF8.self) }
    receive(
      "\(method) sip:x@10.0.0.9:5070 SIP/2.0\r\nVia: SIP/2.0/UDP \(source);branch=z9hG4bK\(branch ?? "d\(serial)");rport\r\nMax-Forwards: 70\r\n"
        + "From: \(text(.to));tag=\(tag)\r\nTo: \(text(.from))\r\nCall-ID: \(text(.callID))\r\nCSeq: \(sequence) \(method)\r\n"
        + "Contact: <sip:bob@\(source)>\r\n\(extra)" + (body.isEmpty ? "" : "Content-Type: application/sdp\r\n")
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)", from: source, listener: 1)
  }

  // MARK: Whole stretches

  /// Rung and answered; the caller has our 200 and has not acknowledged it.
  mutating func answered() throws {
    dial()
    try reply(180)
    try reply(200, body: Bench.sdp)
  }
  mutating func established() throws {
    try answered()
    callerAcknowledges()
    #expect(exchange.calls.map(\.state) == ["up"])
    forget()
  }
  /// The caller hangs up and the called side agrees.
  mutating func hangUp(_ sequence: Int = 90) throws {
    caller("BYE", sequence)
    try calleeReplies(200, to: .bye)
  }

  // MARK: What was heard

  mutating func forget() { sent = [] }
  /// `INVITE`, `180 INVITE`, `200 BYE`: what an address got, in order.
  func heard(_ address: TransportAddress) -> [String] {
    sent.filter { $0.to == address }.map { $0.message.isRequest ? "\($0.message.methodName)" : "\($0.message.status) \($0.message.methodName)" }
  }
  var toCaller: [String] { heard(Bench.pbx) }
  var toCallee: [String] { heard(Bench.provider) }
  var toSpare: [String] { heard(Bench.backup) }
  func lastBody(to address: TransportAddress) -> String {
    sent.last { $0.to == address && !$0.message.body.isEmpty }.map { String(decoding: $0.message.body, as: UTF8.self) } ?? ""
  }

  // MARK: The closing check

  /// Time passes, then nothing may be left: no call, no transaction, no port, no place; and there is one record for each call.
  mutating func finish(records count: Int = 1, sourceLocation: SourceLocation = #_sourceLocation) {
    advance(by: .seconds(200))
    #expect(exchange.liveCalls == 0, "calls are left", sourceLocation: sourceLocation)
    #expect(exchange.mediaCapacity.allSatisfy { $0.portsInUse == 0 }, "ports are left", sourceLocation: sourceLocation)
    #expect(exchange.trunkViews(at: now).map(\.calls) == edited.trunks.map { _ in 0 }, "places are left", sourceLocation: sourceLocation)
    let holdings = exchange.holdings
    #expect(holdings.transactions == 0 && holdings.owners == 0 && holdings.served == 0, "transactions are left", sourceLocation: sourceLocation)
    #expect(records.count == count, "records", sourceLocation: sourceLocation)
    #expect(Set(records.map(\.id)).count == records.count, "a call has two records", sourceLocation: sourceLocation)
    #expect(faults == [], sourceLocation: sourceLocation)
  }
}

extension SIPMessage {
  var methodName: String { String(decoding: method.token, as: UTF8.self) }
  func text(_ name: HeaderName) -> String? { value(name).map { String(decoding: $0, as: UTF8.self) } }
}

extension Bench {
  /// Two trunks for the number: `acme-1`, then `spare-1`, whatever the turn.
  static func hunting(_ configuration: inout Configuration) {
    configuration.voiceRoutes.append(.init(name: "second", pattern: "^\\+1\\d{10}$", priority: 20, pstnUsages: ["National"], trunks: [2]))
  }
  /// Changes the settings of the trunk's own collection.
  static func settings(_ configuration: inout Configuration, _ trunk: String, _ edit: (inout Configuration.TrunkConfiguration) -> Void) {
    for index in configuration.trunkConfigurations.indices where configuration.trunkConfigurations[index].scope == .trunk(trunk) {
      return edit(&configuration.trunkConfigurations[index].settings)
    }
    var settings = Configuration.TrunkConfiguration()
    edit(&settings)
    configuration.trunkConfigurations.append(.init(scope: .trunk(trunk), settings: settings))
  }
}

extension String {
  func replacing(_ part: String, with other: String) -> String {
    var out: [UInt8] = []
    var rest = Array(utf8)[...]
    let wanted = Array(part.utf8)
    while !rest.isEmpty {
      if rest.starts(with: wanted) {
        out += Array(other.utf8)
        rest = rest.dropFirst(wanted.count)
      } else {
        out.append(rest.removeFirst())
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
