import Addressing
import Calls
import SIP
import Timing

// Connections between the exchange and parties that use streams: as the daemon's signalling loop treats them, and as the parties do.
extension Simulation {
  // MARK: The exchange's end

  mutating func transmit(_ bytes: [UInt8], on flow: SIP.Flow, at place: Place, to party: Party) {
    let isListening =
      knobs.isStream[party.rawValue] && !parties[party.rawValue].isDown && (flow.remote == party.address || flow.remote == party.secondNode)
    let id = streams.connection(of: flow, place, party, isListening: isListening, at: now)
    streams.write(bytes, on: id, by: .exchange, at: now)
  }

  mutating func happen(_ task: SimulatedStreams.Task, on id: UInt32, at end: SimulatedStreams.End) {
    switch (task, end) {
    case (.cut, _): streams.cut(id, within: knobs.halfOpenSeconds, at: now)
    case (.flush, _): streams.flush(id, by: end, at: now)
    case (.segment(let bytes), .exchange): receive(bytes, on: id)
    case (.segment(let bytes), .party): partyReceives(bytes, on: id)
    case (.end, .exchange): drop(id)
    case (.end, .party): partyLoses(id)
    }
  }

  private mutating func flow(of connection: SimulatedStreams.Connection) -> SIP.Flow? {
    scene.listener(at: connection.place).map { SIP.Flow(listener: $0, transport: .tcp, remote: connection.far, connection: connection.id) }
  }

  private mutating func receive(_ bytes: [UInt8], on id: UInt32) {
    guard streams.receive(bytes, on: id, at: .exchange, now: now) else { return }
    // A message may end in the connection being dropped: then the rest is nobody's.
    while let output = streams.next(on: id, at: .exchange) {
      switch output {
      case .message(let message):
        guard let connection = streams[id], let flow = flow(of: connection) else { return }
        deliver(message, on: flow)
        carryOutActions()
      case .ping: tally.add("pings", 1)
      case .pong: break
      case .broken: drop(id)
      }
    }
  }

  /// What waits for an answer over it has failed (RFC 3261 18.4).
  private mutating func drop(_ id: UInt32) {
    guard let connection = streams[id], connection.isOpenHere, var flow = flow(of: connection) else { return }
    let wasToRemote = streams.isLast(id)
    streams.close(id, at: .exchange, now: now)
    note(.happening("the connection \(id) with \(connection.far) is gone"))
    exchange.unreachable(flow, at: now)
    carryOutActions()
    guard wasToRemote else { return }
    flow.connection = 0
    exchange.unreachable(flow, at: now)
    carryOutActions()
  }

  /// Of a listener that is gone: the exchange has let go of its flows already.
  mutating func closeConnections(at place: Place) {
    for id in streams.open(at: place) { streams.close(id, at: .exchange, now: now) }
  }

  // MARK: The parties' ends

  mutating func send(_ parcel: SimulatedParty.Parcel, _ party: Party, to place: Place) {
    let id = streams.connection(
      of: party, parcel.connection, from: parcel.from.ip, to: place, isListening: scene.listener(at: place) != nil && isAccepted(parcel.from.ip), at: now)
    streams.write(parcel.bytes, on: id, by: .party, at: now)
  }

  /// A stranger's connection is closed without a word.
  private func isAccepted(_ ip: IPAddress) -> Bool { standing(of: ip) == .peer }

  private mutating func partyReceives(_ bytes: [UInt8], on id: UInt32) {
    guard let connection = streams[id], !parties[connection.party.rawValue].isDown, streams.receive(bytes, on: id, at: .party, now: now) else { return }
    while let output = streams.next(on: id, at: .party) {
      switch output {
      case .message(let message):
        parties[connection.party.rawValue].receive(message, from: connection.place.address, connection: id, at: now)
      case .ping, .pong: break
      case .broken: violate("Framing", "the exchange wrote a stream that can not be cut into messages")
      }
    }
  }

  private mutating func partyLoses(_ id: UInt32) {
    guard let connection = streams[id], connection.isOpenThere else { return }
    streams.close(id, at: .party, now: now)
    parties[connection.party.rawValue].lost(connection: id, to: connection.place.address, at: now)
  }

  // MARK: Accidents

  mutating func cutConnection() {
    let whole = streams.whole
    guard !whole.isEmpty else { return }
    let id = random.pick(whole)
    note(.happening("the connection \(id) is cut"))
    streams.cut(id, within: knobs.halfOpenSeconds, at: now)
  }

  mutating func loseConnections(of crash: Knobs.Crash) {
    for id in streams.open(of: crash.party) { streams.cut(id, within: crash.isReported ? 0 : 20, at: now) }
  }

  /// In the middle of a stream: no message, a keep-alive, or the beginning of something that never ends.
  mutating func throwGarbage(_ bytes: [UInt8], onStreamOf party: Party) {
    guard let id = streams.open(of: party).last else { return }
    streams.write(random.chance(40) ? Array("\r\n\r\n".utf8) : bytes, on: id, by: .party, at: now)
  }
}
