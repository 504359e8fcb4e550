import Glibc

/// Whole files and folders. Paths are used as they are; errors name the path and what to do.
public enum Files {
  /// The largest file anybody here reads whole: a configuration of 10,000 trunks is about 10 MB.
  public static let readBound = 64 << 20

  /// The file's bytes; `nil` when there is none.
  public static func read(_ path: String, bound: Int = Files.readBound) throws(SystemCallError) -> [UInt8]? {
    let number = orErrno(open(path, O_RDONLY | O_CLOEXEC))
    if number == -ENOENT { return nil }
    if number < 0 { throw refused("open", -number, path) }
    let file = Descriptor(owning: number)
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let got = part.withUnsafeMutableBytes { orErrno(Glibc.read(file.number, $0.baseAddress, $0.count)) }
      if got == 0 { return bytes }
      if got == -Int(EINTR) { continue }
      if got < 0 { throw refused("read", Int32(-got), path) }
      guard bytes.count + got <= bound else {
        throw SystemCallError("read", errno: EFBIG, object: path, advice: "at most \(bound) bytes are read")
      }
      bytes.append(contentsOf: part[..<got])
    }
  }

  /// Replaces the file, or leaves the old one whole: a temporary file beside it is written, synced and renamed over it, then the folder is synced. After a power cut there is the old or the new one.
  public static func write(_ bytes: some Collection<UInt8>, to path: String, mode: UInt32 = 0o640) throws(SystemCallError) {
    if let unsynced = try replace(path, with: bytes, mode: mode) { throw unsynced }
  }

  /// `write` for those who must know which of the two it is: when it throws, the old file stands; when it returns an error, the new one does, and only syncing the folder failed.
  public static func replace(_ path: String, with bytes: some Collection<UInt8>, mode: UInt32 = 0o640) throws(SystemCallError) -> SystemCallError? {
    let temporary = "\(path)\(unfinishedMark)\(getpid())-\(SecureRandom.word())"
    do throws(SystemCallError) {
      let file = Descriptor(
        owning: try retrying("open", temporary, advice: { advice($0, path) }) { orErrno(open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) })
      // Whatever the umask says.
      _ = try retrying("fchmod", temporary) { orErrno(fchmod(file.number, mode)) }
      try writeAll(Array(bytes), to: file, path: temporary)
      _ = try retrying("fsync", temporary, advice: { advice($0, path) }) { orErrno(fsync(file.number)) }
      _ = try retrying("rename", path, advice: { advice($0, path) }) { orErrno(rename(temporary, path)) }
    } catch {
      unlink(temporary)
      throw error
    }
    do throws(SystemCallError) { try syncFolder(parent(of: path)) } catch { return error }
    return nil
  }

  /// Removes what writes of this file left behind that a power cut ended. For those who alone write it; what can not be removed stays.
  public static func removeUnfinished(_ path: String) throws(SystemCallError) {
    let folder = parent(of: path)
    let start = Array(path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]) + Array(unfinishedMark.utf8)
    for name in try list(folder) where name.utf8.starts(with: start) { unlink("\(folder)/\(name)") }
  }
  private static let unfinishedMark = ".new-"

  /// Makes the folder and those above it. One that is there keeps its mode.
  public static func makeFolder(_ path: String, mode: UInt32 = 0o750) throws(SystemCallError) {
    var about = stat()
    if stat(path, &about) == 0 {
      if about.st_mode & S_IFMT == S_IFDIR { return }
      throw SystemCallError("mkdir", errno: ENOTDIR, object: path, advice: "move the file away")
    }
    let above = parent(of: path)
    if above != path, above != "." { try makeFolder(above, mode: mode) }
    let result = orErrno(mkdir(path, mode))
    if result < 0, result != -EEXIST { throw refused("mkdir", -result, path) }
  }

  /// What tells a file from one that was put in its place or written to since: device, inode, size and time of the last change. `nil` when there is none.
  public static func identity(_ path: String) -> String? {
    var about = stat()
    guard stat(path, &about) == 0 else { return nil }
    return "\(about.st_dev) \(about.st_ino) \(about.st_size) \(about.st_mtim.tv_sec).\(about.st_mtim.tv_nsec)"
  }

  /// Who may do what with it, the lower twelve bits; `nil` when there is no such file.
  public static func mode(_ path: String) -> UInt32? {
    var about = stat()
    return stat(path, &about) == 0 ? about.st_mode & 0o7777 : nil
  }

  /// Names in a folder, sorted by bytes, without `.` and `..`; empty when there is no such folder.
  public static func list(_ path: String) throws(SystemCallError) -> [String] {
    guard let folder = opendir(path) else {
      if errno == ENOENT { return [] }
      throw refused("opendir", errno, path)
    }
    defer { closedir(folder) }
    var names: [[UInt8]] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
    }
    return names.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Removes a file; one that is not there is no error.
  public static func remove(_ path: String) throws(SystemCallError) {
    let result = orErrno(unlink(path))
    if result < 0, result != -ENOENT { throw refused("unlink", -result, path) }
  }

  private static func writeAll(_ bytes: [UInt8], to file: Descriptor, path: String) throws(SystemCallError) {
    var done = 0
    while done < bytes.count {
      let wrote = bytes.withUnsafeBytes { orErrno(Glibc.write(file.number, $0.baseAddress! + done, $0.count - done)) }
      if wrote == -Int(EINTR) { continue }
      if wrote < 0 { throw refused("write", Int32(-wrote), path) }
      done += wrote
    }
  }

  private static func syncFolder(_ path: String) throws(SystemCallError) {
    let folder = Descriptor(owning: try retrying("open", path) { orErrno(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) })
    let result = orErrno(fsync(folder.number))
    // Some file systems can not sync a folder; the rename stands all the same.
    if result < 0, result != -EINVAL, result != -EROFS { throw refused("fsync", -result, path) }
  }

  static func parent(of path: String) -> String {
    let bytes = Array(path.utf8)
    guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == 0 ? "/" : String(decoding: bytes[..<slash], as: UTF8.self)
  }

  private static func refused(_ call: String, _ errno: Int32, _ path: String) -> SystemCallError {
    SystemCallError(call, errno: errno, object: path, advice: advice(errno, path))
  }
  private static func advice(_ errno: Int32, _ path: String) -> String? {
    switch errno {
    case EACCES, EPERM: "give user \(geteuid()) the right, or name another folder (--state-dir, --runtime-dir)"
    case ENOSPC, EDQUOT: "the file system is full: `df \(parent(of: path))`"
    case EROFS: "the file system is mounted read-only: name another folder"
    case ENOENT: "the folder \(parent(of: path)) is missing: make it"
    case EISDIR, ENOTDIR: "a folder stands where a file is wanted, or the other way round"
    case EIO: "the disk fails: `dmesg` says more"
    default: nil
    }
  }
}
