public import Addressing

/// The configuration in force: one immutable value decoded from the validated YANG tree at commit. Nothing at call time touches libyang.
///
/// Lists keep the operator's order where order is policy (`ordered-by user`), else the order of their keys. Objects refer to each other by index into these arrays, resolved at decoding; names are kept for display.
/// `Codable`, so that a restart reads the stored snapshot without libyang (decided: each commit stores it).
public struct Configuration: Sendable, Equatable, Codable {
  public var system = System()
  public var interfaces: [Interface] = []
  public var listeners: [Listener] = []
  public var mediaRealms: [MediaRealm] = []
  public var peers: [Peer] = []
  public var trunks: [Trunk] = []
  public var trunkConfigurations: [ScopedTrunkConfiguration] = []
  public var sites: [String] = []
  public var mediaBypass = MediaBypass()
  public var dialPlans: [DialPlan] = []
  public var pstnUsages: [String] = []
  public var voiceRoutes: [VoiceRoute] = []
  public var certificates: [Certificate] = []
  public var network = NetworkMap()
  public var voicePolicies: [VoicePolicy] = []
  public var users: [User] = []
  public var emergency = Emergency()
  public var callPark = CallPark()
  public var responseGroups: [ResponseGroup] = []
  public var unassignedNumbers: [UnassignedNumber] = []
  public init() {}

  /// Whose settings hold for a trunk: its own collection, else its site's, else global; the narrowest wins whole. All defaults when none exists.
  public func trunkConfiguration(for trunk: Int) -> TrunkConfiguration {
    let name = trunks[trunk].name
    for scope in [Scope.trunk(name), trunks[trunk].site.map { Scope.site($0) }, Scope.global] {
      if let scope, let found = trunkConfigurations.first(where: { $0.scope == scope }) { return found.settings }
    }
    return TrunkConfiguration()
  }
  /// The dial plan for calls from a trunk: its own, else its site's, else global.
  public func dialPlan(for trunk: Int) -> DialPlan? {
    for scope in [Scope.trunk(trunks[trunk].name), trunks[trunk].site.map { Scope.site($0) }, Scope.global] {
      if let scope, let found = dialPlans.first(where: { $0.scope == scope }) { return found }
    }
    return nil
  }
}

/// `global`, `site:NAME`, `trunk:NAME`, `user:NAME`.
public enum Scope: Sendable, Hashable, Codable {
  case global
  case site(String), trunk(String), user(String)

  /// As it is written in the configuration.
  public var text: String {
    switch self {
    case .global: "global"
    case .site(let name): "site:\(name)"
    case .trunk(let name): "trunk:\(name)"
    case .user(let name): "user:\(name)"
    }
  }
}

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
    /// TLS: whether the peer's certificate is checked.
    public var verifyPeer = true
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
    public var mediaSourceCheck = MediaSourceCheck.address
    public var alternateBypassID: String?
    /// Seconds; 0 = never asked.
    public var optionsInterval = 30
    /// Whether requests too large for a packet go over TCP instead of in fragments.
    public var sendsLargeOverTCP = false
    /// TLS: wildcard names in the peer's certificate are refused.
    public var strictName = false
    /// Whether the plugin of `type` was loaded at commit; without it the peer's trunks stay down.
    public var isServed = true
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
  public struct NumberRule: Sendable, Equatable, Codable {
    /// The key N; rules are kept in ascending order.
    public var number: Int
    public var pattern: String
    public var translation: String
    public init(number: Int, pattern: String, translation: String) {
      self.number = number
      self.pattern = pattern
      self.translation = translation
    }
  }
  public struct ResponseCodeRule: Sendable, Equatable, Codable {
    public var number: Int
    /// 0 = any.
    public var receivedCode: Int
    /// -1 = any.
    public var receivedCause: Int
    public var translatedCode: Int
    public init(number: Int, receivedCode: Int, receivedCause: Int, translatedCode: Int) {
      self.number = number
      self.receivedCode = receivedCode
      self.receivedCause = receivedCause
      self.translatedCode = translatedCode
    }
  }
  public struct HeaderRule: Sendable, Equatable, Codable {
    public enum Action: String, Sendable, Codable { case add, set, remove, replace }
    public var number: Int
    /// `any`, `request`, `response`, or a method in capitals.
    public var message: String
    public var header: String
    public var action: Action
    public var pattern: String?
    public var value: String?
    public init(number: Int, message: String, header: String, action: Action, pattern: String? = nil, value: String? = nil) {
      self.number = number
      self.message = message
      self.header = header
      self.action = action
      self.pattern = pattern
      self.value = value
    }
  }
  public struct Certificate: Sendable, Equatable, Codable {
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
  public struct ScopedTrunkConfiguration: Sendable, Equatable, Codable {
    public var scope: Scope
    public var settings: TrunkConfiguration
    public init(scope: Scope, settings: TrunkConfiguration) {
      self.scope = scope
      self.settings = settings
    }
  }
  /// A trunk-configuration collection; the values here are the product's defaults.
  public struct TrunkConfiguration: Sendable, Equatable, Codable {
    public enum ReferSupport: String, Sendable, Codable { case refuse, execute, peer, thirdParty = "third-party" }
    public enum SRTPMode: String, Sendable, Codable { case required, optional, notSupported = "not-supported" }
    public var centralizedMedia = true
    public var enableBypass = false
    public var referSupport = ReferSupport.execute
    /// `nil`: required on TLS, not supported otherwise.
    public var srtpMode: SRTPMode?
    public var rtcpActiveCalls = true
    public var rtcpCallsOnHold = true
    /// Seconds.
    public var rtcpTimeout = 30
    public var sessionTimer = false
    public var sessionExpires = 1800
    public var minSE = 90
    public var maxEarlyDialogs = 20
    public var removePlus = false
    public var pidfLO = false
    public var enableRTPLatching = false
    public var fastFailover = true
    /// Seconds; 0 = off.
    public var progressTimeout = 10
    public var routingTimeout = 60
    /// Inclusive ranges of status codes that move a call to the next trunk.
    public var failoverCodes: [PortRange] = [PortRange(first: 500, last: 599)]
    public var forwardHistory = false
    public var forwardPAI = false
    public var pstnUsages: [String] = []
    public var calledNumberRules: [NumberRule] = []
    public var callingNumberRules: [NumberRule] = []
    public var responseCodeRules: [ResponseCodeRule] = []
    public var passHeaders: [String] = []
    /// Seconds; decided default 12 h. 0 = off.
    public var maxCallDuration = 43_200
    /// The plugin's own leaves below `/trunk-configuration` as RFC 7951 JSON.
    public var pluginSettings = "{}"
    public var forwardAnonymousPAI = false
    public var acceptGatewayPAI = false
    public var locationRestriction = false
    /// The name of a site.
    public var networkSite: String?
    public var headerRules: [HeaderRule] = []
    public init() {}
  }
  public struct MediaBypass: Sendable, Equatable, Codable {
    public var enabled = false
    public var always = false
    /// The place of addresses that no network names.
    public var defaultBypassID: String?
    public init() {}
  }
  public struct DialPlan: Sendable, Equatable, Codable {
    public var scope: Scope
    public var rules: [NumberRule]
    public init(scope: Scope, rules: [NumberRule]) {
      self.scope = scope
      self.rules = rules
    }
  }
  public struct VoiceRoute: Sendable, Equatable, Codable {
    public var name: String
    public var pattern: String
    /// Lower is tried first.
    public var priority: Int
    public var pstnUsages: [String]
    /// Indexes into `trunks`, in the operator's order.
    public var trunks: [Int]
    public var suppressCallerID: Bool
    public var alternateCallerID: String?
    public init(
      name: String, pattern: String, priority: Int, pstnUsages: [String], trunks: [Int], suppressCallerID: Bool = false, alternateCallerID: String? = nil
    ) {
      self.name = name
      self.pattern = pattern
      self.priority = priority
      self.pstnUsages = pstnUsages
      self.trunks = trunks
      self.suppressCallerID = suppressCallerID
      self.alternateCallerID = alternateCallerID
    }
  }
}
