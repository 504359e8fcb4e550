import Testing

@testable import Control

@Suite struct CommandWordsTests {
  @Test(
    "words are cut at blanks, quotes make one word, a backslash outside double quotes is itself",
    arguments: [
      (#"show  trunks "#, ["show", "trunks"]), (#"pattern '^\+(\d+)$'"#, ["pattern", #"^\+(\d+)$"#]), (#"pattern ^\+?1"#, ["pattern", #"^\+?1"#]),
      (#"a "b \"c\" \\ \d""#, ["a", #"b "c" \ \d"#]), (#"a'b c'd"#, ["ab cd"]), (#"'' x"#, ["", "x"]), ("\ta\t", ["a"]), ("", []),
      ("a # b", ["a"]), ("a '#' b#c", ["a", "#", "b#c"]),
    ])
  func words(_ line: String, _ expected: [String]) { #expect(CommandWords(line).words.map(\.text) == expected) }

  @Test("a bare | begins the pipe, a quoted one or one within a word does not")
  func pipes() {
    let line = CommandWords("show configuration a|b '|' | compare 2")
    #expect(line.words.map(\.text) == ["show", "configuration", "a|b", "|"])
    #expect(line.pipe?.map(\.text) == ["compare", "2"])
    #expect(CommandWords("show trunks").pipe == nil)
  }

  @Test("? inside quotes is a character of the pattern, elsewhere it asks for help")
  func questionMark() {
    #expect(!Shell.isHelp(questionMarkAfter: #"set dial-plan global rule 10 pattern '^\+"#))
    #expect(!Shell.isHelp(questionMarkAfter: #"set x description "what is \"this"#))
    #expect(Shell.isHelp(questionMarkAfter: #"set dial-plan global rule 10 pattern '^\+?1' "#))
    #expect(Shell.isHelp(questionMarkAfter: "show "))
    #expect(Shell.isHelp(questionMarkAfter: ""))
    #expect(!Shell.isHelp(questionMarkAfter: #"set a '"' b "'"#))
  }

  @Test("a quoted word is read back as it was", arguments: ["plain", "", "a b", "it's", #"^\+?(\d+)$"#, #"both ' and " and \"#, "#x", "[", "|", "ü"])
  func quoting(_ word: String) { #expect(CommandWords(CommandWords.quoted(word)).words.map(\.text) == [word]) }

  @Test("a quote that is open at the end of a line goes on in the next")
  func lines() {
    let lines = CommandWords.lines(of: "a\r\nset b 'c\nd'\n\ne")
    #expect(lines.map(\.number) == [1, 2, 4, 5])
    #expect(lines.map(\.line) == ["a", "set b 'c\nd'", "", "e"])
  }
}

@Suite struct CommandParserTests {
  private func parse(_ line: String, _ mode: CommandMode = .operational, anywhere: Bool = true) throws -> ParsedCommand {
    try CommandParser(mode: mode, changesAnywhere: anywhere).parse(line)
  }

  @Test(
    "operational commands",
    arguments: [
      ("show trunks", ControlCall.listTrunks), ("show peers", .listPeers), ("show listeners", .listListeners), ("show connections", .listConnections),
      ("show certificates", .listCertificates), ("show interfaces", .listInterfaces),
      ("show plugins", .listPlugins), ("show calls", .listCalls), ("show call 7f", .getCall(id: "7f")), ("show call ladder", .getCall(id: "ladder")),
      ("show call 7f ladder", .getLadder(id: "7f")), ("show calls history", .listCallHistory(limit: 50)),
      ("show calls history last 3", .listCallHistory(limit: 3)), ("show media", .getMedia), ("show system", .getSystem), ("show counters", .getCounters),
      ("show configuration", .showConfiguration(ConfigurationQuery())),
      ("show configuration trunk hq", .showConfiguration(ConfigurationQuery(path: ["trunk", "hq"]))),
      ("show configuration | json", .showConfiguration(ConfigurationQuery(form: .json))),
      ("show configuration | compare 2", .showConfiguration(ConfigurationQuery(form: .compare, rollback: 2))),
      ("test number 911 trunk t", .testNumber(NumberQuery(number: "911", trunk: "t"))),
      ("test number 911 candidate calling +1 trunk trunk", .testNumber(NumberQuery(number: "911", calling: "+1", trunk: "trunk", candidate: true))),
      ("request call clear 7f", .clearCall(id: "7f")),
    ])
  func operational(_ line: String, _ call: ControlCall) throws {
    #expect(try parse(line).command == .ask(call))
    #expect(try parse(line, anywhere: false).command == .ask(call))
    #expect(try parse("run " + line, .configuration).command == .ask(call))
  }

  @Test(
    "configuration commands",
    arguments: [
      ("show", Command.ask(.showConfiguration(ConfigurationQuery(source: .candidate)))),
      ("show trunk hq | set", .ask(.showConfiguration(ConfigurationQuery(source: .candidate, form: .set, path: ["trunk", "hq"])))),
      ("compare", .ask(.compare(rollback: nil))), ("compare 3", .ask(.compare(rollback: 3))), ("commit", .ask(.commit(comment: nil))),
      ("commit comment 'new carrier'", .ask(.commit(comment: "new carrier"))), ("commit check", .ask(.check)), ("rollback 1", .ask(.rollback(1))),
      ("discard", .ask(.discard)), ("load merge f.conf", .load(file: "f.conf", how: .merge)), ("load override -", .load(file: "-", how: .override)),
      ("exit", .exit), ("quit", .exit), ("# nothing", .nothing), ("  ", .nothing),
    ])
  func configuration(_ line: String, _ command: Command) throws { #expect(try parse(line, .configuration).command == command) }

  @Test("set and delete lines pass as they were typed, quotes, brackets and all")
  func raw() throws {
    for line in [#"set trunk-configuration global called-number-rule 1 pattern '^(a|b) | \?$' translation "x""#, "set pstn-usage [ A B ]", "delete trunk hq"] {
      #expect(try parse(line).command == .ask(.edit(lines: [line])))
      #expect(try parse("  " + line, .configuration).command == .ask(.edit(lines: [line])))
    }
  }

  @Test("at a prompt, changes outside configuration mode are refused with the word to type first")
  func modes() {
    for line in ["set hostname x", "delete x", "commit", "rollback 1", "compare", "load merge f"] {
      let error = #expect(throws: ControlError.self) { try parse(line, anywhere: false) }
      #expect(error?.text.contains("type `configure` first") == true, "\(line)")
    }
  }

  @Test(
    "what is no command is refused with what would be accepted",
    arguments: [
      ("sho trunks", "'sho' does not belong here; accepted: show, test"), ("show", "show: a word is missing; accepted: trunks, peers"),
      ("show trunkz", "show: 'trunkz' does not belong here; accepted: trunks"),
      ("show trunks hq", "show trunks: 'hq' does not belong here; nothing may follow"),
      ("show call", "a word is missing; accepted: <call>"), ("test number", "accepted: <number>"), ("test number 1 trunk", "accepted: <trunk>"),
      ("test number 1 trunk a trunk b", "'trunk' does not belong here"), ("show trunks | set", "accepted: json"),
      ("show trunks | xml", "accepted: json, set, compare N"),
      ("rollback", "accepted: <commits-back>"), ("rollback -1", "'-1' is not accepted; accepted: a number, 0 or more"),
      ("show calls history last 99999999999999999999", "1 to 10000"), ("show 'trunks", "the quote ' is not closed"), ("| json", "a command is missing"),
      ("set", "a word is missing"),
    ])
  func refusals(_ line: String, _ words: String) {
    let error = #expect(throws: ControlError.self) { try parse(line) }
    #expect(error?.text.contains(words) == true, "\(error?.text ?? "")")
  }

  @Test("| json asks for JSON")
  func json() throws {
    #expect(try parse("show trunks | json").json)
    #expect(try !parse("show trunks").json)
  }
}

@Suite struct CompletionTests {
  private let sources = CompletionSources(
    calls: { [.init("7f3a", "hq to acme-1")] }, trunks: { [.init("hq"), .init("acme-1"), .init("acme-2")] },
    configuration: { words, _, deleting in words.isEmpty ? [.init("trunk"), .init("trunk-configuration")] : [.init(deleting ? "existing" : "<value>")] })
  private func words(_ line: String, _ mode: CommandMode = .operational) -> [String] {
    Completions(line: line, mode: mode, sources: sources).words.map(\.word)
  }

  @Test("command words, live names and configuration nodes are offered where they belong")
  func offers() {
    #expect(words("") == ["show", "test", "request", "configure", "exit"])
    #expect(words("show call") == ["calls", "call"])
    #expect(words("show call ") == ["7f3a"])
    #expect(words("show calls ") == ["history", "<enter>"])
    #expect(words("test number 1 trunk ac") == ["acme-1", "acme-2"])
    #expect(words("test number 1 ") == ["trunk", "calling", "candidate", "<enter>"])
    #expect(words("test number 1 trunk hq ") == ["calling", "candidate", "<enter>"])
    #expect(words("set ", .configuration) == ["trunk", "trunk-configuration"])
    #expect(words("set trunk ", .configuration) == ["<value>"])
    #expect(words("delete trunk ", .configuration) == ["existing"])
    #expect(words("run show call ", .configuration) == ["7f3a"])
    #expect(words("run ", .configuration) == ["show", "test", "request"])
    #expect(words("show trunks | ") == ["json"])
    #expect(words("show configuration | c") == ["compare"])
    #expect(words("nonsense ") == [])
  }

  @Test("Tab inserts the rest of the only word and a blank, else what all words share")
  func insertion() {
    func inserted(_ line: String, _ mode: CommandMode = .operational) -> String {
      Completions(line: line, mode: mode, sources: sources).insertion(after: CommandWords(line).beingTyped.partial)
    }
    #expect(inserted("sh") == "ow ")
    #expect(inserted("show c") == "")
    #expect(inserted("show ca") == "ll")
    #expect(inserted("test number 1 trunk a") == "cme-")
    #expect(inserted("show call ") == "7f3a ")
    #expect(inserted("set trunk ", .configuration) == "")
    #expect(inserted("zzz") == "")
  }

  @Test("? prints the words with their descriptions and says when nothing may follow")
  func text() {
    #expect(Completions(line: "show call", mode: .operational, sources: sources).text(width: 80) == "  calls  calls that are up\n  call   one call\n")
    #expect(Completions(words: []).text(width: 80) == "Nothing may follow here.\n")
  }
}
