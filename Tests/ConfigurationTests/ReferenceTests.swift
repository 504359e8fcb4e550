import Glibc
import Testing

@testable import Configuration

@Suite("The reference of the configuration")
struct ReferenceTests {
  private func context() throws -> YANGContext {
    try YANGContext(plugins: try ["itsp", "pstn-gateway", "ip-pbx"].map { .init(id: $0, text: try Fixtures.read("plugins/\($0)/\($0).yang")) })
  }

  @Test("docs/reference.md is what the model and the shipped plugins say")
  func reference() throws {
    let drawn = Reference(context: try context()).text()
    if getenv("TANDEM_WRITE_REFERENCE") != nil {
      let file = try #require(fopen(Fixtures.root + "/docs/reference.md", "w"))
      fputs(drawn, file)
      fclose(file)
    }
    let kept = (try? Fixtures.read("docs/reference.md")) ?? ""
    #expect(kept == drawn, "the model has changed: run TANDEM_WRITE_REFERENCE=1 swift test --filter ReferenceTests and check docs/reference.md in")
  }

  @Test("Every node the reference speaks about is in the model")
  func names() throws {
    let context = try context()
    var paths: Set<String> = []
    func walk(_ parent: SchemaNode?) {
      for node in context.children(of: parent) {
        paths.insert(node.path)
        if node.kind == .container || node.kind == .list { walk(node) }
      }
    }
    walk(nil)
    for path in Reference.partly.keys.sorted() { #expect(paths.contains(path), "no node '\(path)'") }
  }
}
