import SIP

/// A call's name inside one box: shard, generation and slot in one word. It stands in every tag, Contact and Call-ID that we
/// create, so that a message finds its call from its own bytes.
struct CallID: Hashable, Comparable, Sendable {
  let rawValue: UInt64

  init(rawValue: UInt64) { self.rawValue = rawValue }
  init(shard: UInt8, generation: UInt32, slot: UInt32) {
    rawValue = UInt64(shard) << 56 | UInt64(generation & 0xFF_FFFF) << 32 | UInt64(slot)
  }
  var shard: UInt8 { UInt8(truncatingIfNeeded: rawValue >> 56) }
  var generation: UInt32 { UInt32(truncatingIfNeeded: rawValue >> 32) & 0xFF_FFFF }
  var slot: Int { Int(UInt32(truncatingIfNeeded: rawValue)) }
  static func < (a: CallID, b: CallID) -> Bool { a.rawValue < b.rawValue }

  /// 16 hexadecimal digits; what operators type.
  var text: String { String(decoding: Hexadecimal.digits(of: rawValue), as: UTF8.self) }
  init?(text: String) {
    guard let value = Hexadecimal.value(of: Array(text.utf8)[...], digits: 16) else { return nil }
    rawValue = value
  }
}

/// Our tags, Call-IDs and Contact users: hexadecimal, so that no escaping rule applies to them.
enum Hexadecimal {
  static func digits(of value: UInt64) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(16)
    append(value, digits: 16, to: &out)
    return out
  }
  static func append(_ value: UInt64, digits: Int, to out: inout [UInt8]) {
    for place in stride(from: digits - 1, through: 0, by: -1) {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(place * 4)) & 0xF
      out.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble)
    }
  }
  /// Exactly `digits` lower-case digits at the start of `bytes`.
  static func value(of bytes: ArraySlice<UInt8>, digits: Int) -> UInt64? {
    guard bytes.count >= digits else { return nil }
    var value: UInt64 = 0
    for byte in bytes.prefix(digits) {
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt64(byte - 0x30)
      case 0x61...0x66: value = value << 4 | UInt64(byte - 0x57)
      default: return nil
      }
    }
    return value
  }
}

/// The tag we give one leg of a call: the call's name, the leg's number, and 48 bits sealed with a key of this process: nobody outside can guess them, and
/// we know a tag of ours again when its call is long gone.
struct LegTag {
  /// 16 + 2 + 12 digits.
  static func make(call: CallID, leg: Int, _ transactions: TransactionLayer) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(30)
    Hexadecimal.append(call.rawValue, digits: 16, to: &out)
    Hexadecimal.append(UInt64(leg), digits: 2, to: &out)
    Hexadecimal.append(transactions.seal(call.rawValue &* 257 &+ UInt64(leg)) & 0xFFFF_FFFF_FFFF, digits: 12, to: &out)
    return out
  }
  /// Whether we made this tag.
  static func isOurs(_ tag: ArraySlice<UInt8>, _ transactions: TransactionLayer) -> Bool {
    guard let name = parse(tag) else { return false }
    return tag.elementsEqual(make(call: name.call, leg: name.leg, transactions))
  }
  /// The call and leg a tag of ours names; the caller still compares the whole tag.
  static func parse(_ tag: ArraySlice<UInt8>) -> (call: CallID, leg: Int)? {
    guard tag.count == 30, let call = Hexadecimal.value(of: tag, digits: 16),
      let leg = Hexadecimal.value(of: tag.dropFirst(16), digits: 2)
    else { return nil }
    return (CallID(rawValue: call), Int(leg))
  }
}
