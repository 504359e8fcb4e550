import Addressing
import Configuration
import SIP
import Timing
import Trunks

/// A request of ours outside any dialog and any call, while its transaction lives: OPTIONS that ask whether a peer is alive.
///
/// It takes the way that requests of calls take: the trunk's plugin sees it and its answers, the transaction layer sends it. What its end means is its purpose's.
/// Bounds: `TrunkLimits` says how many OPTIONS there can be.
struct OwnRequest: Sendable {
  enum Purpose: Sendable { case probe(TrunkTable.Probe) }
  /// -1: a commit took it away.
  var trunk: Int
  var purpose: Purpose

  /// `<sip:host>`, without a port (RFC 3261 19.1.1, table 1).
  static func address(_ host: [UInt8]) -> [UInt8] {
    Array("<sip:".utf8) + LegMessages.withoutPort(host) + [UInt8(ascii: ">")]
  }
}

extension CallEnvironment {
  /// `nil`: the trunk's plugin refused it; nothing left.
  @discardableResult
  mutating func send(own request: SIPMessage, for purpose: OwnRequest.Purpose, trunk: Int, to target: TransportAddress) -> TransactionLayer.ClientID? {
    var request = request
    capabilities(of: trunk).stamp(request: &request)
    guard trunks.requestOut(&request, trunk: trunk, at: now) == .pass else { return nil }
    let client = transactions.send(request, on: trunks.flow(of: trunk, to: target), sentBy: trunks.ownHost(trunk), at: now)
    ownRequests[client] = OwnRequest(trunk: trunk, purpose: purpose)
    return client
  }

  mutating func received(_ response: SIPMessage, own client: TransactionLayer.ClientID, _ request: OwnRequest) {
    guard response.status >= 200, request.trunk >= 0 else { return }
    var response = response
    trunks.responseIn(&response, trunk: request.trunk, at: now)
    switch request.purpose {
    case .probe(let probe): trunks.probeAnswered(probe, status: response.status, rest: response.retryAfter, at: now)
    }
  }

  /// `status`: 408 nobody answered, 503 it could not be sent.
  mutating func failed(own request: OwnRequest, status: Int) {
    guard request.trunk >= 0 else { return }
    switch request.purpose {
    // That nobody answers was known long before the transaction gave up.
    case .probe(let probe): if status != 408 { trunks.probeFailed(probe, at: now) }
    }
  }

  /// After a commit.
  mutating func renameOwnRequests(trunks: [Int?]) {
    for client in ownRequests.keys {
      guard let old = ownRequests[client]?.trunk else { continue }
      let new = trunks.indices.contains(old) ? trunks[old] ?? -1 : -1
      ownRequests[client]?.trunk = new
      if case .probe(var probe) = ownRequests[client]?.purpose {
        probe.trunk = new
        ownRequests[client]?.purpose = .probe(probe)
      }
    }
  }

  // MARK: OPTIONS

  /// Asks those whose time has come.
  mutating func sendProbes() {
    for probe in trunks.takeProbes() where !stopping { send(own: options(probe), for: .probe(probe), trunk: probe.trunk, to: probe.target) }
  }

  /// RFC 3261 11.1, to the peer itself: a Request-URI without a user, and a Contact that is no call's.
  private mutating func options(_ probe: TrunkTable.Probe) -> SIPMessage {
    let host = trunks.ownHost(probe.trunk)
    let transport = trunks.flow(of: probe.trunk, to: probe.target).transport
    var there = probe.target.text
    if case .domain(let name) = configuration.peers[configuration.trunks[probe.trunk].peer].address { there = Array(name.utf8) }
    var uri: [UInt8] = []
    LegMessages.append("sip:", to: &uri)
    uri += there
    if transport.isReliable { uri += Array(";transport=\(transport.name)".utf8) }
    var request = SIPMessage(request: .options, uri: uri)
    request.append(.maxForwards) { $0.appendDecimal(70) }
    request.append(.from) { out in
      out += OwnRequest.address(host)
      LegMessages.append(";tag=", to: &out)
      out.appendHexadecimal(random.next(), digits: 16)
    }
    request.append(.to, OwnRequest.address(there))
    request.append(.callID) { out in
      out.appendHexadecimal(random.next(), digits: 16)
      out.appendHexadecimal(random.next(), digits: 16)
    }
    request.append(.cseq) { LegMessages.append("1 OPTIONS", to: &$0) }
    request.append(.contact) { out in
      LegMessages.append("<sip:", to: &out)
      out += host
      if transport.isReliable { out += Array(";transport=\(transport.name)".utf8) }
      LegMessages.append(">", to: &out)
    }
    request.append(.accept, text: "application/sdp")
    return request
  }
}

extension SIPMessage {
  /// RFC 3261 20.33: whole seconds, then maybe a comment and parameters. `nil`: none, or nothing that could be read.
  var retryAfter: Gap? {
    guard let value = value(.retryAfter) else { return nil }
    let digits = value.drop { $0 == 0x20 || $0 == 0x09 }.prefix { (0x30...0x39).contains($0) }
    guard !digits.isEmpty, digits.count <= 9 else { return digits.isEmpty ? nil : .seconds(Int(UInt32.max)) }
    return .seconds(digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
  }
}
