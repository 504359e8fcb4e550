import CTandemTrunk
import Glibc
import Linux
import Testing
import Trunks

@Suite("Plugins that must not be loaded")
struct PluginProbeTests {
  private func refusal(_ misbehaviour: FixturePlugin.Misbehaviour) throws -> String {
    do {
      _ = try FixturePlugin.table(misbehaviour)
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test("A library without the symbol is named with the symbol it lacks")
  func noSymbol() throws {
    do {
      _ = try FixturePlugin.table(.noSymbol)
      Issue.record("it loaded")
    } catch let error as PluginLibrary.LoadError {
      #expect(error.description.contains("tandem_trunk_entry_v1"))
    }
  }
  @Test("Another ABI major is refused with the supported one") func otherMajor() throws {
    #expect(try refusal(.otherMajor) == "plugin fixture.so: built for ABI major 2, this version supports 1: build it with the tandem_trunk.h of this version")
  }
  @Test("A table shorter than ABI 1.0 is refused with both sizes") func smallTable() throws {
    #expect(try refusal(.smallTable).contains("states 40 bytes, ABI 1.0 has \(MemoryLayout<tt_plugin_v1>.size)"))
  }
  @Test("An entry that returns NULL is refused") func returnsNull() throws {
    #expect(try refusal(.returnsNull).contains("returned nothing"))
  }
  @Test("A table without close is refused") func noClose() throws {
    #expect(try refusal(.noClose).contains("`open` and `close` must be set"))
  }
  @Test("Trailing fields of a later minor version are tolerated") func longerTable() throws {
    #expect(try refusal(.longerTable) == "")
  }

  @Test("A sound plugin is opened, described and closed, and the report survives its text")
  func sound() throws {
    let library = try PluginLibrary(path: FixturePlugin.path())
    let report = try PluginProbe.run(entry: UnsafeRawPointer(library.entry), file: "fixture.so", settings: "{}")
    #expect(report.id == "fixture")
    #expect(report.refusal == nil)
    #expect(report.description.hasPrefix("requests 0"))
    #expect(PluginProbe.judge(.exited(status: 0), output: report.text, file: "fixture.so") == .sound(report))
  }
  @Test("Refused settings are reported and are no reason not to load") func refusedSettings() throws {
    let library = try PluginLibrary(path: FixturePlugin.path())
    let report = try PluginProbe.run(entry: UnsafeRawPointer(library.entry), file: "fixture.so", settings: #"{"fixture:refuse": true}"#)
    #expect(report.refusal == "refuse is set")
    #expect(PluginProbe.Report(text: report.text) == report)
  }

  @Test("A plugin that dies in open takes its child along, not the daemon")
  func dies() async throws {
    let path = try FixturePlugin.path(.diesInOpen)
    await #expect(processExitsWith: .signal(SIGABRT)) { [path = path as String] in
      let library = try PluginLibrary(path: path)
      _ = try PluginProbe.run(entry: UnsafeRawPointer(library.entry), file: path, settings: "{}")
    }
    let verdict = PluginProbe.judge(.signalled(SIGABRT), output: "", file: "fixture.so")
    #expect(verdict == .unsound("plugin fixture.so: it died with signal 6 while it was tried; not loaded. Remove it or install another version"))
  }
  @Test("A plugin that ends the process with status 0 is caught by the missing end of the report")
  func exits() async throws {
    let path = try FixturePlugin.path(.exitsInOpen)
    await #expect(processExitsWith: .exitCode(0)) { [path = path as String] in
      let library = try PluginLibrary(path: path)
      _ = try PluginProbe.run(entry: UnsafeRawPointer(library.entry), file: path, settings: "{}")
      exit(7)
    }
    guard case .unsound = PluginProbe.judge(.exited(status: 0), output: "id fixture\nversion 1\n", file: "f") else {
      Issue.record("half a report was believed")
      return
    }
  }
  @Test("A child that hangs or fails is not sound") func hangs() {
    guard case .unsound(let text) = PluginProbe.judge(.timedOut, output: "", file: "f.so") else {
      Issue.record("a child that hung was believed")
      return
    }
    #expect(text.contains("within 5 s"))
    #expect(PluginProbe.judge(.exited(status: 1), output: "", file: "f.so", diagnostics: "plugin f.so: no") == .unsound("plugin f.so: no"))
  }
}
