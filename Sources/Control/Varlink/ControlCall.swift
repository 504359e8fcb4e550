/// One call of `io.tandem.control` with its parameters, as the daemon serves it and the command line makes it.
public enum ControlCall: Sendable, Equatable {
  case listTrunks, listPeers, listListeners, listConnections, listCertificates, listInterfaces, listPlugins, listCalls, getMedia, getCounters, getSystem
  case getCall(id: String)
  case getLadder(id: String)
  /// Newest first.
  case listCallHistory(limit: Int)
  case testNumber(NumberQuery)
  case clearCall(id: String)
  /// Lines as typed, each beginning with `set` or `delete`; they change the candidate, all of them or none.
  case edit(lines: [String])
  case load(text: String, how: LoadKind)
  case showConfiguration(ConfigurationQuery)
  /// What the candidate would change in the running configuration; with a number, in commit N back.
  case compare(rollback: Int?)
  case check
  case commit(comment: String?)
  /// The candidate becomes what was running N commits ago; 0 = what runs now.
  case rollback(Int)
  case discard
  case complete(line: String, mode: CommandMode)

  public var method: ControlMethod {
    switch self {
    case .listTrunks: .listTrunks
    case .listPeers: .listPeers
    case .listListeners: .listListeners
    case .listConnections: .listConnections
    case .listCertificates: .listCertificates
    case .listInterfaces: .listInterfaces
    case .listPlugins: .listPlugins
    case .listCalls: .listCalls
    case .getMedia: .getMedia
    case .getCounters: .getCounters
    case .getSystem: .getSystem
    case .getCall: .getCall
    case .getLadder: .getLadder
    case .listCallHistory: .listCallHistory
    case .testNumber: .testNumber
    case .clearCall: .clearCall
    case .edit: .edit
    case .load: .load
    case .showConfiguration: .showConfiguration
    case .compare: .compare
    case .check: .check
    case .commit: .commit
    case .rollback: .rollback
    case .discard: .discard
    case .complete: .complete
    }
  }
}

/// `test number`: which number, as if dialled on which trunk.
public struct NumberQuery: Sendable, Equatable {
  public var number: String
  /// The caller's number; empty = withheld.
  public var calling: String
  /// `nil`: the only trunk there is; with several the daemon asks which.
  public var trunk: String?
  /// Against the candidate instead of the running configuration.
  public var candidate: Bool
  public init(number: String, calling: String = "", trunk: String? = nil, candidate: Bool = false) {
    self.number = number
    self.calling = calling
    self.trunk = trunk
    self.candidate = candidate
  }
}

/// Whether a loaded text is laid over the candidate or takes its place.
public enum LoadKind: String, Sendable, Codable, CaseIterable { case merge, override }

/// Which configuration, in which form. `path`: only what lies below these words; empty = all.
public struct ConfigurationQuery: Sendable, Equatable {
  public enum Source: String, Sendable, Codable, CaseIterable { case running, candidate }
  public enum Form: String, Sendable, Codable, CaseIterable {
    /// An indented outline.
    case tree
    /// `set` lines.
    case set
    /// RFC 7951.
    case json
    /// What changed since a commit.
    case compare
  }
  public var source: Source
  public var form: Form
  public var path: [String]
  /// For the form `compare`: against the commit this many back.
  public var rollback: Int?
  public init(source: Source = .running, form: Form = .tree, path: [String] = [], rollback: Int? = nil) {
    self.source = source
    self.form = form
    self.path = path
    self.rollback = rollback
  }
}

/// Where the command line stands: what `?` and Tab offer depends on it.
public enum CommandMode: String, Sendable, Codable, CaseIterable { case operational, configuration }
