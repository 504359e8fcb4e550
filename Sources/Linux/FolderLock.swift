import Glibc

/// A folder kept for one process as long as this value lives (flock on the file `lock` in it). The kernel lets go of it with the process, however that ends: there is no stale lock.
public struct FolderLock: Sendable {
  private let file: Descriptor

  /// `option`: what names another folder, for the error when somebody has this one.
  public init(_ folder: String, option: String) throws(SystemCallError) {
    let path = folder + "/lock"
    file = Descriptor(owning: try retrying("open", path) { orErrno(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)) })
    let number = file.number
    _ = try retrying(
      "flock", folder,
      advice: { $0 == EWOULDBLOCK ? "another tandemd uses it: stop that one or give this one another \(option)" : nil }
    ) {
      orErrno(flock(number, LOCK_EX | LOCK_NB))
    }
  }
}
