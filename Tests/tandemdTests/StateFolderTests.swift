import Glibc
import Linux
import Testing

@testable import tandemd

@Suite("The state directory")
struct StateFolderTests {
  @Test("A disk at fault is told, not thrown: the daemon runs from memory", arguments: [EROFS, ENOSPC, EDQUOT, EIO, EUCLEAN, ENXIO])
  func disk(number: Int32) throws {
    let folder = try StateFolder("/data/tandem") { path throws(SystemCallError) in throw SystemCallError("mkdir", errno: number, object: path) }
    #expect(folder.trouble?.contains("not kept over a restart: /data/tandem: ") == true)
  }

  @Test("A mistake of who starts it is an error", arguments: [EACCES, EPERM, ENOTDIR, ENOENT, EWOULDBLOCK])
  func mistake(number: Int32) {
    #expect(throws: SystemCallError.self) {
      try StateFolder("/data/tandem") { path throws(SystemCallError) in throw SystemCallError("mkdir", errno: number, object: path) }
    }
  }

  @Test("A folder that can be written is made, locked and no trouble; a second daemon is refused")
  func usable() throws {
    var template = Array("/tmp/tandem-state-XXXXXX".utf8CString)
    let above = String(cString: try #require(mkdtemp(&template)))
    let path = above + "/state"
    defer {
      unlink(path + "/lock")
      rmdir(path)
      rmdir(above)
    }
    let folder = try StateFolder(path)
    #expect(folder.trouble == nil)
    #expect(throws: SystemCallError.self) { try StateFolder(path) }
    withExtendedLifetime(folder) {}
  }
}
