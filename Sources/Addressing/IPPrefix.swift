/// An address block, `192.0.2.0/24` or `2001:db8::/32`.
public struct IPPrefix: Hashable, Sendable {
  /// The address as written; its host bits are kept (an interface address is written so).
  public let address: IPAddress
  /// 0...32 for IPv4, 0...128 for IPv6.
  public let length: Int

  public init?(_ address: IPAddress, length: Int) {
    guard length >= 0, length <= (address.family == .v4 ? 32 : 128) else { return nil }
    self.address = address
    self.length = length
  }

  /// `ADDRESS/LENGTH`; without a length, the single address.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = IPAddress(String(parts[0])) else { return nil }
    if parts.count == 1 {
      self.init(address, length: address.family == .v4 ? 32 : 128)
    } else {
      guard parts[1].utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), let length = Int(parts[1]) else { return nil }
      self.init(address, length: length)
    }
  }

  public func contains(_ other: IPAddress) -> Bool {
    guard other.family == address.family else { return false }
    if address.family == .v4 { return length == 0 || (other.low ^ address.low) >> UInt64(32 - length) == 0 }
    if length == 0 { return true }
    if length <= 64 { return (other.high ^ address.high) >> UInt64(64 - length) == 0 }
    return other.high == address.high && (other.low ^ address.low) >> UInt64(128 - length) == 0
  }
}

extension IPPrefix: CustomStringConvertible {
  public var description: String { "\(address)/\(length)" }
}
