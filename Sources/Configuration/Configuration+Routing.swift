// Where calls go, and whether their media passes through us.
extension Configuration {
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

  public struct MediaBypass: Sendable, Equatable, Codable {
    public var enabled = false
    public var always = false
    /// The place of addresses that no network names.
    public var defaultBypassID: String?
    public init() {}
  }
}
