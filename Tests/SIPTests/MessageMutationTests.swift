import SIP
import Testing

@Suite("Damaged messages")
struct MessageMutationTests {
  /// What every accepted message must stand up to.
  private func use(_ bytes: [UInt8]) {
    let message: SIPMessage
    do {
      message = try SIPMessage(parsing: bytes)
    } catch {
      if let request = error.answerable {
        #expect(refusal(SIPMessage(responding: error.status, to: request, toTag: [0x61]).encoded()) == nil)
      }
      return
    }
    #expect(message.cseqNumber < 1 << 31)
    #expect(!message.callID.isEmpty)
    #expect(!message.topVia.host.isEmpty)
    _ = (message.contact, message.from.uri.number, message.to.displayName, message.values(.route), message.body)
    #expect(message.defect == nil)
  }

  @Test("Cut at every length, nothing traps, and what lacks its empty line is refused")
  func truncation() {
    for length in 0..<Sample.invite.count {
      let bytes = Array(Sample.invite.prefix(length))
      use(bytes)
      #expect(refusal(bytes) != nil)
    }
  }

  @Test(
    "With each byte changed in turn, nothing traps, and what is accepted can be written and read",
    arguments: [
      0x00, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2c, 0x3a, 0x3b, 0x3c, 0x3e, 0x40, 0x5b, 0x5c, 0x7f, 0x80, 0xff,
    ] as [UInt8])
  func replacedByte(byte: UInt8) {
    for i in Sample.invite.indices {
      var bytes = Sample.invite
      bytes[i] = byte
      use(bytes)
    }
  }

  @Test("With each byte flipped, doubled or taken away, nothing traps")
  func otherDamage() {
    for i in Sample.invite.indices {
      var flipped = Sample.invite
      flipped[i] ^= 0x20
      use(flipped)
      var doubled = Sample.invite
      doubled.insert(doubled[i], at: i)
      use(doubled)
      var shorter = Sample.invite
      shorter.remove(at: i)
      use(shorter)
    }
  }
}
