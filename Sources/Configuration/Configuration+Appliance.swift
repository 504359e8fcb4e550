public import Addressing

// The appliance itself: its name, its voice interfaces and its certificates.
extension Configuration {
  public struct System: Sendable, Equatable, Codable {
    public var hostname: String?
    /// FQDN for Contact.
    public var identity: String?
    /// Whether call records are written.
    public var callRecords = true
    public var nameServers: [IPAddress] = []
    /// Addresses or names.
    public var timeServers: [String] = []
    public var watchdog = true
    /// `HOST:PORT`; `nil`: not served.
    public var metricsListen: String?
    /// `HOST:PORT`; `nil`: no copy of the signalling is sent.
    public var hepCollector: String?
    public init() {}
  }

  public struct Interface: Sendable, Equatable, Codable {
    public var name: String
    /// `nil`: nothing is set, the addresses must exist already.
    public var device: String?
    public var addresses: [IPPrefix]
    public var gateways: [IPAddress]
    /// 0...63.
    public var dscpSignalling: UInt8
    public var dscpMedia: UInt8
    public enum FastPath: String, Sendable, Codable { case off, generic, native, offload, auto }
    /// `nil`: untagged.
    public var vlan: Int?
    public var fastPath = FastPath.auto
    public init(name: String, device: String? = nil, addresses: [IPPrefix] = [], gateways: [IPAddress] = [], dscpSignalling: UInt8 = 24, dscpMedia: UInt8 = 46)
    {
      self.name = name
      self.device = device
      self.addresses = addresses
      self.gateways = gateways
      self.dscpSignalling = dscpSignalling
      self.dscpMedia = dscpMedia
    }
  }

  public struct Certificate: Sendable, Hashable, Codable {
    public var name: String
    /// Both or neither.
    public var chainFile: String?
    public var keyFile: String?
    /// `nil`: the system's authorities.
    public var trustFile: String?
    public init(name: String, chainFile: String? = nil, keyFile: String? = nil, trustFile: String? = nil) {
      self.name = name
      self.chainFile = chainFile
      self.keyFile = keyFile
      self.trustFile = trustFile
    }
  }
}
