import Glibc

/// The checked-out tree as text, for tests about the tree itself. Paths are relative to its root, in order.
enum Tree {
  static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")

  /// What a build or a run leaves behind; none of it is checked in.
  private static let left: Set<String> = [".git", ".build", ".state", "Tests/Fuzz/build", "Tests/Benchmarks/results"]

  static let files: [String] = walk("").sorted()

  static func files(in folder: String, ending: String = "") -> [String] {
    files.filter { $0.hasPrefix(folder + "/") && $0.hasSuffix(ending) }
  }

  private static func walk(_ folder: String) -> [String] {
    guard let stream = opendir(root + "/" + folder) else { return [] }
    defer { closedir(stream) }
    var found: [String] = []
    while let entry = readdir(stream) {
      let kind = Int(entry.pointee.d_type)
      let name = withUnsafePointer(to: &entry.pointee.d_name) { $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) } }
      let path = folder.isEmpty ? name : folder + "/" + name
      if name == "." || name == ".." || name == "__pycache__" || left.contains(path) { continue }
      if kind == Int(DT_DIR) { found += walk(path) } else if kind == Int(DT_REG) { found.append(path) }
    }
    return found
  }

  /// A file's text; bytes that are no UTF-8 (fuzz inputs, sound) are repaired, which does no harm to a search.
  static func read(_ path: String) -> String {
    guard let file = fopen(root + "/" + path, "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes += buffer.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func lines(_ path: String) -> [Substring] {
    read(path).split(omittingEmptySubsequences: false) { $0.isNewline }
  }

  /// The modules a Swift file imports.
  static func imports(of path: String) -> [String] {
    lines(path).compactMap { line in
      let words = line.split(separator: " ")
      guard let at = words.firstIndex(of: "import"), at <= 2,
        words[..<at].allSatisfy({ $0.hasPrefix("@") || ["public", "internal", "private", "package"].contains($0) }),
        at + 1 < words.count
      else { return nil }
      return String(words[at + 1])
    }
  }

  /// `Sources/SIP/Message/Via.swift` -> `SIP`
  static func module(of path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.count > 1 ? String(parts[1]) : path
  }
}
