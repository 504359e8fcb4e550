import CTandemShims
import Glibc

/// Who is at the other end of a Unix connection, as of its connect (SO_PEERCRED, SO_PEERGROUPS).
public struct PeerCredentials: Sendable, Equatable {
  public var process: Int32
  public var user: UInt32
  /// Primary group first, then the others.
  public var groups: [UInt32]

  /// Whether it is in a group of this name; false when there is no such group.
  public func isMember(of group: String) -> Bool {
    var number: UInt32 = 0
    return tandem_group_named(group, &number) == 1 && groups.contains(number)
  }
  public var isRoot: Bool { user == 0 }
  /// Runs as the same user as we do.
  public var isOurselves: Bool { user == geteuid() }
}

/// The daemon's Unix stream listener. A socket left behind by a dead daemon is replaced; one that is served is an error.
public final class ControlSocket {
  public let descriptor: Descriptor
  public let path: String

  /// `mode`: who may connect at all (writing to the socket file is connecting): 0o660 shuts others out, 0o666 lets them in and leaves it to `PeerCredentials` what they may. `group` gets the file when it exists and we may give it away.
  public init(path: String, mode: UInt32 = 0o660, group: String? = "tandem") throws(SystemCallError) {
    self.path = path
    let other = tandem_unix_connect(path, true)
    if other >= 0 || other == -EAGAIN {
      if other >= 0 { close(other) }
      throw SystemCallError("bind", errno: EADDRINUSE, object: path, advice: "another tandemd serves it: stop that one or give this one another --runtime-dir")
    }
    // Nobody listens: left behind by a dead daemon. What is no socket is not ours to remove.
    if other == -ECONNREFUSED, isSocket(path) { unlink(path) }
    let old = umask(0o777 & ~mode)
    let number = tandem_unix_listen(path, 64)
    umask(old)
    if number < 0 { throw SystemCallError("bind", errno: -number, object: path, advice: ControlSocket.advice(-number, path)) }
    descriptor = Descriptor(owning: number)
    var gid: UInt32 = 0
    if let group, tandem_group_named(group, &gid) == 1 { _ = chown(path, UInt32.max, gid) }
  }
  deinit { unlink(path) }

  /// A connection that waits; `nil` when there is none.
  public func accept() -> ControlConnection? {
    while true {
      var nameless = tandem_address()
      let number = tandem_accept(descriptor.number, &nameless)
      if number == -EINTR || number == -ECONNABORTED { continue }
      guard number >= 0 else { return nil }
      return ControlConnection(Descriptor(owning: number))
    }
  }

  private static func advice(_ errno: Int32, _ path: String) -> String? {
    switch errno {
    case ENAMETOOLONG: "a socket's path has at most 107 bytes: give a shorter --runtime-dir"
    case ENOENT: "the folder \(Files.parent(of: path)) is missing: make it or give another --runtime-dir"
    case EACCES: "user \(geteuid()) may not write in \(Files.parent(of: path)): give another --runtime-dir"
    case EADDRINUSE: "a file of that name is in the way: remove it"
    default: nil
    }
  }
}

private func isSocket(_ path: String) -> Bool {
  var about = stat()
  return lstat(path, &about) == 0 && about.st_mode & S_IFMT == S_IFSOCK
}

/// One client of the control socket, non-blocking; belongs to one thread.
public final class ControlConnection {
  /// The largest answer is a call history; a client that leaves this much unread is cut off.
  public static let outboxBytes = 64 << 20

  public let descriptor: Descriptor
  public let peer: PeerCredentials
  private var outbox = StreamOutbox(bound: ControlConnection.outboxBytes)

  /// `nil` when the client is gone already.
  init?(_ descriptor: Descriptor) {
    self.descriptor = descriptor
    var credentials = tandem_credentials()
    guard tandem_peer_credentials(descriptor.number, &credentials) == 0 else { return nil }
    var groups = [UInt32](repeating: 0, count: 256)
    let count = groups.withUnsafeMutableBufferPointer { tandem_peer_groups(descriptor.number, $0.baseAddress, Int32($0.count)) }
    peer = PeerCredentials(process: credentials.pid, user: credentials.uid, groups: [credentials.gid] + groups.prefix(Int(max(0, count))))
  }

  public func read(into buffer: inout [UInt8]) -> StreamRead { readStream(descriptor, into: &buffer, object: "control connection") }
  public var wantsWrite: Bool { !outbox.isEmpty }
  public func write(_ bytes: some Collection<UInt8>) throws(SystemCallError) {
    guard outbox.append(bytes) else { throw SystemCallError("send", errno: ENOBUFS, object: "control connection") }
    try flush()
  }
  public func flush() throws(SystemCallError) { _ = try outbox.flush(to: descriptor, object: "control connection") }
}
