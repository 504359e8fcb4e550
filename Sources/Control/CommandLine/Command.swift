/// A line of the command language, understood.
public enum Command: Sendable, Equatable {
  case ask(ControlCall)
  /// The file is read by the command line, not by the daemon: the operator's rights hold.
  case load(file: String, how: LoadKind)
  case configure, exit
  /// A blank line or a comment.
  case nothing
}

/// A command and how its answer is wanted.
public struct ParsedCommand: Sendable, Equatable {
  public var command: Command
  public var json = false
}

/// Reads a line of the command language. `set` and `delete` lines go to the daemon as they are typed: the configuration's own tokenizer reads them.
public struct CommandParser: Sendable {
  public var mode: CommandMode
  /// Lines from arguments and files may change the candidate without `configure` before.
  public var changesAnywhere: Bool
  public init(mode: CommandMode, changesAnywhere: Bool) {
    self.mode = mode
    self.changesAnywhere = changesAnywhere
  }

  public func parse(_ line: String) throws(ControlError) -> ParsedCommand {
    let line = String(line.drop { $0 == " " || $0 == "\t" })
    if line.isEmpty || line.hasPrefix("#") { return ParsedCommand(command: .nothing) }
    let parts = CommandWords(line)
    let words = parts.words.map(\.text)
    guard let first = words.first else { throw ControlError(.refused, "a command is missing before `|`") }
    if first == "quit", words.count == 1 { return ParsedCommand(command: .exit) }
    if first == "set" || first == "delete", !words.dropFirst().isEmpty {
      try allowChange(first)
      return ParsedCommand(command: .ask(.edit(lines: [line])))
    }
    if let quote = parts.openQuote { throw ControlError(.refused, node: first, "the quote \(quote) is not closed") }
    let place = try CommandGrammar.walk(words, steps(for: first))
    guard place.ends, place.pending == nil else {
      throw ControlError(.refused, node: words.joined(separator: " "), "a word is missing; \(place.expected)")
    }
    if isChange(first) { try allowChange(first) }
    var pipe = try Pipe(parts.pipe?.map(\.text))
    let command = try build(place, &pipe)
    return ParsedCommand(command: command, json: pipe.kind == .json)
  }

  private func steps(for first: String) -> [CommandGrammar.Step] {
    // In operational mode the changes are understood too, so that the error can say what to type.
    mode == .configuration ? CommandGrammar.configuration : CommandGrammar.operational + (changesAnywhere || isChange(first) ? CommandGrammar.changes : [])
  }
  private func isChange(_ word: String) -> Bool { CommandGrammar.changes.contains { $0.token == .keyword(word) } }
  private func allowChange(_ word: String) throws(ControlError) {
    guard mode == .configuration || changesAnywhere else {
      throw ControlError(.refused, node: word, "belongs to configuration mode: type `configure` first")
    }
  }

  private func build(_ place: CommandGrammar.Place, _ pipe: inout Pipe) throws(ControlError) -> Command {
    let path = place.path.filter { !(place.isRun && $0 == "run") }.joined(separator: " ")
    switch path {
    case "show" where !place.isRun, "show configuration":
      let source: ConfigurationQuery.Source = path == "show" ? .candidate : .running
      let query = ConfigurationQuery(source: source, form: pipe.form, path: place.tail, rollback: pipe.number)
      pipe = Pipe()
      return .ask(.showConfiguration(query))
    case "configure": return .configure
    case "exit": return .exit
    case "load merge": return .load(file: place.values["file"] ?? "-", how: .merge)
    case "load override": return .load(file: place.values["file"] ?? "-", how: .override)
    default: break
    }
    try pipe.onlyJSON(after: path)
    guard let call = try call(path, place) else {
      throw ControlError(.refused, node: path, "is no whole command; \(place.expected)")
    }
    return .ask(call)
  }

  private func call(_ path: String, _ place: CommandGrammar.Place) throws(ControlError) -> ControlCall? {
    let id = place.values["call"] ?? ""
    switch path {
    case "show trunks": return .listTrunks
    case "show peers": return .listPeers
    case "show listeners": return .listListeners
    case "show connections": return .listConnections
    case "show certificates": return .listCertificates
    case "show interfaces": return .listInterfaces
    case "show plugins": return .listPlugins
    case "show calls": return .listCalls
    case "show calls history":
      return .listCallHistory(
        limit: try number(place.values["last"], of: "show calls history last", in: 1...ControlLimits.historyMost) ?? ControlLimits.historyDefault)
    case "show call": return .getCall(id: id)
    case "show call ladder": return .getLadder(id: id)
    case "show media": return .getMedia
    case "show counters": return .getCounters
    case "show system": return .getSystem
    case "test number":
      return .testNumber(
        NumberQuery(
          number: place.values["number"] ?? "", calling: place.values["calling"] ?? "", trunk: place.values["trunk"],
          candidate: place.flags.contains("candidate")))
    case "request call clear": return .clearCall(id: id)
    case "compare": return .compare(rollback: try commitsBack(place, path))
    case "commit check": return .check
    case "commit": return .commit(comment: place.values["comment"])
    case "rollback": return .rollback(try commitsBack(place, path) ?? 0)
    case "discard": return .discard
    default: return nil
    }
  }

  private func commitsBack(_ place: CommandGrammar.Place, _ node: String) throws(ControlError) -> Int? {
    try number(place.values["commits-back"], of: node, in: 0...Int.max)
  }
}

private func number(_ text: String?, of node: String, in range: ClosedRange<Int>) throws(ControlError) -> Int? {
  guard let text else { return nil }
  guard let value = Int(text), range.contains(value) else {
    let accepted = range.upperBound == Int.max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
    throw ControlError(.refused, node: node, value: text, "is not accepted; accepted: a number, \(accepted)")
  }
  return value
}

/// What stands behind `|`.
private struct Pipe {
  enum Kind: String { case none, json, set, compare }
  var kind = Kind.none
  var number: Int?
  init() {}
  init(_ words: [String]?) throws(ControlError) {
    guard let words else { return }
    guard let first = words.first, let kind = Kind(rawValue: first), kind != .none, words.count <= (kind == .compare ? 2 : 1) else {
      throw ControlError(.refused, node: "|", value: words.joined(separator: " "), "does not belong here; accepted: json, set, compare N")
    }
    self.kind = kind
    if kind == .compare { number = try Control.number(words.count > 1 ? words[1] : nil, of: "| compare", in: 0...Int.max) }
  }
  var form: ConfigurationQuery.Form {
    switch kind {
    case .none: .tree
    case .set: .set
    case .json: .json
    case .compare: .compare
    }
  }
  func onlyJSON(after path: String) throws(ControlError) {
    guard kind == .none || kind == .json else {
      throw ControlError(.refused, node: "\(path) |", value: kind.rawValue, "is for a configuration; accepted: json")
    }
  }
}
