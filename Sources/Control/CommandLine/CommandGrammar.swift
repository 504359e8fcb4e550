/// The command language as data: one tree for each mode, walked alike to parse a line, to complete a word and to answer `?`.
/// What the configuration itself contains is not here: below `set` and its like the YANG tree is asked.
struct CommandGrammar {
  /// One word of a command and what may come behind it.
  struct Step {
    enum Token: Equatable {
      case keyword(String)
      /// Something the operator names: shown as `<name>`, kept under that name.
      case value(String)
      /// Everything up to the end of the line belongs to the configuration tree (or, for `run`, to the operational commands).
      case configuration, operational
    }
    var token: Token
    var description: String
    var next: [Step] = []
    /// In any order behind this step, each at most once: a keyword and perhaps a value's name.
    var options: [Option] = []
    /// The command may end here.
    var ends = false
  }
  struct Option {
    var keyword: String
    var value: String?
    var description: String
  }

  static func steps(_ mode: CommandMode) -> [Step] { mode == .operational ? operational : configuration }

  static let operational: [Step] = [
    word(
      "show", "what runs",
      [
        end("trunks", "trunks with state and calls"), end("peers", "gateways at the other end"), end("listeners", "where SIP is listened for"),
        end("connections", "TCP and TLS connections with peer and cipher"), end("certificates", "certificates with names and end"),
        end("interfaces", "voice interfaces and their addresses"), end("plugins", "trunk plugins"),
        Step(
          token: .keyword("calls"), description: "calls that are up",
          next: [
            Step(
              token: .keyword("history"), description: "calls that have ended, newest first",
              options: [Option(keyword: "last", value: "count", description: "how many (50)")], ends: true)
          ], ends: true),
        word(
          "call", "one call",
          [
            Step(
              token: .value("call"), description: "a call's ID from `show calls` or `show calls history`", next: [end("ladder", "its SIP messages")], ends: true
            )
          ]),
        end("media", "media flows and how many calls fit"),
        Step(
          token: .keyword("configuration"), description: "the configuration that runs; `| set`, `| json`, `| compare N`",
          next: [
            Step(token: .configuration, description: "only what lies below")
          ], ends: true),
        end("counters", "everything that is counted, limits that were met among it"),
        end("system", "version, uptime, what is off and why"),
      ]),
    word(
      "test", "what would happen",
      [
        word(
          "number", "where a call to a number would go",
          [
            Step(
              token: .value("number"), description: "the number as dialled",
              options: [
                Option(keyword: "trunk", value: "trunk", description: "the trunk the call comes in on"),
                Option(keyword: "calling", value: "number", description: "the caller's number"),
                Option(keyword: "candidate", value: nil, description: "by the candidate configuration"),
              ], ends: true)
          ])
      ]),
    word(
      "request", "do something to what runs",
      [
        word("call", "a call that is up", [word("clear", "end it", [Step(token: .value("call"), description: "the call's ID from `show calls`", ends: true)])])
      ]),
    end("configure", "change the configuration"),
    end("exit", "leave"),
  ]

  static let changes: [Step] = [
    word("set", "enter or change a node of the candidate", [Step(token: .configuration, description: "a node")]),
    word("delete", "remove a node of the candidate", [Step(token: .configuration, description: "a node")]),
    Step(
      token: .keyword("compare"), description: "what the candidate changes",
      next: [Step(token: .value("commits-back"), description: "against what ran this many commits ago", ends: true)], ends: true),
    word(
      "load", "read set lines or JSON from a file into the candidate",
      [
        word("merge", "over what is there", [Step(token: .value("file"), description: "a file, `-` for standard input", ends: true)]),
        word("override", "in place of what is there", [Step(token: .value("file"), description: "a file, `-` for standard input", ends: true)]),
      ]),
    Step(
      token: .keyword("commit"), description: "check the candidate and let it run", next: [end("check", "only check")],
      options: [Option(keyword: "comment", value: "text", description: "why, kept with the commit")], ends: true),
    Step(
      token: .keyword("rollback"), description: "candidate = what ran some commits ago",
      next: [
        Step(token: .value("commits-back"), description: "0 is what runs now", ends: true)
      ]),
    end("discard", "candidate = what runs"),
  ]

  static let configuration: [Step] =
    changes + [
      Step(
        token: .keyword("show"), description: "the candidate; `| set`, `| json`, `| compare N`",
        next: [Step(token: .configuration, description: "only what lies below")], ends: true),
      word("run", "an operational command", [Step(token: .operational, description: "an operational command")]),
      end("exit", "leave configuration mode; the candidate stays"),
    ]

  private static func word(_ keyword: String, _ description: String, _ next: [Step]) -> Step {
    Step(token: .keyword(keyword), description: description, next: next)
  }
  private static func end(_ keyword: String, _ description: String) -> Step { Step(token: .keyword(keyword), description: description, ends: true) }
}

extension CommandGrammar {
  /// Where a walk along the words of a line ended.
  struct Place {
    /// Keywords passed, values left out: `show call ladder`.
    var path: [String] = []
    /// Values by name.
    var values: [String: String] = [:]
    var flags: Set<String> = []
    var next: [Step]
    var options: [Option] = []
    /// The option whose value comes next.
    var pending: Option?
    var ends = false
    /// Words of the configuration tree, once `.configuration` was reached.
    var tail: [String] = []
    var inTail = false
    /// `run` was passed: what follows is operational.
    var isRun = false
  }

  /// Walks words from the root of a mode; throws at the first that may not stand there.
  static func walk(_ words: [String], _ steps: [Step]) throws(ControlError) -> Place {
    var place = Place(next: steps)
    for word in words { try place.take(word) }
    return place
  }
}

extension CommandGrammar.Place {
  mutating func take(_ word: String) throws(ControlError) {
    if inTail { return tail.append(word) }
    if let option = pending {
      values[option.keyword] = word
      pending = nil
      ends = true
      return
    }
    if let option = options.first(where: { $0.keyword == word }) {
      options.removeAll { $0.keyword == word }
      next = []
      if option.value == nil {
        flags.insert(word)
      } else {
        pending = option
        ends = false
      }
      return
    }
    guard let step = next.first(where: { $0.token == .keyword(word) }) ?? next.first(where: \.isOpen) else {
      throw ControlError(.refused, node: path.joined(separator: " "), value: word, "does not belong here; \(expected)")
    }
    enter(step, word)
  }

  private mutating func enter(_ step: CommandGrammar.Step, _ word: String) {
    switch step.token {
    case .keyword: path.append(word)
    case .value(let name): values[name] = word
    case .configuration:
      inTail = true
      ends = true
      return tail.append(word)
    case .operational:
      isRun = true
      next = CommandGrammar.operational.filter { $0.token != .keyword("configure") && $0.token != .keyword("exit") }
      // The word is the first of the operational command itself.
      if let inner = next.first(where: { $0.token == .keyword(word) }) { enter(inner, word) } else { ends = false }
      return
    }
    (next, options, ends) = (step.next, step.options, step.ends)
  }

  /// What would be accepted here, as the end of a sentence.
  var expected: String {
    if let pending { return "accepted: <\(pending.value ?? pending.keyword)>" }
    let words = next.map(\.shown) + options.map(\.keyword)
    return words.isEmpty ? "nothing may follow" : "accepted: \(words.joined(separator: ", "))"
  }
}

extension CommandGrammar.Step {
  var isOpen: Bool { if case .keyword = token { false } else { true } }
  /// As an error and `?` write it.
  var shown: String {
    switch token {
    case .keyword(let word): word
    case .value(let name): "<\(name)>"
    case .configuration: "<node>"
    case .operational: "<command>"
    }
  }
}
