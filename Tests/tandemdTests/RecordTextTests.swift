import Control
import FoundationEssentials
import Records
import Testing

@testable import tandemd

@Suite("Call records as text")
struct RecordTextTests {
  private func decoded<T: Decodable>(_: T.Type, _ text: String) throws -> T {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(T.self, from: Data(text.utf8))
  }

  private var full: CallRecord {
    var stream = CallRecord.Stream()
    stream.packets = .max
    stream.bytes = 1
    stream.lost = 2
    stream.jitterMilliseconds = 0.125
    stream.strangers = 3
    return CallRecord(
      id: "0000000100000002", began: 1_700_000_000.25, answered: 1_700_000_001.000001, ended: 1e300, outcome: .noAnswer, status: 200, cause: 16,
      diagnostic: 12_005,
      reason: "a \"quoted\" \\ name,\r\n\u{0}\u{1f}\u{7f} é 日本", route: "all", usage: "", media: "relay",
      legs: [
        .init(trunk: "a", callID: "x@y", remote: "udp 10.0.0.1:5060", called: "+1", calling: "", status: 200),
        .init(trunk: "b", callID: "", remote: "", called: "", calling: "", status: 0),
      ], streams: [stream, .init()])
  }

  @Test("A record is read back as it was, quotes, line ends and other scripts in it included")
  func record() throws {
    #expect(try decoded(CallRecord.self, RecordText(full).text) == full)
  }

  @Test("What is absent stays absent, empty lists stay empty")
  func absent() throws {
    let bare = CallRecord(
      id: "", began: 0, answered: nil, ended: -1.5, outcome: .failed, status: 503, cause: nil, diagnostic: 0, reason: "", route: nil, usage: nil, media: "none",
      legs: [], streams: [])
    let text = RecordText(bare).text
    #expect(try decoded(CallRecord.self, text) == bare)
    #expect(!text.contains("answered"))
  }

  @Test("A jitter that is no number does not cost the record")
  func nonsense() throws {
    for nonsense in [Double.infinity, -.infinity, .nan] {
      var record = full
      record.streams[0].jitterMilliseconds = nonsense
      let back = try decoded(CallRecord.self, RecordText(record).text).streams[0].jitterMilliseconds
      #expect(back == nonsense || (back.isNaN && nonsense.isNaN))
    }
  }

  @Test("A ladder is read back as it was")
  func ladder() throws {
    let ladder = LadderStatus(
      call: "1", trunks: ["a", "", "c\"d"],
      entries: [
        .init(milliseconds: 0, leg: 0, sent: false, method: "INVITE", status: 0, sequence: 1, hasSDP: true, remote: "10.0.0.1:5060"),
        .init(milliseconds: 12.5, leg: 1, sent: true, method: "BYE", status: 481, sequence: .max, hasSDP: false, remote: ""),
      ], omitted: 3)
    #expect(try decoded(LadderStatus.self, RecordText(ladder).text) == ladder)
    let empty = LadderStatus(call: "", trunks: [], entries: [])
    #expect(try decoded(LadderStatus.self, RecordText(empty).text) == empty)
  }
}
