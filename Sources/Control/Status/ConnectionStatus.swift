/// One line of `show connections`: a TCP or TLS connection that carries SIP.
public struct ConnectionStatus: Codable, Sendable, Equatable {
  public var listener: String
  /// `tcp`, `tls`.
  public var transport: String
  public var remote: String
  /// `in`: the other end opened it; `out`: we did.
  public var direction: String
  /// `connecting`, `handshaking`, `open`, `leaving`.
  public var state: String
  /// Who it is by its certificate; `nil`: nobody showed one.
  public var peer: String?
  /// Version and cipher suite; TLS only.
  public var cipher: String?
  /// When the other end's certificate runs out.
  public var certificateEnds: Double?
  /// Seconds since it was made, and since something came over it.
  public var age: Double
  public var quiet: Double
  public init(
    listener: String, transport: String, remote: String, direction: String, state: String, peer: String? = nil, cipher: String? = nil,
    certificateEnds: Double? = nil, age: Double, quiet: Double
  ) {
    self.listener = listener
    self.transport = transport
    self.remote = remote
    self.direction = direction
    self.state = state
    self.peer = peer
    self.cipher = cipher
    self.certificateEnds = certificateEnds
    self.age = age
    self.quiet = quiet
  }
}

public struct ConnectionList: Answer {
  public var connections: [ConnectionStatus]
  public init(connections: [ConnectionStatus]) { self.connections = connections }
  public func text(width: Int) -> String {
    if connections.isEmpty { return "No TCP or TLS connection is open.\n" }
    var table = TextTable("LISTENER", "TRANSPORT", "REMOTE", "WAY", "STATE", "PEER", "CERTIFICATE ENDS", "AGE", "QUIET", "CIPHER")
    for one in connections {
      table.add(
        one.listener, one.transport, one.remote, one.direction, one.state, one.peer ?? "", one.certificateEnds.map { String(moment($0).prefix(10)) } ?? "",
        duration(one.age), duration(one.quiet), one.cipher ?? "")
    }
    return table.text(width: width)
  }
}
