import Glibc
import Linux

/// The state directory, made and locked, or the reason why nothing can be kept in it.
///
/// Where the disk is at fault (not there, so that its mount point is part of a read-only root; read-only itself; full; failing) the daemon runs all the same:
/// from what can still be read, and from memory afterwards. Ending here would start it anew for ever, and nobody could look at the box. What is a mistake of who
/// starts it stays an error: no right to the folder, a file in its place, another daemon that uses it.
struct StateFolder {
  /// Why commits and call records are not kept; `nil`: they are.
  let trouble: String?
  private let lock: FolderLock?

  /// `prepare` makes the folder and takes its lock; tests play a disk that fails.
  init(_ path: String, prepare: (String) throws(SystemCallError) -> FolderLock = StateFolder.taken) throws(SystemCallError) {
    do throws(SystemCallError) {
      lock = try prepare(path)
      trouble = nil
    } catch {
      guard StateFolder.isOfTheDisk(error.errno) else { throw error }
      lock = nil
      trouble = "the state directory can not be written, so commits run but are not kept over a restart: \(error)"
    }
  }

  static func taken(_ path: String) throws(SystemCallError) -> FolderLock {
    try Files.makeFolder(path)
    return try FolderLock(path, option: "--state-dir")
  }

  private static func isOfTheDisk(_ number: Int32) -> Bool {
    switch number {
    // EUCLEAN: ext4's word for a damaged file system. ENXIO, ENODEV: the disk is gone.
    case EROFS, ENOSPC, EDQUOT, EIO, EUCLEAN, ENXIO, ENODEV: true
    default: false
    }
  }
}
