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
}
