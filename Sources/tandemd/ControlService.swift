import Configuration
import Control
import Linux
import Routing

/// Serves `io.tandem.control`: each call mapped to the part of the daemon that knows. Belongs to the control thread; knows nothing of sockets.
///
/// Reading is for every local user; what changes anything is for root, the daemon's own user and group `tandem` (`mayChange`).
final class ControlService {
  static let group = "tandem"
  let dependencies: ControlDependencies
  let desk: ConfigurationDesk
  /// Set by who serves the connections.
  var connectionCounters: () -> [(name: String, value: UInt64)] = { [] }

  init(_ dependencies: ControlDependencies, desk: ConfigurationDesk) {
    self.dependencies = dependencies
    self.desk = desk
  }

  static func mayChange(_ peer: PeerCredentials) -> Bool { peer.isRoot || peer.isOurselves || peer.isMember(of: group) }

  /// `user`: who asks, as commits remember it.
  func answer(_ call: ControlCall, mayChange: Bool, user: String) -> Result<any Encodable & Sendable, ControlError> {
    guard mayChange || !call.method.changes else {
      return .failure(
        ControlError(.permissionDenied, "may be done by root and members of group \(Self.group): `usermod -aG \(Self.group) USER`, then log in again"))
    }
    do throws(ControlError) { return .success(try serve(call, mayChange, user)) } catch { return .failure(error) }
  }

  private func serve(_ call: ControlCall, _ mayChange: Bool, _ user: String) throws(ControlError) -> any Answer {
    switch call {
    case .listTrunks: TrunkList(trunks: try trunks())
    case .listPeers: PeerList(peers: try peers())
    case .listListeners: ListenerList(listeners: try listeners())
    case .listConnections: ConnectionList(connections: try connections())
    case .listCertificates: CertificateList(certificates: dependencies.certificates())
    case .listInterfaces: InterfaceList(interfaces: try interfaces())
    case .listPlugins: PluginList(plugins: dependencies.plugins())
    case .listCalls: CallList(calls: try calls())
    case .getCall(let id): try detail(of: id)
    case .getLadder(let id): try ladder(id)
    case .listCallHistory(let limit): CallHistory(try dependencies.history(limit))
    case .getMedia: try media()
    case .getCounters: try counters()
    case .getSystem: try system()
    case .testNumber(let query): try test(query)
    case .clearCall(let id): try clear(id)
    case .complete(let line, let mode): Completions(line: line, mode: mode, sources: completionSources)
    case .edit(let lines): try desk.edit(lines)
    case .load(let text, let how): try desk.load(text, how)
    case .showConfiguration(let query): ConfigurationText(text: readable(try desk.show(query).text, mayChange))
    case .compare(let rollback): Comparison(text: readable(try desk.compare(rollback), mayChange))
    case .check: try desk.check()
    case .commit(let comment): try desk.commit(comment, user)
    case .rollback(let number): try desk.rollback(number)
    case .discard: try desk.discard()
    }
  }

  /// Who may only read does not see passwords.
  private func readable(_ text: String, _ mayChange: Bool) -> String { mayChange ? text : SecretMask.masked(text) }

  private func clear(_ id: String) throws(ControlError) -> Done {
    guard try dependencies.exchange.clear(id) else { throw noCall(id) }
    return Done(message: "Call \(id) is being ended.")
  }

  private func test(_ query: NumberQuery) throws(ControlError) -> NumberTest {
    let configuration = query.candidate ? try desk.candidate() : desk.running
    let trunk = try incomingTrunk(query, configuration)
    let plan: RoutePlan
    if query.candidate {
      let states = [RouteQuery.TrunkState](repeating: .up, count: configuration.trunks.count)
      plan = try compiled(configuration).plan(
        RouteQuery(incomingTrunk: trunk, called: Array(query.number.utf8), calling: Array(query.calling.utf8), trunkStates: states, turn: 0), explain: true)
    } else {
      plan = try dependencies.exchange.test(Array(query.number.utf8), Array(query.calling.utf8), trunk)
    }
    return NumberTest(query, plan, configuration, trunk: trunk)
  }

  /// Index of the trunk named, or of the only one.
  private func incomingTrunk(_ query: NumberQuery, _ configuration: Configuration) throws(ControlError) -> Int {
    let names = configuration.trunks.map(\.name)
    if query.trunk == nil, names.count == 1 { return 0 }
    if let name = query.trunk, let index = names.firstIndex(of: name) { return index }
    let accepted = names.isEmpty ? "no trunk is configured: `set trunk NAME listener L peer P`" : "accepted: \(names.prefix(20).joined(separator: ", "))"
    guard let name = query.trunk else {
      throw ControlError(.refused, node: "test number", "on which trunk would the call come in? `test number \(query.number) trunk T`; \(accepted)")
    }
    throw ControlError(.notFound, node: "test number trunk", value: name, "is no trunk; \(accepted)")
  }
}

/// Compiled for routing; the error names the node.
func compiled(_ configuration: Configuration) throws(ControlError) -> RoutingTable {
  do throws(RoutingTable.Problem) { return try RoutingTable(configuration) } catch {
    throw ControlError(.refused, node: error.node, value: error.value, error.message)
  }
}
