import Addressing
import Calls
import Media
import SIP
import ServerLocation
import Timing

// What the queue brings: deliveries, accidents, and the acts of the play.
extension Simulation {
  mutating func happen(_ event: EventQueue.Event) {
    switch event {
    case .toExchange(let bytes, let source, let place):
      guard let listener = scene.listener(at: place) else { return tally.add("datagrams to a listener that is gone", 1) }
      deliver(bytes, on: SIP.Flow(listener: listener, transport: .udp, remote: source))
    case .toParty(let bytes, let party, let source):
      parties[party.rawValue].receive(bytes, from: source, at: now)
    case .unreachable(let remote, let place):
      guard let listener = scene.listener(at: place) else { return }
      tally.add("unreachable reports", 1)
      note(.happening("\(remote) is unreachable"))
      exchange.unreachable(SIP.Flow(listener: listener, transport: .udp, remote: remote), at: now)
    case .stream(let id, let end, let task): happen(task, on: id, at: end)
    case .connectionCut: cutConnection()
    case .media(let event):
      note(.answer(event))
      exchange.media(event, at: now)
    case .packetToExchange(let bytes, let source, let local): receivePacket(bytes, from: source, at: local)
    case .errand(let party, let errand): parties[party.rawValue].run(errand, at: now)
    case .crash(let index):
      let crash = knobs.crashes[index]
      tally.add("crashes of parties", 1)
      note(.happening("\(crash.party.name) crashes and forgets everything"))
      parties[crash.party.rawValue].crash()
      loseConnections(of: crash)
    case .silence(let party):
      tally.add("silences of parties", 1)
      note(.happening("\(party.name) falls silent"))
      parties[party.rawValue].isDown = true
    case .restart(let party):
      parties[party.rawValue].isDown = false
      note(.happening("\(party.name) is back"))
    case .stranger: intrude()
    case .garbage: throwGarbage()
    case .clearing: clear()
    case .commit: commit()
    case .lookUp: lookUp()
    case .nameChange: changeName(names.pick([.acme, .spare]))
    case .stop:
      tally.add("stops", 1)
      callsAtStop = exchange.calls.map(\.id)
      note(.stopping(callsAtStop))
      exchange.endAllCalls(at: now)
      queue.enter(.halted, at: now + .seconds(5))
    case .halted:
      note(.halted(unfinished: exchange.calls.filter { $0.state != "ending" }.map(\.id)))
    case .calm: becomeCalm()
    case .judgement: judge()
    case .hangUp:
      note(.hangUp)
      for index in parties.indices { parties[index].hangUpEverything(at: now) }
    }
  }

  private mutating func receivePacket(_ bytes: [UInt8], from source: TransportAddress, at local: TransportAddress) {
    note(.packetDelivered(bytes, from: source, to: local))
    guard let forward = media.receive(bytes, at: local, from: source, now: now) else { return }
    note(.packetSent(bytes, from: forward.from, to: forward.to, source: source))
    tally.add("media packets relayed", 1)
    if let party = Party.owning(forward.to.ip) { parties[party.rawValue].heard(bytes) }
  }

  /// What the exchange is given, with what it owes its sender.
  mutating func deliver(_ bytes: [UInt8], on flow: SIP.Flow) {
    var signal = TraceEvent.Signal(bytes, remote: flow.remote, standing: standing(of: flow.remote.ip))
    // Another call's place is none for this one.
    if signal.standing == .former, let message = signal.message, !isOfCall(message, with: flow.remote.ip) { signal.standing = .stranger }
    note(.delivered(signal))
    exchange.receive(bytes, on: flow, at: now)
  }

  func standing(of ip: IPAddress) -> TraceEvent.Signal.Standing {
    guard let party = Party.owning(ip) else { return .stranger }
    if scene.admits(ip, of: party) { return .peer }
    let isInCall = exchange.calls.contains { call in call.legs.contains { $0.remote.ip == ip && $0.dialog != "gone" } }
    return isInCall ? .former : .stranger
  }

  private func isOfCall(_ message: SIPMessage, with ip: IPAddress) -> Bool {
    let callID = String(decoding: message.callID, as: UTF8.self)
    return exchange.calls.contains { call in call.legs.contains { $0.callID == callID && $0.remote.ip == ip && $0.dialog != "gone" } }
  }

  // MARK: Accidents

  /// From an address no peer has: requests, responses, replays of what peers said, media to ports in use.
  private mutating func intrude() {
    tally.add("strangers' datagrams", 1)
    let source = TransportAddress(IPAddress(203, 0, 113, UInt8(1 + random.below(250))), UInt16(1024 + random.below(60_000)))
    if random.chance(50), !media.bound.isEmpty {
      let packet: [UInt8] = [0x80, 0, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9] + Array("STRANGER".utf8)
      return queue.enter(.packetToExchange(packet, from: source, to: random.pick(media.bound)), at: now)
    }
    let method = random.pick(["INVITE", "OPTIONS", "REGISTER", "BYE", "ACK", "CANCEL"])
    var text = "\(method) sip:+14255551000@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP \(source);branch=z9hG4bK\(random.next());rport\r\nMax-Forwards: 70\r\n"
    text += "From: <sip:x@\(source.ip)>;tag=1\r\nTo: <sip:y@192.0.2.9>\r\nCall-ID: \(random.next())\r\nCSeq: 1 \(method)\r\n"
    text += "Contact: <sip:x@\(source)>\r\nContent-Length: 0\r\n\r\n"
    if random.chance(20) { text = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK0\r\n\r\n" }
    queue.enter(.toExchange(Array(text.utf8), from: source, random.pick([.lan, .wan])), at: now)
  }

  /// From a peer's own address: bytes that are no SIP, or hardly.
  private mutating func throwGarbage() {
    tally.add("garbage datagrams", 1)
    let party = random.pick(Party.allCases)
    var bytes: [UInt8]
    switch random.below(4) {
    case 0: bytes = (0..<random.below(200)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    case 1: bytes = Array("\r\n\r\n".utf8)
    case 2:
      bytes = Array("INVITE sip:+1@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP \(party.address);branch=z9hG4bK\(random.next())\r\nContent-Length: -1\r\n\r\n".utf8)
    default:
      bytes = Array(
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK000000000000000000000000000000000a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"
          .utf8)
    }
    if knobs.isStream[party.rawValue] { return throwGarbage(bytes, onStreamOf: party) }
    let home = Place.home(of: party, isStream: false)
    queue.enter(.toExchange(bytes, from: party.address, random.chance(80) ? home : home.sibling), at: now)
  }

  private mutating func clear() {
    let live = exchange.calls
    guard !live.isEmpty else { return }
    tally.add("calls cleared by the operator", 1)
    let call = random.pick(live.map(\.id))
    note(.happening("the operator clears call \(call)"))
    _ = exchange.clear(call: call, at: now)
  }

  private mutating func commit() {
    var shape = scene.shape
    shape.change(&random)
    install(shape)
  }

  private mutating func lookUp() {
    var shape = scene.shape
    shape.lookUp(&random)
    scene.take(shape)
    tally.add("names that lead elsewhere", 1)
    note(.happening("names are looked up: \(shape.unresolved.map(\.name).sorted()) have no address"))
    exchange.locate(scene.located, at: now)
  }

  /// DNS has news of a party.
  private mutating func changeName(_ party: Party, isCalm: Bool = false) {
    scene.move(party, &names, isCalm: isCalm)
    tally.add("changes of DNS", 1)
    note(.happening("\(party.name) is now at \(scene.location(of: party).targets.map(\.description).joined(separator: ", "))"))
    exchange.locate(scene.located, at: now)
  }

  /// As the daemon does it: goodbyes by the listeners that go, then the new configuration, then their connections are closed.
  private mutating func install(_ shape: Shape) {
    var next = scene
    next.take(shape)
    guard let setup = try? next.setup() else { return violate("Configuration", "a commit could not be compiled: \(shape)") }
    tally.add("commits", 1)
    let gone = scene.shape.listeners.filter { !shape.listeners.contains($0) }
    note(.happening("commit: peers \(shape.peers), trunks \(shape.trunks)\(shape.trunkSuffix), listeners \(shape.listeners), moved \(shape.moved.count)"))
    tally.add("commits that take a trunk away", scene.shape.trunks.contains { !shape.trunks.contains($0) } ? 1 : 0)
    tally.add("commits that take a listener away", gone.isEmpty ? 0 : 1)
    exchange.leaveListeners(to: setup.configuration, at: now)
    carryOutActions()
    scene = next
    exchange.reconfigure(setup, wallClock: 1_700_000_000, at: now)
    exchange.locate(scene.located, at: now)
    lookAtServers(isNew: true)
    carryOutActions()
    for place in gone { closeConnections(at: place) }
  }

  // MARK: Acts

  private mutating func becomeCalm() {
    note(.calm)
    network.isCalm = true
    streams.isCalm = true
    if knobs.commits > 0, knobs.mendsConfiguration { install(Shape(knobs)) }
    if knobs.nameChanges != nil { for party in [Party.acme, .spare] { changeName(party, isCalm: true) } }
    for index in parties.indices {
      parties[index].isDown = false
      parties[index].becomeCalm(at: now)
    }
  }

  /// Time enough has passed for every call to be up or over, but for those whose called side has forgotten them: they ring until the limit.
  private mutating func judge() {
    var unsettled: [String] = []
    for call in exchange.calls where call.state == "calling" || call.state == "ringing" {
      if let leg = call.legs.last, let party = Party.allCases.first(where: { leg.trunk.hasPrefix($0.name) }),
        !parties[party.rawValue].knows(Array(leg.callID.utf8))
      {
        continue
      }
      unsettled.append("call \(call.id) is \(call.state)")
    }
    note(.unsettled(unsettled))
  }

  /// At the end of the run.
  mutating func countUp() {
    tally.virtualSeconds = Double(now.nanoseconds) / 1e9
    let net = network.tally
    for (name, count) in [
      ("datagrams", net.carried), ("datagrams lost", net.lost), ("datagrams doubled", net.duplicated), ("datagrams damaged", net.damaged),
      ("datagrams cut off", net.cut), ("media ports refused", media.refusals),
      ("connections opened", streams.tally.opened), ("connections refused", streams.tally.refused), ("connections cut", streams.tally.cut),
      ("connections cut inside a message", streams.tally.cutInside), ("connections with broken framing", streams.tally.broken),
      ("segments", streams.tally.segments), ("messages glued together", streams.tally.glued),
    ] { tally.add(name, count) }
    for party in parties {
      let t = party.tally
      for (name, count) in [
        ("calls placed", t.placed), ("attempts taken", t.taken), ("attempts answered", t.answered), ("attempts refused", t.refused),
        ("attempts not heard", t.silences), ("calls cancelled", t.cancelled), ("answers after CANCEL", t.lateAnswers), ("forked attempts", t.forks),
        ("second answers of a fork", t.secondAnswers), ("answers never acknowledged", t.withheldAcknowledgements), ("re-INVITEs", t.offers),
        ("re-INVITEs answered", t.offersAnswered), ("re-INVITE glares", t.glares), ("re-INVITEs cancelled", t.cancelledOffers), ("hang-ups", t.hungUp),
        ("hang-ups before ACK", t.hungUpEarly), ("BYEs that crossed", t.byesCrossed), ("retransmission storms", t.storms),
        ("odd requests", t.oddRequests), ("challenges", t.challenges), ("proofs taken", t.proofs), ("calls forgotten", t.forgotten),
        ("transfers asked for", t.refers), ("attended", t.attended), ("dialogs to be replaced", t.replaces), ("transfers done", t.transfersDone),
        ("transfers failed", t.transfersFailed), ("session timers", t.timers), ("refreshes", t.refreshes), ("UPDATEs taken", t.updates),
        ("sessions nobody refreshed", t.sessionsOver),
        ("intervals too small", t.intervalsTooSmall),
        ("media packets sent", t.packetsSent), ("media packets heard", t.packetsHeard),
      ] { tally.add(name, count) }
    }
  }
}
