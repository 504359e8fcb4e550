import Addressing
import Media
import Testing
import Timing

@Suite struct RelayMoveTests {
  private let now = Instant(nanoseconds: 1_000_000_000)
  private func anchor(_ port: UInt16) -> MediaAnchor {
    MediaAnchor(realm: 0, bind: IPAddress(10, 0, 0, 9), advertised: IPAddress(10, 0, 0, 9), ports: [port])
  }
  private func party(_ last: UInt8) -> TransportAddress { TransportAddress(IPAddress(10, 0, 0, last), 4000) }
  private func open(_ relay: inout Relay, _ session: UInt64, _ side: MediaSide, _ port: UInt16, _ party: TransportAddress) -> RelayPort? {
    let change = relay.open(session: session, side: side, anchor: anchor(port))
    relay.program(session: session, side: side, stream: 0, FlowProgram(rtp: party, rtcp: nil, source: .tuple))
    return change?.bind.first { !$0.port.isRTCP }?.port
  }
  private func forward(_ relay: inout Relay, _ port: RelayPort, from party: TransportAddress, _ number: UInt8) -> Relay.Forward? {
    let packet: [UInt8] = [0x80, 0, 0, number, 0, 0, 0, number, 0, 0, 0, 1, 0xFF]
    return packet.withUnsafeBytes { relay.receive($0, on: port, from: party, at: now) }
  }

  @Test("A side that stood by takes another's place with its ports: the one that stays is heard by it, and the old one's ports are given up")
  func standby() throws {
    var relay = Relay()
    let (alice, bob, carol) = (party(1), party(2), party(3))
    let incoming = try #require(open(&relay, 1, .incoming, 20_000, alice))
    let outgoing = try #require(open(&relay, 1, .outgoing, 20_002, bob))
    let standby = try #require(open(&relay, 1, .standby, 20_004, carol))
    #expect(forward(&relay, incoming, from: alice, 1)?.destination == bob)
    #expect(forward(&relay, standby, from: carol, 1) == nil)
    let gone = relay.move(session: 1, side: .standby, to: 1, as: .outgoing)
    #expect(gone.contains(outgoing) && gone.count == 2)
    #expect(forward(&relay, incoming, from: alice, 2) == Relay.Forward(port: standby, destination: carol))
    #expect(forward(&relay, standby, from: carol, 2) == Relay.Forward(port: incoming, destination: alice))
    #expect(relay.close(session: 1).unbind.count == 4)
  }

  @Test("A side goes to another session with its ports; what is left of its own is closed as ever")
  func betweenSessions() throws {
    var relay = Relay()
    let (alice, bob, carol, bobAgain) = (party(1), party(2), party(3), party(4))
    let incoming = try #require(open(&relay, 1, .incoming, 20_000, bob))
    _ = open(&relay, 1, .outgoing, 20_002, alice)
    _ = open(&relay, 2, .incoming, 20_004, bobAgain)
    let moved = try #require(open(&relay, 2, .outgoing, 20_006, carol))
    #expect(relay.move(session: 2, side: .outgoing, to: 1, as: .incoming).contains(incoming))
    #expect(forward(&relay, moved, from: carol, 1)?.destination == alice)
    #expect(relay.close(session: 2).unbind.count == 2)
    #expect(relay.close(session: 1).unbind.count == 4)
    #expect(relay.move(session: 2, side: .incoming, to: 1, as: .incoming).isEmpty)
  }
}
