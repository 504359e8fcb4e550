/// The methods of `io.tandem.control`, by their names on the wire.
public enum ControlMethod: String, Sendable, CaseIterable {
  case listTrunks = "ListTrunks"
  case listPeers = "ListPeers"
  case listListeners = "ListListeners"
  case listConnections = "ListConnections"
  case listCertificates = "ListCertificates"
  case listInterfaces = "ListInterfaces"
  case listPlugins = "ListPlugins"
  case listCalls = "ListCalls"
  case getCall = "GetCall"
  case getLadder = "GetLadder"
  case listCallHistory = "ListCallHistory"
  case getMedia = "GetMedia"
  case getCounters = "GetCounters"
  case getSystem = "GetSystem"
  case testNumber = "TestNumber"
  case clearCall = "ClearCall"
  case edit = "Edit"
  case load = "Load"
  case showConfiguration = "ShowConfiguration"
  case compare = "Compare"
  case check = "Check"
  case commit = "Commit"
  case rollback = "Rollback"
  case discard = "Discard"
  case complete = "Complete"

  /// Whether the method alters anything (or, like `Check`, validates at length): then root, the daemon's own user or group `tandem` is asked for. The others are open to every local user.
  public var changes: Bool {
    switch self {
    case .clearCall, .edit, .load, .check, .commit, .rollback, .discard: true
    default: false
    }
  }
}
