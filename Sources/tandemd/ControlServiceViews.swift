import Addressing
import Calls
import Configuration
import Control
import Linux
import Media
import Records
import Routing
import SIP
import ServerLocation
import Timing
import Trunks

// What runs, told in the control side's structs.
extension ControlService {
  func trunks() throws(ControlError) -> [TrunkStatus] {
    let configuration = desk.running
    let views = try dependencies.exchange.trunks()
    return configuration.trunks.map { trunk in
      let view = views.first { $0.name == trunk.name }
      return TrunkStatus(
        name: trunk.name, state: view?.isUp == true ? "up" : "down", reason: view?.reason ?? "not taken over by the signalling thread yet",
        peer: name(trunk.peer, in: configuration.peers, \.name), listener: name(trunk.listener, in: configuration.listeners, \.name),
        calls: view?.calls ?? 0, maxCalls: trunk.maxCalls)
    }
  }

  func peers() throws(ControlError) -> [PeerStatus] {
    let configuration = desk.running
    let now = MonotonicClock.now()
    return try dependencies.exchange.peers().map { view in
      let peer = configuration.peers.first { $0.name == view.name }
      return PeerStatus(
        name: view.name, type: view.type, address: peer.map(address) ?? "", resolved: addresses(view), targets: view.targets.map { target($0, at: now) },
        state: view.isUp ? "up" : "down", reason: view.reason, description: view.description, alarms: view.alarms)
    }
  }

  private func addresses(_ view: Exchange.PeerView) -> [String] {
    var out: [String] = []
    for target in view.targets where !out.contains(target.address.ip.description) { out.append(target.address.ip.description) }
    return out
  }

  private func target(_ target: TrunkTable.TargetState, at now: Instant) -> PeerTarget {
    func seconds(_ gap: Gap) -> Int { max(0, gap.milliseconds / 1000) }
    return PeerTarget(
      transport: target.transport.name, address: target.address.description, name: target.name, origin: target.origin.rawValue,
      state: target.trouble != nil ? "down" : target.penaltyEnds == nil ? "up" : "last",
      reason: target.trouble ?? target.penaltyEnds.map { "\(target.failure ?? ""), tried after the others for \(seconds($0.since(now))) s" },
      secondsLeft: target.expires.map { seconds($0.since(now)) }, secondsFailing: target.failingSince.map { seconds(now.since($0)) })
  }

  /// As the operator wrote it, with the port where one is set.
  private func address(_ peer: Configuration.Peer) -> String {
    let host =
      switch peer.address {
      case .ip(let ip): ip.family == .v6 && peer.port != nil ? "[\(ip)]" : ip.description
      case .domain(let name): name
      case .dynamic: "dynamic"
      }
    return host + (peer.port.map { ":\($0)" } ?? "")
  }

  /// A listener that can not be bound refuses its commit: those of the running configuration are served.
  /// One whose certificate can not be used listens and makes no connections.
  func listeners() throws(ControlError) -> [ListenerStatus] {
    let listeners = desk.running.listeners
    let troubles = listeners.contains { $0.transport == .tls } ? try dependencies.exchange.listenerTroubles() : []
    return listeners.enumerated().map { index, listener in
      let trouble = troubles.indices.contains(index) ? troubles[index] : nil
      return ListenerStatus(
        name: listener.name, transport: listener.transport.name, address: listener.address.description, publicAddress: listener.publicAddress?.description,
        state: trouble == nil ? "listening" : "failed", reason: trouble ?? "")
    }
  }

  func connections() throws(ControlError) -> [ConnectionStatus] {
    try dependencies.exchange.connections().map { view in
      ConnectionStatus(
        listener: view.listener, transport: view.transport.name, remote: view.remote.description, direction: view.isOurs ? "out" : "in", state: view.state,
        peer: view.peer, cipher: view.cipher, certificateEnds: view.certificateEnds.map(Double.init), age: Double(view.age.nanoseconds) / 1e9,
        quiet: Double(view.quiet.nanoseconds) / 1e9)
    }
  }

  func interfaces() throws(ControlError) -> [InterfaceStatus] {
    let network: NetworkInterfaces
    do throws(SystemCallError) { network = try dependencies.networkInterfaces() } catch { throw ControlError(.unavailable, "\(error)") }
    return desk.running.interfaces.map { interface in
      let missing = interface.addresses.filter { !network.canBind($0.address) }
      let device = interface.device.map { network.device(named: $0) } ?? interface.addresses.first.flatMap { network.device(having: $0.address) }
      var reasons = missing.map { "address \($0) is not there" }
      if let name = interface.device, device == nil { reasons.insert("there is no device \(name)", at: 0) }
      if let device, !device.isUp {
        reasons.append("device \(device.name) is switched off")
      } else if let device, !device.hasCarrier {
        reasons.append("device \(device.name) has no link")
      }
      let state = interface.device != nil && device == nil || !missing.isEmpty ? "missing" : reasons.isEmpty ? "up" : "down"
      return InterfaceStatus(
        name: interface.name, device: interface.device ?? device?.name, addresses: interface.addresses.map(\.description), state: state,
        reason: reasons.joined(separator: "; "))
    }
  }

  func calls() throws(ControlError) -> [CallStatus] {
    let now = dependencies.wallClock()
    return try dependencies.exchange.calls().map { CallStatus($0, now: now) }
  }

  func detail(of id: String) throws(ControlError) -> CallDetail {
    dependencies.exchange.countMedia()
    if let call = try dependencies.exchange.calls().first(where: { $0.id == id }) {
      return CallDetail(call: CallStatus(call, now: dependencies.wallClock()))
    }
    guard let record = try dependencies.record(id) else { throw noCall(id) }
    return CallDetail(record: record)
  }

  func ladder(_ id: String) throws(ControlError) -> LadderStatus {
    if let ladder = try dependencies.exchange.ladder(id) {
      let legs = try dependencies.exchange.calls().first { $0.id == id }?.legs ?? []
      return LadderStatus(ladder, call: id, trunks: legs.map(\.trunk))
    }
    guard let ladder = try dependencies.ladder(id) else { throw noCall(id) }
    return ladder
  }

  func media() throws(ControlError) -> MediaStatus {
    dependencies.exchange.countMedia()
    let configuration = desk.running
    let realms = try dependencies.exchange.mediaCapacity().map { one in
      let realm = configuration.mediaRealms.first { $0.name == one.realm }
      return MediaStatus.Realm(
        name: one.realm, addresses: realm?.addresses.map(\.description) ?? [], capacityCalls: one.calls, portsInUse: one.portsInUse, ports: one.ports)
    }
    let flows = try calls().filter { $0.media != CallStatus.noMedia }
    return MediaStatus(realms: realms, flows: flows.map { MediaStatus.Flow(call: $0.id, path: $0.media, reason: $0.mediaReason, streams: $0.streams) })
  }

  func system() throws(ControlError) -> SystemStatus {
    let configuration = desk.running
    return SystemStatus(
      version: dependencies.version, hostname: configuration.system.hostname, started: dependencies.started,
      uptime: max(0, dependencies.wallClock() - dependencies.started), calls: try dependencies.exchange.calls().count, configuration: desk.summary,
      hasUncommittedChanges: desk.hasUncommittedChanges, off: dependencies.off())
  }

  func counters() throws(ControlError) -> CounterList {
    let all = try dependencies.exchange.counters() + dependencies.counters() + connectionCounters()
    return CounterList(counters: all.map { CounterList.Counter(name: $0.name, value: $0.value) })
  }

  var completionSources: CompletionSources {
    CompletionSources(
      calls: { [self] in
        ((try? calls()) ?? []).map { Completions.Word($0.id, "\($0.calling) to \($0.called), \($0.state)") }
      },
      trunks: { [self] in desk.running.trunks.map { trunk in Completions.Word(trunk.name, "to peer \(name(trunk.peer, in: desk.running.peers, \.name))") } },
      configuration: { [self] words, partial, deleting in desk.completions(words, partial, deleting: deleting) })
  }

  func noCall(_ id: String) -> ControlError {
    ControlError(.notFound, node: "call", value: id, "is no call that is up or kept: `show calls`, `show calls history`")
  }
}

private func name<T>(_ index: Int, in list: [T], _ name: (T) -> String) -> String { list.indices.contains(index) ? name(list[index]) : "" }

extension CallStatus {
  static let noMedia = "none"

  init(_ view: Exchange.CallView, now: Double) {
    let path: String =
      switch view.mediaPath {
      case .direct: "direct"
      case .fastPath: "fast-path"
      case .relay: "relay"
      case nil: Self.noMedia
      }
    self.init(
      id: view.id, state: view.state, calling: view.calling, called: view.called, incomingTrunk: view.incomingTrunk, outgoingTrunk: view.outgoingTrunk,
      route: view.route, began: view.began, answered: view.answered, seconds: max(0, now - (view.answered ?? view.began)), media: path,
      mediaReason: view.mediaReason, legs: view.legs.map(LegStatus.init), streams: view.streams.map(StreamStatus.init))
  }
}

extension LegStatus {
  init(_ leg: Exchange.CallView.LegView) {
    self.init(
      trunk: leg.trunk, callID: leg.callID, remote: leg.remote.description, dialog: leg.dialog, localMedia: leg.localMedia?.description,
      remoteMedia: leg.remoteMedia?.description)
  }
}

extension StreamStatus {
  init(_ counts: StreamStatistics) {
    self.init(
      side: counts.side == .incoming ? "in" : "out", stream: counts.stream, packets: counts.packets, bytes: counts.bytes, rtcpPackets: counts.rtcpPackets,
      lost: counts.lost, expected: counts.expected, jitterMilliseconds: counts.jitterMilliseconds, forwarded: counts.forwarded,
      strangers: counts.strangers, discarded: counts.discarded, source: counts.source?.description)
  }
}

extension LadderStatus {
  init(_ ladder: Ladder, call: String, trunks: [String]) {
    let first = ladder.entries.first?.at
    self.init(
      call: call, trunks: trunks,
      entries: ladder.entries.map { entry in
        Entry(
          milliseconds: first.map { Double(entry.at.since($0).nanoseconds) / 1e6 } ?? 0, leg: Int(entry.leg), sent: entry.sent,
          method: String(decoding: entry.method.token, as: UTF8.self), status: Int(entry.status), sequence: entry.sequence, hasSDP: entry.hasSDP,
          remote: entry.remote.description)
      }, omitted: ladder.omitted)
  }
}

extension NumberTest {
  init(_ query: NumberQuery, _ plan: RoutePlan, _ configuration: Configuration, trunk: Int) {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    let incoming = name(trunk, in: configuration.trunks, \.name)
    switch plan.outcome {
    case .attempts(let attempts):
      self.init(
        number: query.number, trunk: incoming, normalized: plan.normalized.map(text), outcome: "routed",
        attempts: attempts.map { one in
          Attempt(
            trunk: name(one.trunk, in: configuration.trunks, \.name), route: name(one.route, in: configuration.voiceRoutes, \.name),
            usage: name(one.usage, in: configuration.pstnUsages, { $0 }), called: text(one.called), calling: text(one.calling))
        }, reasons: plan.reasons)
    case .refused(let refusal):
      self.init(
        number: query.number, trunk: incoming, normalized: plan.normalized.map(text), outcome: "refused", status: refusal.status,
        diagnostic: refusal.diagnostic, refusal: refusal.text, reasons: plan.reasons)
    }
  }
}
