import Addressing
import CTandemTrunk
import Configuration
import Routing
import SIP
import Testing
import Timing
import Trunks

/// A plugin of this test's own: a table of C functions over a Swift object.
final class Probe {
  var requests = 0
  var isClosed = false
}

func bareTable(_ fill: (inout tt_plugin_v1) -> Void = { _ in }) -> UnsafePointer<tt_plugin_v1> {
  let table = UnsafeMutablePointer<tt_plugin_v1>.allocate(capacity: 1)
  table.initialize(to: tt_plugin_v1())
  let text: StaticString = "bare"
  let name = UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  table.pointee.abi_major = UInt32(TT_ABI_MAJOR)
  table.pointee.struct_size = UInt32(MemoryLayout<tt_plugin_v1>.size)
  (table.pointee.id, table.pointee.version, table.pointee.description) = (name, name, name)
  table.pointee.open = { _, _ in OpaquePointer(Unmanaged.passRetained(Probe()).toOpaque()) }
  table.pointee.close = { Unmanaged<Probe>.fromOpaque(UnsafeRawPointer($0!)).release() }
  fill(&table.pointee)
  return UnsafePointer(table)
}

/// A clock that moves by `step` each time it is read.
private final class SteppingClock {
  var step = Gap.milliseconds(0)
  var time = Instant(nanoseconds: 0)
  func read() -> Instant {
    time = time + step
    return time
  }
}

@Suite("Trunks: where they lead, how they do, and who serves them")
struct TrunkTableTests {
  private func table(_ configuration: Configuration) -> TrunkTable {
    TrunkTable(located: configuration, plugins: ["bare": bareTable()])
  }

  @Test("A trunk leads to the peer's address of the listener's family, on the trunk's port, the peer's, or the default — RFC 3261 19.1.2")
  func destinations() {
    let trunks = table(scene(type: "bare"))
    #expect(trunks.destination(of: 0) == Flow(listener: 0, transport: .udp, remote: TransportAddress(IPAddress(198, 51, 100, 7), 5060)))
    #expect(trunks.destination(of: 1) == Flow(listener: 1, transport: .tls, remote: TransportAddress(IPAddress(203, 0, 113, 9), 5061)))
    #expect(trunks.destination(of: 2) == nil)
    #expect(trunks.destination(of: 3)?.remote.port == 5070)
    let withPort = table(scene(type: "bare") { $0.peers[0].port = 5099 })
    #expect(withPort.destination(of: 0)?.remote.port == 5099)
    #expect(withPort.destination(of: 3)?.remote.port == 5070)
  }

  @Test("Our own host is the trunk's, else the listener's, else the system's, else the public or own address; the port is always written")
  func hosts() {
    var configuration = scene(type: "bare")
    #expect(String(decoding: table(configuration).ownHost(0), as: UTF8.self) == "192.0.2.1:5060")
    configuration.listeners[0].publicAddress = IPAddress("2001:db8::7")
    #expect(String(decoding: table(configuration).ownHost(0), as: UTF8.self) == "[2001:db8::7]:5060")
    configuration.system.identity = "edge.example"
    #expect(String(decoding: table(configuration).ownHost(0), as: UTF8.self) == "edge.example:5060")
    configuration.listeners[0].contactHost = "listener.example"
    #expect(String(decoding: table(configuration).ownHost(0), as: UTF8.self) == "listener.example:5060")
    configuration.trunks[0].contactHost = "trunk.example"
    #expect(String(decoding: table(configuration).ownHost(0), as: UTF8.self) == "trunk.example:5060")
    #expect(String(decoding: table(configuration).ownHost(1), as: UTF8.self) == "edge.example:5081")
  }

  @Test("A failure puts a trunk last for 60 s; a sign of life restores it at once")
  func liveness() {
    var trunks = table(scene(type: "bare"))
    trunks.failed(0, reason: "no answer", at: second(10))
    #expect(trunks.states(at: second(69))[0] == .lessPreferred)
    #expect(trunks.state(ofPeer: 0, at: second(69)).reason == "trunk carrier-udp: no answer, tried after the others for 1 s")
    #expect(trunks.state(ofPeer: 0, at: second(69)).isUp)
    #expect(trunks.states(at: second(70))[0] == .up)
    trunks.failed(0, reason: "no answer", at: second(80))
    trunks.heard(from: 0, at: second(81))
    #expect(trunks.states(at: second(81)) == [.up, .up, .down, .up])
  }

  @Test("A peer whose plugin is absent is down with the reason, and its requests get 503; other peers run")
  func absent() throws {
    var trunks = table(scene(type: "bare") { $0.peers[0].type = "sat-link" })
    #expect(trunks.states(at: second(1)) == [.down, .up, .down, .down])
    let state = trunks.state(ofPeer: 0, at: second(1))
    #expect(!state.isUp)
    #expect(state.reason == "plugin sat-link is not installed: put sat-link.so and sat-link.yang into the plugin folder, see `show plugins`")
    var message = try request()
    #expect(trunks.requestIn(&message, trunk: 0, at: second(1)) == .refuse(status: 503))
    #expect(trunks.requestIn(&message, trunk: 1, at: second(1)) == .pass)
  }

  @Test("A dynamic peer that has not registered is down and says so") func unregistered() {
    #expect(table(scene(type: "bare")).state(ofPeer: 2, at: second(1)).reason == "trunk roaming-udp: the peer has not registered")
  }

  @Test("Hooks that are not set leave the message alone")
  func nullHooks() throws {
    var trunks = table(scene(type: "bare"))
    var message = try request()
    let before = message.encoded()
    #expect(trunks.requestIn(&message, trunk: 0, at: second(1)) == .pass)
    #expect(trunks.requestOut(&message, trunk: 0, at: second(1)) == .pass)
    trunks.responseIn(&message, trunk: 0, at: second(1))
    trunks.responseOut(&message, trunk: 0, at: second(1))
    #expect(message.encoded() == before)
    #expect(trunks.nextDeadline == nil)
    #expect(trunks.description(ofPeer: 0) == "")
  }

  @Test("A plugin that overruns its budget again and again is out with its trunks; dialogs that are up still pass it; a commit lets it back")
  func overruns() throws {
    let clock = SteppingClock()
    let plugin = bareTable {
      $0.request_in = { instance, _, _ in
        Unmanaged<Probe>.fromOpaque(UnsafeRawPointer(instance!)).takeUnretainedValue().requests += 1
        return 0
      }
    }
    var trunks = TrunkTable(located: scene(type: "bare"), plugins: ["bare": plugin], clock: clock.read)
    clock.step = TrunkLimits.hookBudget + Gap(nanoseconds: 1)
    for n in 1...TrunkLimits.overruns {
      #expect(trunks.state(ofPeer: 0, at: second(1)).isUp)
      var message = try request()
      #expect(trunks.requestIn(&message, trunk: n % 2, at: second(1)) == .pass)
    }
    #expect(trunks.states(at: second(1)).allSatisfy { $0 == .down })
    #expect(trunks.state(ofPeer: 1, at: second(1)).reason.contains("plugin bare took more than 2 ms"))
    #expect(trunks.state(ofPeer: 1, at: second(1)).alarms.count == 1)
    var fresh = try request()
    #expect(trunks.requestIn(&fresh, trunk: 0, at: second(1)) == .refuse(status: 503))
    var inDialog = try request("BYE", toTag: ";tag=b")
    #expect(trunks.requestIn(&inDialog, trunk: 0, at: second(1)) == .pass)
    #expect(trunks.counter("overruns") == 11)
    trunks.reconfigure(scene(type: "bare"))
    #expect(trunks.states(at: second(1))[0] == .up)
  }

  @Test("Slow hooks now and then are counted and change nothing")
  func rareOverruns() throws {
    let clock = SteppingClock()
    clock.step = .milliseconds(3)
    let plugin = bareTable { $0.response_in = { _, _, _ in } }
    var trunks = TrunkTable(located: scene(type: "bare"), plugins: ["bare": plugin], clock: clock.read)
    for n in 1...30 {
      var message = try response(180)
      trunks.responseIn(&message, trunk: 0, at: second(n * 2))
    }
    #expect(trunks.counter("overruns") == 30)
    #expect(trunks.states(at: second(60))[0] == .up)
  }

  @Test("Overruns of a busy machine, one in many hooks, take nobody out")
  func busyMachine() throws {
    let clock = SteppingClock()
    let plugin = bareTable { $0.response_in = { _, _, _ in } }
    var trunks = TrunkTable(located: scene(type: "bare"), plugins: ["bare": plugin], clock: clock.read)
    var message = try response(180)
    for n in 1...3000 {
      clock.step = .milliseconds(n % 100 == 0 ? 3 : 0)
      trunks.responseIn(&message, trunk: 0, at: second(1))
    }
    #expect(trunks.counter("overruns") == 30)
    #expect(trunks.states(at: second(1))[0] == .up)
  }

  @Test("A tick that asks for the past runs again in 10 ms, not at once")
  func tickFloor() {
    let plugin = bareTable { $0.tick = { _, now in now - 5 } }
    var trunks = TrunkTable(located: scene(type: "bare"), plugins: ["bare": plugin])
    trunks.advance(to: second(1))
    #expect(trunks.nextDeadline == second(1) + .milliseconds(10))
  }

  @Test("A commit keeps a trunk's liveness by name, whatever its index becomes")
  func commitKeepsLiveness() {
    var trunks = table(scene(type: "bare"))
    trunks.failed(3, reason: "no answer", at: second(1))
    trunks.reconfigure(scene(type: "bare") { $0.trunks.removeSubrange(1...2) })
    #expect(trunks.states(at: second(2)) == [.up, .lessPreferred])
  }

  @Test("A table that is no plugin is refused before any of its functions runs")
  func badTable() {
    let plugin = bareTable { $0.abi_major = 9 }
    let trunks = TrunkTable(located: scene(type: "bare"), plugins: ["bare": plugin])
    #expect(trunks.state(ofPeer: 0, at: second(1)).reason.contains("built for ABI major 9, this version supports 1"))
  }
}
