import Testing

@testable import Configuration

@Suite("Comparing configurations")
struct ComparisonTests {
  @Test(
    "The difference names what goes and what comes",
    arguments: [
      ("set peer p port 1", "set peer p port 2", ["-set peer p port 1", "+set peer p port 2"]),
      ("set peer p port 1", "set peer p transport udp", ["-set peer p port 1", "+set peer p transport udp"]),
      ("set site a", "set site b", ["-set site a", "+set site b"]),
      ("set site a", "set site a region r", ["+set site a region r"]),
      (
        "set peer p source [ 192.0.2.1 192.0.2.2 ]", "set peer p source [ 192.0.2.2 192.0.2.3 ]",
        ["-set peer p source 192.0.2.1", "+set peer p source 192.0.2.3"]
      ),
      ("set peer p source [ 192.0.2.1 192.0.2.2 ]", "set peer p source [ 192.0.2.2 192.0.2.1 ]", []),
      ("set pstn-usage [ a b ]", "set pstn-usage [ a b c ]", ["+set pstn-usage c"]),
      ("set pstn-usage [ a b ]", "set pstn-usage [ b a ]", ["-set pstn-usage [ a b ]", "+set pstn-usage [ b a ]"]),
      ("set pstn-usage [ a b ]", "set pstn-usage [ c a b ]", ["-set pstn-usage [ a b ]", "+set pstn-usage [ c a b ]"]),
      ("set trunk t match request-host a", "set trunk t", ["-set trunk t match request-host a"]),
      (
        "set dial-plan global rule 10 pattern a translation b",
        "set dial-plan global rule 9 pattern a translation b\nset dial-plan global rule 10 pattern a translation c",
        [
          "+set dial-plan global rule 9 pattern a", "+set dial-plan global rule 9 translation b", "-set dial-plan global rule 10 translation b",
          "+set dial-plan global rule 10 translation c",
        ]
      ),
      (
        "set user u target t 1\nset user u target t 2", "set user u target t 2\nset user u target t 1",
        ["-set user u target t 1", "-set user u target t 2", "+set user u target t 2", "+set user u target t 1"]
      ),
      ("set peer p carrierx:a '{\"b\":1}'", "set peer p carrierx:a '{\"b\":2}'", ["-set peer p carrierx:a '{\"b\":1}'", "+set peer p carrierx:a '{\"b\":2}'"]),
      ("set peer p", "", ["-set peer p"]),
      ("", "", []),
    ])
  func difference(old: String, new: String, lines: [String]) throws {
    let context = try Fixtures.context()
    let (before, after) = (try Fixtures.tree(old, context), try Fixtures.tree(new, context))
    #expect(Comparison.lines(from: before, to: after) == lines)
    #expect(Comparison.lines(from: after, to: after.copy()) == [])
  }
}
