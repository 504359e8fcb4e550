import Addressing
import Admission
import SIP
import Timing

/// Far ends that a commit has shut out (peer, trunk or address taken away), or a name that leads elsewhere now, while a call with them is up. Calls that are up
/// are not touched by either, so these may still end theirs: what belongs to a live call is taken from the address and listener the call knows, and nothing else is.
///
/// Made anew each time from the live calls, so bounded by their legs; empty nearly always. A place stays as long as its last call, and 64 T1 more for the ACK of a
/// refusal that is still on its way (RFC 3261 17.2.1, Timer H). Looked up, never iterated.
struct DepartedPeers: Sendable {
  private struct Place: Hashable {
    var listener: UInt16
    var ip: IPAddress
  }
  private struct Entry {
    /// How the transaction layer knows the sender: requests that are open were entered under it.
    var origin: UInt32
    /// Of live calls.
    var legs = 0
    /// When the place is forgotten; `nil` while it has a leg.
    var until: Instant?
  }
  private var entries: [Place: Entry] = [:]
  /// The places of each call, one for each leg that `entries` counts.
  private var places: [CallID: [Place]] = [:]

  func origin(of flow: SIP.Flow, at now: Instant) -> UInt32? {
    guard !entries.isEmpty, let entry = entries[Place(listener: flow.listener, ip: flow.remote.ip)] else { return nil }
    if let until = entry.until, until <= now { return nil }
    return entry.origin
  }

  mutating func note(_ flow: SIP.Flow, of call: CallID, origin: UInt32) {
    let place = Place(listener: flow.listener, ip: flow.remote.ip)
    entries[place, default: Entry(origin: origin)].legs += 1
    places[call, default: []].append(place)
  }

  /// The call is no longer there; what nobody else needs is forgotten `until` then.
  mutating func closed(_ call: CallID, until: Instant) {
    guard !places.isEmpty, let own = places.removeValue(forKey: call) else { return }
    for place in own {
      entries[place]?.legs -= 1
      if entries[place]?.legs == 0 { entries[place]?.until = until }
    }
  }
}

extension Exchange {
  /// Who will be a stranger from now on: before the gate, the trunks' indexes and the calls' are the new ones.
  func departing(with gate: SourceGate, listeners: [Int?]) -> DepartedPeers {
    var departed = DepartedPeers()
    for id in table.ids {
      guard let call = table.read(id) else { continue }
      // By index: to iterate would copy each leg.
      for leg in call.legs.indices where call.legs[leg].state != .gone {
        var flow = call.legs[leg].flow
        let before = Int(flow.listener)
        guard listeners.indices.contains(before), let listener = listeners[before] else { continue }
        guard gate.judge(source: flow.remote, listener: listener) == .stranger else { continue }
        let verdict = environment.gate.judge(source: flow.remote, listener: before)
        let origin = verdict == .stranger ? environment.departed.origin(of: flow, at: environment.now) ?? 0 : environment.origin(of: verdict)
        flow.listener = UInt16(truncatingIfNeeded: listener)
        departed.note(flow, of: id, origin: origin)
      }
    }
    return departed
  }

  /// Whether a message from a place that was shut out belongs to a live call.
  mutating func isOfLiveCall(_ message: SIPMessage, on flow: SIP.Flow) -> Bool {
    // A response finds its transaction by a branch that we drew, or nobody; CANCEL and the ACK of a refusal have to match an open request.
    guard message.isRequest, message.method != .cancel else { return true }
    if message.method == .ack, message.to.tag.map({ LegTag.isOurs($0, environment.transactions) }) ?? false { return true }
    guard let tag = message.to.tag, let name = place(of: tag) else { return false }
    var isOwn = false
    withCall(name.call) { call, environment in isOwn = call.owns(message, leg: name.leg, from: flow, environment) }
    return isOwn
  }

  /// The trunk whose plugin sees a request, and which is alive by it: in a dialog its leg's (decided: a dialog's requests come from any source of its trunk, also
  /// from one that has another trunk at the gate), -1 if that is gone; else the gate's, -1 if there is none.
  mutating func trunk(of message: SIPMessage, on flow: SIP.Flow, _ verdict: SourceGate.Verdict) -> Int {
    var trunk: Int?
    if let tag = message.to.tag, let name = place(of: tag) {
      withCall(name.call) { call, environment in
        if call.owns(message, leg: name.leg, from: flow, environment) { trunk = call.legs[name.leg].trunk }
      }
    }
    if trunk == nil, case .trunk(let index) = verdict { trunk = index }
    return trunk ?? -1
  }
}
