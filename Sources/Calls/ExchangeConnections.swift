import Configuration
public import SIP

// What connections say of who is at their far end. Decided: of several trunks that fit a listener and a source, the name in the certificate chooses.
extension Exchange {
  /// The far side of a connection has shown that it is this peer: from now on only that peer's trunks are meant by what comes over it.
  public mutating func identified(connection: UInt32, as peer: String) {
    environment.identified[connection] = environment.configuration.peers.firstIndex { $0.name == peer } ?? -1
  }

  /// The connection is closed; its number may come again for another.
  public mutating func closed(connection: UInt32) { environment.identified[connection] = nil }
}

extension Exchange {
  /// Where the messages of calls that are up go: connections, and addresses for any connection to them.
  public var flowsInUse: Set<SIP.Flow> {
    var flows: Set<SIP.Flow> = []
    for id in table.ids {
      guard let call = table.read(id) else { continue }
      for leg in call.legs.indices where call.legs[leg].state != .gone {
        flows.insert(call.legs[leg].flow)
        flows.insert(call.route(leg, environment))
      }
    }
    return flows
  }
}
