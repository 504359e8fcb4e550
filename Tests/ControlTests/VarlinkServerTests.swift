import Control
import Testing

@Suite struct VarlinkServerTests {
  private func frame(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).replacing("\0", with: "|") }
  private let listTrunks = #"{"method":"io.tandem.control.ListTrunks"}"#

  @Test("a call that arrives byte by byte is given out once it is whole")
  func partialFrames() {
    var server = VarlinkServer(version: "1")
    for byte in frame(listTrunks) {
      #expect(server.nextCall() == nil)
      server.receive([byte])
    }
    #expect(server.nextCall()?.call == .listTrunks)
    #expect(server.nextCall() == nil)
  }

  @Test("of several calls in one read the next is given out when the one before is answered")
  func manyFrames() {
    var server = VarlinkServer(version: "1")
    server.receive(frame(listTrunks) + frame(#"{"method":"io.tandem.control.ListCalls"}"#) + frame(listTrunks))
    #expect(server.nextCall()?.call == .listTrunks)
    #expect(server.nextCall() == nil)
    server.reply(.success(TrunkList(trunks: [])))
    #expect(server.nextCall()?.call == .listCalls)
    server.reply(.success(CallList(calls: [])))
    #expect(server.nextCall()?.call == .listTrunks)
    server.reply(.success(TrunkList(trunks: [])))
    #expect(text(server.takeOutput()) == #"{"parameters":{"trunks":[]}}|{"parameters":{"calls":[]}}|{"parameters":{"trunks":[]}}|"#)
    #expect(server.takeOutput().isEmpty)
  }

  @Test("a oneway call is served and not answered")
  func oneway() {
    var server = VarlinkServer(version: "1")
    server.receive(frame(#"{"method":"io.tandem.control.Discard","oneway":true}"#))
    #expect(server.nextCall()?.call == .discard)
    server.reply(.success(Done()))
    #expect(server.takeOutput().isEmpty)
    server.receive(frame(#"{"method":"io.tandem.control.Nonsense","oneway":true}"#))
    #expect(server.nextCall() == nil)
    #expect(server.takeOutput().isEmpty)
  }

  @Test("a call with `more` takes several replies, all but the last marked `continues`")
  func more() {
    var server = VarlinkServer(version: "1")
    server.receive(frame(#"{"method":"io.tandem.control.ListCalls","more":true}"#))
    #expect(server.nextCall()?.more == true)
    server.reply(.success(CallList(calls: [])), continues: true)
    server.reply(.success(CallList(calls: [])))
    #expect(text(server.takeOutput()) == #"{"continues":true,"parameters":{"calls":[]}}|{"parameters":{"calls":[]}}|"#)
  }

  @Test("an error carries its name in the interface and its problems")
  func errors() {
    var server = VarlinkServer(version: "1")
    server.receive(frame(#"{"method":"io.tandem.control.GetCall","parameters":{"id":"x"}}"#))
    #expect(server.nextCall()?.call == .getCall(id: "x"))
    server.reply(.failure(ControlError(.notFound, node: "call", value: "x", "is no call")))
    #expect(
      text(server.takeOutput())
        == #"{"error":"io.tandem.control.NotFound","parameters":{"problems":[{"message":"is no call","node":"call","value":"x"}]}}|"#)
  }

  @Test(
    "what is no call is answered with MalformedCall and closes the connection",
    arguments: ["", "{", "[]", "nonsense", #"{"parameters":{}}"#, #"{"method":5}"#, "\u{1}\u{2}", String(repeating: "[", count: 100_000)])
  func malformed(_ body: String) {
    var server = VarlinkServer(version: "1")
    server.receive(frame(body) + frame(listTrunks))
    #expect(server.nextCall() == nil)
    #expect(server.isClosing)
    #expect(text(server.takeOutput()).hasPrefix(#"{"error":"io.tandem.control.MalformedCall""#))
    server.receive(frame(listTrunks))
    #expect(server.nextCall() == nil)
  }

  @Test("bytes that are no UTF-8 are no call")
  func notUTF8() {
    var server = VarlinkServer(version: "1")
    server.receive([0xff, 0xfe, 0x80, 0])
    #expect(server.nextCall() == nil)
    #expect(server.isClosing)
  }

  @Test("a frame of the greatest length is read, a longer one closes the connection before its end")
  func oversized() {
    let head = #"{"method":"io.tandem.control.Load","parameters":{"text":""#
    let tail = #""}}"#
    let fill = ControlLimits.frameBytes - head.utf8.count - tail.utf8.count
    var server = VarlinkServer(version: "1")
    server.receive(frame(head + String(repeating: "a", count: fill) + tail))
    #expect(server.nextCall()?.call == .load(text: String(repeating: "a", count: fill), how: .merge))
    var other = VarlinkServer(version: "1")
    other.receive([UInt8](repeating: 0x20, count: ControlLimits.frameBytes))
    #expect(!other.isClosing)
    other.receive([0x20])
    #expect(other.isClosing)
    #expect(!other.takeOutput().isEmpty)
  }

  @Test("more calls waiting than the bound close the connection")
  func pipeline() {
    var server = VarlinkServer(version: "1")
    for _ in 0..<ControlLimits.queuedCalls { server.receive(frame(listTrunks)) }
    #expect(!server.isClosing)
    server.receive(frame(listTrunks))
    #expect(server.isClosing)
  }

  @Test(
    "a parameter that is missing, of the wrong type or out of range is named and the connection lives on",
    arguments: [
      (#"{"method":"io.tandem.control.GetCall"}"#, "id"),
      (#"{"method":"io.tandem.control.GetCall","parameters":{"id":7}}"#, "id"),
      (#"{"method":"io.tandem.control.GetCall","parameters":[]}"#, "parameters"),
      (#"{"method":"io.tandem.control.Edit","parameters":{"lines":"set x"}}"#, "lines"),
      (#"{"method":"io.tandem.control.Rollback","parameters":{"rollback":-1}}"#, "rollback"),
      (#"{"method":"io.tandem.control.Rollback","parameters":{"rollback":1e40}}"#, "parameters"),
      (#"{"method":"io.tandem.control.Load","parameters":{"text":"","how":"replace"}}"#, "how"),
      (#"{"method":"io.tandem.control.ListCallHistory","parameters":{"limit":0}}"#, "limit"),
      (#"{"method":"org.varlink.service.GetInterfaceDescription"}"#, "interface"),
    ])
  func wrongParameters(_ call: String, _ name: String) {
    var server = VarlinkServer(version: "1")
    server.receive(frame(call) + frame(listTrunks))
    #expect(server.nextCall()?.call == .listTrunks)
    #expect(text(server.takeOutput()) == #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"\#(name)"}}|"#)
    #expect(!server.isClosing)
  }

  @Test(
    "unknown methods and interfaces are answered as the service interface says",
    arguments: [
      ("io.tandem.control.Fly", #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.tandem.control.Fly"}}|"#),
      ("org.varlink.service.Fly", #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"org.varlink.service.Fly"}}|"#),
      ("io.other.Fly", #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"io.other"}}|"#),
      ("Fly", #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":""}}|"#),
    ])
  func unknown(_ method: String, _ answer: String) {
    var server = VarlinkServer(version: "1")
    server.receive(frame(#"{"method":"\#(method)"}"#))
    #expect(server.nextCall() == nil)
    #expect(text(server.takeOutput()) == answer)
  }

  @Test("GetInfo names version and interfaces; GetInterfaceDescription gives the text")
  func introspection() {
    var server = VarlinkServer(version: "1.2")
    server.receive(frame(#"{"method":"org.varlink.service.GetInfo"}"#))
    #expect(server.nextCall() == nil)
    let info = text(server.takeOutput())
    #expect(info.contains(#""interfaces":["org.varlink.service","io.tandem.control"]"#))
    #expect(info.contains(#""version":"1.2""#))
    server.receive(frame(#"{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"io.tandem.control"}}"#))
    #expect(server.nextCall() == nil)
    #expect(text(server.takeOutput()).contains("interface io.tandem.control"))
  }

  @Test("every call a client can make is read back the same by the server")
  func roundTrip() {
    let calls: [ControlCall] = [
      .listTrunks, .listPeers, .listListeners, .listConnections, .listCertificates, .listInterfaces, .listPlugins, .listCalls, .getMedia, .getCounters,
      .getSystem, .getCall(id: "a"),
      .getLadder(id: "b"), .listCallHistory(limit: 7), .testNumber(NumberQuery(number: "911", calling: "1", trunk: "t", candidate: true)),
      .clearCall(id: "c"), .edit(lines: ["set a '\\d'", ""]), .load(text: "{}", how: .override),
      .showConfiguration(ConfigurationQuery(source: .candidate, form: .compare, path: ["trunk", "a b"], rollback: 3)), .compare(rollback: nil),
      .compare(rollback: 0), .check, .commit(comment: "why \"so\""), .commit(comment: nil), .rollback(2), .discard,
      .complete(line: "show ", mode: .configuration),
    ]
    #expect(Set(calls.map(\.method)) == Set(ControlMethod.allCases))
    var server = VarlinkServer(version: "1")
    for call in calls {
      server.receive(VarlinkClient.frame(call) + [0])
      #expect(server.nextCall()?.call == call)
      server.reply(.success(Done()))
    }
  }
}
