import Addressing
import Calls
import Configuration
import Routing
import SIP
import Testing
import Timing

/// What we call things: Call-IDs, tags, branches, Contacts, session ids. Nobody can guess them, no two are alike, each says which shard it is of, and none says
/// anything of the other leg.
@Suite struct OwnNamesTests {
  private struct Names {
    var callIDs: [String] = []
    var tags: [String] = []
    var branches: [String] = []
    var contacts: [String] = []
    var sessions: [String] = []
  }
  /// `calls` calls, one after another, on an exchange of that shard and seed; what it wrote of its own.
  private func names(seed: UInt64, shard: UInt8, calls: Int) throws -> Names {
    var bench = try Bench()
    bench.exchange = Exchange(
      shard: shard, setup: .init(configuration: bench.edited, routing: try RoutingTable(bench.edited)),
      plugins: ["plain": PlainPlugin.table], random: RandomSource(seed: seed), wallClock: 1_700_000_000, at: bench.now)
    for number in 0..<calls {
      bench.callerTag = ""
      bench.dial(branch: "n\(number)", callID: "theirs-\(number)", fromTag: "t\(number)")
      try bench.reply(200, attempt: number, body: Bench.sdp)
      bench.caller("ACK", 1, fromTag: "t\(number)", callID: "theirs-\(number)")
      bench.caller("BYE", 2, fromTag: "t\(number)", callID: "theirs-\(number)")
      try bench.calleeReplies(200, to: .bye)
      bench.advance(by: .seconds(40))
    }
    var names = Names()
    for (message, to, bytes, _) in bench.sent {
      if message.isRequest {
        let branch = String(decoding: message.topVia.branch ?? [], as: UTF8.self)
        if !names.branches.contains(branch) { names.branches.append(branch) }
      }
      let isInvite = message.isRequest && message.method == .invite
      let isAnswer = !message.isRequest && message.method == .invite && message.status == 200
      guard isInvite || isAnswer else { continue }
      if isInvite { names.callIDs.append(String(decoding: message.callID, as: UTF8.self)) }
      names.tags.append(String(decoding: (isInvite ? message.from.tag : message.to.tag) ?? [], as: UTF8.self))
      names.contacts.append(message.text(.contact) ?? "")
      let origin = String(decoding: message.body, as: UTF8.self).split(separator: "\r\n").first { $0.hasPrefix("o=") } ?? ""
      names.sessions.append(String(origin.split(separator: " ").dropFirst().first ?? ""))
      // RFC 7092 3: nothing of the other side, which wrote of itself as "theirs", "alice" and by its address.
      if to == Bench.provider {
        let text = String(decoding: bytes, as: UTF8.self)
        for word in ["theirs", "alice", "10.0.0.1:", "z9hG4bKn"] { #expect(!text.contains(word), "\(word) crossed") }
      }
    }
    return names
  }

  @Test("None comes twice, in one run or over sixty of them")
  func never() throws {
    var seen: Set<String> = []
    for seed in 1...60 as ClosedRange<UInt64> {
      let names = try names(seed: seed, shard: 3, calls: 3)
      #expect(names.callIDs.count == 3 && names.tags.count == 6)
      for name in names.callIDs + names.tags + names.branches + names.sessions { #expect(seen.insert(name).inserted, "\(name) came twice, seed \(seed)") }
      #expect(Set(names.contacts).count == names.contacts.count)
    }
  }

  @Test("Each carries its shard at a fixed place, so that a message finds its home from its own bytes", arguments: [0, 1, 7, 0xAB, 0xFF] as [UInt8])
  func shard(number: UInt8) throws {
    let digits = (number < 16 ? "0" : "") + String(number, radix: 16)
    let names = try names(seed: 5, shard: number, calls: 2)
    for tag in names.tags { #expect(tag.hasPrefix(digits) && tag.utf8.count == 32) }
    for callID in names.callIDs { #expect(callID.hasSuffix(digits) && callID.utf8.count == 30) }
    for branch in names.branches { #expect(branch.hasPrefix("z9hG4bK" + digits) && branch.utf8.count == 41) }
    for contact in names.contacts { #expect(contact.hasPrefix("<sip:" + digits)) }
  }

  @Test("The hidden digits of one say nothing of the next: about half of their bits differ")
  func unpredictable() throws {
    func value(_ text: Substring) throws -> UInt64 { try #require(UInt64(text, radix: 16)) }
    for seed in 1...8 as ClosedRange<UInt64> {
      let names = try names(seed: seed, shard: 0, calls: 24)
      let hidden: [(name: String, bits: Int, values: [UInt64])] = [
        ("tags", 48, try names.tags.map { try value($0.suffix(12)) }),
        ("Call-IDs", 64, try names.callIDs.map { try value($0.prefix(16)) }),
        ("branches", 64, try names.branches.map { try value($0.suffix(16)) }),
      ]
      for (name, bits, values) in hidden {
        let differences = zip(values, values.dropFirst()).map { ($0 ^ $1).nonzeroBitCount }
        let mean = Double(differences.reduce(0, +)) / Double(differences.count)
        #expect(abs(mean - Double(bits) / 2) < Double(bits) / 8, "\(name), seed \(seed): \(mean) of \(bits) bits differ")
        #expect(differences.allSatisfy { $0 > bits / 8 }, "\(name), seed \(seed)")
      }
    }
  }

  @Test("The two legs of a call share the call's name and nothing else: not the hidden digits of their tags, not the Call-ID")
  func legs() throws {
    let names = try names(seed: 3, shard: 0, calls: 10)
    for pair in stride(from: 0, to: names.tags.count, by: 2) {
      let (one, other) = (names.tags[pair], names.tags[pair + 1])
      #expect(one.prefix(16) == other.prefix(16))
      #expect(one.suffix(12) != other.suffix(12))
      for callID in names.callIDs {
        #expect(!callID.contains(one.suffix(12)) && !callID.contains(other.suffix(12)) && !callID.contains(one.prefix(16)))
      }
    }
    #expect(Set(names.sessions).count == names.sessions.count)
  }

  @Test("After a restart the same slots have other names: a message of before finds no call")
  func restart() throws {
    let before = try names(seed: 1, shard: 0, calls: 5)
    let after = try names(seed: 2, shard: 0, calls: 5)
    #expect(Set(before.tags.map { String($0.prefix(16)) }).isDisjoint(with: after.tags.map { String($0.prefix(16)) }))
  }
}
