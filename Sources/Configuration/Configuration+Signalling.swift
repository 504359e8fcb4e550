public import Addressing

// Who speaks to us, where, and where media goes: listeners, media realms, peers and the trunks that join them.
extension Configuration {
  public struct Listener: Sendable, Equatable, Codable {
    public var name: String
    /// Resolved: the listener's own address, or the first address of its interface.
    public var address: TransportAddress
    public var transport: Transport
    /// What we write towards peers behind 1:1 NAT; `nil` = `address.ip`.
    public var publicAddress: IPAddress?
    public var contactHost: String?
    public var dscp: UInt8
    /// Index into `certificates`; set on TLS listeners.
    public var certificate: Int?
    /// Indexes into `certificates`: chosen by the server name a client asks for.
    public var furtherCertificates: [Int] = []
    /// TLS: whether the peer's certificate is checked.
    public var verifyPeer = true
    /// TLS: who opens a connection may be without a certificate.
    public var isClientCertificateOptional = false
    /// Streams; seconds, 0 = never.
    public var keepAliveInterval = 110
    public init(name: String, address: TransportAddress, transport: Transport, publicAddress: IPAddress? = nil, contactHost: String? = nil, dscp: UInt8 = 24) {
      self.name = name
      self.address = address
      self.transport = transport
      self.publicAddress = publicAddress
      self.contactHost = contactHost
      self.dscp = dscp
    }
  }

  public struct MediaRealm: Sendable, Equatable, Codable {
    public var name: String
    /// At least one.
    public var addresses: [IPAddress]
    public var publicAddress: IPAddress?
    /// Inclusive ranges.
    public var ports: [PortRange]
    public var dscp: UInt8
    public init(
      name: String, addresses: [IPAddress], publicAddress: IPAddress? = nil, ports: [PortRange] = [PortRange(first: 16384, last: 32767)], dscp: UInt8 = 46
    ) {
      self.name = name
      self.addresses = addresses
      self.publicAddress = publicAddress
      self.ports = ports
      self.dscp = dscp
    }
  }

  public struct PortRange: Sendable, Equatable, Codable {
    public var first: UInt16
    public var last: UInt16
    public init(first: UInt16, last: UInt16) {
      self.first = first
      self.last = last
    }
  }

  public struct Peer: Sendable, Equatable, Codable {
    public enum Address: Sendable, Equatable, Codable {
      case ip(IPAddress)
      case domain(String)
      case dynamic
    }
    public var name: String
    /// The plugin's id; the core never compares it with anything.
    public var type: String
    public var address: Address
    /// `nil`: by transport (5060, TLS 5061), or by SRV for a domain.
    public var port: UInt16?
    /// `nil`: the listener's.
    public var transport: Transport?
    /// More addresses the peer may send from.
    public var sources: [IPPrefix]
    public var mediaNAT: Bool
    public var mediaSources: [IPPrefix]
    public var representativeMediaIP: IPAddress?
    public var routable: Bool
    /// The plugin's own leaves below `/peer` as RFC 7951 JSON, `{}` when none.
    public var pluginSettings: String
    public enum MediaSourceCheck: String, Sendable, Codable { case tuple, address, prefix }
    public var mediaSourceCheck = MediaSourceCheck.tuple
    public var alternateBypassID: String?
    /// Seconds; 0 = never asked.
    public var optionsInterval = 30
    /// Whether requests too large for a packet go over TCP instead of in fragments.
    public var sendsLargeOverTCP = false
    /// TLS: wildcard names in the peer's certificate are refused.
    public var strictName = false
    /// TLS: what its certificate is for; empty: `address`.
    public var certificateNames: [String] = []
    /// Index into `certificates`: what holds for connections to this peer instead of the listener's.
    public var certificate: Int?
    /// Whether the plugin of `type` was loaded at commit; without it the peer's trunks stay down.
    public var isServed = true
    /// For all trunks to this peer that have none of their own.
    public var account: Account?
    public init(
      name: String, type: String, address: Address, port: UInt16? = nil, transport: Transport? = nil, sources: [IPPrefix] = [], mediaNAT: Bool = false,
      mediaSources: [IPPrefix] = [], representativeMediaIP: IPAddress? = nil, routable: Bool = true, pluginSettings: String = "{}"
    ) {
      self.name = name
      self.type = type
      self.address = address
      self.port = port
      self.transport = transport
      self.sources = sources
      self.mediaNAT = mediaNAT
      self.mediaSources = mediaSources
      self.representativeMediaIP = representativeMediaIP
      self.routable = routable
      self.pluginSettings = pluginSettings
    }
  }

  /// User and password for digest authentication. Its text forms leave the password out.
  public struct Account: Sendable, Equatable, Codable, CustomStringConvertible, CustomReflectable {
    public enum Algorithm: String, Sendable, Codable { case md5, sha256 = "sha-256", sha512Truncated256 = "sha-512-256" }
    public var user: String
    public var password: String
    /// The only realm that is answered; `nil`: any.
    public var realm: String?
    /// Empty: all.
    public var algorithms: [Algorithm]
    public init(user: String, password: String, realm: String? = nil, algorithms: [Algorithm] = []) {
      self.user = user
      self.password = password
      self.realm = realm
      self.algorithms = algorithms
    }
    public var description: String { "account \(user)" }
    public var customMirror: Mirror { Mirror(self, children: ["user": user]) }
  }
  public struct Trunk: Sendable, Equatable, Codable {
    public var name: String
    /// Indexes into `listeners`, `peers`, `mediaRealms`.
    public var listener: Int
    public var peer: Int
    /// `nil`: calls through this trunk can only be `direct`.
    public var mediaRealm: Int?
    /// The peer's port on this trunk where it differs from the peer's own.
    public var peerPort: UInt16?
    public var contactHost: String?
    public var site: String?
    /// 0 = no limit.
    public var maxCalls: Int
    public var maxCallRate: Int
    /// What tells it from a trunk with the same listener and source.
    public var matchRequestHost: String?
    public var matchTrunkGroup: String?
    public var isPSTN = true
    public var account: Account?
    public init(
      name: String, listener: Int, peer: Int, mediaRealm: Int? = nil, peerPort: UInt16? = nil, contactHost: String? = nil, site: String? = nil,
      maxCalls: Int = 0, maxCallRate: Int = 0
    ) {
      self.name = name
      self.listener = listener
      self.peer = peer
      self.mediaRealm = mediaRealm
      self.peerPort = peerPort
      self.contactHost = contactHost
      self.site = site
      self.maxCalls = maxCalls
      self.maxCallRate = maxCallRate
    }
  }
}

extension Configuration.Peer {
  /// The names and addresses one of which its certificate must be for.
  public var namesInCertificate: [String] {
    if !certificateNames.isEmpty { return certificateNames }
    switch address {
    case .ip(let ip): return ["\(ip)"]
    case .domain(let name): return [name]
    case .dynamic: return []
    }
  }
  /// Whether one certificate could be for both.
  public func sharesName(with other: Configuration.Peer) -> Bool {
    let names = Set(other.namesInCertificate.map { $0.lowercased() })
    return namesInCertificate.contains { names.contains($0.lowercased()) }
  }
}

extension Configuration.Listener {
  /// Whether whoever opens a connection has to show who he is.
  public var knowsPeersByName: Bool { transport == .tls && verifyPeer && !isClientCertificateOptional }
}
