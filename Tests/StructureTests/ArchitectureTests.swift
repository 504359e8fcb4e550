import Testing

/// The table of docs/architecture.md is the architecture; these tests hold the sources to it.
@Suite struct ArchitectureTests {
  /// Module -> what it may import, in the table's order.
  static let table: [(module: String, allowed: [String])] = Tree.lines("docs/architecture.md").compactMap { line in
    let cells = line.split(separator: "|").map { $0.split(separator: " ").joined(separator: " ") }
    guard cells.count == 3, let name = code(cells[0]).first, code(cells[0]).count == 1 else { return nil }
    return (name, code(cells[2]))
  }

  /// The words between backquotes.
  private static func code(_ cell: String) -> [String] {
    let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
    return parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }

  @Test("The table of docs/architecture.md has a row for every module, and each names only rows above its own")
  func direction() {
    let rows = Self.table.map(\.module)
    let folders = Set(Tree.files(in: "Sources", ending: ".swift").map(Tree.module))
    #expect(Set(rows) == folders, "rows and folders of Sources differ: \(Set(rows).symmetricDifference(folders).sorted())")
    for (index, row) in Self.table.enumerated() {
      for name in row.allowed where rows.contains(name) {
        #expect(rows[..<index].contains(name), "\(row.module) may import \(name), which stands below it: data goes one way")
      }
    }
  }

  @Test("A module imports only what its row allows")
  func imports() {
    let allowed = Dictionary(uniqueKeysWithValues: Self.table.map { ($0.module, $0.allowed) })
    for path in Tree.files(in: "Sources", ending: ".swift") {
      for name in Tree.imports(of: path) {
        #expect(allowed[Tree.module(of: path), default: []].contains(name), "\(path) imports \(name): not in its row of docs/architecture.md")
      }
    }
  }

  @Test("Only Linux and the programs reach the operating system; Addressing has inet_pton and inet_ntop and says so")
  func inputAndOutput() {
    let system = ["Glibc", "CTandemShims", "CSystemd", "CNetlink", "CSQLite", "CEdit", "Dispatch"]
    for path in Tree.files(in: "Sources", ending: ".swift") {
      for line in Tree.lines(path) where system.contains(where: { line.hasPrefix("import " + $0) || line.hasPrefix("public import " + $0) }) {
        switch Tree.module(of: path) {
        case "Linux", "tandemd", "tandem", "simulate": break
        case "Addressing": #expect(line.contains("inet_pton"), "\(path): \(line)")
        default: Issue.record("\(path): \(line): bytes and time go in, actions come out; only Linux asks the operating system")
        }
      }
    }
  }

  @Test("Nobody imports Foundation; FoundationEssentials serves JSON on the control side only")
  func foundation() {
    for path in Tree.files where path.hasSuffix(".swift") {
      for name in Tree.imports(of: path) {
        #expect(name != "Foundation" && name != "FoundationInternationalization", "\(path) imports \(name)")
        if name == "FoundationEssentials", path.hasPrefix("Sources/") {
          #expect(["Control", "tandem", "tandemd"].contains(Tree.module(of: path)), "\(path) imports \(name)")
        }
      }
    }
  }

  @Test("No line of the appliance names a trunk type: a difference between trunks is a setting, a rule, or in plugins/")
  func trunkTypes() {
    let shipped = Set(Tree.files(in: "plugins").map(Tree.module))
    #expect(shipped.count >= 3)
    for path in Tree.files(in: "Sources") {
      for (number, line) in Tree.lines(path).enumerated() where !line.drop(while: { $0 == " " }).hasPrefix("//") && !line.contains("for example") {
        // Code before a comment at the line's end.
        let code = line.split(separator: " //", maxSplits: 1).first ?? ""
        for type in shipped where words(code).contains(where: { $0 == type }) {
          Issue.record("\(path):\(number + 1) names trunk type \(type)")
        }
      }
    }
  }

  private func words(_ line: Substring) -> [Substring] {
    line.split { !($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }
}
