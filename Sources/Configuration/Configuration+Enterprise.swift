// Users and services of the enterprise. Objects refer to each other by name; the names exist.

extension Configuration {
  /// A class of service.
  public struct VoicePolicy: Sendable, Equatable, Codable {
    public enum ForwardingUsage: String, Sendable, Codable {
      case voicePolicy = "voice-policy"
      case internalOnly = "internal-only"
      case custom
    }
    public var name: String
    public var pstnUsages: [String] = []
    public var callForwarding = true
    public var delegation = true
    public var transfer = true
    public var callPark = false
    public var simultaneousRing = true
    public var teamCall = true
    public var pstnReroute = true
    public var bandwidthOverride = false
    public var voicemailEscape = false
    public var voicemailEscapeMilliseconds = 1500
    public var forwardingUsage = ForwardingUsage.voicePolicy
    public var forwardingPSTNUsages: [String] = []
    public var preventTollBypass = false
    public init(name: String) { self.name = name }
  }

  public struct User: Sendable, Equatable, Codable {
    /// A number behind a trunk.
    public struct Target: Sendable, Equatable, Codable {
      /// Index into `trunks`.
      public var trunk: Int
      public var number: String
      public init(trunk: Int, number: String) {
        self.trunk = trunk
        self.number = number
      }
    }
    public var name: String
    /// As written, with or without `tel:`.
    public var lineURI: String
    public var voicePolicy: String?
    public var dialPlan: Scope?
    public var emergencyPolicy: String?
    public var targets: [Target] = []
    public var forwardTo: String?
    public var simultaneousRing: [String] = []
    public var unansweredTo: String?
    /// Seconds.
    public var unansweredWait = 20
    public var voicemail: String?
    public var delegates: [String] = []
    /// Seconds.
    public var delegateRingWait = 0
    public init(name: String, lineURI: String) {
      self.name = name
      self.lineURI = lineURI
    }
  }

  public struct Emergency: Sendable, Equatable, Codable {
    public struct Policy: Sendable, Equatable, Codable {
      public var name: String
      /// At least one.
      public var dialStrings: [String]
      public var dialMasks: [String] = []
      public var pstnUsage: String
      public var notify: [String] = []
      public var locations: [String] = []
      public init(name: String, dialStrings: [String], pstnUsage: String) {
        self.name = name
        self.dialStrings = dialStrings
        self.pstnUsage = pstnUsage
      }
    }
    public struct Location: Sendable, Equatable, Codable {
      public var name: String
      public var country: String?
      public var state: String?
      public var city: String?
      public var street: String?
      public var houseNumber: String?
      public var postalCode: String?
      public var floor: String?
      public var room: String?
      public var elins: [String] = []
      public init(name: String) { self.name = name }
    }
    public struct CallingNumberRule: Sendable, Equatable, Codable {
      public var number: Int
      public var pattern: String
      public var location: String
      public init(number: Int, pattern: String, location: String) {
        self.number = number
        self.pattern = pattern
        self.location = location
      }
    }
    /// The policy where neither site nor user gives one.
    public var policy: String?
    /// Seconds.
    public var callBackTime = 3600
    public var callingNumberRules: [CallingNumberRule] = []
    public var policies: [Policy] = []
    public var locations: [Location] = []
    public init() {}
  }

  public struct CallPark: Sendable, Equatable, Codable {
    public struct Orbit: Sendable, Equatable, Codable {
      public enum Kind: String, Sendable, Codable {
        case callPark = "call-park"
        case groupPickup = "group-pickup"
      }
      public var name: String
      public var first: String
      public var last: String
      public var kind: Kind
      public init(name: String, first: String, last: String, kind: Kind = .callPark) {
        self.name = name
        self.first = first
        self.last = last
        self.kind = kind
      }
    }
    /// Seconds.
    public var pickupTimeout = 90
    public var maxPickupAttempts = 1
    public var musicOnHold = true
    public var timeoutURI: String?
    public var orbits: [Orbit] = []
    public init() {}
  }

  public struct ResponseGroup: Sendable, Equatable, Codable {
    public enum Hunt: String, Sendable, Codable {
      case serial, parallel
      case longestIdle = "longest-idle"
      case roundRobin = "round-robin"
    }
    public var name: String
    public var lineURI: String
    public var hunt = Hunt.parallel
    public var agents: [String] = []
    /// Seconds.
    public var ringTime = 20
    public var queueTimeout = 300
    public var overflowTo: String?
    public init(name: String, lineURI: String) {
      self.name = name
      self.lineURI = lineURI
    }
  }

  /// In the operator's order.
  public struct UnassignedNumber: Sendable, Equatable, Codable {
    public enum Treatment: Sendable, Equatable, Codable {
      case forward(String)
      case refuse(Int)
    }
    public var name: String
    public var first: String
    public var last: String
    public var treatment: Treatment
    public init(name: String, first: String, last: String, treatment: Treatment) {
      self.name = name
      self.first = first
      self.last = last
      self.treatment = treatment
    }
  }
}
