import Glibc
import Linux
import Testing
import Timing

@Suite struct ControlSocketTests {
  private let folder = Folder()
  private var path: String { "\(folder.path)/control.sock" }

  private func accept(_ listener: ControlSocket) throws -> ControlConnection {
    _ = try wait(for: listener.descriptor)
    return try #require(listener.accept())
  }

  @Test("The peer's credentials are the process's own")
  func credentials() throws {
    let listener = try ControlSocket(path: path)
    let client = try ControlClient(path: path)
    let peer = try accept(listener).peer
    #expect(peer.process == getpid() && peer.user == geteuid() && peer.groups.first == getegid())
    #expect(peer.isOurselves && peer.isRoot == (geteuid() == 0))
    #expect(!peer.isMember(of: "no-such-group"))
    if getegid() == 0 { #expect(peer.isMember(of: "root")) }
    _ = client
  }

  @Test("Frames of any size pass both ways, also several in one read")
  func frames() throws {
    let listener = try ControlSocket(path: path)
    let client = try ControlClient(path: path)
    let server = try accept(listener)
    try client.send(Array("{\"method\":\"a\"}".utf8))
    try client.send(Array("{}".utf8))
    _ = try wait(for: server.descriptor)
    var buffer = [UInt8](repeating: 0, count: 1_000)
    #expect(server.read(into: &buffer) == .bytes(18))
    #expect(Array(buffer.prefix(18)) == Array("{\"method\":\"a\"}".utf8) + [0] + Array("{}".utf8) + [0])
    // Larger than the socket's buffer: the client reads while the server goes on writing.
    let large = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000)
    try server.write(large + [0] + Array("last".utf8) + [0])
    #expect(server.wantsWrite)
    let shared = Lock(client)
    let question = Question<[Int]>()
    let isDone = Lock(false)
    try Thread.spawn(name: "client") {
      _ = question.take()
      let sizes = shared.withLock { client in (0..<2).map { _ in ((try? client.receive()) ?? nil)?.count ?? -1 } }
      isDone.withLock { $0 = true }
      question.answer(sizes)
    }
    _ = try until {
      try server.flush()
      return isDone.withLock { $0 }
    }
    #expect(question.wait(.seconds(5)) == [3_000_000, 4])
  }

  @Test("A closed connection ends the client's wait")
  func closing() throws {
    let listener = try ControlSocket(path: path)
    let client = try ControlClient(path: path)
    var server: ControlConnection? = try accept(listener)
    try server?.write(Array("half a frame".utf8))
    server = nil
    #expect(try client.receive() == nil)
  }

  @Test("The socket's file has the mode asked for and goes with the listener")
  func fileMode() throws {
    var listener: ControlSocket? = try ControlSocket(path: path, mode: 0o660)
    var about = stat()
    #expect(stat(path, &about) == 0 && about.st_mode & 0o777 == 0o660)
    _ = listener
    listener = nil
    #expect(stat(path, &about) != 0)
  }

  @Test("A socket left by a dead daemon is replaced; one that is served is not, and a file in the way stays")
  func stale() throws {
    let address = path
    do {
      // A socket that nobody listens on any more.
      let listener = try ControlSocket(path: "\(folder.path)/other.sock")
      #expect(rename(listener.path, address) == 0)
    }
    let listener = try ControlSocket(path: address)
    let error = #expect(throws: SystemCallError.self) { try ControlSocket(path: address) }
    #expect(error?.description.contains("another tandemd serves it") == true)
    #expect(throws: Never.self) { try ControlClient(path: address) }
    _ = listener
    try Files.write([1], to: "\(folder.path)/file")
    #expect(throws: SystemCallError.self) { try ControlSocket(path: "\(folder.path)/file") }
    #expect(try Files.read("\(folder.path)/file") == [1])
  }

  @Test("Without a daemon the client is told where it looked and what to do")
  func noDaemon() throws {
    let error = #expect(throws: SystemCallError.self) { try ControlClient(path: path) }
    #expect(error?.description.contains(path) == true && error?.description.contains("no tandemd runs there") == true)
  }

  @Test("A path too long for a socket says how long it may be")
  func longPath() throws {
    let error = #expect(throws: SystemCallError.self) { try ControlSocket(path: "/tmp/" + String(repeating: "x", count: 120)) }
    #expect(error?.description.contains("107 bytes") == true)
  }
}
