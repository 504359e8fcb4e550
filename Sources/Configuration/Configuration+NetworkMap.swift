public import Addressing

extension Configuration {
  /// Where addresses are and what may pass between places. Objects refer to each other by name; the names exist.
  public struct NetworkMap: Sendable, Equatable, Codable {
    public struct Site: Sendable, Equatable, Codable {
      public var name: String
      public var region: String?
      public var bypassID: String?
      public var bandwidthPolicy: String?
      /// The usages that route its callers under location-based routing.
      public var voicePolicy: String?
      public var locationBasedRouting = false
      public var emergencyPolicy: String?
      public var location: String?
      public init(name: String) { self.name = name }
    }
    public struct Region: Sendable, Equatable, Codable {
      public var name: String
      public var bypassID: String?
      public init(name: String, bypassID: String? = nil) {
        self.name = name
        self.bypassID = bypassID
      }
    }
    public struct Network: Sendable, Equatable, Codable {
      public var prefix: IPPrefix
      public var site: String
      public var location: String?
      public init(prefix: IPPrefix, site: String, location: String? = nil) {
        self.prefix = prefix
        self.site = site
        self.location = location
      }
    }
    /// Two sites or two regions.
    public struct Link: Sendable, Equatable, Codable {
      public var name: String
      public var sites: [String]
      public var regions: [String]
      public var bandwidthPolicy: String?
      public init(name: String, sites: [String] = [], regions: [String] = [], bandwidthPolicy: String? = nil) {
        self.name = name
        self.sites = sites
        self.regions = regions
        self.bandwidthPolicy = bandwidthPolicy
      }
    }
    /// kbit/s; a total of `nil` is no limit.
    public struct BandwidthPolicy: Sendable, Equatable, Codable {
      public var name: String
      public var audioTotal: Int?
      public var audioSession = 175
      public var videoTotal: Int?
      public var videoSession = 700
      public init(name: String) { self.name = name }
    }
    public var sites: [Site] = []
    public var regions: [Region] = []
    public var networks: [Network] = []
    public var links: [Link] = []
    public var bandwidthPolicies: [BandwidthPolicy] = []
    public init() {}
  }
}
