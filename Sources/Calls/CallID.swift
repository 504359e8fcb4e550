import Addressing
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
  var text: String {
    var digits: [UInt8] = []
    digits.appendHexadecimal(rawValue, digits: 16)
    return String(decoding: digits, as: UTF8.self)
  }
  init?(text: String) {
    guard text.utf8.count == 16, let value = Array(text.utf8)[...].hexadecimal(digits: 16) else { return nil }
    rawValue = value
  }
}

/// The tag we give one leg of a call: the call's name, the leg's number, and 48 bits sealed with a key of this process: nobody outside can guess them, and
/// we know a tag of ours again when its call is long gone.
struct LegTag {
  /// 16 + 2 + 12 digits.
  static func make(call: CallID, leg: Int, _ transactions: TransactionLayer) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(30)
    out.appendHexadecimal(call.rawValue, digits: 16)
    out.appendHexadecimal(UInt64(leg), digits: 2)
    out.appendHexadecimal(transactions.seal(call.rawValue &* 257 &+ UInt64(leg)) & 0xFFFF_FFFF_FFFF, digits: 12)
    return out
  }
  /// Whether we made this tag.
  static func isOurs(_ tag: ArraySlice<UInt8>, _ transactions: TransactionLayer) -> Bool {
    guard let name = parse(tag) else { return false }
    return tag.elementsEqual(make(call: name.call, leg: name.leg, transactions))
  }
  /// The call and leg a tag of ours names; the caller still compares the whole tag.
  static func parse(_ tag: ArraySlice<UInt8>) -> (call: CallID, leg: Int)? {
    guard tag.count == 30, let call = tag.hexadecimal(digits: 16), let leg = tag.dropFirst(16).hexadecimal(digits: 2)
    else { return nil }
    return (CallID(rawValue: call), Int(leg))
  }
}
