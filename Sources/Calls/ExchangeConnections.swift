import Configuration

// What connections say of who is at their far end. Decided: of several trunks that fit a listener and a source, the name in the certificate chooses.
extension Exchange {
  /// The far side of a connection has shown that it is this peer: from now on only that peer's trunks are meant by what comes over it.
  public mutating func identified(connection: UInt32, as peer: String) {
    environment.identified[connection] = environment.configuration.peers.firstIndex { $0.name == peer } ?? -1
  }

  /// The connection is closed; its number may come again for another.
  public mutating func closed(connection: UInt32) { environment.identified[connection] = nil }
}
