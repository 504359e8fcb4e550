import Records
import SDP
import SIP
import Testing
import Timing

@testable import Calls

/// Every test of this target goes on with copies of its calls (`Bench`); here the copies are looked at.
@Suite struct CodingTests {
  enum Phase: CaseIterable, Sendable { case unreachable, opening, calling, trying, alerting, early, answered, up, offering, glare, hunting, leaving, over }

  private func call(in phase: Phase) throws -> Call {
    var bench = try Bench(edit: Bench.hunting)
    if phase == .opening { bench.holdsMedia = true }
    switch phase {
    case .opening, .calling: bench.dial(extra: "Privacy: id\r\nX-Long: value\r\n")
    case .unreachable:
      bench.dial()
      if let flow = bench.lastFlow { bench.exchange.unreachable(flow, at: bench.now) }
      bench.drain()
    case .trying:
      bench.dial()
      try bench.reply(100)
    case .alerting:
      bench.dial()
      try bench.reply(180)
    case .early:
      bench.dial()
      try bench.reply(183, extra: "Record-Route: <sip:10.0.0.2;lr>\r\n", body: Bench.sdp)
    case .answered: try bench.answered()
    case .up: try bench.established()
    case .offering, .glare:
      try bench.established()
      bench.caller("INVITE", 2, body: Bench.held)
      if phase == .glare { try bench.calleeReplies(491, to: .invite) }
    case .hunting:
      bench.dial()
      bench.advance(by: .seconds(11))
    case .leaving:
      try bench.answered()
      try bench.callee("BYE")
    case .over:
      try bench.established()
      bench.caller("BYE")
      bench.advance(by: .seconds(3))
    }
    let id = try #require(bench.exchange.table.ids.first)
    return try #require(bench.exchange.table.read(id))
  }

  private func bytes(_ call: Call) -> [UInt8] {
    var writer = RecordWriter()
    writer.write(call)
    return writer.bytes
  }

  /// Every stored field of every value below, by name; messages as they go on the wire.
  private func fields(_ value: Any, _ path: String = "call") -> [String] {
    if let message = value as? SIPMessage { return ["\(path) = \(String(decoding: message.encoded(), as: UTF8.self))"] }
    if let text = value as? [UInt8] { return ["\(path) = \(String(decoding: text, as: UTF8.self)) \(text.count)"] }
    let mirror = Mirror(reflecting: value)
    guard !mirror.children.isEmpty else { return ["\(path) = \(value)"] }
    return mirror.children.enumerated().flatMap { fields($1.value, "\(path).\($1.label ?? "\($0)")") }
  }

  @Test("A call written and read back is the same, field by field, and writes the same bytes", arguments: Phase.allCases)
  func roundTrip(phase: Phase) throws {
    let call = try call(in: phase)
    let written = bytes(call)
    var reader = RecordReader(written)
    let copy = try Call(from: &reader)
    #expect(reader.isAtEnd)
    #expect(bytes(copy) == written)
    let (before, after) = (fields(call), fields(copy))
    #expect(before.count > 100)
    for (one, other) in zip(before, after) where one != other { Issue.record("\(one) became \(other)") }
    #expect(before.count == after.count)
  }

  @Test("A call's bytes cut anywhere are refused", arguments: [Phase.early, .offering, .over])
  func truncated(phase: Phase) throws {
    let written = bytes(try call(in: phase))
    for length in stride(from: 0, to: written.count, by: 11) {
      var reader = RecordReader(Array(written.prefix(length)))
      #expect(throws: RecordReader.Damage.self) { _ = try Call(from: &reader) }
    }
  }

  @Test("A call's bytes with any of them changed are read as something or refused, and never trap", arguments: [Phase.early, .offering, .over])
  func flipped(phase: Phase) throws {
    let written = bytes(try call(in: phase))
    var random = RandomSource(seed: 7)
    var refused = 0
    for _ in 0..<600 {
      var damaged = written
      for _ in 0...Int(random.next() % 3) {
        let at = Int(random.next() % UInt64(damaged.count))
        damaged[at] = random.next() % 4 == 0 ? 0xFF : UInt8(truncatingIfNeeded: random.next())
      }
      var reader = RecordReader(damaged)
      if (try? Call(from: &reader)) == nil { refused += 1 }
    }
    #expect(refused > 0)
  }
}
