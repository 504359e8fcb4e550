import Addressing
import Configuration
import Control
import Glibc
import Linux
import Records
import Routing
import SIP
import Testing
import Timing

@testable import Calls
@testable import tandemd

/// A service over a real database and real files in a folder of its own; the exchange and what a commit does to it are played by the test.
private final class Bench {
  let folder: String
  var applied: [Configuration] = []
  var refusesToApply: ControlError?
  var cleared: [String] = []
  /// Calls on listeners; those of one that a configuration does not have would end.
  var busy: [(listener: String, calls: Int)] = []
  var views: [Exchange.CallView] = []
  private(set) var desk: ConfigurationDesk!
  private(set) var service: ControlService!

  init() throws {
    var template = Array("/tmp/tandem-control-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&template)))
    try open()
  }
  deinit {
    for name in (try? Files.list(folder)) ?? [] { try? Files.remove(folder + "/" + name) }
    rmdir(folder)
  }

  /// As a daemon that starts does.
  func open(unkept: String? = nil) throws {
    let files = ConfigurationFiles(directory: folder, unkept: unkept)
    let dependencies = ConfigurationDesk.Dependencies(
      context: { () throws(ConfigurationError) in try YANGContext() },
      apply: { [unowned self] configuration, _ throws(ControlError) in
        if let refusal = refusesToApply { throw refusal }
        applied.append(configuration)
      },
      callsLosingListener: { [unowned self] configuration in
        busy.filter { busy in !configuration.listeners.contains { $0.name == busy.listener } }
      }, wallClock: { 1_700_000_000 })
    desk = ConfigurationDesk(dependencies, files: files, saved: files.load())
    let questions = ExchangeQuestions(
      calls: { [unowned self] () throws(ControlError) in views }, countMedia: {}, ladder: { _ throws(ControlError) in nil },
      trunks: { () throws(ControlError) in [.init(name: "hq", calls: 2, isUp: true, reason: "")] }, peers: { () throws(ControlError) in [] },
      counters: { () throws(ControlError) in [("calls", 7)] }, mediaCapacity: { () throws(ControlError) in [] },
      clear: { [unowned self] id throws(ControlError) in
        cleared.append(id)
        return id == "7f"
      },
      test: { [unowned self] number, calling, trunk throws(ControlError) in
        try compiled(desk.running).plan(
          RouteQuery(incomingTrunk: trunk, called: number, calling: calling, trunkStates: desk.running.trunks.map { _ in .up }, turn: 0), explain: true)
      })
    service = ControlService(ControlDependencies(version: "1", started: 1_700_000_000, wallClock: { 1_700_000_060 }, exchange: questions), desk: desk)
  }

  @discardableResult
  func ask<A: Answer>(_: A.Type, _ call: ControlCall) throws -> A {
    try #require(try service.answer(call, mayChange: true, user: "root").get() as? A)
  }
  func refusal(_ call: ControlCall, mayChange: Bool = true) -> ControlError? {
    if case .failure(let error) = service.answer(call, mayChange: mayChange, user: "root") { error } else { nil }
  }
}

/// The operator's first configuration.
private let lines = #"""
  set interface lan address 127.0.0.1/8
  set listener lan-udp interface lan port 5060 transport udp
  set listener itsp-udp interface lan port 5070 transport udp
  set media-realm m interface lan ports 16384-32767
  set peer hq-pbx type ip-pbx address 127.0.0.1 port 5090 transport udp
  set peer acme type itsp address 127.0.0.1 port 5080 transport udp
  set trunk hq peer hq-pbx listener lan-udp media-realm m
  set trunk acme-1 peer acme listener itsp-udp media-realm m
  set pstn-usage [ Internal National ]
  set trunk-configuration trunk:hq pstn-usage [ National ]
  set trunk-configuration trunk:acme-1 pstn-usage [ Internal ]
  set trunk-configuration trunk:acme-1 called-number-rule 10 pattern '^\+(\d+)$' translation '$1'
  set dial-plan trunk:hq rule 10 pattern '^9(\d{10})$' translation '+1$1'
  set dial-plan trunk:acme-1 rule 10 pattern '^(1\d{10})$' translation '+$1'
  set voice-route national pattern '^\+1\d{10}$' priority 10 pstn-usage National trunk acme-1
  set voice-route hq-dids pattern '^\+1425555\d{4}$' priority 5 pstn-usage Internal trunk hq
  """#.split(separator: "\n").map(String.init)

@Suite struct ControlServiceTests {
  private let bench: Bench
  init() throws { bench = try Bench() }

  @Test("set, commit: the live system is told, then it is the boot configuration, also after a restart that never loads YANG")
  func commit() throws {
    try bench.ask(Done.self, .edit(lines: lines))
    #expect(bench.desk.running.trunks.isEmpty)
    #expect(try bench.ask(Comparison.self, .compare(rollback: nil)).text.contains("+set trunk hq"))
    let result = try bench.ask(CommitResult.self, .commit(comment: "first"))
    #expect(result.changes > 0 && !result.isCheck)
    #expect(bench.applied.last?.trunks.map(\.name).sorted() == ["acme-1", "hq"])
    #expect(try bench.ask(CommitResult.self, .commit(comment: nil)).changes == 0)
    #expect(bench.applied.count == 1)
    let before = bench.desk.running
    try bench.open()
    #expect(bench.desk.running == before)
    #expect(bench.desk.summary == "committed 2023-11-14 22:13:20Z by root: first")
    #expect(try bench.ask(ConfigurationText.self, .showConfiguration(ConfigurationQuery(form: .set))).text.contains("set trunk hq"))
  }

  @Test("compare, commit check and commit warn of the calls that end with their listener")
  func losingListener() throws {
    try bench.ask(Done.self, .edit(lines: lines))
    try bench.ask(CommitResult.self, .commit(comment: nil))
    bench.busy = [("itsp-udp", 2), ("lan-udp", 1)]
    try bench.ask(Done.self, .edit(lines: ["set system hostname a"]))
    #expect(try bench.ask(Comparison.self, .compare(rollback: nil)).text == "+set system hostname a\n")
    let moved = [
      "set listener itsp-2 interface lan port 5071 transport udp", "set trunk acme-1 listener itsp-2", "delete listener itsp-udp",
    ]
    try bench.ask(Done.self, .edit(lines: moved))
    let warning = "listener itsp-udp carries 2 calls: they end"
    #expect(try bench.ask(Comparison.self, .compare(rollback: nil)).text.hasSuffix("\nwarning: \(warning)\n"))
    #expect(try bench.ask(CommitResult.self, .check).warnings.contains(warning))
    #expect(try bench.ask(CommitResult.self, .commit(comment: nil)).warnings.contains(warning))
  }

  @Test("a refused line names its number and changes nothing")
  func edit() throws {
    let error = bench.refusal(.edit(lines: ["set system hostname a", "", "set listener l port 99999"]))
    #expect(error?.problems.first?.line == 3)
    #expect(error?.text.contains("listener l port") == true)
    #expect(try bench.ask(Comparison.self, .compare(rollback: nil)).text.isEmpty)
    let single = bench.refusal(.edit(lines: ["set listener l port 99999"]))
    #expect(single?.name == .refused)
    #expect(single?.problems.first?.line == nil)
  }

  @Test("the candidate outlives a restart; discard and rollback take it back")
  func candidate() throws {
    try bench.ask(Done.self, .edit(lines: ["set system hostname a"]))
    try bench.open()
    #expect(bench.desk.hasUncommittedChanges)
    #expect(try bench.ask(Comparison.self, .compare(rollback: nil)).text == "+set system hostname a\n")
    try bench.ask(CommitResult.self, .commit(comment: nil))
    try bench.ask(Done.self, .edit(lines: ["set system hostname b"]))
    try bench.ask(CommitResult.self, .commit(comment: nil))
    #expect(
      try bench.ask(ConfigurationText.self, .showConfiguration(ConfigurationQuery(form: .compare, rollback: 1))).text
        == "-set system hostname a\n+set system hostname b\n")
    try bench.ask(Done.self, .rollback(1))
    #expect(try bench.ask(Comparison.self, .compare(rollback: nil)).text.contains("+set system hostname a"))
    try bench.ask(Done.self, .discard)
    #expect(try bench.ask(Comparison.self, .compare(rollback: nil)).text.isEmpty)
    #expect(!bench.desk.hasUncommittedChanges)
    #expect(bench.refusal(.rollback(9))?.text.contains("accepted: 0") == true)
  }

  @Test("a commit that can not be applied changes nothing and says why")
  func refused() throws {
    try bench.ask(Done.self, .edit(lines: lines))
    bench.refusesToApply = ControlError(.refused, node: "listener lan-udp", value: "127.0.0.1:5060", "is in use")
    #expect(bench.refusal(.commit(comment: nil))?.text == "listener lan-udp: '127.0.0.1:5060' is in use")
    #expect(bench.desk.running == Configuration())
    try bench.open()
    #expect(bench.desk.running == Configuration())
    #expect(bench.desk.hasUncommittedChanges)
  }

  @Test("when the files can not be written, what ran before runs again")
  func unwritable() throws {
    try bench.ask(Done.self, .edit(lines: ["set system hostname a"]))
    try bench.ask(CommitResult.self, .commit(comment: nil))
    try bench.ask(Done.self, .edit(lines: ["set system hostname b"]))
    // A folder in the file's place can be replaced by nobody.
    try Files.remove(bench.folder + "/past.json")
    #expect(mkdir(bench.folder + "/past.json", 0o700) == 0)
    defer { rmdir(bench.folder + "/past.json") }
    #expect(bench.refusal(.commit(comment: nil))?.text.contains("what ran before runs again") == true)
    #expect(bench.applied.map(\.system.hostname) == ["a", "b", "a"])
    #expect(bench.desk.running.system.hostname == "a")
    #expect(try bench.ask(Comparison.self, .compare(rollback: nil)).text.contains("+set system hostname b"))
  }

  @Test("an interface without a device names the address this machine does not have; a device that is not there is named")
  func addresses() throws {
    try bench.ask(Done.self, .edit(lines: ["set interface far address 192.0.2.77/24", "set listener l interface far port 5060 transport udp"]))
    let text = bench.refusal(.commit(comment: nil))?.text
    #expect(text?.hasPrefix("interface far address: '192.0.2.77/24' is no address of this machine") == true)
    #expect(text?.split(separator: "\n").count == 1, "the listener on it is not blamed as well")
    try bench.ask(Done.self, .edit(lines: ["set interface far device nosuch0"]))
    #expect(bench.refusal(.check)?.text.hasPrefix("interface far device: 'nosuch0' is no network device of this machine; accepted: lo") == true)
    #expect(bench.applied.isEmpty)
  }

  @Test("a pattern that does not compile names its node at commit and at check")
  func pattern() throws {
    try bench.ask(Done.self, .edit(lines: ["set dial-plan global rule 1 pattern '^(' translation '$1'"]))
    #expect(bench.refusal(.check)?.text.contains("dial-plan global rule 1") == true)
    #expect(bench.refusal(.commit(comment: nil)) != nil)
  }

  @Test("a commit tells everything that is wrong: references, addresses, patterns; twenty at most, and how many more")
  func everything() throws {
    let wrong = [
      "set interface far address 192.0.2.77/24", "set dial-plan global rule 1 pattern '^(' translation '$1'", "set trunk lost peer nobody listener lan-udp",
    ]
    try bench.ask(Done.self, .edit(lines: lines + wrong))
    let nodes = bench.refusal(.commit(comment: nil))?.problems.map(\.node) ?? []
    #expect(nodes.count == 3 && nodes.contains("trunk lost peer") && nodes.contains("interface far address"))
    #expect(nodes.contains { $0.hasPrefix("dial-plan global rule 1") })
    try bench.ask(Done.self, .edit(lines: (0..<30).map { "set trunk bare-\($0) listener lan-udp" }))
    let many = bench.refusal(.check)?.problems ?? []
    #expect(many.count == 21 && many.last?.text == "and 13 more")
    #expect(bench.applied.isEmpty)
  }

  @Test("who may not change anything may read: changes are refused with how to get the right")
  func rights() throws {
    #expect(bench.refusal(.listTrunks, mayChange: false) == nil)
    #expect(bench.refusal(.showConfiguration(ConfigurationQuery()), mayChange: false) == nil)
    for call in [
      ControlCall.edit(lines: ["set system hostname x"]), .commit(comment: nil), .discard, .clearCall(id: "7f"), .rollback(0), .load(text: "", how: .override),
    ] {
      let error = bench.refusal(call, mayChange: false)
      #expect(error?.name == .permissionDenied)
      #expect(error?.text.contains("usermod -aG tandem") == true)
    }
    #expect(bench.cleared.isEmpty)
  }

  @Test("test number: routed, refused for usages, no route — by the engine that routes; the trunk is asked for when there are several")
  func testNumber() throws {
    try bench.ask(Done.self, .edit(lines: lines))
    try bench.ask(CommitResult.self, .commit(comment: nil))
    let routed = try bench.ask(NumberTest.self, .testNumber(NumberQuery(number: "94155550100", trunk: "hq")))
    #expect(routed.attempts.map(\.trunk) == ["acme-1"] && routed.attempts[0].called == "14155550100" && routed.attempts[0].route == "national")
    #expect(!routed.reasons.isEmpty)
    let refused = try bench.ask(NumberTest.self, .testNumber(NumberQuery(number: "14155550100", trunk: "acme-1")))
    #expect(refused.status == 403 && refused.diagnostic == 12004)
    #expect(try bench.ask(NumberTest.self, .testNumber(NumberQuery(number: "5550100", trunk: "acme-1"))).status == 404)
    #expect(bench.refusal(.testNumber(NumberQuery(number: "1")))?.text.contains("accepted: ") == true)
    #expect(bench.refusal(.testNumber(NumberQuery(number: "1", trunk: "nosuch")))?.name == .notFound)
    try bench.ask(Done.self, .edit(lines: ["delete voice-route national"]))
    #expect(try bench.ask(NumberTest.self, .testNumber(NumberQuery(number: "94155550100", trunk: "hq", candidate: true))).outcome == "refused")
    #expect(try bench.ask(NumberTest.self, .testNumber(NumberQuery(number: "94155550100", trunk: "hq"))).outcome == "routed")
  }

  @Test("trunks, listeners, interfaces and system tell what runs")
  func views() throws {
    try bench.ask(Done.self, .edit(lines: lines))
    try bench.ask(CommitResult.self, .commit(comment: nil))
    let trunks = try bench.ask(TrunkList.self, .listTrunks).trunks
    let hq = try #require(trunks.first { $0.name == "hq" })
    #expect(hq.state == "up" && hq.peer == "hq-pbx" && hq.listener == "lan-udp" && hq.calls == 2)
    #expect(try bench.ask(ListenerList.self, .listListeners).listeners.map(\.address).sorted() == ["127.0.0.1:5060", "127.0.0.1:5070"])
    let interface = try #require(try bench.ask(InterfaceList.self, .listInterfaces).interfaces.first)
    #expect(interface.state == "up" && interface.device == "lo")
    #expect(try bench.ask(CounterList.self, .getCounters) == CounterList(counters: [.init(name: "calls", value: 7)]))
    let system = try bench.ask(SystemStatus.self, .getSystem)
    #expect(system.uptime == 60 && !system.hasUncommittedChanges)
  }

  @Test("a call that is not there is named; one that is gets cleared")
  func calls() throws {
    #expect(bench.refusal(.getCall(id: "x"))?.name == .notFound)
    #expect(bench.refusal(.getLadder(id: "x"))?.name == .notFound)
    #expect(bench.refusal(.clearCall(id: "x"))?.name == .notFound)
    #expect(try bench.ask(Done.self, .clearCall(id: "7f")).message == "Call 7f is being ended.")
  }

  @Test("Tab after set offers the configuration's nodes, after test number trunk the trunks")
  func completion() throws {
    try bench.ask(Done.self, .edit(lines: lines))
    try bench.ask(CommitResult.self, .commit(comment: nil))
    func words(_ line: String, _ mode: CommandMode) throws -> [String] { try bench.ask(Completions.self, .complete(line: line, mode: mode)).words.map(\.word) }
    #expect(try words("set trun", .configuration) == ["trunk", "trunk-configuration"])
    #expect(try words("set trunk hq pe", .configuration).contains("peer"))
    #expect(try words("set trunk hq peer ", .configuration).contains("acme"))
    #expect(try words("delete trunk ", .configuration) == ["acme-1", "hq"])
    #expect(try words("test number 1 trunk ", .operational).sorted() == ["acme-1", "hq"])
  }

  @Test("a start takes the snapshot; one in another version's form is decoded anew from the commit")
  func restored() throws {
    #expect(bench.desk.restored() == nil)
    try bench.ask(Done.self, .edit(lines: lines))
    try bench.ask(CommitResult.self, .commit(comment: nil))
    let before = bench.desk.running
    try bench.open()
    #expect(bench.desk.restored() == before)
    let path = bench.folder + "/running.json"
    let text = String(decoding: try #require(try Files.read(path)), as: UTF8.self)
    try Files.write(Array(text.replacing(#""version":1"#, with: #""version":0"#).utf8), to: path)
    try bench.open()
    #expect(bench.desk.running == Configuration())
    #expect(bench.desk.restored() == before)
  }

  @Test("when running.json is damaged the commit before it runs, and the damaged file is kept beside it")
  func lastGood() throws {
    let path = bench.folder + "/running.json"
    for limit in ["30", "40"] {
      try bench.ask(Done.self, .edit(lines: limit == "30" ? lines + ["set trunk hq max-calls 30"] : ["set trunk hq max-calls 40"]))
      try bench.ask(CommitResult.self, .commit(comment: limit))
    }
    let whole = try #require(try Files.read(path))
    try Files.write(whole.prefix(whole.count / 2), to: path)
    let saved = ConfigurationFiles(directory: bench.folder).load()
    #expect(saved.trouble?.contains(path) == true && saved.stored.running?.comment == "30" && saved.stored.past.first?.comment != "30")
    #expect(saved.snapshot?.trunks.first { $0.name == "hq" }?.maxCalls == 30)
    #expect(try Files.read(path + ".damaged")?.count == whole.count / 2)
  }

  @Test("a damaged running.json without one before it: nothing runs and it is said; the file stays until a commit, then as running.json.damaged")
  func damaged() throws {
    let path = bench.folder + "/running.json"
    let damaged = Array("{".utf8)
    try Files.write(damaged, to: path)
    try bench.open()
    #expect(bench.desk.restored() == nil && bench.desk.running == Configuration())
    #expect(bench.desk.trouble?.hasPrefix("\(path) is damaged (kept as running.json.damaged): no commit before it can be read, so nothing runs") == true)
    #expect(try Files.read(path) == damaged)
    // Also when it could not be copied at the start.
    try Files.remove(path + ".damaged")
    try bench.ask(Done.self, .edit(lines: lines))
    #expect(try Files.read(path) == damaged)
    try bench.ask(CommitResult.self, .commit(comment: nil))
    #expect(bench.desk.trouble == nil)
    #expect(try Files.read(path + ".damaged") == damaged)
    try bench.open()
    #expect(bench.desk.restored() != nil && bench.desk.trouble == nil)
  }

  @Test("a running.json that can not be read at all is no end: nothing runs, and why is said")
  func unreadable() throws {
    // A folder in its place: as a disk that fails, it opens and does not read.
    try #require(mkdir(bench.folder + "/running.json", 0o700) == 0)
    defer { rmdir(bench.folder + "/running.json") }
    try bench.open()
    #expect(bench.desk.restored() == nil && bench.desk.trouble?.contains("/running.json") == true)
  }

  @Test("a last commit that this version does not understand: nothing runs and it is said; rollback 1 is that commit")
  func notUnderstood() throws {
    let commit = ConfigurationDatabase.Commit(json: #"{"tandem:colour":"blue"}"#, time: 7)
    _ = try ConfigurationFiles(directory: bench.folder).save(.init(running: commit), snapshot: Configuration())
    let path = bench.folder + "/running.json"
    let text = String(decoding: try #require(try Files.read(path)), as: UTF8.self)
    try Files.write(Array(text.replacing(#""version":1"#, with: #""version":0"#).utf8), to: path)
    try bench.open()
    #expect(bench.desk.restored() == nil && bench.desk.trouble?.contains("not understood") == true)
    // The command line works.
    try bench.ask(Done.self, .edit(lines: lines))
    try bench.ask(CommitResult.self, .commit(comment: nil))
    #expect(bench.desk.trouble == nil)
    #expect(ConfigurationFiles(directory: bench.folder).load().stored.past == [commit])
  }

  @Test("with a state directory that can not be written a commit runs, says that it is not kept, and touches no file")
  func unkept() throws {
    try bench.open(unkept: "the disk is read-only")
    try bench.ask(Done.self, .edit(lines: lines))
    let result = try bench.ask(CommitResult.self, .commit(comment: nil))
    #expect(result.warnings.contains("the disk is read-only"))
    #expect(bench.applied.count == 1 && !bench.desk.running.trunks.isEmpty)
    #expect(try Files.list(bench.folder) == [])
  }

  @Test("a call record and its ladder come back from the store")
  func records() throws {
    let store = try CallRecordStore(path: bench.folder + "/calls.db")
    var ladder = Ladder()
    ladder.note(
      .init(
        at: Instant(nanoseconds: 5_000_000_000), leg: 0, sent: false, method: .invite, status: 0, sequence: 1, hasSDP: true,
        remote: TransportAddress(IPAddress(127, 0, 0, 1), 5090)))
    ladder.note(
      .init(
        at: Instant(nanoseconds: 5_001_500_000), leg: 0, sent: true, method: .invite, status: 404, sequence: 1, hasSDP: false,
        remote: TransportAddress(IPAddress(127, 0, 0, 1), 5090)))
    var stream = CallRecord.Stream()
    stream.jitterMilliseconds = .infinity
    let record = CallRecord(
      id: "7f", began: 1, answered: nil, ended: 2, outcome: .refused, status: 404, cause: 1, diagnostic: 12004, reason: "no route", route: nil, usage: nil,
      media: "none", legs: [.init(trunk: "hq", callID: "a", remote: "udp 127.0.0.1:5090", called: "1", calling: "2", status: 404)], streams: [stream])
    try store.insert([CallRecordStore.Row(record, ladder)])
    var dependencies = bench.service.dependencies
    dependencies.takeRecords(from: store)
    #expect(try dependencies.history(10) == [record])
    #expect(try dependencies.record("7f") == record)
    #expect(try dependencies.record("8") == nil)
    let kept = try #require(try dependencies.ladder("7f"))
    #expect(kept.trunks == ["hq"] && kept.entries.map(\.milliseconds) == [0, 1.5] && kept.entries[1].status == 404)
  }
}
