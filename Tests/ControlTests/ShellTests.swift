import Testing

@testable import Control

/// A daemon in the same process: the real server machine, answers as scripted, every call noted.
private final class Daemon {
  var calls: [ControlCall] = []
  var isDown = false
  var comparison = "+ set trunk hq\n"
  var refuseEditWith: ControlError?
  private var server = VarlinkServer(version: "1")

  func exchange(_ frame: [UInt8]) throws(Shell.Unreachable) -> [UInt8] {
    if isDown { throw Shell.Unreachable("no daemon listens on /run/tandem/control.sock: start it") }
    server.receive(frame + [0])
    while let (call, _) = server.nextCall() {
      calls.append(call)
      server.reply(answer(call))
    }
    return server.takeOutput().dropLast()
  }
  private func answer(_ call: ControlCall) -> Result<any Encodable & Sendable, ControlError> {
    switch call {
    case .listTrunks: .success(TrunkList(trunks: []))
    case .getCall(let id): .failure(ControlError(.notFound, node: "call", value: id, "is no call that is up or kept; `show calls` lists those that are"))
    case .edit: refuseEditWith.map { .failure($0) } ?? .success(Done())
    case .compare: .success(Comparison(text: comparison))
    case .commit: .success(CommitResult(changes: 2, warnings: ["trunk-configuration trunk:hq leaves srtp-mode at its default"]))
    case .showConfiguration(let query): .success(ConfigurationText(text: query.form == .json ? "{\n}\n" : "set trunk hq\n"))
    case .complete: .success(Completions(words: [.init("live")]))
    default: .success(Done(message: "done"))
    }
  }
}

@Suite struct ShellTests {
  private let daemon = Daemon()
  private func shell(interactive: Bool = false, json: Bool = false, files: [String: String] = [:]) -> Shell {
    let daemon = daemon
    return Shell(interactive: interactive, json: json, readFile: { files[$0].map { .success($0) } ?? .failure(.init("there is no such file")) }) {
      frame throws(Shell.Unreachable) in try daemon.exchange(frame)
    }
  }

  @Test("what worked is on standard output, what did not on standard error with the node, the value and the next step")
  func outcomes() {
    var shell = shell()
    #expect(shell.run("show trunks") == .init(output: "No trunk is configured: `set trunk NAME listener L peer P`.\n"))
    #expect(
      shell.run("show call x")
        == .init(errors: "error: call: 'x' is no call that is up or kept; `show calls` lists those that are\n", worked: false))
    #expect(!shell.run("nonsense").worked)
    daemon.isDown = true
    #expect(shell.run("show trunks") == .init(errors: "error: no daemon listens on /run/tandem/control.sock: start it\n", worked: false))
  }

  @Test("--json and | json print the same struct; a configuration is JSON of its own")
  func json() {
    var plain = shell()
    var json = shell(json: true)
    #expect(plain.run("show trunks | json").output == "{\n  \"trunks\" : [\n\n  ]\n}\n")
    #expect(json.run("show trunks").output == plain.run("show trunks | json").output)
    #expect(json.run("show configuration").output == "{\n}\n")
    #expect(plain.run("show configuration").output == "set trunk hq\n")
  }

  @Test("the prompt shows the mode; configure enters it and exit leaves it, then the program")
  func modes() {
    var shell = shell(interactive: true)
    #expect(shell.prompt == "tandem> ")
    #expect(!shell.run("set a b").worked)
    #expect(shell.run("configure").worked)
    #expect(shell.prompt == "tandem# ")
    #expect(shell.run("set a b").worked)
    #expect(shell.run("exit").output.contains("tandem commit"))
    #expect(shell.prompt == "tandem> ")
    #expect(shell.run("exit").ends)
  }

  @Test("a file's neighbouring set lines go to the daemon together, in order with the other commands")
  func files() {
    var shell = shell(files: ["f": "# head\nset a 1\r\n\n  set b 2\ncommit comment 'x'\nconfigure\ndelete b\nexit\nshow trunks\n"])
    let outcome = shell.run(file: "f")
    #expect(outcome.worked && !outcome.ends)
    #expect(
      daemon.calls == [
        .edit(lines: ["# head", "set a 1", "", "set b 2"]), .commit(comment: "x"), .edit(lines: ["delete b"]), .listTrunks,
      ])
    #expect(outcome.output.contains("Committed: 2 lines changed."))
    #expect(outcome.output.contains("warning: trunk-configuration trunk:hq"))
  }

  @Test("a file stops at its first error, which names file and line, so that half a file is never committed")
  func fileErrors() {
    var shell = shell(files: ["f": "set a 1\nset b 2\n\nset c 3\ncommit\n"])
    daemon.refuseEditWith = ControlError(.refused, node: "c", value: "3", line: 4, "is too much; accepted: 0 to 2")
    #expect(shell.run(file: "f") == .init(errors: "f:4: error: c: '3' is too much; accepted: 0 to 2\n", worked: false))
    #expect(daemon.calls.count == 1)
    var other = self.shell(files: ["g": "show trunks\n\nshow nothing\nshow trunks\n"])
    let outcome = other.run(file: "g")
    #expect(outcome.errors.hasPrefix("g:3: error: show: 'nothing' does not belong here"))
    #expect(!outcome.worked)
    #expect(daemon.calls.count == 2)
    #expect(!other.run(file: "missing").worked)
  }

  @Test("who leaves changes uncommitted is told so; who commits, discards or changed nothing is not")
  func farewell() {
    var shell = shell()
    #expect(shell.farewell() == "")
    _ = shell.run("set a b")
    #expect(shell.farewell().contains("tandem commit"))
    daemon.comparison = ""
    #expect(shell.farewell() == "")
    daemon.comparison = "+ x"
    _ = shell.run("commit")
    #expect(shell.farewell() == "")
    _ = shell.run("rollback 1")
    #expect(shell.farewell() != "")
    _ = shell.run("discard")
    #expect(shell.farewell() == "")
  }

  @Test("load sends the file's text; a file that can not be read is named")
  func load() {
    var shell = shell(files: ["f": "set a b\n"])
    #expect(shell.run("load override f").output == "done\n")
    #expect(daemon.calls == [.load(text: "set a b\n", how: .override)])
    #expect(shell.run("load merge g").errors == "error: load merge: 'g' there is no such file\n")
  }

  @Test("completions come from the daemon, the command words without it")
  func completions() {
    let shell = shell()
    #expect(shell.completions("show ").words == [.init("live")])
    daemon.isDown = true
    #expect(shell.completions("show tr").words.map(\.word) == ["trunks"])
    #expect(shell.completions("show configuration ").words.map(\.word) == ["<node>", "<enter>"])
  }

  @Test("an answer that is not understood is an error that names the likely cause")
  func strange() {
    for reply in ["", "{}", "nonsense", #"{"parameters":{"trunks":7}}"#, #"{"error":"org.varlink.service.MethodNotFound","parameters":{}}"#] {
      var shell = Shell(interactive: false, readFile: { _ in .success("") }) { _ throws(Shell.Unreachable) in Array(reply.utf8) }
      let outcome = shell.run("show trunks")
      #expect(!outcome.worked && outcome.errors.contains("do the versions of tandem and tandemd agree?"), "\(outcome.errors)")
    }
  }
}

@Suite struct RuntimeDirectoryTests {
  @Test(
    "a binary built in a checkout meets the daemon there, an installed one in /run",
    arguments: [
      ("/src/tandem/.build/x86_64-unknown-linux-gnu/debug/tandem", "/src/tandem/.state/run"), ("/src/t/.build/release/tandemd", "/src/t/.state/run"),
      ("/usr/bin/tandem", "/run/tandem"), ("", "/run/tandem"), ("/.build/release/tandem", "/.state/run"),
    ])
  func standard(_ binary: String, _ directory: String) { #expect(RuntimeDirectory.standard(binary: binary) == directory) }
}
