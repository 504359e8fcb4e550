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

  /// Without the host bits: 192.0.2.9/24 is in 192.0.2.0/24.
  public var network: IPPrefix {
    func kept(_ word: UInt64, _ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? word : word & (.max << UInt64(64 - bits)) }
    if address.family == .v4 {
      let mask: UInt32 = length == 0 ? 0 : .max << UInt32(32 - length)
      return IPPrefix(unchecked: IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & mask), length: length)
    }
    return IPPrefix(unchecked: IPAddress(v6High: kept(address.high, length), low: kept(address.low, length - 64)), length: length)
  }

  /// Every address of a family: where a default route leads.
  public static func everything(_ family: IPAddress.Family) -> IPPrefix {
    IPPrefix(unchecked: family == .v4 ? IPAddress(v4: 0) : IPAddress(v6High: 0, low: 0), length: 0)
  }

  private init(unchecked address: IPAddress, length: Int) {
    self.address = address
    self.length = length
  }
}

extension IPPrefix: CustomStringConvertible {
  public var description: String { "\(address)/\(length)" }
}
