import Addressing

/// A branch of our own making (RFC 3261 8.1.1.7): `z9hG4bK`, then in lower-case hexadecimal two digits of shard, eight of slot,
/// eight of generation and sixteen of randomness.
///
/// A response finds its client transaction from these bytes alone, without a search; the generation tells a slot's present
/// holder from earlier ones, and the random part, which must match too, keeps others from forging a response.
struct Branch: Equatable, Sendable {
  var shard: UInt8
  var slot: UInt32
  var generation: UInt32
  var random: UInt64

  /// The slot of branches that have no transaction (an ACK for a 2xx).
  static let noSlot = UInt32.max
  static let cookie: StaticString = "z9hG4bK"
  static let length = 7 + 2 + 8 + 8 + 16

  init(shard: UInt8, slot: UInt32, generation: UInt32, random: UInt64) {
    self.shard = shard
    self.slot = slot
    self.generation = generation
    self.random = random
  }

  /// `nil` if the bytes are no branch of this form.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.count == Self.length, Self.hasCookie(bytes) else { return nil }
    var digits = bytes.dropFirst(7)
    func number(_ count: Int) -> UInt64? {
      let value = digits.hexadecimal(digits: count)
      digits = digits.dropFirst(count)
      return value
    }
    guard let shard = number(2), let slot = number(8), let generation = number(8), let random = number(16) else { return nil }
    self.init(
      shard: UInt8(truncatingIfNeeded: shard), slot: UInt32(truncatingIfNeeded: slot),
      generation: UInt32(truncatingIfNeeded: generation), random: random)
  }

  func append(to out: inout [UInt8]) {
    Self.cookie.withUTF8Buffer { out.append(contentsOf: $0) }
    out.appendHexadecimal(UInt64(shard), digits: 2)
    out.appendHexadecimal(UInt64(slot), digits: 8)
    out.appendHexadecimal(UInt64(generation), digits: 8)
    out.appendHexadecimal(random, digits: 16)
  }

  private static func hasCookie(_ bytes: ArraySlice<UInt8>) -> Bool {
    cookie.withUTF8Buffer { bytes.starts(with: $0) }
  }
}
