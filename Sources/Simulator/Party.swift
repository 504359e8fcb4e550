import Addressing

/// Who plays: a PBX on trunk `hq`, a provider on `acme-1`, a second one on `spare-1` that takes over where the first fails.
///
/// Every party lives in a network of its own, and everything it writes carries its mark, so that a byte of one party on another's leg is seen at once.
public enum Party: Int, CaseIterable, Sendable {
  case hq, acme, spare

  /// Its signalling address.
  var address: TransportAddress { TransportAddress(node(1), [5090, 5080, 5082][rawValue]) }
  /// A second node of the same party: in-dialog requests may come from there, and routes may lead there.
  var secondNode: TransportAddress { TransportAddress(node(2), address.port) }
  /// A server of the party's that DNS names and that is not there.
  var deadNode: TransportAddress { TransportAddress(node(3), address.port) }
  var media: IPAddress { node(10) }
  public var name: String { ["hq", "acme-1", "spare-1"][rawValue] }

  /// Stands in headers, tags, Call-IDs, reason phrases and descriptions of this party. Two equal letters, so that one damaged byte can not make
  /// another party's mark of it; no hexadecimal digit in it, so that nothing the exchange invents can look like it.
  var mark: [UInt8] { Array("q7".utf8) + [letter, letter] }
  private var letter: UInt8 { UInt8(ascii: "a") + UInt8(rawValue) }

  private func node(_ last: UInt8) -> IPAddress {
    let net = [11, 22, 33][rawValue] as UInt8
    return IPAddress(10, net, net, last)
  }
  /// Whose address this is; `nil`: a stranger's.
  public static func owning(_ ip: IPAddress) -> Party? {
    allCases.first { ip == $0.address.ip || ip == $0.secondNode.ip || ip == $0.deadNode.ip || ip == $0.media }
  }
  /// Whose mark or network the bytes at the front show.
  static func shown(by bytes: ArraySlice<UInt8>) -> Party? {
    guard bytes.count >= 4 else { return nil }
    let i = bytes.startIndex
    if bytes[i] | 0x20 == UInt8(ascii: "q"), bytes[i + 1] == UInt8(ascii: "7"), bytes[i + 2] == bytes[i + 3] {
      return Party(rawValue: Int(bytes[i + 2] | 0x20) - 0x61)
    }
    if bytes.count >= 9, bytes.starts(with: Array("10.".utf8)), bytes[i + 5] == 0x2E, bytes[i + 8] == 0x2E {
      return allCases.first { bytes[(i + 3)...].starts(with: Array(["11.11.", "22.22.", "33.33."][$0.rawValue].utf8)) }
    }
    return nil
  }
}
