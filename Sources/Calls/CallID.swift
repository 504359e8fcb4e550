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

/// The tag we give one leg of a call: the call's name, the leg's number, which of the leg's early dialogs it names, and 48 bits sealed with a key of this process:
/// nobody outside can guess them, and we know a tag of ours again when its call is long gone.
struct LegTag {
  var call: CallID
  var leg: Int
  /// 0 but on the caller's leg, where each fork of the called side is a dialog with a tag of its own.
  var fork: Int

  /// 16 + 2 + 2 + 12 digits.
  static func make(call: CallID, leg: Int, fork: Int = 0, _ transactions: TransactionLayer) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(32)
    out.appendHexadecimal(call.rawValue, digits: 16)
    out.appendHexadecimal(UInt64(leg), digits: 2)
    out.appendHexadecimal(UInt64(fork), digits: 2)
    out.appendHexadecimal(transactions.seal((call.rawValue &* 257 &+ UInt64(leg)) &* 257 &+ UInt64(fork)) & 0xFFFF_FFFF_FFFF, digits: 12)
    return out
  }
  /// Whether we made this tag.
  static func isOurs(_ tag: ArraySlice<UInt8>, _ transactions: TransactionLayer) -> Bool {
    guard let name = parse(tag) else { return false }
    return tag.elementsEqual(make(call: name.call, leg: name.leg, fork: name.fork, transactions))
  }
  /// What a tag of ours names; the caller still compares the whole tag.
  static func parse(_ tag: ArraySlice<UInt8>) -> LegTag? {
    guard tag.count == 32, let call = tag.hexadecimal(digits: 16), let leg = tag.dropFirst(16).hexadecimal(digits: 2),
      let fork = tag.dropFirst(18).hexadecimal(digits: 2)
    else { return nil }
    return LegTag(call: CallID(rawValue: call), leg: Int(leg), fork: Int(fork))
  }
}
