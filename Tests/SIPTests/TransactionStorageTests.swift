import Addressing
import Testing
import Timing

@testable import SIP

@Suite("Where transactions live")
struct TransactionStorageTests {
  @Test("A slot's next holder has another generation, and growing loses nothing")
  func slots() {
    var slots = SlotArray<Int>(firstGeneration: .max)
    var live: [(UInt32, UInt32, Int)] = []
    var random = RandomSource(seed: 5)
    for value in 0..<5000 {
      if random.next() % 3 == 0, !live.isEmpty {
        let (index, generation, expected) = live.remove(at: Int(random.next() % UInt64(live.count)))
        #expect(slots[index] == expected)
        slots.remove(index)
        #expect(!slots.holds(index, generation: generation))
        #expect(!slots.isInUse(index))
      } else {
        let next = slots.next
        slots.insert(value)
        live.append((next.index, next.generation, value))
      }
    }
    #expect(slots.count == live.count)
    for (index, generation, value) in live {
      #expect(slots.holds(index, generation: generation))
      #expect(slots[index] == value)
    }
    #expect(!slots.holds(1_000_000, generation: 1))
  }

  @Test("The index finds what was entered, also when every hash is the same")
  func index() {
    for modulus in [1, 7, UInt64.max] as [UInt64] {
      var index = HashIndex()
      for slot in 0..<3000 as Range<UInt32> { index.insert(slot, hash: UInt64(slot) % modulus) }
      for slot in stride(from: 0, to: 3000, by: 2) as StrideTo<UInt32> { index.remove(slot, hash: UInt64(slot) % modulus) }
      #expect(index.count == 1500)
      for slot in [0, 1, 2, 1499, 1500, 2998, 2999] as [UInt32] {
        #expect(index.find(UInt64(slot) % modulus) { $0 == slot } == (slot % 2 == 1 ? slot : nil))
      }
      index.remove(2, hash: 2 % modulus)
      #expect(index.count == 1500, "what is not there is not removed again")
    }
  }

  @Test("The keyed hash is SipHash-1-3: values another implementation gives for a key of zeros")
  func sipHash() {
    let hash = KeyedHash(key: (0, 0))
    let known: [(Int, UInt64)] = [
      (1, 0x68a9_1412_8e01_e473), (7, 0x2f09_8ab0_c751_325a), (8, 0xead4_11e6_7ebe_2eea), (9, 0x7592_7f9d_9512_4362), (20, 0x639e_355a_e68c_0100),
    ]
    for (count, value) in known {
      let bytes = Array(0..<UInt8(count))
      let hashed = hash.hash(bytes.span)
      #expect(hashed == value)
    }
  }

  @Test("The keyed hash depends on key, bytes and length")
  func keyedHash() {
    let one = KeyedHash(key: (1, 2))
    let bytes = Array(0..<64 as Range<UInt8>)
    var seen: Set<UInt64> = []
    for count in 0...64 { seen.insert(one.hash(bytes[0..<count].span)) }
    for count in 0...64 { seen.insert(one.hash([UInt8](repeating: 0, count: count).span)) }
    #expect(seen.count == 65 * 2 - 2, "the empty input and [0] occur twice")
    #expect(KeyedHash(key: (1, 3)).hash(bytes.span) != one.hash(bytes.span))
  }

  @Test("A branch reads back what was written, and nothing else reads as one")
  func branch() {
    let branch = Branch(shard: 0xfe, slot: 0x0102_0304, generation: .max, random: 0xdead_beef_0000_0001)
    var bytes: [UInt8] = []
    branch.append(to: &bytes)
    #expect(bytes.text == "z9hG4bKfe01020304ffffffffdeadbeef00000001")
    #expect(bytes.count == Branch.length)
    #expect(Branch(bytes[...]) == branch)
    #expect(Branch((Array("pad") + bytes)[3...]) == branch)
    for broken in [
      "", "z9hG4bK", bytes.text + "0", String(bytes.text.dropLast()), bytes.text.replacing("beef", with: "bee-"), "x" + bytes.text.dropFirst(),
    ] {
      #expect(Branch(Array(broken)[...]) == nil)
    }
  }

  @Test("A timer table gives the earliest timer first, equal ones in order, and none after stopping")
  func timerTable() {
    var table = TimerTable<InviteServerTransaction.Timer>()
    #expect(table.earliest == nil)
    table[.l] = start
    table[.g] = start + .seconds(1)
    table[.h] = start
    #expect(table.takeDue(at: start) == .h)
    #expect(table.takeDue(at: start) == .l)
    #expect(table.takeDue(at: start) == nil)
    #expect(table[.h] == nil)
    #expect(table.earliest == start + .seconds(1))
    table.stopAll()
    #expect(table.earliest == nil)
  }
}

/// Seeded walks: messages lost, repeated, late, out of place; peers that answer anything; transports that fail.
@Suite("Transactions under random events")
struct TransactionWalkTests {
  @Test("Each client transaction ends once and is told of one outcome; at the end nothing is left", arguments: 0..<40 as Range<UInt64>)
  func walk(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    var bench = TransactionBench(limit: 30, seed: seed)
    var outcomes = Outcomes()
    var wires: [SIPMessage] = []
    var clients: [TransactionLayer.ClientID] = []
    var servers: [(TransactionLayer.ServerID, SIPMessage)] = []
    func pick<T>(_ array: [T]) -> T? { array.isEmpty ? nil : array[Int(random.next() % UInt64(array.count))] }
    for _ in 0..<400 {
      let flow = random.next() % 3 == 0 ? TransactionBench.tcp : TransactionBench.udp
      var outputs: [TransactionLayer.Output] = []
      switch random.next() % 9 {
      case 0:
        let method = random.next() % 2 == 0 ? "INVITE" : "BYE"
        let id = bench.layer.send(TransactionBench.ownRequest(method), on: flow, sentBy: TransactionBench.sentBy, at: bench.now)
        outputs = bench.drain()
        wires.append(try #require(outputs.transmitted.first))
        clients.append(id)
        outcomes.live.insert(id)
      case 1, 2:
        guard let wire = pick(wires) else { continue }
        let status = [100, 180, 200, 302, 404, 487, 503][Int(random.next() % 7)]
        let cancel = wire.method == .invite && random.next() % 5 == 0
        outputs = bench.receive(
          TransactionBench.response(status, to: wire, tag: status == 100 ? nil : "t\(random.next() % 3)", cseqMethod: cancel ? "CANCEL" : nil), from: flow)
      case 3:
        if let id = pick(clients), bench.layer.requestMessage(of: id)?.method == .invite { bench.layer.cancel(id, reason: nil, at: bench.now) }
        outputs = bench.drain()
      case 4, 5:
        var incoming = TransactionBench.Incoming()
        incoming.method = ["INVITE", "ACK", "CANCEL", "OPTIONS"][Int(random.next() % 4)]
        incoming.branch = random.next() % 6 == 0 ? nil : "z9hG4bK-\(random.next() % 12)"
        incoming.callID = "c\(random.next() % 4)"
        incoming.viaParameters = random.next() % 2 == 0 ? ";rport" : ""
        outputs = bench.receive(incoming.message, from: flow)
        servers += outputs.requests
      case 6:
        if let (id, request) = pick(servers) {
          outputs = bench.respond([100, 180, 200, 200, 404, 503][Int(random.next() % 6)], to: request, in: id)
        }
      case 7:
        if random.next() % 4 == 0 { bench.layer.unreachable(flow, at: bench.now) }
        outputs = bench.drain()
      default:
        bench.now = bench.now + .milliseconds(Int(random.next() % 4000))
        bench.layer.advance(to: bench.now)
        outputs = bench.drain()
        if let deadline = bench.layer.nextDeadline { #expect(deadline > bench.now) }
      }
      outcomes.note(outputs)
    }
    // Peers fall silent, our side answers what is open and gives up what rings.
    for (id, request) in servers where [.trying, .proceeding].contains(bench.layer.phase(of: id)) { outcomes.note(bench.respond(503, to: request, in: id)) }
    for id in clients where bench.layer.requestMessage(of: id)?.method == .invite { bench.layer.cancel(id, reason: nil, at: bench.now) }
    outcomes.note(bench.drain())
    outcomes.note(bench.run(until: bench.now.since(Instant(nanoseconds: 0)) + .seconds(200)).map(\.output))
    #expect(bench.layer.liveTransactions == 0)
    #expect(bench.layer.nextDeadline == nil)
    #expect(outcomes.live.isEmpty)
  }

  /// What a transaction user must be able to rely on.
  struct Outcomes {
    var live: Set<TransactionLayer.ClientID> = []
    private var answered: [TransactionLayer.ClientID: Bool] = [:]
    private var failed: Set<TransactionLayer.ClientID> = []
    private var serving: Set<TransactionLayer.ServerID> = []

    mutating func note(_ outputs: [TransactionLayer.Output]) {
      for output in outputs {
        switch output {
        case .response(let id, let response, _):
          #expect(live.contains(id), "a response after the end")
          #expect(!failed.contains(id), "a response after a failure")
          guard response.status >= 200 else { continue }
          let isSuccess = response.status < 300 && response.method == .invite
          #expect(answered[id] == nil || answered[id] == true && isSuccess, "a second final response that is no repeated 2xx")
          answered[id] = isSuccess
        case .timedOut(let id):
          #expect(answered[id] == nil, "timed out after an answer")
          #expect(failed.insert(id).inserted, "failed twice")
        case .transportFailed(let id):
          #expect(failed.insert(id).inserted, "failed twice")
        case .clientEnded(let id):
          #expect(live.remove(id) != nil, "ended twice")
          #expect(answered[id] != nil || failed.contains(id), "ended without an outcome")
        case .request(let id, _, _): #expect(serving.insert(id).inserted, "handed up twice")
        case .cancelled(let id), .unacknowledged(let id): #expect(serving.contains(id))
        case .serverEnded(let id): #expect(serving.remove(id) != nil, "ended twice")
        case .transmit, .ack, .stray, .turnedAway: break
        }
      }
    }
  }
}
