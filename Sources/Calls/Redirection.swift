import SIP

/// Where a 3xx leads (RFC 3261 8.1.3.4): its contacts' numbers, by q from high to low, in the order they stand where q is the same. What names no number, or has q=0, is
/// left out. At most `CallLimits.redirectionBreadth`.
///
/// A redirection never crosses to the other leg, and its contacts' hosts are never gone to: the number is routed like a number dialled on the trunk that sent it, with that
/// trunk's dial plan and usages (decided). So nobody can send a call where his trunk may not call.
struct Redirection: Sendable {
  private(set) var numbers: [[UInt8]] = []

  /// 300, 301, 302, 305 and 380 are followed.
  static func isOne(_ status: Int) -> Bool { [300, 301, 302, 305, 380].contains(status) }

  init(_ response: SIPMessage) {
    var found: [(q: Int, number: [UInt8])] = []
    for value in response.values(.contact).prefix(CallLimits.redirectionContacts) {
      guard let contact = try? NameAddress(parsing: value), [.sip, .sips, .tel].contains(contact.uri.scheme), let number = contact.uri.number else { continue }
      let q = contact.parameter("q").map { Redirection.thousandths($0) } ?? 1000
      guard q > 0, !found.contains(where: { $0.number == number }) else { continue }
      let place = found.firstIndex { $0.q < q } ?? found.endIndex
      found.insert((q, number), at: place)
    }
    numbers = found.prefix(CallLimits.redirectionBreadth).map(\.number)
  }

  /// `0.5` is 500; what is no qvalue counts as 1.
  static func thousandths(_ text: ArraySlice<UInt8>) -> Int {
    let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, whole.count == 1, let digit = whole.first, digit == 0x30 || digit == 0x31 else { return 1000 }
    var value = Int(digit - 0x30) * 1000
    var scale = 100
    for digit in (parts.count > 1 ? parts[1] : []).prefix(3) {
      guard (0x30...0x39).contains(digit) else { return 1000 }
      value += Int(digit - 0x30) * scale
      scale /= 10
    }
    return min(value, 1000)
  }
}
