/// One line of `show plugins`.
public struct PluginStatus: Codable, Sendable, Equatable {
  public var id: String
  public var version: String
  /// The file it was loaded from.
  public var file: String
  /// `loaded` or `failed`.
  public var state: String
  public var reason: String
  /// Peers of this type in the running configuration.
  public var peers: Int
  public init(id: String, version: String, file: String, state: String, reason: String = "", peers: Int) {
    self.id = id
    self.version = version
    self.file = file
    self.state = state
    self.reason = reason
    self.peers = peers
  }
}

public struct PluginList: Answer {
  public var plugins: [PluginStatus]
  public init(plugins: [PluginStatus]) { self.plugins = plugins }
  public func text(width: Int) -> String {
    if plugins.isEmpty { return "No trunk plugin was found in the plugin directory.\n" }
    var table = TextTable("PLUGIN", "VERSION", "STATE", ">PEERS", "FILE", "REASON")
    for one in plugins { table.add(one.id, one.version, one.state, String(one.peers), one.file, one.reason) }
    return table.text(width: width)
  }
}
