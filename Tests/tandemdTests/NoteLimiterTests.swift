import Calls
import Testing
import Timing

@testable import tandemd

@Suite struct NoteLimiterTests {
  private func note(_ kind: StaticString, _ text: String, plugin: String? = nil) -> Exchange.Note {
    Exchange.Note(
      level: .warning, kind: kind, text: text, fields: plugin.map { value -> [(name: StaticString, value: String)] in [("TANDEM_PLUGIN", value)] } ?? [])
  }
  private func texts(_ limiter: inout NoteLimiter) -> [String] { limiter.summaries().map(\.text) }
  private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 0) + .milliseconds(milliseconds) }

  @Test("A flood of one kind of line is held back after its burst; another kind still comes through; the rate goes on at ten a second")
  func flood() {
    var limiter = NoteLimiter()
    let admitted = (0..<1_000).count { limiter.admit(note("garbage", "line \($0)"), at: at(0)) }
    #expect(admitted == Int(NoteLimiter.burst))
    #expect(limiter.heldBack == 900)
    let isAdmitted = limiter.admit(note("other", "peer acme is down"), at: at(0))
    #expect(isAdmitted)
    let later = (0..<1_000).count { limiter.admit(note("garbage", "line \($0)"), at: at(2_000)) }
    #expect(later == 20)
  }

  @Test("What was held back is told once, a line a kind, with the count and the last text")
  func summaries() {
    var limiter = NoteLimiter()
    #expect(texts(&limiter) == [])
    for number in 0..<150 { _ = limiter.admit(note("b", "line \(number)"), at: at(0)) }
    for number in 0..<110 { _ = limiter.admit(note("a", "other \(number)"), at: at(0)) }
    #expect(texts(&limiter) == ["10 more lines like this were left out: other 109", "50 more lines like this were left out: line 149"])
    #expect(texts(&limiter) == [])
  }

  @Test("A plugin that floods the log holds back its own lines only")
  func plugins() {
    var limiter = NoteLimiter()
    for number in 0..<200 { _ = limiter.admit(note("plugins", "\(number)", plugin: "loud"), at: at(0)) }
    let (loud, quiet) = (limiter.admit(note("plugins", "x", plugin: "loud"), at: at(0)), limiter.admit(note("plugins", "x", plugin: "quiet"), at: at(0)))
    #expect(!loud && quiet)
  }

  @Test("Kinds are bounded: those that come late share one budget")
  func kinds() {
    var limiter = NoteLimiter()
    for number in 0..<NoteLimiter.kinds { _ = limiter.admit(note("plugins", "x", plugin: "plugin-\(number)"), at: at(0)) }
    let admitted = (0..<1_000).count { limiter.admit(note("plugins", "x", plugin: "late-\($0)"), at: at(0)) }
    #expect(admitted == Int(NoteLimiter.burst))
  }
}
