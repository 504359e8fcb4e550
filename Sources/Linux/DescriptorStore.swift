import CSystemd
import Glibc

/// Descriptors that the service manager keeps for us while we are dead (`FileDescriptorStoreMax=` in the unit, sd_notify's FDSTORE). A listening socket in there stays
/// open over a crash: datagrams and connections wait in the kernel and the next daemon answers them.
///
/// Each has a name; what came back is taken by its name, once. Without a service manager that keeps descriptors nothing comes back and keeping does nothing.
/// `systemctl restart` and a crash give back what was kept, `systemctl stop` drops it. Belongs to one thread.
public final class DescriptorStore {
  /// `FileDescriptorStoreMax=` of our unit. What is kept beyond it the manager closes, and a restart binds it anew.
  public static let most = 128
  private var waiting: [(name: String, descriptor: Descriptor)] = []

  /// Takes over what the manager hands back. It stands in the environment, which is cleared of it: call it before there are threads.
  public init() {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = sd_listen_fds_with_names(1, &names)
    for index in 0..<max(0, count) {
      let name = names?[Int(index)]
      waiting.append((name.map { String(cString: $0) } ?? "", Descriptor(owning: SD_LISTEN_FDS_START + index)))
      free(name)
    }
    free(names)
  }

  /// Names of what came back and was not taken yet, in the manager's order.
  public var names: [String] { waiting.map(\.name) }

  /// What came back under this name; from now on the caller's.
  public func take(_ name: String) -> Descriptor? {
    guard let index = waiting.firstIndex(where: { $0.name == name }) else { return nil }
    return waiting.remove(at: index).descriptor
  }

  /// Keeps a descriptor under a name: 1 to 255 printable ASCII characters, no colon.
  public func keep(_ descriptor: Descriptor, as name: String) {
    // FDPOLL=0: a listening socket with an error pending is still one; the manager must not drop it.
    var number = descriptor.number
    _ = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDPOLL=0\nFDNAME=\(name)", &number, 1)
  }

  /// The manager closes its copy.
  public func forget(_ name: String) { _ = sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=\(name)") }

  /// Forgets and closes what came back and nobody took; returns its names.
  @discardableResult
  public func closeRest() -> [String] {
    let rest = names
    waiting.removeAll()
    for name in rest { forget(name) }
    return rest
  }
}
