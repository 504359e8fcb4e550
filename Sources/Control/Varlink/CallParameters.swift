/// The parameters of every method in one flat form; a method takes those it names and ignores the others.
struct CallParameters: Codable, Sendable {
  var interface: String?
  var id: String?
  var limit: Int?
  var number: String?
  var calling: String?
  var trunk: String?
  var candidate: Bool?
  var lines: [String]?
  var text: String?
  var how: LoadKind?
  var source: ConfigurationQuery.Source?
  var form: ConfigurationQuery.Form?
  var path: [String]?
  var rollback: Int?
  var comment: String?
  var line: String?
  var mode: CommandMode?
}

/// A call names a parameter wrongly or leaves one out; answered with `org.varlink.service.InvalidParameter`.
struct InvalidParameter: Error { var name: String }

extension ControlCall {
  init(_ method: ControlMethod, _ parameters: CallParameters) throws(InvalidParameter) {
    switch method {
    case .listTrunks: self = .listTrunks
    case .listPeers: self = .listPeers
    case .listListeners: self = .listListeners
    case .listConnections: self = .listConnections
    case .listCertificates: self = .listCertificates
    case .listInterfaces: self = .listInterfaces
    case .listPlugins: self = .listPlugins
    case .listCalls: self = .listCalls
    case .getMedia: self = .getMedia
    case .getCounters: self = .getCounters
    case .getSystem: self = .getSystem
    case .getCall: self = .getCall(id: try required(parameters.id, "id"))
    case .getLadder: self = .getLadder(id: try required(parameters.id, "id"))
    case .listCallHistory:
      let limit = parameters.limit ?? ControlLimits.historyDefault
      guard limit > 0, limit <= ControlLimits.historyMost else { throw InvalidParameter(name: "limit") }
      self = .listCallHistory(limit: limit)
    case .testNumber:
      self = .testNumber(
        NumberQuery(
          number: try required(parameters.number, "number"), calling: parameters.calling ?? "", trunk: parameters.trunk,
          candidate: parameters.candidate ?? false))
    case .clearCall: self = .clearCall(id: try required(parameters.id, "id"))
    case .edit:
      let lines = try required(parameters.lines, "lines")
      guard lines.count <= ControlLimits.editLines else { throw InvalidParameter(name: "lines") }
      self = .edit(lines: lines)
    case .load: self = .load(text: try required(parameters.text, "text"), how: parameters.how ?? .merge)
    case .showConfiguration:
      self = .showConfiguration(
        ConfigurationQuery(
          source: parameters.source ?? .running, form: parameters.form ?? .tree, path: parameters.path ?? [],
          rollback: try parameters.rollback.map(notNegative)))
    case .compare: self = .compare(rollback: try parameters.rollback.map(notNegative))
    case .check: self = .check
    case .commit: self = .commit(comment: parameters.comment)
    case .rollback: self = .rollback(try notNegative(try required(parameters.rollback, "rollback")))
    case .discard: self = .discard
    case .complete: self = .complete(line: try required(parameters.line, "line"), mode: parameters.mode ?? .operational)
    }
  }

  var parameters: CallParameters? {
    var parameters = CallParameters()
    switch self {
    case .listTrunks, .listPeers, .listListeners, .listConnections, .listCertificates, .listInterfaces, .listPlugins, .listCalls, .getMedia, .getCounters,
      .getSystem, .check, .discard:
      return nil
    case .getCall(let id), .getLadder(let id), .clearCall(let id): parameters.id = id
    case .listCallHistory(let limit): parameters.limit = limit
    case .testNumber(let query):
      parameters.number = query.number
      parameters.calling = query.calling.isEmpty ? nil : query.calling
      parameters.trunk = query.trunk
      parameters.candidate = query.candidate ? true : nil
    case .edit(let lines): parameters.lines = lines
    case .load(let text, let how): (parameters.text, parameters.how) = (text, how)
    case .showConfiguration(let query):
      (parameters.source, parameters.form, parameters.path, parameters.rollback) = (query.source, query.form, query.path, query.rollback)
    case .compare(let rollback): parameters.rollback = rollback
    case .commit(let comment): parameters.comment = comment
    case .rollback(let number): parameters.rollback = number
    case .complete(let line, let mode): (parameters.line, parameters.mode) = (line, mode)
    }
    return parameters
  }
}

private func required<T>(_ value: T?, _ name: String) throws(InvalidParameter) -> T {
  guard let value else { throw InvalidParameter(name: name) }
  return value
}
private func notNegative(_ value: Int) throws(InvalidParameter) -> Int {
  guard value >= 0 else { throw InvalidParameter(name: "rollback") }
  return value
}
