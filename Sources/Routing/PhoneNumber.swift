/// What passes for a number here: 1 to 64 visible ASCII bytes without `"`, `<`, `>` and `@`. So nothing that was unescaped from a peer's URI can end a header or
/// a user part when it is written again.
enum PhoneNumber {
  static func mayContain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "@"): false
    default: byte > 0x20 && byte < 0x7f
    }
  }
  /// `nil` if it is a number, else a clause that says why not.
  static func fault(_ number: [UInt8]) -> String? {
    if number.isEmpty { return "it is empty" }
    if number.count > RoutingLimits.numberBytes { return "it has \(number.count) characters, at most \(RoutingLimits.numberBytes) are accepted" }
    return number.allSatisfy(mayContain) ? nil : "it contains a character that no number has"
  }
  static func isInternational(_ number: [UInt8]) -> Bool { number.first == UInt8(ascii: "+") }
}
