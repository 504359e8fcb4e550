import Glibc
import Linux
import Testing

@Suite struct LogTests {
  @Test("Without a service manager nothing is watched and nothing fails")
  func notifier() {
    guard getenv("NOTIFY_SOCKET") == nil else { return }
    let notifier = SystemdNotifier()
    #expect(notifier.watchdog == nil)
    notifier.ready()
    notifier.status("a line\nand another")
    notifier.alive()
  }

  @Test("Stderr that does not lead to the journal gets plain lines")
  func noJournal() {
    guard getenv("JOURNAL_STREAM") == nil else { return }
    #expect(!Log().usesJournal)
  }

  @Test("The descriptor limit is raised to what the system allows")
  func descriptorLimit() {
    let raised = DescriptorLimit.raise()
    #expect(raised >= 256 && DescriptorLimit.raise() == raised)
  }

  @Test("An error names the object, the reason, the call and the next step")
  func errorText() {
    let error = SystemCallError("bind", errno: EADDRINUSE, object: "udp 127.0.0.1:5060", advice: "take another port")
    #expect(error.description == "udp 127.0.0.1:5060: Address already in use (bind); take another port")
    #expect(SystemCallError("read", errno: EIO, object: "/x").description == "/x: Input/output error (read)")
  }
}
