// How calls of a trunk are treated.
extension Configuration {
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
    /// Media types of INFO bodies that cross beside those of digits.
    public var passInfoBodies: [String] = []
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

  public struct ScopedTrunkConfiguration: Sendable, Equatable, Codable {
    public var scope: Scope
    public var settings: TrunkConfiguration
    public init(scope: Scope, settings: TrunkConfiguration) {
      self.scope = scope
      self.settings = settings
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
}
