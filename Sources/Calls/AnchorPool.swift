import Addressing
import Configuration
import Media
import SDP
import Timing

/// The media ports of every realm in the configuration, by realm index.
struct AnchorPool: Sendable {
  private var realms: [RealmPorts]

  init(_ configuration: Configuration) {
    realms = configuration.mediaRealms.enumerated().map { index, realm in
      RealmPorts(realm: UInt16(index), addresses: AnchorPool.addresses(realm), ranges: AnchorPool.ranges(realm))
    }
  }

  /// Ports for the streams of an offer that we relay; `nil` when the realm has none to spare.
  /// `family`: a peer is given an address it can send to.
  mutating func take(realm: Int, offer: SessionDescription, family: IPAddress.Family, at now: Instant) -> MediaAnchor? {
    guard realms.indices.contains(realm) else { return nil }
    return realms[realm].take(relayed: offer.relayableStreams, of: offer.streamCount, family: family, at: now)
  }

  mutating func release(_ anchor: MediaAnchor, at now: Instant) {
    // By address and port: a commit may have moved them to another realm.
    for index in realms.indices { realms[index].giveBack(anchor, at: now) }
  }

  /// After a commit: a live call's ports are not handed out again, whatever the realm they are in is called now. The index of that realm; `UInt16.max`: of none.
  mutating func hold(_ anchor: MediaAnchor) -> UInt16 {
    var homes: [UInt16] = []
    for index in realms.indices where realms[index].hold(anchor) { homes.append(UInt16(index)) }
    return homes.first ?? .max
  }

  /// Ports of a leg that are of this realm, RTP and RTCP.
  func ports(of anchor: MediaAnchor, inRealm index: Int) -> Int { 2 * anchor.ports.count { $0 != 0 && realms[index].has($0, at: anchor.bind) } }

  /// A commit: what calls hold stays taken where its realm still exists.
  mutating func reconfigure(from old: Configuration, to new: Configuration) {
    let before = realms
    realms = new.mediaRealms.enumerated().map { index, realm in
      let addresses = AnchorPool.addresses(realm)
      let ranges = AnchorPool.ranges(realm)
      guard let was = old.mediaRealms.firstIndex(where: { $0.name == realm.name }), before.indices.contains(was) else {
        return RealmPorts(realm: UInt16(index), addresses: addresses, ranges: ranges)
      }
      var kept = before[was]
      kept.reconfigure(realm: UInt16(index), addresses: addresses, ranges: ranges)
      return kept
    }
  }

  func capacity(_ configuration: Configuration) -> [(realm: String, calls: Int, portsInUse: Int, ports: Int)] {
    var listed: [(realm: String, calls: Int, portsInUse: Int, ports: Int)] = []
    for (realm, ports) in zip(configuration.mediaRealms, realms) {
      let capacity = ports.capacity
      // A pair is an RTP and an RTCP port.
      listed.append((realm.name, capacity.calls, 2 * (capacity.pairs - capacity.pairsFree), 2 * capacity.pairs))
    }
    return listed
  }

  private static func addresses(_ realm: Configuration.MediaRealm) -> [RealmPorts.Address] {
    realm.addresses.map { RealmPorts.Address(bind: $0, advertised: realm.publicAddress ?? $0) }
  }
  private static func ranges(_ realm: Configuration.MediaRealm) -> [ClosedRange<UInt16>] {
    realm.ports.filter { $0.first <= $0.last }.map { $0.first...$0.last }
  }
}
