import Addressing
import Glibc
import Linux
import Testing
import Timing

@Suite struct NetworkInterfacesTests {
  @Test("The loopback device is there with 127.0.0.1/8, up, and no MAC")
  func loopbackDevice() throws {
    let interfaces = try NetworkInterfaces.now()
    let device = try #require(interfaces.device(named: "lo"))
    #expect(device.isUp && device.mtu > 0 && device.mac == nil)
    #expect(device.addresses.contains { $0.prefix == IPPrefix("127.0.0.1/8") && $0.isUsable })
    #expect(interfaces.device(having: loopback) == device)
    #expect(interfaces.device(named: "no-such-device") == nil)
  }

  @Test("All of 127/8 can be bound, a foreign address can not")
  func bindable() throws {
    let interfaces = try NetworkInterfaces.now()
    #expect(interfaces.canBind(loopback) && interfaces.canBind(IPAddress(127, 9, 9, 9)))
    #expect(!interfaces.canBind(IPAddress(192, 0, 2, 77)))
  }

  @Test("Setting an address on a device that is gone names both and says why")
  func noDevice() throws {
    var gone = try #require(try NetworkInterfaces.now().devices.first)
    gone.index = 999_999
    gone.name = "gone0"
    let error = #expect(throws: SystemCallError.self) { try NetworkInterfaces.add(#require(IPPrefix("192.0.2.1/24")), to: gone) }
    let text = error?.description ?? ""
    #expect(text.contains("address 192.0.2.1/24 on device gone0"))
    #expect(text.contains("there is no such device") || text.contains("CAP_NET_ADMIN"))
    #expect(throws: SystemCallError.self) { try NetworkInterfaces.bringUp(gone) }
  }

  @Test("An address that is there already is no error; without the right the error names it")
  func addExisting() throws {
    let device = try #require(try NetworkInterfaces.now().device(named: "lo"))
    do {
      try NetworkInterfaces.add(#require(IPPrefix("127.0.0.1/8")), to: device)
      try NetworkInterfaces.bringUp(device)
    } catch let error as SystemCallError {
      #expect(error.description.contains("CAP_NET_ADMIN"))
    }
  }

  @Test("An address that comes is noticed and then listed (in a network of the test's own; needs the right to make one)")
  func change() throws {
    let question = Question<String>()
    try Thread.spawn(name: "own network") {
      _ = question.take()
      // Only this thread leaves the machine's network, and it ends with the test.
      guard unshareNetwork() else { return question.answer("skipped: no right to make a network namespace") }
      question.answer(addsAddress())
    }
    let outcome = question.wait(.seconds(10))
    #expect(outcome == "noticed" || outcome?.hasPrefix("skipped") == true, "\(outcome ?? "no answer")")
  }
}

// Glibc's overlay leaves it out.
@_silgen_name("unshare") private func unshare(_ flags: Int32) -> Int32

private func unshareNetwork() -> Bool { unshare(0x4000_0000 /* CLONE_NEWNET */) == 0 }

private func addsAddress() -> String {
  do {
    let watcher = try NetworkWatcher()
    if watcher.changed() { return "changed before anything happened" }
    guard let device = try NetworkInterfaces.now().device(named: "lo"), !device.isUp, let prefix = IPPrefix("192.0.2.5/24") else {
      return "a new network has a loopback device that is down"
    }
    try NetworkInterfaces.bringUp(device)
    try NetworkInterfaces.add(prefix, to: device)
    guard try wait(for: watcher.descriptor) != nil, watcher.changed() else { return "the watcher saw nothing" }
    let after = try NetworkInterfaces.now()
    guard after.device(named: "lo")?.isUp == true else { return "not up" }
    guard after.device(having: prefix.address)?.name == "lo", after.canBind(prefix.address) else { return "not listed" }
    return watcher.changed() ? "changed without reason" : "noticed"
  } catch {
    return "\(error)"
  }
}
