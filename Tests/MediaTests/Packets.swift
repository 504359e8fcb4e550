import Addressing
import Media
import Testing
import Timing

/// An RTP packet of G.711 size.
func rtp(_ sequence: UInt16, ssrc: UInt32 = 0x1111_1111, timestamp: UInt32? = nil, payloadType: UInt8 = 0) -> [UInt8] {
  let stamp = timestamp ?? UInt32(sequence) &* 160
  var packet: [UInt8] = [0x80, payloadType, UInt8(sequence >> 8), UInt8(sequence & 0xff)]
  for word in [stamp, ssrc] { packet += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) } }
  return packet + [UInt8](repeating: 0xd5, count: 160)
}

/// An RTP packet whose first byte is `first`, with `body` after the fixed header.
func rtp(first: UInt8, body: [UInt8]) -> [UInt8] { [first] + Array(rtp(1)[1..<12]) + body }

/// An empty receiver report.
func rtcp(ssrc: UInt32 = 0x1111_1111, type: UInt8 = 201) -> [UInt8] {
  [0x80, type, 0, 1] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ssrc >> $0) }
}

func ms(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 1_000_000_000_000) + .milliseconds(milliseconds) }
func at(_ text: String, _ port: UInt16) -> TransportAddress { TransportAddress(IPAddress(text)!, port) }
func block(_ text: String) -> IPPrefix { IPPrefix(text)! }

/// One relayed call with one stream: Alice (incoming side) at 192.0.2.1, Bob (outgoing side) at 203.0.113.1, and Mallory elsewhere.
/// A class, so that a test can deliver packets inside an expectation.
final class Scene {
  static let alice = at("192.0.2.1", 4000), aliceRTCP = at("192.0.2.1", 4001)
  static let bob = at("203.0.113.1", 6000), bobRTCP = at("203.0.113.1", 6001)
  static let mallory = at("198.18.0.66", 4000)
  static let here = IPAddress(198, 51, 100, 1)

  var relay = Relay()
  /// RTP ports of the two sides; RTCP is beside.
  var incoming = RelayPort(rawValue: 0), outgoing = RelayPort(rawValue: 0)
  var incomingRTCP: RelayPort { RelayPort(rawValue: incoming.rawValue | 1) }
  var outgoingRTCP: RelayPort { RelayPort(rawValue: outgoing.rawValue | 1) }

  static func anchor(_ ports: [UInt16]) -> MediaAnchor { MediaAnchor(realm: 0, bind: here, advertised: here, ports: ports) }

  /// Both sides open; programmed as given, `nil` = not yet.
  init(alice: FlowProgram.SourceRule? = .tuple, bob: FlowProgram.SourceRule? = .tuple) {
    incoming = relay.open(session: 1, side: .incoming, anchor: Self.anchor([40_000]))!.bind[0].port
    outgoing = relay.open(session: 1, side: .outgoing, anchor: Self.anchor([40_002]))!.bind[0].port
    if let alice { programAlice(alice) }
    if let bob { programBob(bob) }
  }

  func programAlice(_ rule: FlowProgram.SourceRule, at address: TransportAddress? = Scene.alice) {
    let rtcp = address.map { TransportAddress($0.ip, $0.port + 1) }
    relay.program(session: 1, side: .incoming, stream: 0, FlowProgram(rtp: address, rtcp: rtcp, source: rule))
  }
  func programBob(_ rule: FlowProgram.SourceRule, at address: TransportAddress? = Scene.bob) {
    let rtcp = address.map { TransportAddress($0.ip, $0.port + 1) }
    relay.program(session: 1, side: .outgoing, stream: 0, FlowProgram(rtp: address, rtcp: rtcp, source: rule))
  }

  func receive(_ packet: [UInt8], on port: RelayPort, from source: TransportAddress, at now: Instant) -> Relay.Forward? {
    packet.withUnsafeBytes { relay.receive($0, on: port, from: source, at: now) }
  }
  /// On the incoming side's RTP port: where it went.
  func fromAlice(_ packet: [UInt8], source: TransportAddress = Scene.alice, at now: Instant) -> TransportAddress? {
    receive(packet, on: incoming, from: source, at: now)?.destination
  }
  func fromBob(_ packet: [UInt8], source: TransportAddress = Scene.bob, at now: Instant) -> TransportAddress? {
    receive(packet, on: outgoing, from: source, at: now)?.destination
  }
  func counts(_ side: MediaSide) -> StreamStatistics { relay.statistics(of: 1).first { $0.side == side }! }
}

/// `#expect` and `#require` can not call what mutates a value; these can.
func expect<Value: Equatable>(_ actual: Value, is expected: Value, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(actual == expected, sourceLocation: sourceLocation)
}
func require<Value>(_ value: Value?, sourceLocation: SourceLocation = #_sourceLocation) throws -> Value {
  try #require(value, sourceLocation: sourceLocation)
}
