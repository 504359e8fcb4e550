import Addressing
import Configuration
import SIP

/// Where the exchange listens: two addresses, over UDP and TCP each. A place stays what it is while commits give its listener another index, another name or none.
enum Place: Int, CaseIterable, Sendable {
  case lan, wan, lanStream, wanStream

  var address: TransportAddress { self == .lan || self == .lanStream ? Ourselves.lan : Ourselves.wan }
  var transport: Transport { self == .lan || self == .wan ? .udp : .tcp }
  var isStream: Bool { transport == .tcp }
  /// The other one of the same transport.
  var sibling: Place { [.wan, .lan, .wanStream, .lanStream][rawValue] }

  static func at(_ address: TransportAddress, isStream: Bool) -> Place? {
    allCases.first { $0.address == address && $0.isStream == isStream }
  }
  /// Where a party's trunk is unless a commit moved it: the PBX inside, the providers outside.
  static func home(of party: Party, isStream: Bool) -> Place {
    party == .hq ? (isStream ? .lanStream : .lan) : (isStream ? .wanStream : .wan)
  }
}

/// The exchange's own addresses.
enum Ourselves {
  static let ip = IPAddress(192, 0, 2, 9)
  static let lan = TransportAddress(ip, 5060)
  static let wan = TransportAddress(ip, 5070)
}
