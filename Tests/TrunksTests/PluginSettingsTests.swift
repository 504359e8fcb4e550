import Testing

@testable import Trunks

@Suite("Reading a plugin's settings")
struct PluginSettingsTests {
  private func text(_ settings: PluginSettings, _ path: String, _ index: UInt32 = 0) -> String? {
    settings.value(Array(path.utf8), index).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("Leaves, containers, leaf-lists and lists by path, other modules left out — RFC 7951")
  func leaves() throws {
    let settings = try #require(
      PluginSettings(
        #"{"itsp:profile":"sipconnect","n":-5,"itsp:timers":{"retry":30,"on":true},"itsp:code":[1,2],"itsp:route":[{"p":"1"},{"p":"2"}],"itsp:e":[null],"pbx:n":9, "x:c":{"itsp:n":1}}"#,
        module: "itsp"))
    #expect(text(settings, "profile") == "sipconnect")
    #expect(text(settings, "n") == "-5")
    #expect(text(settings, "timers/retry") == "30")
    #expect(text(settings, "timers/on") == "true")
    #expect(text(settings, "code", 1) == "2")
    #expect(text(settings, "code", 2) == nil)
    #expect(text(settings, "route/1/p") == "2")
    #expect(text(settings, "e") == "")
    #expect(text(settings, "c/n") == nil)
    #expect(settings.leaves.count == 9)
  }

  @Test("Escapes, surrogate pairs and white space")
  func escapes() throws {
    let settings = try #require(PluginSettings(" {\n \"a\" : \"q\\\"\\\\\\/\\u00e4\\ud83d\\ude00\\n\" } ", module: "m"))
    #expect(text(settings, "a") == "q\"\\/ä😀\n")
  }

  @Test(
    "What is no JSON object is no settings",
    arguments: [
      "", "[]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,}", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}", "{} {}",
      "{\"a\":[1,]}", "{\"a\":x}",
    ])
  func malformed(text: String) { #expect(PluginSettings(text, module: "m") == nil) }

  @Test("Nesting is bounded")
  func depth() {
    #expect(PluginSettings("{\"a\":" + String(repeating: "[", count: 5000), module: "m") == nil)
    let deep = String(repeating: "{\"a\":", count: 15) + "{}" + String(repeating: "}", count: 15)
    #expect(PluginSettings(deep, module: "m") != nil)
    #expect(PluginSettings("{\"a\":\(deep)}", module: "m") == nil)
  }

  @Test("The document for open quotes names and reads back")
  func document() {
    let text = PluginSettings.document(peer: "a\"b\u{1}", settings: "{\"x:y\":1}", trunks: [("t", "{}")])
    #expect(text == "{\"name\":\"a\\\"b\\u0001\",\"peer\":{\"x:y\":1},\"trunks\":[{\"name\":\"t\",\"settings\":{}}]}")
    #expect(PluginSettings(text, module: "x") != nil)
  }
}
