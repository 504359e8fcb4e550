import Testing

/// Rules of the house that a compiler does not know.
@Suite struct HouseRulesTests {
  /// Pleasure drops sharply past this; most files are a third of it.
  static let longest = 600

  @Test("No source file is longer than 600 lines")
  func lengths() {
    for path in Tree.files(in: "Sources") + Tree.files(in: "plugins") where path.hasSuffix(".swift") || path.hasSuffix(".c") {
      let count = Tree.lines(path).count
      #expect(count <= Self.longest, "\(path) has \(count) lines: split it by its nouns")
    }
  }

  @Test("No file or module has a name that says nothing")
  func names() {
    let banned = ["Core", "Common", "Util", "Utils", "Utilities", "Helper", "Helpers", "Manager", "Types", "Misc"]
    for path in Tree.files where path.hasSuffix(".swift") || path.hasSuffix(".c") || path.hasSuffix(".h") {
      for part in path.split(separator: "/") {
        let name = part.split(separator: ".").first ?? part
        #expect(
          !banned.contains { name == $0 || (name.hasSuffix($0) && $0.count > 4) || name == $0.lowercased() },
          "\(path): a thing lives with its only user; with two it earns a noun")
      }
    }
  }

  @Test("Nothing in Sources is left for later, and a trap says what it is about")
  func leftovers() {
    let words = ["TO" + "DO", "FIX" + "ME", "fatalError()", "preconditionFailure()", "try!", " as! "]
    for path in Tree.files(in: "Sources") + Tree.files(in: "plugins") {
      for (number, line) in Tree.lines(path).enumerated() {
        for word in words where line.contains(word) { Issue.record("\(path):\(number + 1) has \(word)") }
      }
    }
  }

  @Test("No path of a machine that built or wrote this is in the tree")
  func machinePaths() {
    // Folders of people and build machines; what the appliance itself has (/etc, /run, /usr, /var) is fine, and so is /tmp in tests.
    let folders = ["/home/", "/root/", "/Users/", "/opt/swift", "/mnt/"]
    for path in Tree.files where path != "Tests/StructureTests/HouseRulesTests.swift" {
      for (number, line) in Tree.lines(path).enumerated() {
        for folder in folders where line.contains(folder) && !line.contains("https://") { Issue.record("\(path):\(number + 1) has \(folder)") }
      }
    }
  }

  @Test("Every Swift file belongs to a target")
  func targets() {
    // However its lines are broken.
    let package = Tree.read("Package.swift").split(whereSeparator: \.isWhitespace).joined(separator: " ").replacing("( ", with: "(")
    let fuzz = Tree.read("Tests/Fuzz/build.sh")
    for path in Tree.files where path.hasSuffix(".swift") && path != "Package.swift" {
      let folder = path.split(separator: "/").dropLast().joined(separator: "/")
      let module = Tree.module(of: path)
      let known =
        switch path.split(separator: "/").first {
        case "Sources": package.contains("\"\(module)\"")
        case "plugins": package.contains("\"\(module)\"")
        case "Tests" where module == "Fuzz": fuzz.contains(path)
        case "Tests" where module == "Benchmarks": package.contains("path: \"\(folder)\"")
        case "Tests" where module.hasSuffix("Tests"):
          package.contains("tests(of: \"\(module.dropLast(5))\"") || package.contains("name: \"\(module)\"")
        default: false
        }
      #expect(known, "\(path) is compiled by nothing")
    }
  }

  @Test("Every fuzz target replays each crash it ever found")
  func crashes() {
    let run = Tree.read("Tests/Fuzz/run.sh")
    let build = Tree.read("Tests/Fuzz/build.sh")
    let targets = Set(run.split(separator: "\n").filter { $0.hasPrefix("for target in ") }.flatMap { $0.dropFirst(14).split { $0 == ";" || $0 == " " } })
    #expect(run.contains("crashes=$here/crashes/$target") && run.contains(#""$program" "${old[@]}""#), "run.sh no longer replays crashes/TARGET/*")
    for path in Tree.files(in: "Tests/Fuzz/crashes") {
      let target = path.split(separator: "/")[3]
      #expect(targets.contains(target) && build.contains("target \(target) "), "\(path): no target \(target) replays it")
    }
    for path in Tree.files(in: "Tests/Fuzz/corpus") {
      #expect(targets.contains(path.split(separator: "/")[3]), "\(path): no target reads it")
    }
  }

  @Test("A link between the project's documents leads somewhere")
  func links() {
    for path in Tree.files where path.hasSuffix(".md") {
      let folder = path.split(separator: "/").dropLast()
      for part in Tree.read(path).split(separator: "](").dropFirst() {
        let link = part.prefix { $0 != ")" && $0 != "#" && $0 != " " }
        if link.isEmpty || link.contains("://") { continue }
        var steps = folder.map(String.init)
        for step in link.split(separator: "/") { if step == ".." { _ = steps.popLast() } else if step != "." { steps.append(String(step)) } }
        let target = steps.joined(separator: "/")
        #expect(Tree.files.contains { $0 == target || $0.hasPrefix(target + "/") }, "\(path) links to \(link), which is not there")
      }
    }
  }
}
