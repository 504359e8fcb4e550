import Addressing

/// One value of a Reason header field (RFC 3326; in responses RFC 6432): protocol and cause. The text is not carried.
public struct Reason: Sendable, Equatable {
  public enum Namespace: Sendable, Equatable { case sip, q850, other }
  public var namespace: Namespace
  public var cause: Int

  public init(_ namespace: Namespace, cause: Int) {
    self.namespace = namespace
    self.cause = cause
  }

  /// `nil` when there is no `cause` of at most five digits.
  public init?(parsing value: ArraySlice<UInt8>) {
    var parts = value.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)[...]
    guard let name = parts.popFirst() else { return nil }
    let lowered = name.filter { $0 != 0x20 && $0 != 0x09 }.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    namespace = lowered == Array("sip".utf8) ? .sip : lowered == Array("q.850".utf8) ? .q850 : .other
    for part in parts {
      let trimmed = part.filter { $0 != 0x20 && $0 != 0x09 }
      let wanted = Array("cause=".utf8)
      guard trimmed.count > wanted.count, trimmed.count <= wanted.count + 5,
        zip(trimmed, wanted).allSatisfy({ ($0 | 0x20) == ($1 | 0x20) })
      else { continue }
      var number = 0
      for digit in trimmed.dropFirst(wanted.count) {
        guard digit >= 0x30, digit <= 0x39 else { return nil }
        number = number * 10 + Int(digit - 0x30)
      }
      cause = number
      return
    }
    return nil
  }

  /// `Q.850;cause=16`
  public var value: [UInt8] {
    let name: StaticString =
      switch namespace {
      case .sip: "SIP;cause="
      case .q850: "Q.850;cause="
      case .other: "Tandem;cause="
      }
    var out = name.withUTF8Buffer { Array($0) }
    out.appendDecimal(UInt64(max(cause, 0)))
    return out
  }
}

extension SIPMessage {
  /// The Q.850 cause of the message's Reason, 1...127; `nil` when it carries none.
  public var q850Cause: Int? {
    guard value(.reason) != nil else { return nil }
    for value in values(.reason) {
      if let reason = Reason(parsing: value), reason.namespace == .q850, (1...127).contains(reason.cause) { return reason.cause }
    }
    return nil
  }
}
