import Calls
import Configuration
import Control
import Glibc
import Linux
import Testing
import Timing

@testable import tandemd

/// The control socket for real: a server on this thread's poll, clients on others.
@Suite struct ControlConnectionsTests {
  /// `readers`: so many connections from the first on may only look.
  private func serve(readers: Int = 0, _ clients: @escaping @Sendable (String) -> Void) throws {
    var template = Array("/tmp/tandem-socket-XXXXXX".utf8CString)
    let folder = String(cString: try #require(mkdtemp(&template)))
    defer { rmdir(folder) }
    let desk = ConfigurationDesk(
      .init(context: { () throws(ConfigurationError) in try YANGContext() }, apply: { _, _ throws(ControlError) in }), files: .init(directory: folder),
      saved: .init())
    let none = ControlError(.unavailable, "not here")
    let questions = ExchangeQuestions(
      calls: { () throws(ControlError) in throw none }, countMedia: {}, ladder: { _ throws(ControlError) in throw none },
      trunks: { () throws(ControlError) in [] },
      peers: { () throws(ControlError) in throw none }, counters: { () throws(ControlError) in throw none },
      mediaCapacity: { () throws(ControlError) in throw none },
      clear: { _ throws(ControlError) in throw none }, test: { _, _, _ throws(ControlError) in throw none })
    let service = ControlService(ControlDependencies(version: "9.9", started: 0, exchange: questions), desk: desk)
    let socket = try ControlSocket(path: folder + "/control.sock", mode: 0o666)
    let poll = try EventPoll()
    let seen = Lock(0)
    let connections = try ControlConnections(service, socket: socket, poll: poll, firstKey: 100) { _ in
      seen.withLock {
        $0 += 1
        return $0 > readers
      }
    }
    let done = try EventSignal()
    try poll.add(done.descriptor, key: 1)
    let path = socket.path
    try Thread.spawn(name: "clients") {
      clients(path)
      done.ring()
    }
    var isDone = false
    let deadline = MonotonicClock.now() + .seconds(20)
    while !isDone, MonotonicClock.now() < deadline {
      poll.wait(.milliseconds(100)) { ready in
        if ready.key == 1 { isDone = true } else { connections.handle(ready) }
      }
    }
    #expect(isDone, "the clients did not come to their end")
    poll.wait(.milliseconds(50)) { connections.handle($0) }
    #expect(connections.count == 0)
  }

  @Test("a client's calls are answered in order, also when they come in one write; a stranger's bytes close only its own connection")
  func answers() throws {
    try serve { path in
      guard let good = try? ControlClient(path: path), let bad = try? ControlClient(path: path) else {
        Issue.record("no connection")
        return
      }
      try? bad.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
      let refused = (try? bad.receive()) ?? nil
      #expect(refused.map { String(decoding: $0, as: UTF8.self).contains("MalformedCall") } == true)
      #expect(((try? bad.receive()) ?? nil) == nil, "closed behind it")
      for _ in 0..<3 { try? good.send(VarlinkClient.frame(.listTrunks)) }
      for _ in 0..<3 {
        let answer = (try? good.receive()) ?? nil
        #expect(answer.flatMap { try? VarlinkClient.reply(TrunkList.self, from: $0) } == TrunkList(trunks: []))
      }
    }
  }

  @Test("however many only look, who may change something gets in")
  func reserved() throws {
    try serve(readers: ControlConnections.most + 1) { path in
      func answers(_ client: ControlClient?) -> Bool {
        try? client?.send(VarlinkClient.frame(.listTrunks))
        return ((try? client?.receive()) ?? nil) != nil
      }
      let readers = (0...ControlConnections.most).map { _ in try? ControlClient(path: path) }
      #expect(readers.count { answers($0) } == ControlConnections.most - ControlConnections.reserved)
      let operators = (0..<ControlConnections.reserved).map { _ in try? ControlClient(path: path) }
      #expect(operators.allSatisfy { answers($0) })
      #expect(!answers(try? ControlClient(path: path)))
    }
  }

  @Test("connections beyond the bound are closed, and room is made when others go")
  func bound() throws {
    try serve { path in
      var clients = (0..<ControlConnections.most).compactMap { _ in try? ControlClient(path: path) }
      #expect(clients.count == ControlConnections.most)
      for client in clients {
        try? client.send(VarlinkClient.frame(.listTrunks))
        #expect(((try? client.receive()) ?? nil) != nil)
      }
      let beyond = try? ControlClient(path: path)
      #expect(((try? beyond?.receive()) ?? nil) == nil)
      clients.removeAll()
      usleep(200_000)
      let next = try? ControlClient(path: path)
      try? next?.send(VarlinkClient.frame(.listTrunks))
      #expect(((try? next?.receive()) ?? nil) != nil)
    }
  }
}
