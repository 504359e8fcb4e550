import Glibc
import Linux
import Testing

@Suite struct FilesTests {
  private let folder = Folder()

  @Test("What was written is read back; a second write replaces it and leaves nothing beside it")
  func writesAtomically() throws {
    let path = "\(folder.path)/running.json"
    #expect(try Files.read(path) == nil)
    try Files.write(Array("first, and longer".utf8), to: path)
    try Files.write(Array("second".utf8), to: path)
    #expect(try Files.read(path) == Array("second".utf8))
    #expect(try Files.list(folder.path) == ["running.json"])
  }

  @Test("The mode is what was asked for, whatever the umask")
  func mode() throws {
    let path = "\(folder.path)/secret"
    try Files.write([1], to: path, mode: 0o604)
    var about = stat()
    #expect(stat(path, &about) == 0 && about.st_mode & 0o777 == 0o604)
  }

  @Test("A write that fails leaves the old file and no temporary one")
  func failedWrite() throws {
    let path = "\(folder.path)/taken"
    try Files.makeFolder("\(path)/inside")
    let error = #expect(throws: SystemCallError.self) { try Files.write([1], to: path) }
    #expect(error?.object == path)
    #expect(try Files.list(folder.path) == ["taken"])
    let missing = #expect(throws: SystemCallError.self) { try Files.write([1], to: "\(folder.path)/no/such/file") }
    #expect(missing?.description.contains("the folder \(folder.path)/no/such is missing") == true)
  }

  @Test("Reading is bounded")
  func readBound() throws {
    let path = "\(folder.path)/large"
    try Files.write([UInt8](repeating: 1, count: 1_000), to: path)
    #expect(try Files.read(path, bound: 1_000)?.count == 1_000)
    let error = #expect(throws: SystemCallError.self) { try Files.read(path, bound: 999) }
    #expect(error?.errno == EFBIG)
  }

  @Test("Folders are made with those above; one that is there is left alone, a file in the way is named")
  func folders() throws {
    let path = "\(folder.path)/a/b/c"
    try Files.makeFolder(path, mode: 0o700)
    try Files.makeFolder(path)
    var about = stat()
    #expect(stat(path, &about) == 0 && about.st_mode & 0o777 == 0o700)
    try Files.write([], to: "\(path)/file")
    let error = #expect(throws: SystemCallError.self) { try Files.makeFolder("\(path)/file/d") }
    #expect(error?.object == "\(path)/file")
  }

  @Test("A folder's names come sorted by bytes; one that is missing is empty")
  func listing() throws {
    for name in ["10", "9", "a", "B", "é"] { try Files.write([], to: "\(folder.path)/\(name)") }
    #expect(try Files.list(folder.path) == ["10", "9", "B", "a", "é"])
    #expect(try Files.list("\(folder.path)/none") == [])
    try Files.remove("\(folder.path)/10")
    try Files.remove("\(folder.path)/10")
    #expect(try Files.list(folder.path).count == 4)
  }

  @Test("A plugin that can not be loaded says which file and why")
  func pluginErrors() throws {
    let missing = #expect(throws: PluginLibrary.LoadError.self) { try PluginLibrary(path: "\(folder.path)/none.so") }
    #expect(missing?.description.contains("\(folder.path)/none.so") == true)
    #expect(missing?.reason.contains("No such file") == true)
    let path = "\(folder.path)/text.so"
    try Files.write(Array("not a library".utf8), to: path)
    let text = #expect(throws: PluginLibrary.LoadError.self) { try PluginLibrary(path: path) }
    #expect(text?.description.hasPrefix("plugin \(path): ") == true)
    let bare = #expect(throws: PluginLibrary.LoadError.self) { try PluginLibrary(path: "libm.so.6") }
    #expect(bare?.advice == "write ./libm.so.6")
  }

  @Test("A folder is one process's: the second is refused and told which option names another; it is free again when the first is gone")
  func locks() throws {
    do {
      let first = try FolderLock(folder.path, option: "--state-dir")
      let error = #expect(throws: SystemCallError.self) { try FolderLock(folder.path, option: "--state-dir") }
      #expect(error?.description.contains(folder.path) == true && error?.advice?.contains("another tandemd uses it") == true)
      #expect(error?.advice?.contains("--state-dir") == true)
      withExtendedLifetime(first) {}
    }
    #expect(throws: Never.self) { try FolderLock(folder.path, option: "--state-dir") }
  }

  @Test("A library without the entry symbol is no plugin")
  func noEntry() throws {
    let path = "/lib/x86_64-linux-gnu/libm.so.6"
    guard access(path, R_OK) == 0 else { return }
    let error = #expect(throws: PluginLibrary.LoadError.self) { try PluginLibrary(path: path) }
    #expect(error?.reason == "no symbol tandem_trunk_entry_v1")
  }
}
