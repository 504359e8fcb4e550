public import Addressing
import Admission
import Configuration
public import Media
public import Records
public import Routing
import SDP
import SIP
public import Timing
public import Trunks

// What the control side may see: values, copied out between two events.
extension Exchange {
  public struct CallView: Sendable {
    public var id: String
    /// `calling`, `ringing`, `up`, `ending`.
    public var state: String
    public var incomingTrunk: String
    public var outgoingTrunk: String?
    public var called: String
    public var calling: String
    /// Wall-clock seconds since 1970.
    public var began: Double
    public var answered: Double?
    public var mediaPath: MediaPath?
    public var mediaReason: String
    public var route: String?
    public var legs: [LegView]
    /// As of the last report.
    public var streams: [StreamStatistics]

    public struct LegView: Sendable {
      public var trunk: String
      public var callID: String
      public var remote: TransportAddress
      /// `inviting`, `confirmed`, `leaving`, `gone`.
      public var dialog: String
      public var localMedia: TransportAddress?
      public var remoteMedia: TransportAddress?
    }
  }

  public var calls: [CallView] { table.ids.compactMap { table.read($0).map(view) } }

  public func call(_ id: String) -> CallView? { CallID(text: id).flatMap { table.read($0) }.map(view) }

  public func ladder(of id: String) -> Ladder? { CallID(text: id).flatMap { table.read($0)?.ladder } }

  private func view(_ call: Call) -> CallView {
    let attempt = call.attempts.indices.contains(call.nextAttempt - 1) ? call.attempts[call.nextAttempt - 1] : nil
    var reasons: [String] = []
    if let active = call.active, call.legs[call.near].trunk >= 0, call.legs[active].trunk >= 0 {
      reasons = environment.routing.bypass(incoming: call.legs[call.near].trunk, outgoing: call.legs[active].trunk, explain: true).reasons
    }
    return CallView(
      id: call.id.text,
      state: ["calling", "calling", "ringing", "up", "ending"][Int(call.phase.rawValue)], incomingTrunk: call.legs[call.near].trunkName,
      outgoingTrunk: call.active.map { call.legs[$0].trunkName }, called: String(decoding: call.legs[0].called, as: UTF8.self),
      calling: String(decoding: call.legs[0].calling, as: UTF8.self), began: call.began, answered: call.answered, mediaPath: call.mediaPath,
      mediaReason: reasons.joined(separator: "; "),
      route: attempt?.route,
      legs: call.legs.map { leg in
        let stream: Int = leg.anchor?.ports.firstIndex(where: { $0 != 0 }) ?? 0
        return CallView.LegView(
          trunk: leg.trunkName, callID: String(decoding: leg.dialog.callID, as: UTF8.self), remote: leg.flow.remote,
          dialog: ["inviting", "confirmed", "leaving", "gone"][Int(leg.state.rawValue)],
          localMedia: leg.anchor.flatMap { anchor in
            anchor.ports.indices.contains(stream) ? TransportAddress(anchor.advertised, anchor.ports[stream]) : nil
          },
          remoteMedia: leg.offerAnswer.remote?.rtpDestination(of: stream))
      }, streams: call.streams)
  }

  public struct TrunkView: Sendable {
    public var name: String
    public var calls: Int
    public var isUp: Bool
    public var reason: String
  }

  public func trunkViews(at now: Instant) -> [TrunkView] {
    let states = environment.trunks.states(at: now)
    return environment.configuration.trunks.enumerated().map { index, trunk in
      let peer = environment.trunks.state(ofPeer: trunk.peer, at: now)
      let state = states.indices.contains(index) ? states[index] : .down
      let full = environment.load.isFull(index)
      return TrunkView(
        name: trunk.name, calls: environment.load.calls(on: index), isUp: state != .down,
        reason: full ? "full" : state == .lessPreferred ? "less preferred: a call failed lately" : peer.reason)
    }
  }

  public struct PeerView: Sendable {
    public var name: String
    public var type: String
    public var targets: [TrunkTable.TargetState]
    public var isUp: Bool
    public var reason: String
    /// The plugin's own line.
    public var description: String
    public var alarms: [String]
  }

  public func peerViews(at now: Instant) -> [PeerView] {
    environment.configuration.peers.enumerated().map { index, peer in
      let state = environment.trunks.state(ofPeer: index, at: now)
      return PeerView(
        name: peer.name, type: peer.type, targets: environment.trunks.targetStates(ofPeer: index, at: now), isUp: state.isUp, reason: state.reason,
        description: environment.trunks.description(ofPeer: index), alarms: state.alarms)
    }
  }

  /// Every counter: name and value, in a fixed order.
  public var counters: [(name: String, value: UInt64)] {
    environment.counters.listed + environment.transactions.counters.map { ("transaction.\($0.name)", $0.value) }
      + [("routing.pattern-limit-hits", environment.patternLimitHits)] + environment.trunks.pluginCounters
  }

  /// Asks the media plane for the counts of every relayed call; they arrive as `.report` events.
  public mutating func requestMediaReports() {
    // Who rests has no media with us.
    for id in table.idsAwake {
      if table.read(id)?.sessionOpen == true { environment.actions.append(.media(.report(session: id.rawValue))) }
    }
  }

  /// Ports of each realm: name, calls that fit, ports in use, ports in all.
  public var mediaCapacity: [(realm: String, calls: Int, portsInUse: Int, ports: Int)] { environment.anchors.capacity(environment.configuration) }

  /// The routing engine with today's trunk states, for `test number`.
  public func test(number: [UInt8], calling: [UInt8], trunk: Int, at now: Instant) -> RoutePlan {
    let query = RouteQuery(
      incomingTrunk: trunk, called: number, calling: calling, trunkStates: environment.trunkStates(at: now), turn: environment.turn &+ 1)
    return environment.routing.plan(query, explain: true)
  }
}
