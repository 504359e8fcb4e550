import Addressing
import Admission
import SIP

/// Far ends that a commit has shut out (peer, trunk or address taken away) while a call with them is up. Calls that are up are not touched by a commit, so
/// these may still end theirs: what belongs to a live call is taken from the address and listener the call knows, and nothing else is.
///
/// Made anew at each commit from the live calls, so bounded by their legs; empty nearly always. Looked up, never iterated.
struct DepartedPeers: Sendable {
  private struct Place: Hashable {
    var listener: UInt16
    var ip: IPAddress
  }
  /// How the transaction layer knows the sender: requests that are open were entered under it.
  private var origins: [Place: UInt32] = [:]

  var isEmpty: Bool { origins.isEmpty }
  func origin(of flow: SIP.Flow) -> UInt32? { origins[Place(listener: flow.listener, ip: flow.remote.ip)] }
  mutating func note(_ flow: SIP.Flow, origin: UInt32) { origins[Place(listener: flow.listener, ip: flow.remote.ip)] = origin }
}

extension Exchange {
  /// Who will be a stranger from now on: before the gate, the trunks' indexes and the calls' are the new ones.
  func departing(with gate: SourceGate, listeners: [Int?]) -> DepartedPeers {
    var departed = DepartedPeers()
    for id in table.ids {
      guard let call = table.read(id) else { continue }
      for leg in call.legs where leg.state != .gone {
        let before = Int(leg.flow.listener)
        guard listeners.indices.contains(before), let listener = listeners[before] else { continue }
        guard gate.judge(source: leg.flow.remote, listener: listener) == .stranger else { continue }
        let verdict = environment.gate.judge(source: leg.flow.remote, listener: before)
        let origin = verdict == .stranger ? environment.departed.origin(of: leg.flow) ?? 0 : environment.origin(of: verdict)
        var flow = leg.flow
        flow.listener = UInt16(truncatingIfNeeded: listener)
        departed.note(flow, origin: origin)
      }
    }
    return departed
  }

  /// The origin of a message of a live call from a place that a commit has shut out; `nil`: a stranger's.
  mutating func departedOrigin(of message: SIPMessage, on flow: SIP.Flow) -> UInt32? {
    guard let origin = environment.departed.origin(of: flow) else { return nil }
    // A response finds its transaction by a branch that we drew, or nobody; CANCEL and the ACK of a refusal have to match an open request.
    guard message.isRequest, message.method != .cancel else { return origin }
    if message.method == .ack, message.to.tag.map({ LegTag.isOurs($0, environment.transactions) }) ?? false { return origin }
    guard let tag = message.to.tag, let name = LegTag.parse(tag) else { return nil }
    var isOwn = false
    withCall(name.call) { call, environment in isOwn = call.owns(message, leg: name.leg, from: flow, environment) }
    return isOwn ? origin : nil
  }

  /// The trunk whose plugin sees a request, and which is alive by it: in a dialog its leg's (decided: a dialog's requests come from any source of its trunk, also
  /// from one that has another trunk at the gate), -1 if that is gone; else the gate's, -1 if there is none.
  mutating func trunk(of message: SIPMessage, on flow: SIP.Flow, _ verdict: SourceGate.Verdict) -> Int {
    var trunk: Int?
    if let tag = message.to.tag, let name = LegTag.parse(tag) {
      withCall(name.call) { call, environment in
        if call.owns(message, leg: name.leg, from: flow, environment) { trunk = call.legs[name.leg].trunk }
      }
    }
    if trunk == nil, case .trunk(let index) = verdict { trunk = index }
    return trunk ?? -1
  }
}
