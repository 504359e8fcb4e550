import Addressing
import Media
import Timing

/// The media plane as the daemon has it: the real relay, its ports bound to addresses that only exist here.
struct SimulatedMedia: Sendable {
  private var relay = Relay()
  /// Looked up, never iterated.
  private var ports: [TransportAddress: RelayPort] = [:]
  private var addresses: [RelayPort: TransportAddress] = [:]
  /// In the order they were bound, for strangers to aim at.
  private(set) var bound: [TransportAddress] = []
  var random: RandomSource
  let refusedPercent: Int
  private(set) var refusals = 0

  init(random: RandomSource, refusedPercent: Int) {
    self.random = random
    self.refusedPercent = refusedPercent
  }

  /// What the command is answered with, and what was bound and unbound for it.
  mutating func carryOut(_ command: MediaCommand) -> (answer: MediaEvent?, bound: [TransportAddress], unbound: [TransportAddress]) {
    switch command {
    case .open(let session, let side, let anchor):
      if random.chance(refusedPercent) {
        refusals += 1
        return (.refused(session: session, side: side, reason: "in use"), [], [])
      }
      guard let change = relay.open(session: session, side: side, anchor: anchor) else {
        return (.refused(session: session, side: side, reason: "the relay is full"), [], [])
      }
      let gone = unbind(change.unbind)
      for binding in change.bind {
        ports[binding.local] = binding.port
        addresses[binding.port] = binding.local
        bound.append(binding.local)
      }
      return (.opened(session: session, side: side), change.bind.map(\.local), gone)
    case .program(let session, let side, let stream, let program):
      relay.program(session: session, side: side, stream: stream, program)
      return (nil, [], [])
    case .report(let session):
      return (.report(session: session, relay.statistics(of: session)), [], [])
    case .release(let session, let side):
      return (nil, [], unbind(relay.release(session: session, side: side)))
    case .move(let session, let side, let target, let place):
      return (nil, [], unbind(relay.move(session: session, side: side, to: target, as: place)))
    case .close(let session):
      let (gone, counts) = relay.close(session: session)
      return (.closed(session: session, counts), [], unbind(gone))
    }
  }

  private mutating func unbind(_ gone: [RelayPort]) -> [TransportAddress] {
    var unbound: [TransportAddress] = []
    for port in gone {
      guard let address = addresses.removeValue(forKey: port) else { continue }
      ports[address] = nil
      bound.removeAll { $0 == address }
      unbound.append(address)
    }
    return unbound
  }

  /// Where a packet goes on to, and from which of our ports.
  mutating func receive(_ packet: [UInt8], at local: TransportAddress, from source: TransportAddress, now: Instant) -> (
    from: TransportAddress, to: TransportAddress
  )? {
    guard let port = ports[local] else { return nil }
    let forward = packet.withUnsafeBytes { relay.receive($0, on: port, from: source, at: now) }
    guard let forward, let from = addresses[forward.port] else { return nil }
    return (from, forward.destination)
  }
}
