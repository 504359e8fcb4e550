import Testing

@testable import Configuration

@Suite("Running, candidate and past commits")
struct DatabaseTests {
  static func database(_ lines: String = "") throws -> ConfigurationDatabase {
    let database = try ConfigurationDatabase(Fixtures.context())
    if !lines.isEmpty { try database.load(lines, .override) }
    return database
  }

  static func commit(_ database: ConfigurationDatabase, at time: Int64, _ comment: String? = nil) throws {
    database.finish(try database.prepare(), time: time, comment: comment)
  }

  @Test("A commit takes two steps; after the first nothing has changed")
  func twoSteps() throws {
    let database = try Self.database("set site a")
    let prepared = try database.prepare()
    #expect(prepared.configuration.sites == ["a"])
    #expect(prepared.changes == ["+set site a"])
    #expect(database.stored.running == nil)
    #expect(database.hasChanges)
    database.finish(prepared, time: 7, comment: "first", user: "admin")
    #expect(!database.hasChanges)
    #expect(database.stored.running == .init(json: #"{"tandem:site":[{"name":"a"}]}"#, time: 7, comment: "first", user: "admin"))
    #expect(database.stored.past == [])
  }

  @Test("What is edited between the two steps stays in the candidate")
  func editedMeanwhile() throws {
    let database = try Self.database("set site a")
    let prepared = try database.prepare()
    try database.set("site b")
    database.finish(prepared, time: 1)
    #expect(database.compare() == ["+set site b"])
    #expect(try database.show(.running, as: .set) == "set site a\n")
  }

  @Test("Fifty commits are kept besides the running one; rollback N is the one N commits ago")
  func history() throws {
    let database = try Self.database()
    for number in 0..<60 {
      try database.set("site s\(number)")
      try Self.commit(database, at: Int64(number))
    }
    #expect(database.past.count == 50)
    #expect(database.past.first?.time == 58)
    #expect(database.past.last?.time == 9)
    try database.rollback(2)
    #expect(database.compare() == ["-set site s58", "-set site s59"])
    try database.rollback(0)
    #expect(!database.hasChanges)
    #expect(try database.compare(rollback: 1) == ["+set site s59"])
    let error = WrongConfigurationTests.refusal { try database.rollback(51) }
    #expect(error?.accepted == "0, for what runs now, to 50")
    #expect(WrongConfigurationTests.refusal { try database.rollback(-1) } != nil)
  }

  @Test("A database made from its stored texts is the same")
  func stored() throws {
    let database = try Self.database(Fixtures.example("two-pbx.conf"))
    try Self.commit(database, at: 1)
    try database.delete("voice-route branch-dids")
    let again = try ConfigurationDatabase(Fixtures.context(), stored: database.stored)
    #expect(again.stored == database.stored)
    #expect(again.compare() == database.compare())
    #expect(try again.show(.running, as: .json) == database.show(.running, as: .json))
    again.discard()
    #expect(again.stored.candidate == nil)
    let discarded = try ConfigurationDatabase(Fixtures.context(), stored: database.stored).candidateAfterDiscard()
    #expect(try again.prepare().configuration == discarded)
  }

  @Test("Equal configurations read alike, whatever the order they were typed in")
  func order() throws {
    let forth = try Self.database("set site a\nset site b\nset network 10.0.0.0/8 site a")
    let back = try Self.database("set network 10.0.0.0/8 site a\nset site b\nset site a")
    try Self.commit(forth, at: 1)
    try Self.commit(back, at: 1)
    #expect(forth.stored == back.stored)
  }

  @Test("Merging adds, overriding replaces, in lines and in JSON")
  func loading() throws {
    let database = try Self.database("set site a\nset pstn-usage [ x y ]")
    try database.load("set site b\ndelete site a\nset pstn-usage [ y z ]", .merge)
    #expect(try database.show(as: .set) == "set site b\nset pstn-usage [ x y z ]\n")
    try database.load(#"  {"tandem:site": [{"name": "c"}], "tandem:pstn-usage": ["w"]}"#, .merge)
    #expect(try database.show(as: .set) == "set site b\nset site c\nset pstn-usage [ x y z w ]\n")
    try database.load(#"{"tandem:site": [{"name": "d"}]}"#, .override)
    #expect(try database.show(as: .set) == "set site d\n")
    try database.load("", .override)
    #expect(try database.show(as: .set) == "")
    #expect(try database.show(as: .json) == "{}\n")
  }

  @Test("set replaces a leaf, appends to a list of values and leaves a value that is there where it is")
  func setting() throws {
    let database = try Self.database("set pstn-usage [ a b ]\nset listener l port 5060\nset listener l port 05061")
    try database.set("pstn-usage a")
    try database.set("pstn-usage c")
    try database.set(words: ["pstn-usage", "[", "b", "d", "]"])
    #expect(try database.show(as: .set) == "set listener l port 5061\nset pstn-usage [ a b c d ]\n")
  }

  @Test("delete takes out a leaf, a value, several values, an entry, all entries")
  func deleting() throws {
    let text = """
      set peer p type itsp port 5080 source [ 192.0.2.1 192.0.2.2 192.0.2.3 ]
      set peer q
      set trunk t match request-host h
      set dial-plan global rule 10 pattern a translation b
      set dial-plan global rule 20 pattern a translation b
      """
    let database = try Self.database(text)
    try database.delete("peer p port type")
    try database.delete("peer p source [ 192.0.2.1 192.0.2.3 ]")
    try database.delete("dial-plan global rule 10")
    try database.delete("trunk t match request-host")
    #expect(
      try database.show(as: .set) == """
        set peer p source 192.0.2.2
        set peer q
        set trunk t
        set dial-plan global rule 20 pattern a
        set dial-plan global rule 20 translation b

        """)
    try database.delete(words: ["peer"])
    try database.delete("dial-plan global")
    #expect(try database.show(as: .set) == "set trunk t\n")
  }

  @Test("A path shows only what is there, in each format")
  func showing() throws {
    let database = try Self.database(Fixtures.example("first-call.conf"))
    #expect(try database.show(as: .set, path: ["peer", "acme", "port"]) == "set peer acme port 5080\n")
    #expect(try database.show(as: .json, path: ["peer", "acme", "port"]).filter { !$0.isWhitespace } == #"{"tandem:peer":[{"name":"acme","port":5080}]}"#)
    #expect(
      try database.show(as: .tree, path: ["dial-plan", "trunk:hq"]) == """
        dial-plan trunk:hq {
          rule 10 {
            pattern '^9(\\d{10})$'
            translation '+1$1'
          }
        }

        """)
    #expect(try database.show(as: .set, path: ["trunk"]).split(separator: "\n").count == 6)
    let error = WrongConfigurationTests.refusal { _ = try database.show(path: ["peer", "nobody"]) }
    #expect(error?.message == "peer nobody: is not set; accepted: acme or hq-pbx")
  }

  @Test("Ten thousand routes in set lines load, and append, in seconds and not minutes", .timeLimit(.minutes(1)))
  func many() throws {
    var text = try Fixtures.example("first-call.conf")
    for number in 0..<10_000 { text += "set voice-route r\(number) pattern '^\\+1\(number)' pstn-usage National trunk acme-1\n" }
    let database = try Self.database(text)
    #expect(try database.show(as: .set).split(separator: "\n").count > 30_000)
  }
}

extension ConfigurationDatabase {
  fileprivate func candidateAfterDiscard() throws -> Configuration {
    discard()
    return try prepare().configuration
  }
}
