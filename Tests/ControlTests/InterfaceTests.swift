import Records
import Testing

@testable import Control

@Suite struct InterfaceTests {
  @Test("the interface text lists exactly the methods that are served and the errors that are sent")
  func methods() {
    #expect(names(of: "method") == ControlMethod.allCases.map(\.rawValue).sorted())
    #expect(names(of: "error") == ControlError.Name.allCases.map(\.rawValue).sorted())
    #expect(ControlInterface.description.split(separator: "\n").contains("interface \(ControlInterface.name)"))
  }

  @Test("the fields of each struct are those of its type in the interface text, optional ones marked")
  func types() throws {
    let stream = StreamStatus(side: "in", stream: 0, packets: 1, source: "s")
    let leg = LegStatus(trunk: "t", callID: "c", remote: "r", dialog: "d", localMedia: "l", remoteMedia: "m")
    try expectFields("Problem", Problem(node: "n", value: "v", message: "m", line: 1))
    try expectFields("TrunkStatus", TrunkStatus(name: "", state: "", peer: "", listener: "", calls: 0, maxCalls: 0))
    try expectFields(
      "PeerTarget",
      PeerTarget(transport: "", address: "", name: "", origin: "", state: "", reason: "", secondsLeft: 0, secondsFailing: 0))
    try expectFields("PeerStatus", PeerStatus(name: "", type: "", address: "", resolved: [], state: ""))
    try expectFields("ListenerStatus", ListenerStatus(name: "", transport: "", address: "", publicAddress: "p", state: ""))
    try expectFields(
      "ConnectionStatus",
      ConnectionStatus(listener: "", transport: "", remote: "", direction: "", state: "", peer: "p", cipher: "c", certificateEnds: 1, age: 0, quiet: 0))
    try expectFields("CertificateStatus", CertificateStatus(name: "", state: "", issuer: "i", ends: 1, authorities: 1))
    try expectFields("InterfaceStatus", InterfaceStatus(name: "", device: "d", addresses: [], state: ""))
    try expectFields("PluginStatus", PluginStatus(id: "", version: "", file: "", state: "", peers: 0))
    try expectFields("LegStatus", leg)
    try expectFields("StreamStatus", stream)
    try expectFields(
      "CallStatus",
      CallStatus(
        id: "", state: "", calling: "", called: "", incomingTrunk: "", outgoingTrunk: "o", route: "r", began: 0, answered: 1, seconds: 0, media: "",
        legs: [leg], streams: [stream]))
    try expectFields("CallRecord", CallHistory.Entry(.sample))
    try expectFields("RecordLeg", CallRecord.sample.legs[0])
    try expectFields("RecordStream", CallRecord.sample.streams[0])
    try expectFields(
      "LadderEntry", LadderStatus.Entry(milliseconds: 0, leg: 0, sent: true, method: "", status: 0, sequence: 0, hasSDP: false, remote: ""))
    try expectFields("Realm", MediaStatus.Realm(name: "", addresses: [], capacityCalls: 0, portsInUse: 0, ports: 0))
    try expectFields("Flow", MediaStatus.Flow(call: "", path: "", reason: "", streams: []))
    try expectFields("Off", SystemStatus.Off(what: "", why: ""))
    try expectFields("Counter", CounterList.Counter(name: "", value: 0))
    try expectFields("Attempt", NumberTest.Attempt(trunk: "", route: "", usage: "", called: "", calling: ""))
    try expectFields("Word", Completions.Word(""))
  }

  @Test("the fields of each answer are those its method names")
  func answers() throws {
    try expectFields("GetLadder", LadderStatus(call: "", trunks: [], entries: []))
    try expectFields("GetMedia", MediaStatus(realms: [], flows: []))
    try expectFields("GetCounters", CounterList(counters: []))
    try expectFields("GetSystem", SystemStatus(version: "", hostname: "h", started: 0, uptime: 0, calls: 0, configuration: ""))
    try expectFields(
      "TestNumber",
      NumberTest(number: "", trunk: "", normalized: "n", outcome: "", status: 1, diagnostic: 1, refusal: "r"))
    try expectFields("Commit", CommitResult(changes: 0))
    try expectFields("Check", CommitResult(changes: 0))
    try expectFields("ClearCall", Done(message: "m"))
    try expectFields("Complete", Completions(words: []))
    try expectFields("Compare", Comparison(text: ""))
    try expectFields("ShowConfiguration", ConfigurationText(text: ""))
    try expectFields("ListCallHistory", CallHistory([]))
  }

  private func names(of kind: String) -> [String] {
    ControlInterface.description.split(separator: "\n").filter { $0.hasPrefix(kind + " ") }.map { line in
      String(line.dropFirst(kind.count + 1).prefix { $0.isLetter })
    }.sorted()
  }

  /// Field names of a type, or of a method's answer, as the text lists them.
  private func fields(of name: String) throws -> [String] {
    let text = ControlInterface.description
    let begin: String.Index
    if let type = text.firstRange(of: "type \(name) (") {
      begin = type.upperBound
    } else {
      let method = try #require(text.firstRange(of: "method \(name)("))
      begin = try #require(text[method.upperBound...].firstRange(of: "-> (")).upperBound
    }
    let body = text[begin...].prefix { $0 != ")" }
    return body.split { $0 == "," || $0 == "\n" }.map { String($0.drop { $0 == " " }.prefix { $0 != ":" }) }.filter { !$0.isEmpty }.sorted()
  }

  private func expectFields(_ name: String, _ value: some Encodable, _ location: SourceLocation = #_sourceLocation) throws {
    let keys = try fromJSON([String: Anything].self, try jsonBytes(value)).keys.sorted()
    #expect(try fields(of: name) == keys, sourceLocation: location)
  }
}

/// Any JSON value, unread.
private struct Anything: Decodable { init(from decoder: any Decoder) throws {} }

extension CallRecord {
  static var sample: CallRecord {
    var stream = CallRecord.Stream()
    (stream.packets, stream.lost, stream.jitterMilliseconds) = (1000, 10, 2.5)
    return CallRecord(
      id: "7f3a", began: 1_700_000_000, answered: 1_700_000_003, ended: 1_700_000_063.5, outcome: .answered, status: 200, cause: 16, diagnostic: 12004,
      reason: "the caller hung up", route: "national", usage: "National", media: "relay",
      legs: [
        Leg(trunk: "hq", callID: "abc@pbx", remote: "udp 127.0.0.1:5090", called: "94155550100", calling: "+14255551234", status: 200),
        Leg(trunk: "acme-1", callID: "def@tandem", remote: "udp 127.0.0.1:5080", called: "14155550100", calling: "+14255551234", status: 200),
      ], streams: [stream, stream])
  }
}
