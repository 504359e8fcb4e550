import CTandemTrunk
import Glibc
import Linux
import Trunks

/// Tests/Plugins/fixture.c, built from the header alone as any author outside the tree would.
enum FixturePlugin {
  enum Misbehaviour: Int { case none, noSymbol, otherMajor, smallTable, returnsNull, diesInOpen, exitsInOpen, noClose, longerTable }

  struct Failed: Error { let what: String }

  /// The path of the library; built once for each misbehaviour and process.
  static func path(_ misbehaviour: Misbehaviour = .none) throws -> String {
    try paths[misbehaviour.rawValue].get()
  }
  private static let paths: [Result<String, Failed>] = (0...Misbehaviour.longerTable.rawValue).map(build)

  private static func build(_ number: Int) -> Result<String, Failed> {
    let folder = "\(root)/.build/fixtures"
    let output = "\(folder)/fixture-\(number).so"
    // Built aside and renamed: another test process may be loading the one that is there.
    let fresh = "\(output).\(getpid())"
    mkdir("\(root)/.build", 0o755)
    mkdir(folder, 0o755)
    let arguments = [
      "cc", "-std=c11", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden", "-DMISBEHAVE=\(number)",
      "-I\(root)/Sources/C/TandemTrunk/include", "\(root)/Tests/Plugins/fixture.c", "-o", fresh,
    ]
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child = pid_t()
    guard posix_spawnp(&child, "cc", nil, nil, &words, environ) == 0 else { return .failure(Failed(what: "no C compiler `cc`")) }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    return status == 0 && rename(fresh, output) == 0 ? .success(output) : .failure(Failed(what: "fixture.c does not compile"))
  }

  /// The package's root, from where this file stands.
  static let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

  static func table(_ misbehaviour: Misbehaviour = .none) throws -> UnsafePointer<tt_plugin_v1> {
    let library = try PluginLibrary(path: path(misbehaviour))
    return try PluginProbe.table(entry: UnsafeRawPointer(library.entry), file: "fixture.so")
  }
}

/// A library the package builds for a shipped plugin, beside the test program; `nil` before `swift build` made it.
func shippedPlugin(_ id: String) -> String? {
  var buffer = [CChar](repeating: 0, count: 4096)
  let length = readlink("/proc/self/exe", &buffer, buffer.count)
  guard length > 0 else { return nil }
  let program = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let candidates = [program.split(separator: "/").dropLast().map { "/" + $0 }.joined(), "\(FixturePlugin.root)/.build/debug"]
  return candidates.map { "\($0)/lib\(id).so" }.first { access($0, R_OK) == 0 }
}
