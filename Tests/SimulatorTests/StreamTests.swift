import Addressing
import SIP
import Testing
import Timing

@testable import Simulator

@Suite struct StreamTests {
  private func knobs(_ edit: (inout Knobs) -> Void) -> Knobs {
    var knobs = Knobs(seed: 1)
    knobs.outages = []
    knobs.towardsExchange = Array(repeating: Knobs.Line(), count: 3)
    knobs.fromExchange = knobs.towardsExchange
    knobs.isStream = [true, true, true]
    knobs.cutPercent = 0
    knobs.gluePercent = 0
    knobs.breakPercent = 0
    knobs.refusedConnections = 0
    edit(&knobs)
    return knobs
  }
  private static func message(_ number: Int) -> [UInt8] {
    Array("OPTIONS sip:x@h SIP/2.0\r\nCall-ID: \(number)\r\nContent-Length: \(number % 7)\r\n\r\n\(String(repeating: "x", count: number % 7))".utf8)
  }

  /// Carries out what was entered, in order of time; the messages that came out at `end`, with the number of segments.
  private func play(
    _ streams: inout SimulatedStreams, at end: SimulatedStreams.End,
    after write: (inout SimulatedStreams, inout [(Instant, UInt32, SimulatedStreams.End, SimulatedStreams.Task)]) -> Void
  )
    -> (messages: [[UInt8]], ended: [SimulatedStreams.End])
  {
    var tasks: [(Instant, UInt32, SimulatedStreams.End, SimulatedStreams.Task)] = []
    write(&streams, &tasks)
    var messages: [[UInt8]] = []
    var ended: [SimulatedStreams.End] = []
    tasks += streams.takeOutbox().map { ($0.at, $0.id, $0.end, $0.task) }
    while let next = tasks.indices.min(by: { tasks[$0].0 < tasks[$1].0 }) {
      let (at, id, taskEnd, task) = tasks.remove(at: next)
      switch task {
      case .cut: streams.cut(id, within: 1, at: at)
      case .flush: streams.flush(id, by: taskEnd, at: at)
      case .end:
        ended.append(taskEnd)
        streams.close(id, at: taskEnd, now: at)
      case .segment(let bytes):
        guard streams.receive(bytes, on: id, at: taskEnd, now: at) else { break }
        while let output = streams.next(on: id, at: taskEnd) {
          if case .message(let message) = output, taskEnd == end { messages.append(message) }
        }
      }
      tasks += streams.takeOutbox().map { ($0.at, $0.id, $0.end, $0.task) }
    }
    return (messages, ended)
  }

  @Test("Cut anywhere, glued together, delayed and lost on the way: every message arrives once, whole and in order", arguments: [0, 35, 95])
  func order(cutPercent: Int) {
    let knobs = knobs {
      $0.cutPercent = cutPercent
      $0.gluePercent = 50
      $0.towardsExchange[1] = Knobs.Line(lossPercent: 30, duplicatePercent: 20, damagePercent: 5, delayMilliseconds: 20, jitterMilliseconds: 200)
    }
    var streams = SimulatedStreams(knobs: knobs, random: RandomSource(seed: 3))
    let sent = (0..<200).map(Self.message)
    let result = play(&streams, at: .exchange) { streams, _ in
      var now = Instant(nanoseconds: 0)
      let id = streams.connection(of: .acme, 0, from: Party.acme.address.ip, to: .wanStream, isListening: true, at: now)
      for message in sent {
        streams.write(message, on: id, by: .party, at: now)
        now = now + .milliseconds(5)
      }
    }
    #expect(result.messages == sent)
    #expect(streams.tally.segments > (cutPercent > 50 ? 400 : 20))
    #expect(streams.tally.glued > 0)
  }

  @Test("A cut connection brings nothing more, and both ends learn of it")
  func cut() {
    var streams = SimulatedStreams(knobs: knobs { $0.fromExchange[0].delayMilliseconds = 100 }, random: RandomSource(seed: 3))
    let now = Instant(nanoseconds: 0)
    let result = play(&streams, at: .party) { streams, _ in
      let id = streams.connection(
        of: Flow(listener: 0, transport: .tcp, remote: Party.hq.address), .lanStream, .hq, isListening: true, at: now)
      streams.write(Self.message(1), on: id, by: .exchange, at: now)
      streams.cut(id, within: 2, at: now + .milliseconds(50))
    }
    #expect(result.messages.isEmpty)
    #expect(result.ended.contains(.exchange) && result.ended.contains(.party))
    #expect(streams.whole.isEmpty)
  }

  @Test("Nobody listens: the exchange's end learns of it and the party never had one")
  func refused() {
    var streams = SimulatedStreams(knobs: knobs { _ in }, random: RandomSource(seed: 3))
    let result = play(&streams, at: .party) { streams, _ in
      let id = streams.connection(
        of: Flow(listener: 0, transport: .tcp, remote: Party.hq.address), .lanStream, .hq, isListening: false, at: Instant(nanoseconds: 0))
      streams.write(Self.message(1), on: id, by: .exchange, at: Instant(nanoseconds: 0))
    }
    #expect(result.messages.isEmpty && result.ended == [.exchange])
    #expect(streams.tally.refused == 1)
  }

  @Test("Messages for an address take the connection that stands, of their own place only")
  func reuse() {
    var streams = SimulatedStreams(knobs: knobs { _ in }, random: RandomSource(seed: 3))
    let now = Instant(nanoseconds: 0)
    let flow = Flow(listener: 0, transport: .tcp, remote: Party.hq.address)
    let first = streams.connection(of: flow, .lanStream, .hq, isListening: true, at: now)
    #expect(streams.connection(of: flow, .lanStream, .hq, isListening: true, at: now) == first)
    #expect(streams.connection(of: flow, .wanStream, .hq, isListening: true, at: now) != first)
    streams.close(first, at: .exchange, now: now)
    #expect(streams.connection(of: flow, .lanStream, .hq, isListening: true, at: now) != first)
  }
}

@Suite struct ShapeTests {
  @Test("Whatever commits change, each trunk has its peer and its listener, and the configuration compiles")
  func changes() throws {
    var scene = Scene(knobs: Knobs(seed: 4))
    var random = RandomSource(seed: 8)
    var sizes: Set<Int> = []
    for _ in 0..<2_000 {
      var shape = scene.shape
      shape.change(&random)
      scene.take(shape)
      _ = try scene.setup()
      let configuration = scene.configuration()
      for party in shape.trunks { #expect(shape.peers.contains(party) && shape.listeners.contains(shape.place(of: party))) }
      #expect(configuration.trunks.allSatisfy { configuration.listeners.indices.contains($0.listener) && configuration.peers.indices.contains($0.peer) })
      sizes.insert(configuration.trunks.count)
    }
    #expect(sizes == [0, 1, 2, 3])
  }
}
